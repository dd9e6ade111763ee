"""What the engine asks a telephone platform to do: prompts, then exactly one last action (docs/ivr-protocol.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hotline.answers import Answer
from hotline.channels.ivr.voice import ssml
from hotline.ports import Conversation

CHANNEL = "ivr"
LISTEN_MS = 8000
HUMAN, REPEAT = "0", "*"
# How many keys an answer takes, by what was asked; everything else takes one key of the menu.
COLLECTED = {"phone_number": 11, "password": 6}
MOST_UUI = 128  # bytes that a User-to-User header is sure to carry (RFC 7433)

Action = dict[str, Any]
Actions = list[Action]
Words = Callable[..., str]


def actions(answers: Sequence[Answer], conversation: Conversation, words: Words) -> Actions:
    """The actions for a turn's answers. ``words`` looks a phrase of domain.yml up."""
    louder = bool(conversation.state.get("louder"))
    last = _last(answers, conversation)
    said = [
        say(answer.text, louder, "listen" in last and not answer.metadata.get("must_hear"))
        for answer in answers
        if answer.text
    ]
    buttons = [button for answer in answers for button in answer.buttons]
    if buttons and "listen" in last:
        said.append(say(menu(buttons, words), louder))
    return [*said, last]


def say(text: str, louder: bool = False, barge_in: bool = True) -> Action:
    """A prompt."""
    return {"say": {"text": text, "ssml": ssml(text, louder), "barge_in": barge_in}}


def hold(words: Words, louder: bool = False) -> Actions:
    """The answer is not ready yet."""
    return [say(words("utter_courtesy_hold", CHANNEL), louder, False), {"continue": {}}]


def menu(buttons: Sequence[dict[str, str]], words: Words) -> str:
    """The keys of some buttons, spoken."""
    keys = [
        words("utter_courtesy_key", CHANNEL, title=button["title"], key=HUMAN if to_human(button) else str(number))
        for number, button in enumerate(buttons, start=1)
    ]
    return words("utter_courtesy_keys", CHANNEL, keys=",".join(keys))


def to_human(button: dict[str, str]) -> bool:
    """Whether a button asks for a human, which has a key of its own."""
    return button["payload"] == "/request_human"


def _last(answers: Sequence[Answer], conversation: Conversation) -> Action:
    for answer in answers:
        if answer.metadata.get("transfer"):
            return {"transfer": _transfer(answer, conversation)}
    ends = next((answer for answer in answers if answer.metadata.get("ends")), None)
    if ends:
        return {"hangup": {"reason": ends.metadata.get("reason", "finished")}}
    state = conversation.state
    kind = state.get("asks") or ""
    secret = kind == "password" and bool(state.get("secret"))
    waits = max((int(answer.metadata.get("waits", 0)) for answer in answers), default=0)
    return {
        "listen": {
            "speech": not secret,
            "digits": {"max": COLLECTED.get(kind, 1), "end": "#"},
            "timeout_ms": max(LISTEN_MS, waits * 1000),
            "lang": "zh-CN",
            "secret": secret,
        }
    }


def _transfer(answer: Answer, conversation: Conversation) -> dict[str, Any]:
    call = conversation.state.get("call", {})
    known = answer.values.get("context") or {}
    ticket = str(answer.values.get("ticket") or call.get("ticket") or "")
    topic = known.get("topic") or (call.get("topics") or [""])[-1]
    verified = bool(known.get("verified"))
    context = {
        "conversation": conversation.id,
        "customer": {"phone_number": known.get("phone_number") or call.get("number") or "", "verified": verified},
        "topic": topic,
        "slots": known.get("slots", {}),
        "last_turns": call.get("said", []),
        "user_to_user": user_to_user(conversation.id, topic, verified, ticket),
    }
    return {"target": answer.metadata["transfer"], "context": context, **({"ticket": ticket} if ticket else {})}


def user_to_user(conversation: str, topic: str, verified: bool, ticket: str) -> str:
    """What fits into a SIP header: the id under which the desk has the rest, and the most needed of it; ASCII."""
    found = f"id={conversation}"
    for part in (f"ticket={ticket}" if ticket else "", f"topic={topic}" if topic else "", f"verified={int(verified)}"):
        if part and part.isascii() and len(found) + 1 + len(part) <= MOST_UUI:
            found += ";" + part
    return found
