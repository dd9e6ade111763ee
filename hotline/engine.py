"""The engine in one process: Rasa's agent with our actions, stores and services. Server, terminal and tests use it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Optional

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from threadpoolctl import threadpool_limits

from hotline.bootstrap import Services
from hotline.door import Door
from hotline.errors import SettingsError
from hotline.ports import EventLog
from hotline.rasa_actions import InProcessActions
from hotline.rasa_agent import HotlineAgent
from hotline.settings import ROOT
from hotline.stores.tracker import HotlineTrackerStore
from hotline.wording import Words


def load_agent(model: Path, log: Optional[EventLog] = None) -> HotlineAgent:
    """Rasa's agent with the custom actions in this process and its trackers in ``log``, without one in memory.

    Raises ``SettingsError`` when there is no model.
    """
    if not model.exists():
        raise SettingsError(f"no trained model at {model}: run `make train`")
    agent = HotlineAgent(InProcessActions())
    agent.load_model(str(model))
    if log is not None:
        agent.keep_trackers(HotlineTrackerStore(log))
    # What was loaded stays: keep it out of every later collection. A turn makes thousands of objects and hardly a
    # cycle: looking for cycles after every 700 of them took a tenth of its processor time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # BLAS spreads a turn's product of a vector and some hundred rows over all cores, which then spin for the next one:
    # with 500 intents that is three quarters of a turn.
    threadpool_limits(1, user_api="blas")
    return agent


def open_door(agent: Agent, services: Services) -> Door:
    """The door to a loaded agent."""

    async def handle(message: UserMessage) -> Any:
        return await agent.handle_message(message)

    return make_door(handle, services)


def make_door(handler: Any, services: Services) -> Door:
    """The door to a handler of messages."""
    words = Words.from_file(ROOT / "domain.yml")
    deadline = services.settings.turn_deadline
    return Door(
        handler,
        services.conversations,
        services.events,
        services.secrets,
        words,
        deadline,
        services.lock,
        services.human_desk,
        services.metrics,
    )
