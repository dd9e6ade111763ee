"""Custom actions in Rasa's process: what becomes of a rejection and of a failure."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from rasa.utils.endpoints import ClientResponseError
from rasa_sdk import Action
from rasa_sdk.interfaces import ActionExecutionRejection

from hotline.rasa_actions import UNAVAILABLE, InProcessActions


class Rejects(Action):
    def name(self) -> str:
        return "test_rejects"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        raise ActionExecutionRejection("test_rejects")


class Fails(Action):
    def name(self) -> str:
        return "test_fails"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        raise RuntimeError("secret 246810")


@pytest.fixture
def endpoint() -> Iterator[InProcessActions]:
    module = types.ModuleType("no_actions")
    sys.modules["no_actions"] = module
    yield InProcessActions("no_actions")
    del sys.modules["no_actions"]


def call(name: str) -> dict[str, Any]:
    tracker = {"sender_id": "c", "slots": {}, "latest_message": {}, "events": [], "paused": False}
    return {
        "next_action": name,
        "tracker": {**tracker, "followup_action": None, "active_loop": {}, "latest_action_name": ""},
    }


async def test_a_rejection_reaches_rasa_as_its_action_server_would_send_it(endpoint: InProcessActions) -> None:
    with pytest.raises(ClientResponseError) as error:
        await endpoint.request(json=call("test_rejects"))
    assert error.value.status == 400
    assert "test_rejects" in error.value.text


async def test_a_failure_is_an_honest_sentence_and_changes_nothing(endpoint: InProcessActions) -> None:
    assert await endpoint.request(json=call("test_fails")) == {"events": [], "responses": [{"response": UNAVAILABLE}]}
