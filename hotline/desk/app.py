"""The desk in the server: its endpoints, its sockets, and what goes on by itself while the server runs."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from datetime import timedelta
from pathlib import Path
from typing import Any, Optional

from sanic import Blueprint, Sanic
from sanic.exceptions import NotFound
from sanic.request import Request
from sanic.response import HTTPResponse, file
from socketio import AsyncServer

from hotline.bootstrap import Services
from hotline.channels.chat import Chat
from hotline.channels.web import origins
from hotline.desk.clerk import Clerk
from hotline.desk.gate import Gate
from hotline.desk.live import HEARTBEAT, POLL, Live, again_and_again
from hotline.desk.post import Receipts, message
from hotline.desk.reports import Reports
from hotline.desk.talks import Talks
from hotline.desk.trouble_ticket import BASE, TroubleTickets, event, resource
from hotline.desk.voice import Voice
from hotline.ports import Posted
from hotline.services.outbox import Deliver, Dispatcher
from hotline.settings import ROOT
from hotline.wording import Words

PAGE = Path(__file__).resolve().parent.parent / "static" / "desk.html"
TICK, LATE, HOUR = 2.0, 30.0, 3600.0  # seconds
KEPT = timedelta(days=1)  # news that have arrived
OVER = timedelta(hours=1)  # after midnight: by then every turn of the day before is kept


def install(app: Sanic, services: Services) -> None:
    """Add the desk to the server; the channels must have been registered before."""
    chat, sio = _web(app)
    words = Words.from_file(ROOT / "domain.yml")
    settings = services.settings
    gate = Gate(services.staff, settings.secret("session"), origins(settings), demo=not settings.production)
    voice = Voice(services.conversations, services.lock, services.outbox, words, services.clock)

    def happen(conversation: str, message_id: str, event: str) -> None:
        if chat is not None:
            chat.happen(conversation, message_id, event)

    async def typing(conversation: str, number: str) -> None:
        await live.typing(conversation, number)

    talks = Talks(services, gate, voice, words, happen, typing)
    live = Live(sio, services, gate, talks, chat)
    live.listen()
    if chat is not None:
        chat.leave_queue, chat.standing = talks.leave_queue, live.standing
    blueprint = Blueprint("desk", url_prefix="/desk")
    talks.routes(blueprint)
    Clerk(services, gate).routes(blueprint)
    Reports(services, gate).routes(blueprint)
    blueprint.add_route(_page, "/", methods=["GET"], name="page")
    app.blueprint(blueprint)
    api = Blueprint("trouble_ticket", url_prefix=BASE)
    TroubleTickets(services, services.settings.api_token).routes(api)
    app.blueprint(api)
    dispatcher = Dispatcher(services.outbox, carriers(services, words))

    async def tick() -> None:
        await talks.tell(await services.handoff.tick())

    async def forget() -> None:
        await services.outbox.forget(services.clock.now() - KEPT)

    async def sum_up() -> None:
        while await services.reports.sum_up((services.clock.now() - OVER).date()):
            await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []

    async def start(_app: Sanic, _loop: AbstractEventLoop) -> None:
        steps = (
            (live.follow, POLL),
            (live.heartbeat, HEARTBEAT),
            (tick, TICK),
            (dispatcher.run_once, TICK / 2),
            (services.tickets.note_late, LATE),
            (forget, HOUR),
            (sum_up, HOUR),
        )
        tasks.extend(asyncio.ensure_future(again_and_again(step, every)) for step, every in steps)

    async def stop(_app: Sanic, _loop: AbstractEventLoop) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app.register_listener(start, "after_server_start")
    app.register_listener(stop, "before_server_stop")


def carriers(services: Services, words: Words) -> dict[str, Deliver]:
    """How the outbox reaches each target."""
    found: dict[str, Deliver] = {"sms": Receipts(services, words).deliver}
    hubs, clock = services.hubs, services.clock

    async def notify(posted: Posted) -> None:
        listeners = await hubs.all()
        if not listeners:
            return
        number = str(posted.news.payload["number"])
        ticket, history = await services.tickets.find(number), await services.tickets.history(number)
        shown = resource(ticket, history, clock.now())
        path, body = event(posted.id, posted.at, posted.news.kind.removeprefix("ticket."), shown)
        for hub in listeners:
            await hubs.notify(hub, path, body)

    found["hub"] = notify
    broker = services.broker
    if broker is not None:

        async def publish(posted: Posted) -> None:
            await broker.publish(posted.news.kind, message(posted))

        found["broker"] = publish
    return found


def _web(app: Sanic) -> tuple[Optional[Chat], AsyncServer]:
    """The web channel's chat and socket server, on which the desk has a namespace of its own."""
    for blueprint in app.blueprints.values():
        chat: Any = getattr(blueprint.ctx, "chat", None)
        if chat is not None:
            return chat, blueprint.ctx.sio
    raise RuntimeError("the desk needs the web channel: see credentials.yml")


async def _page(_request: Request) -> HTTPResponse:
    if not PAGE.exists():
        raise NotFound("the desk's page has not been built")
    return await file(PAGE, headers={"Cache-Control": "no-cache"})
