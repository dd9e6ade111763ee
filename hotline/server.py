"""The hotline as a server: widget page, chat, IVR endpoint and probes on one port, Rasa and its actions inside."""

from __future__ import annotations

import asyncio
import logging
from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rasa.core import channels
from rasa.core.run import create_http_input_channels
from sanic import Sanic
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse, file

from hotline import bootstrap, probes, retention
from hotline.desk.app import install as install_desk
from hotline.desk.live import again_and_again
from hotline.engine import load_agent
from hotline.framing import FramedRequest
from hotline.settings import ROOT, Settings

logger = logging.getLogger(__name__)

HOUR = 3600.0  # seconds
STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'"
)
STAFF_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def create_app(settings: Settings) -> Sanic:
    """The Sanic application; the model is loaded when it starts."""
    app = Sanic("hotline", configure_logging=False, request_class=FramedRequest)
    app.config.REQUEST_MAX_SIZE = 64 * 1024
    app.config.REQUEST_TIMEOUT = 10
    app.config.MOTD = False
    app.config.FALLBACK_ERROR_FORMAT = "json"  # the pages of a framework say more than strangers need
    channels.channel.register(create_http_input_channels(None, str(ROOT / "credentials.yml")), app, route="/webhooks/")
    serve_pages(app, settings)
    probes.install(app, bootstrap.services())
    install_desk(app, bootstrap.services())

    async def start(app: Sanic, _loop: AbstractEventLoop) -> None:
        app.ctx.agent = load_agent(settings.model, bootstrap.services().events)

    async def forget() -> None:
        await retention.purge(bootstrap.services(), settings.retention_days)

    async def tidy(app: Sanic, _loop: AbstractEventLoop) -> None:
        app.ctx.tidying = asyncio.ensure_future(again_and_again(forget, HOUR))

    async def stop(app: Sanic, _loop: AbstractEventLoop) -> None:
        app.ctx.tidying.cancel()
        await bootstrap.services().disconnect()
        bootstrap.services().close()
        # Engine.IO's pings sleep on; a loop that closes over them writes an error for each.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    app.register_listener(start, "before_server_start")
    app.register_listener(tidy, "after_server_start")
    app.register_listener(stop, "after_server_stop")
    return app


def serve_pages(app: Sanic, settings: Settings) -> None:
    """The operator's demo page, the widget, and what browsers may do with either."""
    for path in STATIC.iterdir():  # each by its name: there is no folder in which a path could go astray
        app.static(f"/static/{path.name}", str(path), name=path.name)
    app.add_route(_page, "/", methods=["GET"])
    app.register_middleware(_headers(settings), "response")


async def _page(_request: Request) -> HTTPResponse:
    return await file(STATIC / "index.html")


def _headers(settings: Settings) -> Callable[[Request, BaseHTTPResponse], Coroutine[Any, Any, None]]:
    """What browsers may do with our pages; only the pages of the allowed origins may show the widget in a frame, and
    nobody the desk.
    """
    policy = "; ".join([POLICY, " ".join(["frame-ancestors 'self'", *settings.origins])])

    async def headers(request: Request, response: BaseHTTPResponse) -> None:
        staff = request.path.startswith("/desk")
        response.headers["Content-Security-Policy"] = STAFF_POLICY if staff else policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        # Scripts and pages of one name belong together: a browser asks whether they are still the same (304).
        response.headers.setdefault("Cache-Control", "no-cache")

    return headers
