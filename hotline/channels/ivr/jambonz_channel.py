"""The jambonz adapter as a Rasa channel: application and hooks under ``/webhooks/jambonz`` (docs/telephone.md)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from hotline import bootstrap
from hotline.channels.ivr import jambonz
from hotline.channels.ivr.call import Calls
from hotline.channels.ivr.channel import TOO_LARGE, problem, reply
from hotline.channels.ivr.jambonz import Targets
from hotline.channels.ivr.protocol import MAX_BODY, BadEventError, BadSignatureError
from hotline.engine import make_door


class JambonzInput(InputChannel):
    """jambonz's webhooks. Without ``HOTLINE_JAMBONZ_SECRET`` all are refused."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    @classmethod
    def name(cls) -> str:
        """The part of the path that belongs to it."""
        return "jambonz"

    @classmethod
    def from_credentials(cls, credentials: Optional[dict[str, Any]]) -> JambonzInput:
        """``targets``: numbers or SIP URIs of agent, supervisor and complaint; ``refer``: hand over by REFER."""
        given = credentials or {}
        return cls(Targets(dict(given.get("targets") or {}), bool(given.get("refer"))))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes."""
        services = bootstrap.services()
        secret = services.settings.jambonz_secret
        calls = Calls.over(make_door(on_new_message, services), services)
        targets = self._targets
        blueprint = Blueprint("jambonz")

        @blueprint.post("/<hook:str>")
        async def hook(request: Request, hook: str) -> HTTPResponse:
            signature = request.headers.get("Jambonz-Signature", "")
            after = str(request.args.get("after", ""))
            return reply(*await answer(calls, secret, targets, hook, after, signature, request.body))

        return blueprint


async def answer(
    calls: Calls, secret: str, targets: Targets, hook: str, after: str, signature: str, body: bytes
) -> tuple[int, Any]:
    """Status and verbs (or the problem) that answer a hook."""
    if hook not in jambonz.HOOKS:
        return 404, problem("hook", "must be one of " + " ".join(jambonz.HOOKS))
    if len(body) > MAX_BODY:
        return 413, TOO_LARGE
    try:
        if not secret:
            raise BadSignatureError("HOTLINE_JAMBONZ_SECRET is not set")
        jambonz.check_signature(secret, signature, body, time.time())
        event = jambonz.parse(hook, after, body)
    except BadSignatureError as error:
        return 401, problem("signature", str(error))
    except BadEventError as error:
        return 400, problem(error.field, error.reason)
    if event is None:
        return 200, []
    actions = await calls.handle(event)
    return 200, [] if hook == "status" else jambonz.render(actions, event.event_id, targets)
