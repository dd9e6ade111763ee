"""What the desk shows: handoffs, transcripts, tickets and people as JSON objects (docs/desk-api.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Optional

from hotline.masking import mask
from hotline.ports import CallbackWish, Handoff, HandoffEntry, Note, Presence, Staff, Ticket, TicketEntry
from hotline.services.handoff import TALK
from hotline.services.handoff import State as HandoffState
from hotline.services.tickets import MOVES, Move, State

UNANSWERED_AFTER = 60.0  # seconds (ch2)
HERE = 25.0  # seconds: a browser is heard of every ten
# Moves that everybody at the desk may make; the others are the clerks' and supervisors'.
OF_AGENTS = frozenset({Move.URGE, Move.ESCALATE, Move.REMARK})

View = dict[str, Any]


def handoff(one: Handoff, now: float) -> View:
    """A conversation on its way."""
    context = one.context
    slots = context.get("slots") or {}
    waiting_since = one.unanswered if one.unanswered is not None else (one.requested if not one.agent else None)
    waiting = waiting_since if one.ended is None else None
    return {
        "id": one.id,
        "conversation": one.conversation,
        "channel": one.channel,
        "state": one.state,
        "reason": one.reason,
        "target": one.target,
        "topic": context.get("topic") or "",
        "summary": mask(str(slots.get("complaint_text") or slots.get("fault_description") or "")),
        "customer": f"{slots.get('complaint_surname') or ''}{slots.get('complaint_title') or ''}",
        "phone": mask(str(context.get("phone_number") or slots.get("complaint_phone") or "")),
        "verified": bool(context.get("verified")),
        "here": None if one.seen is None else now - one.seen < HERE,
        "ticket": one.ticket,
        "requested": one.requested,
        "claimed": one.claimed,
        "unanswered": waiting,
        "over": waiting is not None and now - waiting > UNANSWERED_AFTER,
        "agent": one.agent,
        "offered_to": one.offered_to,
        "transfer_to": one.transfer_to,
        "held": one.held,
        "result": one.result,
        "agreed": one.agreed,
    }


def transcript(answers: Iterable[Mapping[str, Any]]) -> list[View]:
    """What was said, oldest first; numbers are masked up to where a human joins, who needs those told to him."""
    entries: list[View] = []
    turn: list[Mapping[str, Any]] = []
    live = False
    for answer in answers:
        turn.append(answer)
        metadata = answer.get("metadata") or {}
        live = live or bool(metadata.get("agent"))
        if "said" in metadata or answer.get("dressed") is not None or metadata.get("agent"):
            entries += _turn(turn, live)
            turn = []
    return entries + _turn(turn, live)


def _turn(answers: Sequence[Mapping[str, Any]], live: bool) -> list[View]:
    if not answers:
        return []
    last = answers[-1]
    metadata, dressed = last.get("metadata") or {}, last.get("dressed")
    kept = dressed if isinstance(dressed, Mapping) else {}
    at, first = kept.get("at"), answers[0].get("sequence", 0)
    said = str(metadata.get("said") or "")
    entries = []
    if said:
        entries.append(_entry(first, 0, "customer", said if live else mask(said), at))
    for image in (one["image"] for one in kept.get("said", []) if isinstance(one, Mapping) and one.get("image")):
        entries.append({**_entry(first, 0, "customer", "", at), "image": image})
    for answer in answers:
        if answer.get("text"):
            about = answer.get("metadata") or {}
            who = "agent" if about.get("agent") else "system" if about.get("system") else "bot"
            entry = _entry(answer.get("sequence", 0), 1, who, answer["text"] if live else mask(answer["text"]), at)
            entry["buttons"] = [button["title"] for button in answer.get("buttons") or []]
            entry["agent"] = about.get("agent") or ""
            entries.append(entry)
    return entries


def _entry(sequence: int, part: int, who: str, text: str, at: Optional[str]) -> View:
    return {"sequence": sequence, "part": part, "from": who, "text": text, "at": at, "buttons": [], "agent": ""}


def handoff_entry(entry: HandoffEntry, zone: Any) -> View:
    """A line of a handoff's history."""
    row = {"at": iso(entry.at, zone), "move": entry.move, "actor": entry.actor}
    return {**row, "before": entry.before, "after": entry.after}


def note(one: Note, zone: Any) -> View:
    """An agent's note."""
    return {"id": one.id, "at": iso(one.at, zone), "login": one.login, "text": one.text}


def callback(one: CallbackWish, zone: Any) -> View:
    """Somebody to be called back; whoever does it needs the whole number."""
    row = {"id": one.id, "at": iso(one.at, zone), "phone": one.phone, "wanted": one.wanted, "tries": one.tries}
    return {**row, "conversation": one.conversation}


def ticket(one: Ticket, staff: Staff, now: datetime) -> View:
    """A ticket as somebody may see it, with the moves that he may make."""
    whole = staff.role in ("clerk", "supervisor")
    state = State(one.state)
    moves = [move.value for (start, move) in MOVES if start is state and (whole or move in OF_AGENTS)]
    open_still = state in (State.ACCEPTED, State.DISPATCHED, State.RETURNED)
    return {
        "number": one.number,
        "state": one.state,
        "category": one.category,
        "level": one.level,
        "surname": one.surname,
        "title": one.title,
        "phone": one.phone if whole else mask(one.phone),
        "subscriber": one.subscriber if whole else mask(one.subscriber),
        "description": one.description if whole else mask(one.description),
        "channel": one.channel,
        "conversation": one.conversation,
        "created": iso(one.created, now.tzinfo),
        "deadline": iso(one.deadline, now.tzinfo),
        "updated": iso(one.updated, now.tzinfo),
        "urged": one.urged,
        "escalated": one.escalated,
        "late": open_still and now > one.deadline,
        "department": one.department,
        "answer": one.answer,
        "details": dict(one.details),
        "moves": moves,
    }


def ticket_entry(entry: TicketEntry, zone: Any) -> View:
    """A line of a ticket's history."""
    row = {"at": iso(entry.at, zone), "move": entry.move, "actor": entry.actor}
    return {**row, "before": entry.before, "after": entry.after, "text": entry.text}


def person(staff: Staff, presence: Optional[Presence], handoffs: Iterable[Handoff]) -> View:
    """Somebody at the desk: where he is, how many talks he has, how often his words were held back in them."""
    mine = [one for one in handoffs if one.agent == staff.login]
    return {
        "login": staff.login,
        "name": staff.name,
        "role": staff.role,
        "status": presence.status if presence else "offline",
        "since": presence.since if presence else None,
        "talks": sum(1 for one in mine if HandoffState(one.state) in TALK),
        "held": sum(one.held for one in mine),
    }


def without_counts(people: Iterable[View]) -> list[View]:
    """People as their colleagues see them: how often words were held back is for supervisors."""
    return [{name: value for name, value in one.items() if name != "held"} for one in people]


def iso(moment: datetime, zone: Any) -> str:
    """A business moment in the service's civil time."""
    return moment.astimezone(zone).isoformat(timespec="seconds")
