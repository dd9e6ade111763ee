"""Our policies decide as Rasa's, in every conversation test and on random walks.

A sample by default; ``HOTLINE_ALL_DECISIONS=1`` takes all conversation tests and a hundred walks.
"""

from __future__ import annotations

import os

from hotline.settings import ROOT
from hotline.testing.loader import load
from hotline.testing.runner import play
from hotline.testing.stage import Troupe, loop
from hotline.testing.walk import Walker, sayings_in
from tests.dialogue.conftest import Beside

ALL = bool(os.environ.get("HOTLINE_ALL_DECISIONS"))


def test_every_prediction_of_the_conversation_tests_is_rasas_own(troupe: Troupe, beside: Beside) -> None:
    files = sorted((ROOT / "tests" / "conversations").glob("*.yml"))
    cases = [case for file in files for case in load(file)]
    for case in cases[:: 1 if ALL else 12]:
        loop().run_until_complete(play(case, troupe))
    assert not beside.differences
    assert beside.decisions > len(cases) / 12


def test_every_prediction_of_random_walks_is_rasas_own(troupe: Troupe, beside: Beside) -> None:
    walker = Walker(troupe, sayings_in(sorted((ROOT / "tests" / "nlu").glob("*.yml"))))
    for seed in range(100 if ALL else 4):
        loop().run_until_complete(walker.walk(seed, ("web", "ivr")[seed % 2]))
    assert not beside.differences
    assert beside.decisions > 50
