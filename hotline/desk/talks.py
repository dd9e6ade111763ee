"""The agents' conversations: queue, claim, card, words, notes, transfer, letting go, and the supervisors' board."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from hotline.bootstrap import Services
from hotline.channels.images import Images
from hotline.desk import views
from hotline.desk.gate import Gate, RefusedError, number_of, picture, text_of
from hotline.desk.voice import Voice
from hotline.errors import HotlineError, IllegalMoveError, MessageRejectedError
from hotline.masking import mask
from hotline.ports import Handoff, Staff, TicketQuery
from hotline.services.handoff import QUEUE, TALK, State
from hotline.services.people import AGENT, SUPERVISOR
from hotline.services.taboo import taboo_in
from hotline.services.tickets import OPEN
from hotline.wording import Words, has_placeholder

MOST_WORDS, MOST_NOTE, MOST_AGREED = 500, 2000, 200
RESULTS = ("resolved", "ticket", "callback", "returned", "unreachable")
CALLED = ("reached", "unreachable")
STATUSES = ("available", "busy", "away")
CLIENT_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
SOON = 4 * 3600.0
DAY = 86400.0
SERVING = (AGENT, SUPERVISOR)
MOST_SHOWN = 20

View = dict[str, Any]
Happen = Callable[[str, str, str], None]


class Talks:
    """Serves the conversations; ``happen`` lets the assistant take up an event, ``typing`` tells a customer of it."""

    def __init__(
        self, services: Services, gate: Gate, voice: Voice, words: Words, happen: Happen, typing: Callable[..., Any]
    ) -> None:
        self._services = services
        self._handoff = services.handoff
        self._gate = gate
        self._images = Images(services.settings.var / "images")
        self._voice = voice
        self._phrases = prescribed(words)
        self._happen = happen
        self._typing = typing

    def routes(self, blueprint: Blueprint) -> None:
        """Add the endpoints."""
        route = self._gate.route

        async def log_in(request: Request) -> HTTPResponse:  # Sanic cannot mark a method
            return await self._gate.log_in(request)

        blueprint.add_route(log_in, "/api/login", methods=["POST"], name="log_in")
        route(blueprint, "POST", "/api/logout", self.log_out)
        route(blueprint, "GET", "/api/me", self.me)
        route(blueprint, "POST", "/api/status", self.status)
        route(blueprint, "GET", "/api/queue", self.queue)
        route(blueprint, "GET", "/api/phrases", self.phrases)
        route(blueprint, "GET", "/api/colleagues", self.colleagues)
        route(blueprint, "GET", "/api/board", self.board, (SUPERVISOR,))
        route(blueprint, "GET", "/api/callbacks", self.callbacks)
        route(blueprint, "POST", "/api/callbacks/<number:int>/done", self.called_back)
        route(blueprint, "GET", "/api/handoffs/<number:int>", self.show, SERVING)
        route(blueprint, "GET", "/api/handoffs/<number:int>/images/<name:str>", self.image, SERVING)
        for name in ("claim", "decline", "say", "typing", "note", "transfer", "recall", "finish", "close"):
            handler = self.typing if name == "typing" else getattr(self, name)
            route(blueprint, "POST", f"/api/handoffs/<number:int>/{name}", handler, SERVING)

    # --- people ------------------------------------------------------------------------------------------------------

    async def me(self, request: Request, staff: Staff) -> View:
        """Who one is."""
        presence, now = (await self._handoff.present()).get(staff.login), self._services.clock.now()
        return {
            "login": staff.login,
            "name": staff.name,
            "number": number_of(staff),
            "role": staff.role,
            "skills": list(staff.skills),
            "status": presence.status if presence else "available",
            "now": time.time(),
            "moment": views.iso(now, now.tzinfo),
        }

    async def log_out(self, request: Request, staff: Staff) -> HTTPResponse:
        """Leave: sessions end, customers go back into the queue."""
        await self._services.staff.end_sessions(staff.login)
        await self.tell(await self._handoff.log_out(staff.login))
        return self._gate.leave(request)

    async def status(self, request: Request, staff: Staff) -> View:
        """Available, busy or away."""
        status = text_of(request, "status", 20)
        if status not in STATUSES:
            raise MessageRejectedError("status", f"must be one of {' '.join(STATUSES)}")
        await self._handoff.see(staff.login, status)
        return await self.me(request, staff)

    async def people(self) -> list[View]:
        """Everybody, with where he is and what he does."""
        present, handoffs = await self._handoff.present(), await self._handoff.open()
        everybody = await self._services.staff.everybody()
        return [views.person(one, present.get(one.login), handoffs) for one in everybody]

    async def colleagues(self, request: Request, staff: Staff) -> View:
        """To whom a talk can be transferred."""
        found = [one for one in await self.people() if one["role"] in SERVING and one["login"] != staff.login]
        return {"colleagues": views.without_counts(found)}

    # --- looking -----------------------------------------------------------------------------------------------------

    async def queue(self, request: Optional[Request], staff: Staff) -> View:
        """The queue, one's own talks, transferred calls."""
        now = time.time()
        handoffs = await self._handoff.open()
        shown = {one.id: views.handoff(one, now) for one in handoffs}
        waiting = [one for one in handoffs if State(one.state) in QUEUE and one.channel != "ivr"]
        to_me = [
            one for one in handoffs if one.state == "transferring" and one.transfer_to in (staff.login, staff.role)
        ]
        mine = [one for one in handoffs if one.agent == staff.login and State(one.state) in TALK]
        calls = [one for one in handoffs if one.channel == "ivr"]
        return {
            "now": now,
            "queue": [shown[one.id] for one in [*to_me, *waiting]],
            "mine": [shown[one.id] for one in mine],
            "calls": [shown[one.id] for one in calls],
        }

    async def show(self, request: Request, staff: Staff, number: int) -> View:
        """Everything about one conversation."""
        one = await self._visible(number, staff)
        zone = self._services.clock.now().tzinfo
        said = await self._services.conversations.answers_since(one.conversation, 0)
        notes = await self._handoff.notes(one.conversation)
        history = await self._handoff.history(one.id)
        return {
            "now": time.time(),
            "handoff": views.handoff(one, time.time()),
            "card": await self._card(one, staff),
            "transcript": views.transcript(said),
            "notes": [views.note(note, zone) for note in notes],
            "history": [views.handoff_entry(entry, zone) for entry in history],
        }

    async def _card(self, one: Handoff, staff: Staff) -> View:
        phone = str(one.context.get("phone_number") or "")
        known, _ = await self._services.conversations.load(one.conversation, "-")
        verified = bool(phone) and await self._services.verification.verified(one.conversation, phone)
        now = self._services.clock.now()
        tickets = await self._services.tickets.of_customer(one.conversation, phone if verified else "")
        card: View = {
            "verified": verified,
            "phone": mask(phone),
            "tickets": [views.ticket(ticket, staff, now) for ticket in tickets[:MOST_SHOWN]],
            "topic": one.context.get("topic") or "",
            "slots": _shown_slots(one.context.get("slots") or {}),
            "asked": (known.state.get("asks") or "") if known else "",
            **dict.fromkeys(("name", "plan", "status", "suspended_for", "balance", "services")),
        }
        if verified:
            card.update(await self._account(one.conversation, phone))
        return card

    async def _account(self, conversation: str, phone: str) -> View:
        try:
            account = await self._services.billing.account(conversation, phone)
        except HotlineError:
            return {}  # the card is shown all the same, without what cannot be had now
        subscriber = account.subscriber
        return {
            "name": subscriber.name,
            "plan": subscriber.plan,
            "status": subscriber.status,
            "suspended_for": account.cause,
            "balance": str(account.balance),
            "services": list(subscriber.services),
        }

    async def _visible(self, number: int, staff: Staff) -> Handoff:
        one = await self._handoff.find(number)
        waiting = State(one.state) in QUEUE or one.channel == "ivr"
        if staff.role != SUPERVISOR and not waiting and staff.login not in (one.agent, one.transfer_to):
            raise RefusedError(403, "role")
        return one

    async def image(self, request: Request, staff: Staff, number: int, name: str) -> HTTPResponse:
        """A picture that the customer sent."""
        one = await self._visible(number, staff)
        return await picture(self._images, one.conversation, name)

    async def callbacks(self, request: Request, staff: Staff) -> View:
        """Who waits to be called back."""
        zone = self._services.clock.now().tzinfo
        return {"callbacks": [views.callback(one, zone) for one in await self._services.secretary.callbacks()]}

    async def called_back(self, request: Request, staff: Staff, number: int) -> View:
        """One was called: reached, or not."""
        result = text_of(request, "result", 20)
        if result not in CALLED:
            raise MessageRejectedError("result", f"must be one of {' '.join(CALLED)}")
        await self._services.secretary.called_back(number, staff.login, result == "reached")
        return {"ok": True}

    async def phrases(self, request: Request, staff: Staff) -> View:
        """The manual's sentences, by clause."""
        return {"phrases": self._phrases}

    async def board(self, request: Optional[Request], staff: Staff) -> View:
        """What a supervisor watches."""
        now, moment = time.time(), self._services.clock.now()
        handoffs = [views.handoff(one, now) for one in await self._handoff.open()]
        states = tuple(state.value for state in OPEN)
        tickets = await self._services.tickets.search(TicketQuery(states=states, limit=500))
        soon = [one for one in tickets if 0 <= (one.deadline - moment).total_seconds() < SOON]
        groups = {
            "late": [one for one in tickets if self._services.tickets.late(one)],
            "urged": [one for one in tickets if one.urged],
            "escalated": [one for one in tickets if one.escalated],
            "soon": soon,
        }
        return {
            "now": now,
            "people": await self.people(),
            "queue": [one for one in handoffs if State(one["state"]) in QUEUE],
            "talks": [one for one in handoffs if State(one["state"]) in TALK],
            "unanswered": [one for one in handoffs if one["over"]],
            "tickets": {name: [views.ticket(one, staff, moment) for one in found] for name, found in groups.items()},
            "today": _today([*await self._handoff.ended_since(DAY), *await self._handoff.open()]),
        }

    # --- talking -----------------------------------------------------------------------------------------------------

    async def claim(self, request: Request, staff: Staff, number: int) -> View:
        """Take a customer, who is told the number of who joins."""
        if (await self._handoff.find(number)).channel == "ivr":
            raise IllegalMoveError("call", "claim")
        one = await self._handoff.claim(number, staff)
        message_id = f"desk:{number}:joined:{staff.login}:{int(one.claimed or 0)}"
        await self._voice.say(
            one.conversation, message_id, "utter_handoff_agent_joined", number_of(staff), number=number_of(staff)
        )
        return self._view(one)

    async def decline(self, request: Request, staff: Staff, number: int) -> View:
        """Let an offer pass."""
        return self._view(await self._handoff.decline(number, staff.login))

    async def say(self, request: Request, staff: Staff, number: int) -> View:
        """Say something, unless it holds a taboo phrase."""
        message_id, text = text_of(request, "id", 64), text_of(request, "text", MOST_WORDS)
        if not CLIENT_ID.fullmatch(message_id):
            raise MessageRejectedError("id", "must be 8 to 64 letters, digits or -")
        found = taboo_in(text)
        if found:
            await self._handoff.hold_back(number, staff.login, [one.taboo.phrase for one in found])
            held = [{"start": one.start, "end": one.end, "phrase": text[one.start : one.end]} for one in found]
            raise RefusedError(422, "taboo", held=held, suggestions=self._instead({one.taboo.instead for one in found}))
        one = await self._handoff.said(number, staff.login)
        kept = await self._voice.agent(one.conversation, f"desk:{number}:{message_id}", text, number_of(staff))
        return {"ok": True, "entries": views.transcript(kept)}

    async def typing(self, request: Request, staff: Staff, number: int) -> View:
        """One's typing is shown to the customer."""
        one = await self._handoff.find(number)
        if one.agent == staff.login:
            await self._typing(one.conversation, number_of(staff))
        return {"ok": True}

    async def note(self, request: Request, staff: Staff, number: int) -> View:
        """Note something for colleagues."""
        one = await self._visible(number, staff)
        kept = await self._handoff.note(one.conversation, staff.login, text_of(request, "text", MOST_NOTE))
        return {"note": views.note(kept, self._services.clock.now().tzinfo)}

    async def transfer(self, request: Request, staff: Staff, number: int) -> View:
        """Hand on to a colleague or to the supervisor."""
        to, note = text_of(request, "to", 50), text_of(request, "note", MOST_NOTE, need=False)
        one = await self._handoff.transfer(number, staff.login, to)
        if note:
            await self._handoff.note(one.conversation, staff.login, note)
        message_id = f"desk:{number}:transfer:{int((one.offered or 0) * 1000)}"
        await self._voice.say(one.conversation, message_id, "utter_handoff_transferring")
        return self._view(one)

    async def recall(self, request: Request, staff: Staff, number: int) -> View:
        """Take a transfer back."""
        return self._view(await self._handoff.recall(number, staff.login))

    async def finish(self, request: Request, staff: Staff, number: int) -> View:
        """The talk is over, the paper work is not."""
        return self._view(await self._handoff.finish(number, staff.login))

    async def close(self, request: Request, staff: Staff, number: int) -> View:
        """Let go; the assistant takes over and knows what was agreed."""
        result = text_of(request, "result", 20)
        agreed, ticket = text_of(request, "agreed", MOST_AGREED, need=False), text_of(request, "ticket", 20, need=False)
        if result not in RESULTS:
            raise MessageRejectedError("result", f"must be one of {' '.join(RESULTS)}")
        if taboo_in(agreed) or has_placeholder(agreed):
            raise MessageRejectedError("agreed", "cannot be told to a customer")
        one = await self._handoff.close(number, staff.login, result, agreed, ticket)
        self.take_over(one)
        return self._view(one)

    def take_over(self, one: Handoff) -> None:
        """Let the assistant have the conversation again."""
        if one.channel != "ivr":
            self._happen(one.conversation, f"desk:{one.id}:ended", "handoff_ended")

    async def tell(self, happened: list[Any]) -> None:
        """Tell customers what happened to their handoffs."""
        for happening in happened:
            one, kind = happening.handoff, happening.kind
            message_id = f"desk:{one.id}:{kind}:{int(time.time())}"
            if one.channel == "ivr":
                continue
            if kind == "closed":
                self.take_over(one)
            elif kind == "out_of_hours":
                await self._voice.say(one.conversation, message_id, "utter_handoff_closed")
            elif kind == "callback":
                queued = State(one.state) in QUEUE
                name = "utter_handoff_callback_offered" if queued else "utter_handoff_owes_answer"
                await self._voice.say(one.conversation, message_id, name)
            elif kind == "left":
                await self._voice.say(one.conversation, message_id, "utter_handoff_left")
            elif kind == "timed_out":
                await self._voice.say(one.conversation, message_id, "utter_handoff_timed_out")
            elif kind == "agent_lost":
                await self._voice.say(one.conversation, message_id, "utter_handoff_agent_lost")
            elif kind == "lapsed":
                await self._voice.say(one.conversation, message_id, "utter_handoff_transfer_lapsed")

    async def leave_queue(self, conversation: str) -> bool:
        """The customer pressed “cancel” in the queue."""
        left = await self._handoff.cancel(conversation)
        if left:
            await self._voice.say(conversation, f"desk:left:{int(time.time() * 1000)}", "utter_handoff_cancelled")
        return left

    def _view(self, one: Handoff) -> View:
        return {"now": time.time(), "handoff": views.handoff(one, time.time())}

    def _instead(self, clauses: set[str]) -> list[View]:
        return [phrase for phrase in self._phrases if phrase["clause"] in clauses]


