"""The engine in one process: Rasa's agent with our actions, stores and services. Server, terminal and tests use it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Optional

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import TrackerStore

from hotline.bootstrap import Services
from hotline.door import Door
from hotline.errors import SettingsError
from hotline.rasa_actions import InProcessActions
from hotline.settings import ROOT
from hotline.wording import Words


def load_agent(model: Path, tracker_store: Optional[TrackerStore] = None) -> Agent:
    """Rasa's agent with the custom actions in this process.

    Raises ``SettingsError`` when there is no model.
    """
    if not model.exists():
        raise SettingsError(f"no trained model at {model}: run `make train`")
    agent = Agent.load(
        str(model),
        tracker_store=tracker_store,
        lock_store=InMemoryLockStore(),
        action_endpoint=InProcessActions(),
    )
    # What was loaded stays: keep it out of every later collection.
    gc.collect()
    gc.freeze()
    return agent


def open_door(agent: Agent, services: Services) -> Door:
    """The door to a loaded agent."""

    async def handle(message: UserMessage) -> Any:
        return await agent.handle_message(message)

    return make_door(handle, services)


def make_door(handler: Any, services: Services) -> Door:
    """The door to a handler of messages."""
    words = Words.from_file(ROOT / "domain.yml")
    return Door(handler, services.conversations, services.secrets, words, services.settings.turn_deadline)
