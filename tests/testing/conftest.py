from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotline.testing import plugin
from hotline.testing.loader import load
from hotline.testing.runner import Outcome, play
from hotline.testing.stage import Troupe, loop

Play = Callable[[str], Outcome]


@pytest.fixture(scope="session")
def troupe(request: pytest.FixtureRequest) -> Troupe:
    """The agent that conversation tests talk to."""
    return plugin.troupe(request.config)


@pytest.fixture
def played(troupe: Troupe, tmp_path: Path) -> Play:
    """Plays the first case of a file's text."""

    def run(text: str) -> Outcome:
        path = tmp_path / "talk.yml"
        path.write_text(text, encoding="utf-8")
        return loop().run_until_complete(play(load(path)[0], troupe))

    return run
