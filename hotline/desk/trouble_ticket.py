"""Tickets for the operator's own systems: TM Forum's TMF621 Trouble Ticket Management API, version 4.0.0.

    GET    /tmf-api/troubleTicket/v4/troubleTicket        fields, offset, limit, and filters by attribute
    POST   /tmf-api/troubleTicket/v4/troubleTicket
    GET    /tmf-api/troubleTicket/v4/troubleTicket/{id}   fields
    PATCH  /tmf-api/troubleTicket/v4/troubleTicket/{id}
    POST   /tmf-api/troubleTicket/v4/hub                  a listener of events; DELETE …/hub/{id}

Authenticated by ``Authorization: Bearer`` and HOTLINE_API_TOKEN; without that setting the API is closed. A ticket is
never deleted: DELETE is answered with 405. Extra moves of the manual (催办, 升级) are in ``note`` and ``priority``.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Optional

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

from hotline.bootstrap import Services
from hotline.desk.gate import MOST_NUMBER, body_of
from hotline.errors import GatewayError, HotlineError, IllegalMoveError, MessageRejectedError, NoSuchItemError
from hotline.ports import Hub, Ticket, TicketDraft, TicketEntry, TicketQuery
from hotline.services.tickets import CATEGORIES, Move, State, level_for

logger = logging.getLogger(__name__)

BASE = "/tmf-api/troubleTicket/v4"
CONTENT = "application/json;charset=utf-8"
MOST_AT_ONCE, USUAL = 100, 20
MOST_TEXT = 1000
ACTOR = "api"

# Our states in TM Forum's words, and the moves by which a PATCH of ``status`` is followed.
STATUS: Mapping[State, str] = {
    State.ACCEPTED: "acknowledged",
    State.DISPATCHED: "inProgress",
    State.RETURNED: "pending",
    State.ANSWERED: "resolved",
    State.ARCHIVED: "closed",
    State.WITHDRAWN: "cancelled",
}
STATUSES = frozenset({*STATUS.values(), "rejected", "held"})
PATCHES: Mapping[str, Move] = {
    "inProgress": Move.DISPATCH,
    "pending": Move.RETURN,
    "resolved": Move.ANSWER,
    "closed": Move.ARCHIVE,
    "cancelled": Move.WITHDRAW,
}
SEVERITY = {1: "Minor", 2: "Major", 3: "Critical"}
LEVELS = {name.lower(): level for level, name in SEVERITY.items()}
FILTERS = ("status", "ticketType", "severity", "id")

Json = dict[str, Any]
Handler = Callable[..., Coroutine[Any, Any, HTTPResponse]]


class ApiError(HotlineError):
    """An answer in the API's own error body."""

    def __init__(self, status: int, reason: str, message: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.message = status, reason, message


class TroubleTickets:
    """Serves the API."""

    def __init__(self, services: Services, token: str) -> None:
        self._services = services
        self._tickets = services.tickets
        self._token = token

    def routes(self, blueprint: Blueprint) -> None:
        """Add the endpoints."""
        one, many = "/troubleTicket/<number:str>", "/troubleTicket"
        rows: list[tuple[str, str, Handler]] = [
            ("GET", many, self.search),
            ("POST", many, self.create),
            ("GET", one, self.show),
            ("PATCH", one, self.patch),
            ("DELETE", one, self.refuse),
            ("POST", "/hub", self.subscribe),
            ("DELETE", "/hub/<number:str>", self.unsubscribe),
        ]
        for method, path, handler in rows:
            blueprint.add_route(self._guarded(handler), path, methods=[method], name=handler.__name__)

    def _guarded(self, handler: Handler) -> Handler:
        async def view(request: Request, **parameters: Any) -> HTTPResponse:
            try:
                given = str(request.headers.get("Authorization") or "").removeprefix("Bearer ").strip()
                if not self._token or not hmac.compare_digest(_bytes(given), _bytes(self._token)):
                    raise ApiError(401, "Unauthorized")
                return await handler(request, **parameters)
            except HotlineError as error:
                return _failure(error)

        return view

    async def search(self, request: Request) -> HTTPResponse:
        """List tickets, newest first; ``X-Total-Count`` says how many there are."""
        query = self._query(request)
        total, found = await self._tickets.count(query), await self._tickets.search(query)
        fields = _fields(request)
        rows = [_only(await self._shown(ticket), fields) for ticket in found]
        headers = {"X-Total-Count": str(total), "X-Result-Count": str(len(rows))}
        return _json(rows, 200, headers)

    async def show(self, request: Request, number: str) -> HTTPResponse:
        """One ticket."""
        return _json(_only(await self._shown(await self._tickets.find(number)), _fields(request)))

    async def create(self, request: Request) -> HTTPResponse:
        """File a ticket; the same ``externalId`` again gives the first one."""
        body = body_of(request)
        description = _text(body, "description")
        category = _text(body, "ticketType")
        if category not in CATEGORIES:
            raise ApiError(400, "ticketType", f"must be one of {' '.join(CATEGORIES)}")
        severity, external = _text(body, "severity"), _text(body, "externalId", need=False)
        parties = _objects(body, "relatedParty")
        customer = next((party for party in parties if party.get("role") == "customer"), {})
        draft = TicketDraft(
            category=category,
            level=LEVELS.get(severity.lower(), level_for(category, description)),
            phone=str(customer.get("id") or "")[:20],
            description=description,
            channel="api",
            surname=str(customer.get("name") or "")[:20],
            details={"externalId": external} if external else {},
        )
        key = f"api:{external or request.headers.get('X-Request-Id') or request.id}"
        ticket = await self._tickets.file(draft, key[:200], "api", ACTOR)
        return _json(await self._shown(ticket), 201, {"Location": _href(ticket)})

    async def patch(self, request: Request, number: str) -> HTTPResponse:
        """Change ``status`` (a legal move), ``severity`` (the level) or add a ``note``."""
        body = body_of(request)
        status, severity = _text(body, "status", need=False), _text(body, "severity", need=False)
        reason = _text(body, "statusChangeReason", need=False)
        unknown = set(body) - {"status", "severity", "note", "statusChangeReason"} - {"@type", "@baseType"}
        if unknown:
            raise ApiError(400, sorted(unknown)[0], "cannot be changed")
        ticket = await self._tickets.find(number)
        for note in _objects(body, "note"):
            text = _text(note, "text")
            ticket = await self._tickets.move(number, Move.REMARK, ACTOR, text)
        if severity:
            if severity.lower() not in LEVELS:
                raise ApiError(400, "severity", f"must be one of {' '.join(SEVERITY.values())}")
            if LEVELS[severity.lower()] != ticket.level:
                ticket = await self._tickets.move(number, Move.RELEVEL, ACTOR, reason, level=LEVELS[severity.lower()])
        if status and status != STATUS[State(ticket.state)]:
            if status not in PATCHES:
                raise ApiError(400, "status", f"must be one of {' '.join(PATCHES)}")
            ticket = await self._tickets.move(number, PATCHES[status], ACTOR, reason, department=reason or ACTOR)
        return _json(await self._shown(ticket))

    async def refuse(self, request: Request, number: str) -> HTTPResponse:
        """Tickets are archived, never deleted."""
        await self._tickets.find(number)
        raise ApiError(405, "Method Not Allowed", "a ticket is archived, never deleted")

    async def subscribe(self, request: Request) -> HTTPResponse:
        """Register a listener: events are POSTed to its callback until they arrive."""
        body = body_of(request)
        callback, query = _text(body, "callback"), _text(body, "query", need=False)
        if not callback.startswith(("http://", "https://")) or len(callback) > 500:
            raise ApiError(400, "callback", "must be an http or https URL")
        hub: Hub = await self._services.hubs.add(callback, query[:500])
        return _json({"id": hub.id, "callback": hub.callback, "query": hub.query}, 201)

    async def unsubscribe(self, request: Request, number: str) -> HTTPResponse:
        """Forget a listener."""
        if not await self._services.hubs.remove(number):
            raise NoSuchItemError(number)
        return empty()

    def _query(self, request: Request) -> TicketQuery:
        args = request.args
        try:
            limit, offset = int(args.get("limit", USUAL)), int(args.get("offset", 0))
        except ValueError:
            raise ApiError(400, "limit", "limit and offset must be whole numbers") from None
        if not 0 <= limit <= MOST_NUMBER or not 0 <= offset <= MOST_NUMBER:
            raise ApiError(400, "limit", f"limit and offset must be from 0 to {MOST_NUMBER}")
        query = TicketQuery(limit=min(limit, MOST_AT_ONCE), offset=offset)
        if status := args.get("status"):
            states = tuple(state.value for state, name in STATUS.items() if name in status.split(","))
            query = replace(query, states=states or ("none",))
        if severity := args.get("severity"):
            query = replace(query, level=LEVELS.get(severity.lower(), 0))
        if kind := args.get("ticketType"):
            query = replace(query, category=kind)
        return replace(query, number=args.get("id", ""))

    async def _shown(self, ticket: Ticket) -> Json:
        return resource(ticket, await self._tickets.history(ticket.number), self._services.clock.now())


def resource(ticket: Ticket, history: Any, now: datetime) -> Json:
    """A ticket as TMF621's ``TroubleTicket``."""
    zone = now.tzinfo
    entries: list[TicketEntry] = list(history)
    changes = [entry for entry in entries if entry.before != entry.after]
    shown: Json = {
        "id": ticket.number,
        "href": _href(ticket),
        "name": ticket.category,
        "description": ticket.description,
        "ticketType": ticket.category,
        "severity": SEVERITY[ticket.level],
        "priority": "high" if ticket.escalated or ticket.urged else "normal",
        "status": STATUS[State(ticket.state)],
        "creationDate": _iso(ticket.created, zone),
        "lastUpdate": _iso(ticket.updated, zone),
        "expectedResolutionDate": _iso(ticket.deadline, zone),
        "statusChangeDate": _iso(changes[-1].at if changes else ticket.created, zone),
        "channel": {"id": ticket.channel, "name": ticket.channel},
        "statusChange": [
            {"status": STATUS[State(one.after)], "changeDate": _iso(one.at, zone), "changeReason": one.text}
            for one in changes
        ],
        "note": [
            {"id": str(n), "author": one.actor, "date": _iso(one.at, zone), "text": one.text}
            for n, one in enumerate(entries, start=1)
            if one.text
        ],
        "relatedParty": [],
        "@type": "TroubleTicket",
    }
    if ticket.phone:
        party = {"id": ticket.phone, "role": "customer", "@referredType": "Individual"}
        shown["relatedParty"].append({**party, "name": f"{ticket.surname}{ticket.title}"} if ticket.surname else party)
    if ticket.department:
        shown["relatedParty"].append(
            {"id": ticket.department, "role": "department", "@referredType": "Organization", "name": ticket.department}
        )
    if external := ticket.details.get("externalId"):
        shown["externalId"] = external
    answered = [one for one in changes if one.after == State.ANSWERED.value]
    if answered:
        shown["resolutionDate"] = _iso(answered[-1].at, zone)
    return shown


def event(number: int, at: datetime, kind: str, ticket: Json) -> tuple[str, Json]:
    """The path of a listener and the notification that is POSTed to it."""
    name = {
        "filed": "TroubleTicketCreateEvent",
        "answer": "TroubleTicketResolvedEvent",
        "dispatch": "TroubleTicketStatusChangeEvent",
        "return": "TroubleTicketStatusChangeEvent",
        "archive": "TroubleTicketStatusChangeEvent",
        "withdraw": "TroubleTicketStatusChangeEvent",
    }.get(kind, "TroubleTicketAttributeValueChangeEvent")
    body = {"eventId": str(number), "eventTime": at.isoformat(), "eventType": name, "event": {"troubleTicket": ticket}}
    return f"/listener/{name[0].lower()}{name[1:]}", body


def _bytes(header: str) -> bytes:
    """A header as it came, even where it is no text."""
    return header.encode("utf-8", "surrogateescape")


def _failure(error: HotlineError) -> HTTPResponse:
    if isinstance(error, ApiError):
        return _error(error.status, error.reason, error.message)
    if isinstance(error, MessageRejectedError):
        return _error(400, error.field, error.reason)
    if isinstance(error, NoSuchItemError):
        return _error(404, "Not Found", "there is no such resource")
    if isinstance(error, IllegalMoveError):
        return _error(409, "Conflict", f"{error.move} is not possible when {error.state}")
    level = logging.WARNING if isinstance(error, GatewayError) else logging.ERROR
    logger.log(level, "a request of the ticket API failed: %s", type(error).__name__)
    return _error(500, "Internal Server Error", "try again")


def _error(status: int, reason: str, message: str) -> HTTPResponse:
    body = {"code": str(status), "reason": reason, "message": message, "status": str(status), "@type": "Error"}
    return _json(body, status)


def _json(body: Any, status: int = 200, headers: Optional[Mapping[str, str]] = None) -> HTTPResponse:
    return json(body, status=status, headers=dict(headers or {}), content_type=CONTENT)


def _text(body: Mapping[str, Any], name: str, need: bool = True) -> str:
    value = body.get(name)
    if value is None and not need:
        return ""
    if not isinstance(value, str) or (need and not value.strip()):
        raise ApiError(400, name, "must be a text that is not empty")
    return value.strip().replace("\x00", "")[:MOST_TEXT]


def _objects(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ApiError(400, name, "must be a list of objects")
    return value


def _fields(request: Request) -> set[str]:
    return {name.strip() for name in str(request.args.get("fields", "")).split(",") if name.strip()}


def _only(shown: Json, fields: set[str]) -> Json:
    """The chosen fields, and id and href, which TM Forum always sends."""
    return {name: value for name, value in shown.items() if not fields or name in fields | {"id", "href", "@type"}}


def _href(ticket: Ticket) -> str:
    return f"{BASE}/troubleTicket/{ticket.number}"


def _iso(moment: datetime, zone: Any) -> str:
    return moment.astimezone(zone).isoformat(timespec="milliseconds")
