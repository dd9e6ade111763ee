"""Coverage of talk under pytest: gathered in every process, added up in the first, reported and held to the gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import pytest

from hotline.settings import ROOT
from hotline.testing.coverage import Coverage, ThresholdError, Witness, console, survey, thresholds
from hotline.testing.coverage_page import page

if TYPE_CHECKING:
    from hotline.testing.runner import Outcome
    from hotline.testing.stage import Troupe

OUTPUT = "hotline_talk_coverage"


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

    def pytest_hotline_played(self, outcome: Outcome, troupe: Troupe) -> None:
        """Note what a case reached."""
        if self._witness is None:
            self._witness = self._begin(troupe)
        self._witness.saw(exchange.move for exchange in outcome.exchanges)
        self._witness.decided(troupe.rules.reached(troupe.tracer.sources))
        for name, channel in troupe.phrases:
            self._witness.said(name, channel)

    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a process of pytest-xdist found."""
        text = getattr(node, "workeroutput", {}).get(OUTPUT)
        if text:
            self._coverage.add(Coverage.loads(text))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Pass it on, or write the reports and apply the gate."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[OUTPUT] = self._coverage.dumps()
            return
        self._write("--talk-cov-html", page(self._coverage))
        self._write("--talk-cov-json", json.dumps(self._coverage.as_dict(), ensure_ascii=False, indent=1) + "\n")
        if self._config.getoption("--talk-cov"):
            self._short = self._coverage.short_of(self._gate)
        if self._short and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show it."""
        if not self._config.getoption("--talk-cov"):
            return
        terminalreporter.section("talk coverage")
        for line in console(self._coverage):
            terminalreporter.write_line(line)
        for line in self._short:
            terminalreporter.write_line(f"FAILED gate: {line}", red=True)

    def _begin(self, troupe: Troupe) -> Witness:
        rules = troupe.rules
        self._coverage.add(survey(ROOT / "domain.yml", ROOT / "actions", rules.rules, rules.stories))
        return Witness(self._coverage, ROOT / "domain.yml")

    def _write(self, option: str, text: str) -> None:
        target = self._config.getoption(option)
        if target:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            Path(target).write_text(text, encoding="utf-8")
