from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hotline.testing.evidence import last_code, missing


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sms_outbox (id INTEGER PRIMARY KEY, phone TEXT, text TEXT, size INTEGER)")
        connection.execute(
            "INSERT INTO sms_outbox (phone, text, size) VALUES ('1', '验证码是123456', 2), ('2', 'b', NULL)"
        )
    connection.close()
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    "wanted", [{"phone": "1"}, {"phone": 1, "size": 2}, {"text": r"/是\d{6}/"}, [{"phone": "2"}, {"phone": "1"}]]
)
def test_rows_that_are_there(database: str, wanted: Any) -> None:
    assert missing(database, "sms", wanted) == ""


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (
            {"phone": "3"},
            "no row with {'phone': '3'}; there is id=1, phone=1, text=验证码是123456, size=2; id=2, phone=2, text=b",
        ),
        ({"text": "/^验证码$/"}, "no row"),
        ([{"phone": "1"}, {"phone": "1"}], "no row"),
        ({"colour": "red"}, "there is no column colour; there are: id, phone, text, size"),
        ("none", "none was expected"),
    ],
)
def test_rows_that_are_not_there(database: str, wanted: Any, why: str) -> None:
    assert why in missing(database, "sms", wanted)


def test_a_table_that_does_not_exist_yet_is_empty(database: str) -> None:
    assert missing(database, "ticket", "none") == ""
    assert missing(database, "ticket", {"number": "1"}) == "ticket: no row with {'number': '1'}; there is none"


def test_the_code_of_the_last_message(database: str) -> None:
    assert last_code(database) == ""
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        connection.execute(
            "INSERT INTO sms_outbox (phone, text, size) VALUES ('1', '您的验证码是654321,10分钟内有效', 2)"
        )
    connection.close()
    assert last_code(database) == "654321"
