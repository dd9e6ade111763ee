"""Walks of the tireless customer under pytest (``--walks N``): each seed is a test, web and telephone by turns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotline.settings import ROOT
from hotline.testing.plugin import troupe
from hotline.testing.stage import loop
from hotline.testing.walk import Breach, Walker, sayings_in, taboo_phrases
from hotline.testing.writer import text

WALKER: pytest.StashKey[Walker] = pytest.StashKey()


def walks(session: pytest.Session) -> Iterator[Walk]:
    """The walks that the command line asks for."""
    first = session.config.getoption("--walk-seed")
    for seed in range(first, first + session.config.getoption("--walks")):
        yield Walk.from_parent(session, name=f"walk {seed}", nodeid=f"walk {seed}", seed=seed)


class Walk(pytest.Item):
    """One walk."""

    def __init__(self, *, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seed = seed

    def setup(self) -> None:
        """Load the agent, if this is the first."""
        troupe(self.config)

    def runtest(self) -> None:
        """Walk."""
        if WALKER not in self.config.stash:
            self.config.stash[WALKER] = _walker(self.config)
        channel = ("web", "ivr")[self._seed % 2]
        breach = loop().run_until_complete(self.config.stash[WALKER].walk(self._seed, channel))
        if breach:
            raise BreachError(breach, self._save(breach, channel))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What did not hold, and the few moves that show it."""
        if not isinstance(excinfo.value, BreachError):
            return super().repr_failure(excinfo)
        breach = excinfo.value.breach
        moves = [f"  {act.kind}: {act.value}" for act in breach.acts]
        return "\n".join([f"does not hold: {breach.rule}", breach.detail, *moves, f"saved as {excinfo.value.path}"])

    def reportinfo(self) -> tuple[Path, None, str]:
        """Shown as ``walk SEED``."""
        return self.path, None, self.name

    def _save(self, breach: Breach, channel: str) -> Path:
        path = Path(self.config.getoption("--walk-save")) / f"walk-{self._seed}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        steps = [{"open": None}, "...", *breach.steps()]
        path.write_text(text(f"{breach.rule} (walk {self._seed})", steps, channel=channel), encoding="utf-8")  # type: ignore[arg-type]
        return path


class BreachError(Exception):
    """Something that must always hold did not."""

    def __init__(self, breach: Breach, path: Path) -> None:
        super().__init__(breach.rule)
        self.breach = breach
        self.path = path


def _walker(config: pytest.Config) -> Walker:
    held_out = sorted((ROOT / "tests" / "nlu").glob("*.yml"))
    sayings = sayings_in(held_out) or sayings_in(sorted((ROOT / "data" / "nlu").glob("*.yml")))
    return Walker(troupe(config), sayings, taboo_phrases(ROOT / "docs" / "manual" / "scenarios.yml"))
