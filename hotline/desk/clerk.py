"""Tickets at the desk: the clerk's board (申告处理员), and what agents may do with tickets of their customers."""

from __future__ import annotations

from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from hotline.bootstrap import Services
from hotline.channels.images import Images
from hotline.desk import views
from hotline.desk.gate import MOST_NUMBER, Gate, RefusedError, body_of, picture, text_of
from hotline.errors import MessageRejectedError
from hotline.ports import Staff, TicketDraft, TicketQuery
from hotline.services.people import AGENT
from hotline.services.tickets import CATEGORIES, Move, State, level_for

MOST_AT_ONCE = 200
MOST_TEXT = 1000
LEVELS = {"1": 1, "2": 2, "3": 3}

View = dict[str, Any]


class Clerk:
    """Serves tickets."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._services = services
        self._tickets = services.tickets
        self._gate = gate
        self._images = Images(services.settings.var / "images")

    def routes(self, blueprint: Blueprint) -> None:
        """Add the endpoints."""
        route = self._gate.route
        route(blueprint, "GET", "/api/tickets", self.search)
        route(blueprint, "POST", "/api/tickets", self.file)
        route(blueprint, "GET", "/api/tickets/<number:str>", self.show)
        route(blueprint, "GET", "/api/tickets/<number:str>/images/<name:str>", self.image)
        route(blueprint, "POST", "/api/tickets/<number:str>/<move:str>", self.move)

    async def search(self, request: Request, staff: Staff) -> View:
        """Tickets by state, category, level, lateness, number; and how many there are of each state."""
        args = request.args
        states = [state for part in args.getlist("state", []) for state in part.split(",") if state]
        try:
            query = TicketQuery(
                states=tuple(State(state).value for state in states),
                category=args.get("category", ""),
                level=LEVELS[args["level"][0]] if args.get("level") else None,
                phone=args.get("phone", ""),
                conversation=args.get("conversation", ""),
                number=args.get("number", ""),
                late_at=self._services.clock.now() if args.get("late") else None,
                limit=min(max(int(args.get("limit", 50)), 1), MOST_AT_ONCE),
                offset=min(max(int(args.get("offset", 0)), 0), MOST_NUMBER),
            )
        except (KeyError, ValueError) as error:
            raise MessageRejectedError("query", str(error)) from None
        now = self._services.clock.now()
        counts = {state.value: await self._tickets.count(TicketQuery(states=(state.value,))) for state in State}
        counts["late"] = await self._tickets.count(TicketQuery(late_at=now))
        found = await self._tickets.search(query)
        return {
            "tickets": [views.ticket(one, staff, now) for one in found],
            "total": await self._tickets.count(query),
            "counts": counts,
        }

    async def show(self, request: Request, staff: Staff, number: str) -> View:
        """One, with its history."""
        now = self._services.clock.now()
        ticket = await self._tickets.find(number)
        history = [views.ticket_entry(entry, now.tzinfo) for entry in await self._tickets.history(number)]
        images = [path.stem for path in self._images.of(ticket.conversation)]
        return {"ticket": views.ticket(ticket, staff, now), "history": history, "images": images}

    async def image(self, request: Request, staff: Staff, number: str, name: str) -> HTTPResponse:
        """A picture that the customer sent with the complaint."""
        ticket = await self._tickets.find(number)
        return await picture(self._images, ticket.conversation, name)

    async def file(self, request: Request, staff: Staff) -> View:
        """File one by hand, once an ``id``."""
        category = text_of(request, "category", 20)
        if category not in CATEGORIES:
            raise MessageRejectedError("category", f"must be one of {' '.join(CATEGORIES)}")
        description = text_of(request, "description", MOST_TEXT)
        draft = TicketDraft(
            category=category,
            level=self._level(request) or level_for(category, description),
            phone=text_of(request, "phone", 20),
            description=description,
            channel="desk",
            surname=text_of(request, "surname", 20, need=False),
            title=text_of(request, "title", 20, need=False),
        )
        conversation = text_of(request, "conversation", 100, need=False) or f"desk-{staff.login}"
        key = f"desk:{staff.login}:{text_of(request, 'id', 64)}"
        ticket = await self._tickets.file(draft, key, conversation, staff.login)
        return {"ticket": views.ticket(ticket, staff, self._services.clock.now())}

    async def move(self, request: Request, staff: Staff, number: str, move: str) -> View:
        """Dispatch, return, answer, archive, withdraw, urge, escalate, relevel, remark."""
        if move not in {one.value for one in Move}:
            raise RefusedError(404, "unknown")
        wanted = Move(move)
        if staff.role == AGENT and wanted not in views.OF_AGENTS:
            raise RefusedError(403, "role")
        told = wanted in (Move.RETURN, Move.ANSWER)
        text = text_of(request, "text", MOST_TEXT, need=told)
        department = text_of(request, "department", 100) if wanted is Move.DISPATCH else ""
        level = self._level(request) if wanted is Move.RELEVEL else None
        if wanted is Move.RELEVEL and level is None:
            raise MessageRejectedError("level", "must be 1, 2 or 3")
        ticket = await self._tickets.move(number, wanted, staff.login, text, None, department, level)
        return {"ticket": views.ticket(ticket, staff, self._services.clock.now())}

    def _level(self, request: Request) -> int | None:
        level = body_of(request).get("level")
        if level is None:
            return None
        if isinstance(level, bool) or level not in (1, 2, 3):
            raise MessageRejectedError("level", "must be 1, 2 or 3")
        return int(level)
