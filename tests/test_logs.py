"""Logs: masked last of all."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from hotline.logs import configure_logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def test_the_standard_librarys_logs_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    logging.getLogger("hotline.test").warning("number %s", "13800138000")
    assert "138****8000" in capsys.readouterr().err


def test_rasas_structured_logs_are_masked_and_filtered_by_level(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    log = structlog.get_logger()
    log.info("event", text="我的密码是246810", rows=["13800138000"])
    log.debug("not.shown")
    shown = capsys.readouterr().out
    assert "******" in shown and "138****8000" in shown
    assert "246810" not in shown and "not.shown" not in shown
