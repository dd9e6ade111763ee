"""Every conversation test gives the same words on Rasa's own engine: processor, tracker, store, forms, actions, generator.

What stays ours is what is understood and what is done: the NLU components, the custom actions, the door. A sample by
default; ``HOTLINE_ALL_DECISIONS=1`` takes all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Optional

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

from hotline.nlu.context import topic_of
from hotline.rasa_actions import InProcessActions
from hotline.rasa_agent import HotlineAgent
from hotline.settings import ROOT
from hotline.testing.loader import Case, load
from hotline.testing.runner import play
from hotline.testing.stage import Troupe, loop
from tests.dialogue.test_decisions import ALL


class StockStore(InMemoryTrackerStore):
    """Rasa's store in memory; what is saved is shown to the stage, too."""

    def __init__(self, domain: Any, stage: Any) -> None:
        super().__init__(domain)
        self.saved = stage.saved

    async def save(self, tracker: DialogueStateTracker) -> None:
        await super().save(tracker)
        self.saved[tracker.sender_id] = tracker


class StockProcessor(MessageProcessor):
    """Rasa's; our NLU is told what was served last, as in the product."""

    async def parse_message(
        self, message: UserMessage, tracker: Optional[DialogueStateTracker] = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        if tracker is not None:
            message.metadata["context"]["topic"] = topic_of(tracker.events)
        parsed: dict[str, Any] = await super().parse_message(message, tracker, only_output_properties)
        return parsed


class StockAgent(Agent):
    """Rasa's agent with the model of the product; policies decide as Rasa's own on a tracker that is Rasa's own."""

    def load_model(self, model_path: Any, fingerprint: Optional[str] = None) -> None:
        self.processor = StockProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self.nlg.responses = self.domain.responses

    def keep_trackers(self, stage: Any) -> None:
        self.tracker_store = self.processor.tracker_store = StockStore(self.domain, stage)


@pytest.fixture
def stock(troupe: Troupe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Troupe]:
    agent = StockAgent(action_endpoint=InProcessActions())
    ours: HotlineAgent = troupe.agent
    agent.load_model(ours.processor.model_path)
    monkeypatch.setattr(troupe, "agent", agent)
    yield troupe


def test_the_conversation_tests_have_the_same_words_on_rasas_own_engine(stock: Troupe) -> None:
    files = sorted((ROOT / "tests" / "conversations").glob("*.yml"))
    cases = [case for file in files for case in load(file) if not _breaks_our_log(case)][:: 1 if ALL else 4]
    outcomes = [loop().run_until_complete(play(_words_of(case), stock)) for case in cases]
    assert [f"{one.case.file.name}: {one.case.name}: {one.failed.problems}" for one in outcomes if one.failed] == []


def _breaks_our_log(case: Case) -> bool:
    """Whether it is about the events' log failing, where Rasa keeps none."""
    return any(step.kind == "down" and step.value == "event_log" for step in case.steps)


def _words_of(case: Case) -> Case:
    """What is expected of the assistant; what was understood is read from our own tracker."""
    return replace(case, steps=tuple(step for step in case.steps if step.kind != "intent"))
