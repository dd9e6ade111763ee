"""The neutral protocol as a Rasa channel: ``/webhooks/ivr/webhook``, described by ``/webhooks/ivr/openapi.json``."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse, raw

from hotline import bootstrap
from hotline.channels.ivr import protocol
from hotline.channels.ivr.call import Calls
from hotline.engine import make_door

OPENAPI = Path(__file__).with_name("openapi.json")


class IvrInput(InputChannel):
    """The neutral protocol over signed HTTP."""

    @classmethod
    def name(cls) -> str:
        """The last part of the endpoint's path."""
        return "ivr"

    @classmethod
    def from_credentials(cls, credentials: Optional[dict[str, Any]]) -> IvrInput:
        """Nothing to configure: secrets come from the settings."""
        return cls()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes."""
        services = bootstrap.services()
        secret = services.settings.secret("ivr")
        calls = Calls.over(make_door(on_new_message, services), services)
        blueprint = Blueprint("ivr")

        @blueprint.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            status, body = await answer(calls, secret, request.headers, request.body)
            return reply(status, body)

        @blueprint.get("/openapi.json")
        async def description(_request: Request) -> HTTPResponse:
            return raw(OPENAPI.read_bytes(), content_type="application/json")

        async def too_large(_request: Request, _error: PayloadTooLarge) -> HTTPResponse:
            return reply(413, TOO_LARGE)

        # What is larger than the server takes at all never gets to the route.
        blueprint.exception(PayloadTooLarge)(too_large)
        return blueprint


async def answer(calls: Calls, secret: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    """Status and body that answer one event, with every bad input treated as the protocol's table says."""
    if len(body) > protocol.MAX_BODY:
        return 413, TOO_LARGE
    try:
        protocol.check_signature(secret, headers, body, time.time())
        event = protocol.parse(body)
    except protocol.BadSignatureError as error:
        return 401, problem("signature", str(error))
    except protocol.BadEventError as error:
        return 400, problem(error.field, error.reason)
    actions = await calls.handle(event)
    return 200, {"call_id": event.call_id, "event_id": event.event_id, "actions": actions}


def reply(status: int, body: dict[str, Any]) -> HTTPResponse:
    """JSON in UTF-8, the same bytes for the same values."""
    return raw(json.dumps(body, ensure_ascii=False).encode(), status=status, content_type="application/json")


def problem(field: str, reason: str) -> dict[str, Any]:
    """The body of a refusal."""
    return {"error": {"field": field, "reason": reason}}


TOO_LARGE = problem("body", f"must have at most {protocol.MAX_BODY} bytes")
