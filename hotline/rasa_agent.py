"""Rasa's agent as the hotline runs it: our tracker store alone, our graph runner, and custom actions of this process.

Rasa wraps every tracker store in one that goes on in memory when the first fails, which loses turns without a word. Its
processor copies all events of a turn for log lines, whether they are written or not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Union

from rasa.core.actions.action import Action
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.engine import loader
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.constants import ACTION_EXTRACT_SLOTS, ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecutionRejected, Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name
from rasa.utils.endpoints import EndpointConfig

from hotline.dialogue.actions import local_action
from hotline.dialogue.graph import DirectGraphRunner
from hotline.dialogue.responses import PlainGenerator
from hotline.dialogue.tracker import HotlineTracker
from hotline.nlu.context import topic_of


class LocalProcessor(MessageProcessor):
    """Rasa's processor with our graph runner and actions, without copies of everything for logs nobody reads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See Rasa's."""
        super().__init__(*args, **kwargs)
        self._actions: dict[str, Action] = {}

    @staticmethod
    def _load_model(model_path: Union[str, Path]) -> tuple[str, ModelMetadata, GraphRunner]:
        with TempDirectoryPath(get_temp_dir_name()) as directory:
            metadata, runner = loader.load_predict_graph_runner(
                Path(directory), Path(model_path), LocalModelStorage, DirectGraphRunner
            )
        return Path(model_path).name, metadata, runner

    async def parse_message(
        self,
        message: UserMessage,
        tracker: Optional[DialogueStateTracker] = None,
        only_output_properties: bool = True,
    ) -> dict[str, Any]:
        """See Rasa's; beside what was asked, ``metadata["context"]`` tells the task that was served last."""
        context = (message.metadata or {}).get("context")
        if tracker is not None and isinstance(context, dict):
            context["topic"] = topic_of(tracker.events)
        parsed: dict[str, Any] = await super().parse_message(message, tracker, only_output_properties)
        return parsed

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """See Rasa's."""
        if self.is_action_limit_reached(tracker, self.should_predict_another_action(tracker.latest_action_name)):
            raise ActionLimitReached("The limit of actions to predict has been reached.")
        prediction = self._predict_next_with_tracker(tracker)
        return self._get_action(self.domain.action_names_or_texts[prediction.max_confidence_index]), prediction

    def is_action_limit_reached(self, tracker: DialogueStateTracker, should_predict_another_action: bool) -> bool:
        """See Rasa's."""
        assert isinstance(tracker, HotlineTracker)
        done = tracker.actions_since_listening((ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME))
        return bool(done >= self.max_number_of_predictions and should_predict_another_action)

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """See Rasa's."""
        events = await self._get_action(ACTION_EXTRACT_SLOTS).run(output_channel, self.nlg, tracker, self.domain)
        await self._send_bot_messages(events, tracker, output_channel)
        tracker.update_with_events(events, self.domain)
        return tracker

    def _get_action(self, action_name: str) -> Action:
        action = self._actions.get(action_name)
        if action is None:
            action = self._actions[action_name] = local_action(action_name, self.domain, self.action_endpoint)
        return action

    def _log_action_on_tracker(
        self,
        tracker: DialogueStateTracker,
        action: Action,
        events: Optional[list[Event]],
        prediction: PolicyPrediction,
    ) -> None:
        events = events or []
        if not any(isinstance(event, ActionExecutionRejected) for event in events):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(events, self.domain)

    async def _update_tracker_session(
        self, tracker: DialogueStateTracker, output_channel: OutputChannel, metadata: Optional[dict[str, Any]] = None
    ) -> None:
        """See Rasa's, which copies all applied events to see whether there are any."""
        assert isinstance(tracker, HotlineTracker)
        if not tracker.has_begun() or self._has_session_expired(tracker):
            await super()._update_tracker_session(tracker, output_channel, metadata)

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Rasa makes an empty domain for every message here, to warn of intents that a test finds before."""

    @staticmethod
    def _log_slots(tracker: DialogueStateTracker) -> None:
        """Rasa puts all slots into a line of the DEBUG log; we do not (promise P5)."""


class HotlineAgent(Agent):
    """Rasa's agent with our processor and, when one is given, our tracker store as it is."""

    tracker_store: TrackerStore

    def __init__(self, action_endpoint: EndpointConfig) -> None:
        super().__init__(lock_store=InMemoryLockStore(), action_endpoint=action_endpoint)
        self.nlg = PlainGenerator({})

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

    async def handle_message(self, message: UserMessage) -> Optional[list[dict[str, Any]]]:
        """See Rasa's, which takes a lock of its own: the door has the conversation already, in the whole cluster."""
        assert self.processor is not None
        return await self.processor.handle_message(message)  # type: ignore[no-any-return]

    def keep_trackers(self, store: TrackerStore) -> None:
        """Keep conversations in this store and nowhere else."""
        store.domain = self.domain
        self.tracker_store = store
        if self.processor is not None:
            self.processor.tracker_store = store
