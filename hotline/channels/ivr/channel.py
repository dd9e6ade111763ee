"""The IVR endpoint as a Rasa channel: ``POST /webhooks/ivr/webhook``."""

from __future__ import annotations

import logging
import time
from typing import Any, Awaitable, Callable, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from hotline import bootstrap
from hotline.channels.ivr import protocol
from hotline.channels.ivr.call import Calls
from hotline.engine import make_door

logger = logging.getLogger(__name__)


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
        calls = Calls(make_door(on_new_message, services), services.settings.low_confidence)
        blueprint = Blueprint("ivr")

        @blueprint.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            return await answer(calls, secret, request)

        return blueprint


async def answer(calls: Calls, secret: str, request: Request) -> HTTPResponse:
    """One event over HTTP, with every bad input answered as the protocol's table says."""
    body = request.body
    if len(body) > protocol.MAX_BODY:
        return _error("body", f"must have at most {protocol.MAX_BODY} bytes", 413)
    try:
        protocol.check_signature(secret, request.headers, body, time.time())
        event = protocol.parse(body)
    except protocol.BadSignatureError as error:
        return _error("signature", str(error), 401)
    except protocol.BadEventError as error:
        return _error(error.field, error.reason, 400)
    actions = await calls.handle(event)
    return json({"call_id": event.call_id, "event_id": event.event_id, "actions": actions})


def _error(field: str, reason: str, status: int) -> HTTPResponse:
    return json({"error": {"field": field, "reason": reason}}, status=status)