def prescribed(words: Words) -> list[View]:
    """The manual's numbered sentences that can be said as they are, by clause; each once."""
    found: dict[str, str] = {}
    for variant in words.all():
        clause = str(variant.get("metadata", {}).get("clause", ""))
        text = str(variant.get("text", ""))
        if (
            clause.startswith("1860-")
            and len(text) > MOST_BARE
            and not has_placeholder(text)
            and "channel" not in variant
        ):
            found.setdefault(text, clause)
    rows = sorted(found.items(), key=lambda row: int(row[1].partition("-")[2]))
    keys = {next((text for text, of in rows if of == clause), ""): str(key) for key, clause in enumerate(KEYED, 1)}
    return [{"clause": clause, "text": text, "key": keys.get(text, "")} for text, clause in rows]


MOST_BARE = 4  # characters of what is a part of a sentence only
# What agents say most, on the keys 1 to 9.
KEYED = ("1860-7", "1860-13", "1860-14", "1860-22", "1860-25", "1860-32", "1860-31", "1860-37", "1860-38")


def _shown_slots(slots: Mapping[str, Any]) -> View:
    """What the assistant understood, without what is shown elsewhere; numbers masked."""
    return {name: mask(value) if isinstance(value, str) else value for name, value in slots.items()}


def _today(handoffs: Sequence[Handoff]) -> View:
    claimed = [one for one in handoffs if one.claimed]
    waits = [one.claimed - one.requested for one in claimed if one.claimed]
    return {
        "handoffs": len(handoffs),
        "claimed": len(claimed),
        "abandoned": sum(1 for one in handoffs if one.state in ("abandoned", "cancelled", "timed_out")),
        "callbacks": sum(1 for one in handoffs if one.callback_phone or one.result == "callback"),
        "held": sum(one.held for one in handoffs),
        "wait": round(sum(waits) / len(waits), 1) if waits else 0,
    }
