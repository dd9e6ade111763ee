"""Rasa's actions as they run in this process: custom actions are called, not sent for.

Rasa checks the answer of every custom action against a JSON schema, and the schema itself each time: 6 ms a call, for a
dictionary that rasa_sdk has just made in this very process. Its forms replay the whole conversation for every question
they put. Subclasses are the only way round both.
"""

from __future__ import annotations

from typing import Any, Optional, Union, cast

from rasa.core.actions.action import (
    Action,
    ActionExecutionRejection,
    ActionExtractSlots,
    RemoteAction,
    action_for_name_or_text,
)
from rasa.core.actions.forms import FormAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from hotline.dialogue.events import events_from
from hotline.dialogue.tracker import HotlineTracker


def local_action(name: str, domain: Domain, endpoint: Optional[EndpointConfig]) -> Action:
    """The action of a name; ours in place of Rasa's where we have one."""
    action = action_for_name_or_text(name, domain, endpoint)
    if type(action) is RemoteAction:
        return LocalAction(name, endpoint)
    if type(action) is FormAction:
        return LocalForm(name, endpoint)
    if type(action) is ActionExtractSlots:
        return LocalExtraction(domain, endpoint)
    return action


class LocalAction(RemoteAction):
    """A custom action of this process: its answer needs no checking against a schema."""

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """See Rasa's; an action that declines is told to Rasa by ``InProcessActions``."""
        assert self.action_endpoint is not None
        try:
            answer = await self.action_endpoint.request(json=self._action_call_format(tracker, domain))
        except ClientResponseError as error:
            raise ActionExecutionRejection(self.name(), error.message) from error
        said = await self._utter_responses(answer["responses"], output_channel, nlg, tracker)
        return [*said, *events_from(answer["events"])]


class LocalExtraction(ActionExtractSlots):
    """Rasa's filling of slots, for those that anything can be found for: most of ours are filled by actions alone."""

    def __init__(self, domain: Domain, action_endpoint: Optional[EndpointConfig]) -> None:
        """The extraction for a domain."""
        super().__init__(action_endpoint)
        self._fillable = _DomainOf(domain, [slot for slot in domain.slots if any(map(_fills, slot.mappings))])

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """See Rasa's."""
        return cast("list[Event]", await super().run(output_channel, nlg, tracker, cast(Domain, self._fillable)))


class _DomainOf:
    """A domain with some of its slots only."""

    def __init__(self, domain: Domain, slots: list[Any]) -> None:
        self._domain = domain
        self.slots = slots

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)


def _fills(mapping: dict[str, Any]) -> bool:
    return mapping.get("type") != "custom" or bool(mapping.get("action"))


class LocalForm(FormAction):
    """Rasa's form, whose validator and questions are actions of this process."""

    _extraction: Optional[LocalExtraction] = None

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
        return [*await LocalAction(validator, self.action_endpoint).run(output_channel, nlg, seen, domain)]

    async def activate(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """See Rasa's; slots are filled by ``LocalExtraction``."""
        if self._extraction is None:
            self._extraction = LocalExtraction(domain, self.action_endpoint)
        found = await self._extraction.run(output_channel, nlg, tracker, domain)
        tracker.update_with_events(found, domain)
        filled = {
            name: tracker.get_slot(name)
            for name in self.required_slots(domain)
            if not self._should_request_slot(tracker, name)
        }
        checked: list[Event] = []
        if f"validate_{self.name()}" in domain.action_names_or_texts:
            checked = await self.validate_slots(filled, tracker, domain, output_channel, nlg)
        names = {event.key for event in checked if isinstance(event, SlotSet)}
        return checked + [event for event in found if isinstance(event, SlotSet) and event.key not in names]

    def _temporary_tracker(
        self, current_tracker: DialogueStateTracker, additional_events: list[Event], domain: Domain
    ) -> DialogueStateTracker:
        if not isinstance(current_tracker, HotlineTracker) or current_tracker.idx_after_latest_restart():
            return super()._temporary_tracker(current_tracker, additional_events, domain)
        tracker = current_tracker.copy()
        asked = SlotSet(REQUESTED_SLOT, self.get_slot_to_fill(current_tracker))
        for event in (asked, ActionExecuted(self.name()), *additional_events):
            tracker.update(event)
        return tracker

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
