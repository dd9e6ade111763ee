"""Coverage of talk under pytest: gathered in every process, added up in the first, reported and held to the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import pytest

from hotline.settings import ROOT
from hotline.testing.coverage import Coverage, ThresholdError, Witness, console, survey, texts, thresholds, transition
from hotline.testing.coverage_page import page
from hotline.testing.loader import is_test_file
from hotline.testing.plugin import COLLECTED, Conversation
from hotline.testing.variety import scenario_intents, ways

if TYPE_CHECKING:
    from hotline.testing.runner import Outcome
    from hotline.testing.stage import Troupe

OUTPUT = "hotline_talk_coverage"
LEFT_OUT = "hotline_talks_left_out"


class TalkCoverage:
    """The plugin of one process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._coverage = Coverage()
        self._witness: Optional[Witness] = None
        try:
            self._gate = thresholds(config.getini("talk_cov_fail_under"))
        except ThresholdError as error:
            raise pytest.UsageError(f"talk_cov_fail_under: {error}") from None
        self._short: list[str] = []
        self._left_out = ""

    def pytest_hotline_played(self, outcome: Outcome, troupe: Troupe) -> None:
        """Note what a case reached."""
        if self._witness is None:
            self._witness = self._begin(troupe)
        self._witness.saw(exchange.move for exchange in outcome.exchanges)
        self._witness.decided(troupe.rules.reached(troupe.tracer.sources))
        for name, channel in troupe.phrases:
            self._witness.said(name, channel)
        self._witness.went(ways(outcome))
        self._witness.happened(outcome.reasons, {transition(*move) for move in outcome.ticket_moves})

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note whether all there is to play will be played."""
        self._left_out = left_out(session)

    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a process of pytest-xdist found."""
        output = getattr(node, "workeroutput", {})
        if output.get(OUTPUT):
            self._coverage.add(Coverage.loads(output[OUTPUT]))
            self._left_out = output[LEFT_OUT]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Pass it on, or write the reports and apply the gate."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[OUTPUT] = self._coverage.dumps()
            self._config.workeroutput[LEFT_OUT] = self._left_out
            return
        self._write("--talk-cov-html", lambda: page(self._coverage, texts(ROOT / "domain.yml")))
        self._write("--talk-cov-json", lambda: _json(self._coverage))
        if not self._left_out:
            self._short = self._coverage.short_of(self._gate)
        if self._short and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show it."""
        if not self._config.getoption("--talk-cov") and not self._short:
            return
        terminalreporter.section("talk coverage")
        for line in console(self._coverage):
            terminalreporter.write_line(line)
        for line in self._short:
            terminalreporter.write_line(f"FAILED gate: {line}", red=True)
        if self._gate and self._left_out:
            terminalreporter.write_line(f"the gate does not apply: {self._left_out}")

    def _begin(self, troupe: Troupe) -> Witness:
        rules = troupe.rules
        omitted = self._config.getini("talk_cov_omit")
        scenarios = scenario_intents(ROOT / "docs" / "manual" / "scenarios.yml")
        there = survey(ROOT / "domain.yml", ROOT / "actions", rules.rules, rules.stories, omitted, scenarios)
        self._coverage.add(there)
        return Witness(self._coverage, ROOT / "domain.yml")

    def _write(self, option: str, text: Callable[[], str]) -> None:
        target = self._config.getoption(option)
        if target:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            Path(target).write_text(text(), encoding="utf-8")


def _json(coverage: Coverage) -> str:
    return json.dumps(coverage.as_dict(), ensure_ascii=False, indent=1) + "\n"


def left_out(session: pytest.Session) -> str:
    """Which talks this run leaves out, in a sentence; empty when it plays all of ``talk_cov_talks``.

    The gate is for all talks together: a run of one file or one name says nothing about it. Without
    ``talk_cov_talks`` every run counts as whole.
    """
    config = session.config
    if config.option.collectonly:
        return "nothing was run"
    files = {path for name in config.getini("talk_cov_talks") for path in _files(config.rootpath / name)}
    played = sum(isinstance(item, Conversation) for item in session.items)
    collected = config.stash.get(COLLECTED, {})
    missing = files - collected.keys()
    if not files and not collected and not config.getoption("--talk-cov"):
        return "there are no talks in this run"
    if missing:
        return f"{len(missing)} of {len(files)} files of talks were not run"
    there = sum(collected.values())
    return f"{there - played} of {there} talks were not run" if files and played < there else ""


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if is_test_file(path))
