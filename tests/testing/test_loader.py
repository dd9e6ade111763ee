from pathlib import Path

import pytest

from hotline.clock import ZONE
from hotline.testing.loader import TestFileError, is_test_file, load


def written(directory: Path, text: str) -> Path:
    path = directory / "talk.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(directory: Path, text: str) -> str:
    path = written(directory, text)
    with pytest.raises(TestFileError) as caught:
        load(path)
    return str(caught.value).removeprefix(str(path))


STEP = "test_cases:\n- test_case: a\n  steps:\n"


def test_a_file_of_the_ecosystem_is_read_as_it_is(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
fixtures:
- premium:
  - membership: premium
  - logged_in: true
metadata:
- berlin:
    city: Berlin
test_cases:
- test_case: books a table
  fixtures: [premium]
  metadata: berlin
  steps:
  - user: hello
  - utter: utter_greet
  - slot_was_set:
    - membership
    - logged_in: true
  - slot_was_not_set:
    - city
  - bot: Welcome!
""",
    )
    (case,) = load(path)
    assert (case.name, case.line, case.channel, case.strict) == ("books a table", 10, "web", False)
    assert case.slots == {"membership": "premium", "logged_in": True}
    assert case.metadata == {"city": "Berlin"}
    assert [(step.kind, step.line) for step in case.steps] == [
        ("user", 14),
        ("utter", 15),
        ("slot_was_set", 16),
        ("slot_was_not_set", 19),
        ("bot", 21),
    ]


def test_what_customers_say_is_taken_as_it_is_written(tmp_path: Path) -> None:
    (case,) = load(written(tmp_path, STEP + "  - user: 13800138000\n  - user: 007\n  - user: yes\n  - key: 12\n"))
    assert [step.value for step in case.steps] == ["13800138000", "007", "yes", "12"]


def test_a_case_takes_over_what_its_file_says_unless_it_says_otherwise(tmp_path: Path) -> None:
    first, second = load(
        written(
            tmp_path,
            "strict: true\nchannel: ivr\nat: 2026-10-03\nsettings: {survey_ivr: 0}\ntest_cases:\n"
            "- {test_case: a, steps: [{user: x}]}\n"
            "- {test_case: b, strict: false, channel: web, at: 2026-10-04 18:30, settings: {port: 1},\n"
            "   steps: [{user: x}]}\n",
        )
    )
    assert (first.strict, first.channel, first.settings) == (True, "ivr", {"survey_ivr": 0})
    assert (second.strict, second.channel, second.settings) == (False, "web", {"survey_ivr": 0, "port": 1})
    assert first.at is not None and second.at is not None
    assert (first.at.hour, second.at.hour, second.at.tzinfo) == (10, 18, ZONE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ":1: the file is empty"),
        ("test_cases: []\n", ":1: test_cases: [] is too short"),
        ("test_cases:\n- test_case: a\n", ":2: test_cases: 'steps' is a required property"),
        (STEP + "  - usr: x\n", ":4: test_cases.steps: Additional properties are not allowed ('usr' was unexpected)"),
        (STEP + "  - utter: greet\n", ":4: test_cases.steps.utter: 'greet' does not match '^utter_'"),
        (
            STEP + "  - user: x\n  - down: {billing: asleep}\n",
            ":5: test_cases.steps.down.billing: 'asleep' is not one of",
        ),
        (STEP + "  - user: x\n  - sms: {text: a,b}\n", ":5: test_cases.steps.sms"),
        (STEP + "  - user: [x\n", ":5: "),
        (
            STEP + '  - user: "x\n',
            ":5: found unexpected end of stream while scanning a quoted scalar, which began in line 4",
        ),
        (STEP + "  - user: x\n    user: y\n", ":5: user is written twice"),
        (STEP + "  - bot: x\n", ":4: bot comes before the customer has done anything"),
        (STEP + "  - user: x\n  - at: someday\n", ":5: at: someday is not a moment"),
        (STEP + "  - user: x\n- test_case: a\n  steps: [{user: x}]\n", ":5: “a” is already the name of line 2"),
        ("test_cases:\n- test_case: a\n  fixtures: [b]\n  steps: [{user: x}]\n", ":3: no fixture is called b"),
        ("test_cases:\n- test_case: a\n  metadata: b\n  steps: [{user: x}]\n", ":3: no metadata is called b"),
        (
            "test_cases:\n- test_case: a\n  channel: fax\n  steps: [{user: x}]\n",
            ":3: test_cases.channel: 'fax' is not one of",
        ),
    ],
)
def test_every_fault_of_a_file_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(tmp_path, text).startswith(problem)


def test_a_step_of_two_kinds_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, STEP + "  - user: x\n    bot: y\n").startswith(":4: ")


def test_only_files_with_test_cases_are_test_files(tmp_path: Path) -> None:
    assert is_test_file(written(tmp_path, "test_cases:\n"))
    assert not is_test_file(written(tmp_path, "stories:\n- story: test_cases\n"))
    assert not is_test_file(Path(__file__))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (STEP + "  - user: hi\n    metadata: nowhere\n", ":4: no metadata is called nowhere"),
        (STEP + "  - wait: 0\n", ":4: "),
        (STEP + "  - agent: dance\n", ":4: "),
        (STEP + "  - user: hi\n  - slot_was_set: [{day: 2026-13-45}]\n", ":5: 2026-13-45: "),
        (STEP + "  - user: \x07\n", ":1: "),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    assert refusal(tmp_path, text).startswith(why)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.yml"
    path.write_bytes(b"test_cases: \xff\xfe\n")
    with pytest.raises(TestFileError, match=":1: "):
        load(path)
