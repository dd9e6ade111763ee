"""The pytest plugin: each case of a file of conversation tests is a test (``pytest tests/conversations``)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import pytest

from hotline.errors import HotlineError

if TYPE_CHECKING:
    from hotline.testing.loader import Case
    from hotline.testing.runner import Outcome
    from hotline.testing.stage import Troupe

TROUPE: pytest.StashKey[Troupe] = pytest.StashKey()
UNLOADABLE: pytest.StashKey[str] = pytest.StashKey()
# How many cases each file has that was collected.
COLLECTED: pytest.StashKey[dict[Path, int]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of conversation tests."""
    group = parser.getgroup("hotline", "conversation tests")
    group.addoption("--model", help="trained model to talk to (default: HOTLINE_MODEL, else models/hotline.tar.gz)")
    group.addoption("--database", metavar="URL", help="a PostgreSQL server for the tests' databases")
    group.addoption("--talk-cov", action="store_true", help="report what no talk reaches")
    group.addoption("--talk-cov-html", metavar="FILE", help="the same as one HTML page")
    group.addoption("--talk-cov-json", metavar="FILE", help="the same as JSON")
    group.addoption("--walks", type=int, default=0, metavar="N", help="let a tireless customer talk N times, too")
    group.addoption("--walk-seed", type=int, default=1, metavar="SEED", help="the first walk's seed (default: 1)")
    group.addoption("--walk-save", default="var/walks", metavar="DIR", help="where walks that fail are saved as tests")
    parser.addini("talk_cov_fail_under", "the gate: kind=percent for each kind that has one", type="args", default=[])
    parser.addini("talk_cov_talks", "folders all of whose talks the gate is for", type="args", default=[])
    parser.addini("talk_cov_omit", "responses that no talk can reach", type="linelist", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Optional[ConversationFile]:
    """Files with ``test_cases:`` are ours, and any that is asked for by its name, to be told what it lacks."""
    if file_path.suffix not in (".yml", ".yaml"):
        return None
    from hotline.testing.loader import is_test_file

    ours = is_test_file(file_path) or parent.session.isinitpath(file_path)
    return ConversationFile.from_parent(parent, path=file_path) if ours else None


def pytest_configure(config: pytest.Config) -> None:
    """Choose the database server, and add the coverage of talk, where they are asked for or there is a gate."""
    if config.getoption("--database"):
        from hotline.testing.demo import use_server

        use_server(config.getoption("--database"))
    wanted = any(config.getoption(name) for name in ("--talk-cov", "--talk-cov-html", "--talk-cov-json"))
    if wanted or config.getini("talk_cov_fail_under"):
        from hotline.testing.coverage_plugin import TalkCoverage

        config.pluginmanager.register(TalkCoverage(config), "hotline-talk-coverage")


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the walks that were asked for."""
    if config.getoption("--walks"):
        from hotline.testing.walk_plugin import walks

        items.extend(walks(session))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the event loop go."""
    if TROUPE in config.stash:
        from hotline.testing.stage import loop

        loop().close()
        loop.cache_clear()


class ConversationFile(pytest.File):
    """A file of test cases."""

    def collect(self) -> Iterator[Conversation]:
        """Its cases, in order."""
        from hotline.testing.loader import TestFileError, load

        try:
            cases = load(_shown(self.path))
        except TestFileError as error:
            raise self.CollectError(str(error)) from None
        self.config.stash.setdefault(COLLECTED, {})[self.path] = len(cases)
        for case in cases:
            yield Conversation.from_parent(self, name=case.name, case=case)


class Conversation(pytest.Item):
    """One test case."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        if case.xfail:
            self.add_marker(pytest.mark.xfail(reason=case.xfail, strict=True))

    def setup(self) -> None:
        """Load the agent, if this is the first."""
        troupe(self.config)

    def runtest(self) -> None:
        """Play it."""
        from hotline.testing.runner import play
        from hotline.testing.stage import loop

        outcome = loop().run_until_complete(play(self.case, troupe(self.config)))
        self.config.hook.pytest_hotline_played(outcome=outcome, troupe=troupe(self.config))
        if outcome.failed:
            raise UnexpectedTalkError(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The talk beside what was expected."""
        from hotline.testing.report import failure
        from hotline.testing.runner import StepError

        if isinstance(excinfo.value, UnexpectedTalkError):
            return failure(excinfo.value.outcome, troupe(self.config).stale)
        if isinstance(excinfo.value, StepError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is written, for reports and editors."""
        return self.path, self.case.line - 1, self.case.name


class UnexpectedTalkError(Exception):
    """A talk did not go as expected."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.case.name)
        self.outcome = outcome


class Hooks:
    """Our own hooks."""

    @pytest.hookspec
    def pytest_hotline_played(self, outcome: Outcome, troupe: Troupe) -> None:
        """Called after each case that was played, passed or failed."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make our hooks known."""
    pluginmanager.add_hookspecs(Hooks)


def troupe(config: pytest.Config) -> Troupe:
    """The agent and what goes with it, loaded at the first call; the test fails when it cannot be."""
    if TROUPE not in config.stash:
        if UNLOADABLE in config.stash:
            pytest.fail(f"the assistant cannot be loaded: {config.stash[UNLOADABLE]}", pytrace=False)
        try:
            config.stash[TROUPE] = _load(config.getoption("--model"))
        except HotlineError as error:
            config.stash[UNLOADABLE] = str(error)
            return troupe(config)
        except (Exception, SystemExit) as error:  # Rasa exits where an action cannot be imported, and logs why
            config.stash[UNLOADABLE] = f"{type(error).__name__}: {error}"
            raise RuntimeError(config.stash[UNLOADABLE]) from error
    return config.stash[TROUPE]


def _load(model: Optional[str]) -> Troupe:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Rasa and TensorFlow say of themselves while they load
        from hotline.logs import configure_logs
        from hotline.settings import load_settings
        from hotline.testing.stage import Troupe

        configure_logs("ERROR")
        return Troupe(Path(model) if model else load_settings().model)


def _shown(path: Path) -> Path:
    """The path as people write it: from where they are, if it is below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
