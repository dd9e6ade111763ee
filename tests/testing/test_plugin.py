"""The plugin under pytest itself: what is collected, what passes and fails, the coverage and its gate."""

from __future__ import annotations

import json
from typing import Optional

import pytest

from hotline.testing.loader import load
from hotline.testing.plugin import TROUPE
from hotline.testing.stage import Troupe
from hotline.testing.walk import Act, Breach, Walker

GOOD = "test_cases:\n- test_case: 问候\n  steps:\n  - user: 你好\n  - utter: utter_courtesy_greet\n"
BAD = GOOD.replace("greet", "goodbye")


class Lend:
    """Lends the loaded agent to a session inside a test."""

    def __init__(self, troupe: Troupe) -> None:
        self._troupe = troupe

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[TROUPE] = self._troupe

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        if TROUPE in config.stash:
            del config.stash[TROUPE]


class Session:
    def __init__(self, pytester: pytest.Pytester, troupe: Troupe) -> None:
        self._pytester = pytester
        self._troupe = troupe

    def run(self, *options: str, **files: str) -> pytest.RunResult:
        for name, text in files.items():
            self._pytester.path.joinpath(f"{name}.yml").write_text(text, encoding="utf-8")
        fixed = (
            "-p",
            "hotline.testing.plugin",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:cov",
            "-p",
            "no:playwright",
            "-p",
            "no:asyncio",
        )
        return self._pytester.runpytest_inprocess(*fixed, *options, plugins=[Lend(self._troupe)])


@pytest.fixture
def session(pytester: pytest.Pytester, troupe: Troupe) -> Session:
    return Session(pytester, troupe)


def test_each_case_is_a_test(session: Session) -> None:
    result = session.run("-v", talk=GOOD, other="stories: []\n")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["talk.yml::问候 PASSED*"])


def test_a_failed_talk_fails_the_run_with_its_report(session: Session) -> None:
    result = session.run(talk=BAD)
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["talk.yml:5: 问候", "*客户 你好*", "decided: *courtesy:问候*"])


def test_a_faulty_file_fails_the_run_with_its_line(session: Session) -> None:
    result = session.run(talk=GOOD.replace("user", "usr"))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["talk.yml:4:*'usr' was unexpected*"])


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "talk.yml:1: the file is empty"), ("test_case: []\n", "talk.yml:1: *'test_cases' is a required*")],
)
def test_a_file_that_is_asked_for_and_has_no_cases_fails_the_run(session: Session, text: str, why: str) -> None:
    result = session.run("talk.yml", talk=text)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{why}*"])


def test_a_known_fault_does_not_fail_the_run_until_it_is_mended(session: Session) -> None:
    known = "  xfail: known\n  steps:"
    session.run(talk=BAD.replace("  steps:", known)).assert_outcomes(xfailed=1)
    session.run(talk=GOOD.replace("  steps:", known)).assert_outcomes(failed=1)


