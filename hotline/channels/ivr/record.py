"""The record of a call, kept up turn by turn in the conversation's state, so that any worker can go on with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hotline.answers import Answer
from hotline.channels.ivr.protocol import Event
from hotline.masking import mask
from hotline.ports import CallRecord, Conversation
from hotline.services.facts import NO_TOPICS

MOST_TURNS = 6  # of the talk that a human agent is shown
ASSISTANT = "assistant"
PLATFORM = "platform"
# Questions after which nothing is left to do.
DONE = (None, "anything_else", "rating")


def opened(event: Event, now: datetime) -> dict[str, Any]:
    """The notes of a call that begins."""
    return {
        "number": number(event),
        "caller": mask(number(event) or event.caller)[:100],
        "dialled": event.dialled[:100],
        "started": now.isoformat(),
        "turns": 0,
        "silences": 0,
        "not_understood": 0,
        "cut": 0,
        "topics": [],
        "said": [],
    }


def number(event: Event) -> str:
    """The caller's mobile number, however the platform writes it; empty for any other."""
    digits = "".join(c for c in event.caller.split("@")[0] if c.isascii() and c.isdigit())[-11:]
    return digits if len(digits) == 11 and digits[0] == "1" and digits[1] in "3456789" else ""


def note_event(call: dict[str, Any], event: Event) -> None:
    """Count what the caller did."""
    call["turns"] += event.type in ("speech", "dtmf")
    call["silences"] += event.type == "silence"
    call["cut"] += event.cut


def ended(call: dict[str, Any], by: str, now: datetime) -> None:
    """Note who ended the call, and when; the first to do so counts."""
    if "ended" not in call:
        call["ended"], call["ended_by"] = now.isoformat(), by


def note_answers(call: dict[str, Any], heard: str, answers: Sequence[Answer], now: datetime) -> None:
    """Note what was answered: topics, whether the caller was understood, how the call goes on."""
    for answer in answers:
        topic = answer.name.split("_")[1] if answer.name.startswith("utter_") else ""
        if topic and topic not in NO_TOPICS:
            call["topics"] = [*(known for known in call["topics"] if known != topic), topic]
        call["ticket"] = str(answer.values.get("ticket") or call.get("ticket", ""))
        if answer.metadata.get("transfer"):
            call["transfer"], call["transfer_result"] = answer.metadata["transfer"], ""
        if answer.metadata.get("ends"):
            ended(call, ASSISTANT, now)
            call["hangup"] = answer.metadata.get("reason", "finished")
    call["not_understood"] += any(answer.metadata.get("not_understood") for answer in answers)
    said = "".join(answer.text for answer in answers)
    call["said"] = [*call["said"], {"caller": heard, "assistant": said}][-MOST_TURNS:]


def record(conversation: Conversation) -> CallRecord:
    """The record as the notes have it."""
    call = conversation.state["call"]
    over = call.get("ended")
    return CallRecord(
        call=conversation.id,
        caller=call["caller"],
        dialled=call["dialled"],
        started=datetime.fromisoformat(call["started"]),
        ended=datetime.fromisoformat(over) if over else None,
        ended_by=call.get("ended_by", ""),
        turns=call["turns"],
        silences=call["silences"],
        not_understood=call["not_understood"],
        cut=call["cut"],
        topics=call["topics"],
        outcome=_outcome(call, conversation.state) if over else "running",
        transfer=call.get("transfer", ""),
        transfer_result=call.get("transfer_result", ""),
        ticket=call.get("ticket", ""),
    )


def _outcome(call: dict[str, Any], state: dict[str, Any]) -> str:
    result = call.get("transfer_result")
    if call.get("transfer") or result:  # a platform transfers by itself while the engine is away
        return "transferred" if result == "answered" else "transfer_failed" if result else "abandoned"
    if call.get("hangup"):
        return "hung_up_on_silence" if call["hangup"] == "silence" else "completed"
    return "completed" if call["turns"] and state.get("asks") in DONE else "abandoned"
