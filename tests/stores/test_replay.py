"""A turn whose answers were lost with the process is told again from Rasa's log, not run again (promise P1)."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import UserMessage

from hotline.answers import Collector
from hotline.stores.replay import Replay, answered

EVENTS: list[dict[str, Any]] = [
    {"event": "user", "message_id": "m1"},
    {"event": "bot", "text": "您贵姓?", "metadata": {"utter_action": "utter_a"}, "data": {}},
    {"event": "user", "message_id": "m2"},
    {
        "event": "bot",
        "text": "编号C20261021000001",
        "metadata": {"utter_action": "utter_b", "metadata": {"clause": "ch2"}, "model_id": "x"},
        "data": {"buttons": [{"title": "好", "payload": "/affirm"}], "custom": None},
    },
]


class Log:
    """The last turns of a conversation."""

    async def recent(self, conversation: str, turns: int) -> list[dict[str, Any]]:
        return EVENTS


async def test_a_message_that_was_answered_is_told_the_same_again_and_not_served() -> None:
    served: list[str] = []

    async def rasa(message: UserMessage) -> None:
        served.append(str(message.text))

    collector = Collector("web")
    replay = Replay(rasa, Log())  # type: ignore[arg-type]
    await replay(UserMessage("是的", collector, "c", message_id="m2"))
    (answer,) = collector.answers
    assert (answer.text, answer.name, answer.metadata) == ("编号C20261021000001", "utter_b", {"clause": "ch2"})
    assert answer.buttons == [{"title": "好", "payload": "/affirm"}] and not served


async def test_a_message_that_is_new_is_served() -> None:
    served: list[str] = []

    async def rasa(message: UserMessage) -> None:
        served.append(str(message.text))

    await Replay(rasa, Log())(UserMessage("查话费", Collector("web"), "c", message_id="m3"))  # type: ignore[arg-type]
    assert served == ["查话费"]
    assert answered(EVENTS, "m3") == []