def test_an_assistant_that_cannot_be_loaded_fails_every_talk(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("talk.yml").write_text(GOOD + GOOD.replace("test_cases:\n", "").replace("问候", "再问候"))
    result = pytester.runpytest_inprocess(
        "-p",
        "hotline.testing.plugin",
        "-p",
        "no:cov",
        "-p",
        "no:playwright",
        "-p",
        "no:asyncio",
        "--model=no-such-model",
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*cannot be loaded: no trained model at no-such-model: run `make train`"] * 2)


def test_the_coverage_names_what_no_talk_reaches(session: Session, pytester: pytest.Pytester) -> None:
    result = session.run("--talk-cov", "--talk-cov-json=cov/talk.json", "--talk-cov-html=cov/talk.html", talk=GOOD)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*talk coverage*", "no test reaches these clauses:*1860-15*"])
    data = json.loads(pytester.path.joinpath("cov/talk.json").read_text(encoding="utf-8"))
    assert "greet" in data["intents"]["reached"]
    assert "utter_courtesy_greet" in data["responses"]["reached"]
    assert "1258-1" in data["clauses"]["reached"]
    assert "goodbye" in data["intents"]["missing"]
    assert "1860-15" in pytester.path.joinpath("cov/talk.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("gate", "code"), [("rules=0 clauses=0", pytest.ExitCode.OK), ("clauses=100", pytest.ExitCode.TESTS_FAILED)]
)
def test_the_gate_fails_a_run_that_reaches_too_little(
    session: Session, pytester: pytest.Pytester, gate: str, code: pytest.ExitCode
) -> None:
    pytester.makeini(f"[pytest]\ntalk_cov_fail_under = {gate}\n")
    result = session.run("--talk-cov", talk=GOOD)
    result.assert_outcomes(passed=1)
    assert result.ret == code
    if code:
        result.stdout.fnmatch_lines(["FAILED gate: clauses: * % reached, 100 % wanted"])


GATE = "[pytest]\ntalk_cov_fail_under = clauses=100\ntalk_cov_talks = .\n"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["talk.yml"], "1 of 2 files of talks were not run"),
        (["-k", "问候"], "1 of 3 talks were not run"),
        (["talk.yml::问候", "other.yml"], "1 of 3 talks were not run"),
    ],
)
def test_the_gate_says_nothing_of_a_run_of_some_talks_only(
    session: Session, pytester: pytest.Pytester, options: list[str], why: str
) -> None:
    pytester.makeini(GATE)
    files = {"talk": GOOD + GOOD.replace("test_cases:\n", "").replace("问候", "你好"), "other": GOOD}
    result = session.run("--talk-cov", *options, **files)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([f"the gate does not apply: {why}"])


def test_the_gate_holds_for_all_talks_also_where_no_report_was_asked_for(
    session: Session, pytester: pytest.Pytester
) -> None:
    pytester.makeini(GATE)
    result = session.run(talk=GOOD, other=GOOD)
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED gate: clauses: * % reached, 100 % wanted"])


def test_a_run_without_talks_has_no_gate(session: Session, pytester: pytest.Pytester) -> None:
    pytester.makeini(GATE.replace("talk_cov_talks = .\n", ""))
    pytester.makepyfile("def test_something(): pass")
    result = session.run()
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK


def test_a_response_that_no_talk_can_reach_is_left_out(session: Session, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ntalk_cov_omit = utter_courtesy_too_fast\n")
    session.run("--talk-cov-json=cov.json", talk=GOOD)
    missing = json.loads(pytester.path.joinpath("cov.json").read_text(encoding="utf-8"))["responses"]["missing"]
    assert "utter_courtesy_hold" in missing
    assert "utter_courtesy_too_fast" not in missing


def test_a_gate_for_something_unknown_is_refused(session: Session, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ntalk_cov_fail_under = sentences=100\n")
    result = session.run("--talk-cov", talk=GOOD)
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_walks_are_tests_and_a_breach_is_saved_as_one(
    session: Session, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def walk(self: Walker, seed: int, channel: str) -> Optional[Breach]:
        return Breach("a rule", [Act("user", "你好"), Act("silence")], "why") if seed == 3 else None

    monkeypatch.setattr(Walker, "walk", walk)
    result = session.run("--walks=3", "--walk-seed=2", "--walk-save=found", talk=GOOD)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["does not hold: a rule", "why", "  user: 你好", "saved as found/walk-3.yml"])
    (case,) = load(pytester.path / "found" / "walk-3.yml")
    assert [step.kind for step in case.steps] == ["open", "...", "user", "...", "silence", "..."]
    assert case.channel == "ivr"


def test_other_errors_are_shown_as_pytest_shows_them(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("in the walk")

    monkeypatch.setattr(Walker, "walk", fail)
    monkeypatch.setattr("hotline.testing.runner.play", fail)
    result = session.run("--walks=1", talk=GOOD)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*ZeroDivisionError: in the walk*"])


def test_a_step_that_cannot_be_played_fails_with_its_line(session: Session) -> None:
    result = session.run(talk=GOOD + "  - button: 没有的\n")
    result.stdout.fnmatch_lines(["talk.yml:6: no button*"])
