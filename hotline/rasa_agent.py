"""Rasa's agent as the hotline runs it: our tracker store alone, and custom actions that are trusted as our own.

Rasa checks the answer of every custom action against a JSON schema, and the schema itself each time: 6 ms a call, for a
dictionary that rasa_sdk has just made in this very process. And it wraps every tracker store in one that goes on in
memory when the first fails, which loses turns without a word. Subclasses are the only way round both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Union

from rasa.core.actions.action import Action, RemoteAction
from rasa.core.actions.forms import FormAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig


class LocalAction(RemoteAction):
    """A custom action of this process: its answer needs no checking against a schema."""

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        return True


class LocalForm(FormAction):
    """Rasa's form, whose validator and questions are actions of this process."""

    async def validate_slots(
        self,
        slot_candidates: dict[str, Any],
        tracker: DialogueStateTracker,
        domain: Domain,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
    ) -> list[Union[SlotSet, Event]]:
        """See Rasa's; the validator is run as a ``LocalAction``."""
        validator = f"validate_{self.name()}"
        if validator not in domain.action_names_or_texts:
            return []
        found: list[Event] = [SlotSet(name, value) for name, value in slot_candidates.items()]
        seen = self._temporary_tracker(tracker, found, domain)
        events: list[Union[SlotSet, Event]]
        events = await LocalAction(validator, self.action_endpoint).run(output_channel, nlg, seen, domain)
        return events

    async def _ask_for_slot(
        self,
        domain: Domain,
        nlg: NaturalLanguageGenerator,
        output_channel: OutputChannel,
        slot_name: str,
        tracker: DialogueStateTracker,
    ) -> list[Event]:
        name = self._name_of_utterance(domain, slot_name)
        events: list[Event]
        if name and name.startswith("action_"):
            events = await LocalAction(name, self.action_endpoint).run(output_channel, nlg, tracker, domain)
        else:
            events = await super()._ask_for_slot(domain, nlg, output_channel, slot_name, tracker)
        return events


class LocalProcessor(MessageProcessor):
    """Rasa's processor with ``LocalAction`` and ``LocalForm`` where it has its own."""

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """See Rasa's; the action it names is ours where we have one."""
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        if type(action) is RemoteAction:
            action = LocalAction(action.name(), self.action_endpoint)
        elif type(action) is FormAction:
            action = LocalForm(action.name(), self.action_endpoint)
        return action, prediction


class HotlineAgent(Agent):
    """Rasa's agent with our processor and, when one is given, our tracker store as it is."""

    tracker_store: TrackerStore

    def __init__(self, action_endpoint: EndpointConfig) -> None:
        super().__init__(lock_store=InMemoryLockStore(), action_endpoint=action_endpoint)

    def load_model(self, model_path: Union[str, Path], fingerprint: Optional[str] = None) -> None:
        """Load a model, as Rasa's agent does, for our processor."""
        self.processor = LocalProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses

    def keep_trackers(self, store: TrackerStore) -> None:
        """Keep conversations in this store and nowhere else."""
        store.domain = self.domain
        self.tracker_store = store
        if self.processor is not None:
            self.processor.tracker_store = store
