"""Who may do what at the desk: log-ins, sessions, roles, and what every request must bring along.

A session is a signed token in an HttpOnly, SameSite=Strict cookie. Whatever changes something needs the header
``X-Desk``, which no foreign page can send, and no foreign ``Origin``. Attempts are counted a log-in, in all processes,
and slowed down an address.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from http.cookies import CookieError, SimpleCookie
from json import dumps
from typing import Any, Optional

import jwt
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, file, json

from hotline.channels.images import Images
from hotline.channels.limits import Bucket
from hotline.errors import GatewayError, HotlineError, IllegalMoveError, MessageRejectedError, NoSuchItemError
from hotline.ports import Staff, StaffStore
from hotline.services.people import AGENT, CLERK, SUPERVISOR, is_demo

logger = logging.getLogger(__name__)

COOKIE = "desk_session"
HEADER = "X-Desk"
AUDIENCE = "hotline-desk"
ALGORITHM = "HS256"
LIFETIME = timedelta(hours=12)
MOST_ATTEMPTS, PAUSE = 5, 300.0
LOOPBACK = ("127.0.0.1", "::1")
ATTEMPTS_AT_ONCE, ATTEMPTS_A_SECOND = 20, 0.2  # of one address
MOST_ADDRESSES = 10_000
MOST_NUMBER = 2**31 - 1  # what every database can count

ALL = (AGENT, SUPERVISOR, CLERK)

Handler = Callable[..., Awaitable[Any]]


class NoSessionError(HotlineError):
    """Nobody is logged in."""


class RefusedError(HotlineError):
    """An answer with a status and a code of its own (docs/desk-api.md)."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"error": {"code": code, **more.pop("error", {})}, **more}


class Gate:
    """Lets people of the desk in; those of the demonstration only with ``demo``."""

    def __init__(self, staff: StaffStore, secret: str, origins: list[str], demo: bool = False) -> None:
        self._demo = demo
        self._staff = staff
        self._secret = secret
        self._origins = origins
        self._addresses: dict[str, Bucket] = {}

    def route(
        self, blueprint: Blueprint, method: str, path: str, handler: Handler, roles: tuple[str, ...] = ALL
    ) -> None:
        """Serve ``handler(request, staff, **parameters)``, which returns a JSON object, to these roles."""

        async def view(request: Request, **parameters: Any) -> HTTPResponse:
            return await self._answer(request, handler, roles, parameters)

        name = f"{method}_{path}".lower().replace("/", "_").replace("<", "").replace(">", "").replace(":", "_")
        blueprint.add_route(view, path, methods=[method], name=name)

    async def log_in(self, request: Request) -> HTTPResponse:
        """``{"login", "password"}`` → a session."""
        try:
            self._check_origin(request)
            login, password = text_of(request, "login", 50), text_of(request, "password", 200)
            staff = await self._identified(login, password, _address(request))
        except HotlineError as error:
            return refusal(error)
        response = json({"login": staff.login, "name": staff.name, "role": staff.role, "number": number_of(staff)})
        self._set_cookie(request, response, self.token(staff), int(LIFETIME.total_seconds()))
        return response

    def leave(self, request: Request) -> HTTPResponse:
        """The answer that takes the cookie back."""
        response = json({"ok": True})
        self._set_cookie(request, response, "", 0)
        return response

    def token(self, staff: Staff) -> str:
        """A session's token."""
        now = datetime.now(timezone.utc)
        claims = {"sub": staff.login, "aud": AUDIENCE, "iat": now, "exp": now + LIFETIME, "epoch": staff.epoch}
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    async def staff_of(self, token: object) -> Staff:
        """Whose session a token is. Raises ``NoSessionError``."""
        if not isinstance(token, str):
            raise NoSessionError("no session")
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.InvalidTokenError, ValueError) as error:  # ValueError: bytes of a cookie that are no text
            raise NoSessionError(type(error).__name__) from None
        staff = await self._staff.find(str(claims["sub"]))
        if staff is None or staff.epoch != claims.get("epoch"):
            raise NoSessionError("the session has ended")
        return staff

    async def staff_in(self, cookies: str) -> Staff:
        """Whose session is in a ``Cookie`` header."""
        try:
            found = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            found = None
        return await self.staff_of(found.value if found else None)

    async def _answer(
        self, request: Request, handler: Handler, roles: tuple[str, ...], parameters: dict[str, Any]
    ) -> HTTPResponse:
        try:
            if request.method != "GET":
                self._check_origin(request)
            staff = await self.staff_of(request.cookies.get(COOKIE))
            if staff.role not in roles:
                raise RefusedError(403, "role")
            if any(isinstance(value, int) and value > MOST_NUMBER for value in parameters.values()):
                raise NoSuchItemError("a number that nothing has")
            result = await handler(request, staff, **parameters)
        except HotlineError as error:
            return refusal(error)
        return result if isinstance(result, HTTPResponse) else json(result, headers={"Cache-Control": "no-store"})

    def _check_origin(self, request: Request) -> None:
        if not request.headers.get(HEADER) or request.headers.get("Origin", self._origins[0]) not in self._origins:
            raise RefusedError(403, "origin")

    async def _identified(self, login: str, password: str, address: str) -> Staff:
        throttled = RefusedError(429, "throttled", error={"retry_after": int(PAUSE)})
        now = time.monotonic()
        if len(self._addresses) > MOST_ADDRESSES:
            self._addresses.clear()
        bucket = self._addresses.setdefault(address, Bucket(ATTEMPTS_AT_ONCE, ATTEMPTS_A_SECOND, now))
        if not bucket.take(now) or not await self._staff.attempt(login, time.time(), MOST_ATTEMPTS, PAUSE):
            raise throttled
        right = await self._staff.check(login, password) and (self._demo or not is_demo(password))
        staff = await self._staff.find(login) if right else None
        if staff is None:
            logger.info("a log-in at the desk was refused")
            raise RefusedError(401, "wrong")
        await self._staff.forgive(login)
        return staff

    def _set_cookie(self, request: Request, response: HTTPResponse, value: str, seconds: int) -> None:
        response.cookies[COOKIE] = value
        cookie = response.cookies[COOKIE]
        cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"] = "/", True, "Strict", seconds
        if "https" in (request.scheme, request.headers.get("X-Forwarded-Proto")):
            cookie["secure"] = True


def _address(request: Request) -> str:
    """Where a request comes from: what the proxy on this machine says, and nobody else's word for it."""
    peer = str(request.ip)
    return str(request.headers.get("X-Real-IP") or peer) if peer in LOOPBACK else peer


def refusal(error: HotlineError) -> HTTPResponse:
    """The answer that belongs to an error (docs/desk-api.md)."""
    if isinstance(error, RefusedError):
        return json(error.body, status=error.status)
    if isinstance(error, NoSessionError):
        return _error(401, "session")
    if isinstance(error, MessageRejectedError):
        return _error(400, "field", field=error.field, reason=error.reason)
    if isinstance(error, IllegalMoveError):
        return _error(409, "state", state=error.state, move=error.move)
    if isinstance(error, NoSuchItemError):
        return _error(404, "unknown")
    if isinstance(error, GatewayError):
        logger.error("a request of the desk failed: %s", type(error).__name__)
        return _error(503, "unavailable")
    logger.error("a request of the desk failed: %s", type(error).__name__, exc_info=error)
    return _error(500, "fault")


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object in a request. Raises ``MessageRejectedError``."""
    try:
        body = request.json
        dumps(body, ensure_ascii=False).encode()  # half characters can be kept nowhere
    except Exception:  # Sanic raises its own kinds for what is no JSON
        body = None
    if not isinstance(body, dict):
        raise MessageRejectedError("body", "must be a JSON object")
    return body


def text_of(request: Request, name: str, most: int, need: bool = True) -> str:
    """A text in the body of a request, stripped. Raises ``MessageRejectedError``."""
    body = body_of(request) if request.body else {}
    value = body.get(name, None if need else "")
    if not isinstance(value, str):
        raise MessageRejectedError(name, "must be a string")
    value = value.strip().replace("\x00", "")
    if need and not value:
        raise MessageRejectedError(name, "must not be empty")
    if len(value) > most:
        raise MessageRejectedError(name, f"must have at most {most} characters")
    return value


async def picture(images: Images, conversation: str, name: str) -> HTTPResponse:
    """A picture that a customer sent. Raises ``NoSuchItemError``."""
    path = images.path(conversation, name)
    if path is None:
        raise NoSuchItemError(name)
    return await file(path, mime_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def number_of(staff: Staff) -> str:
    """The number that customers are told (工号): the log-in without its letter."""
    return staff.login.lstrip("abcdefghijklmnopqrstuvwxyz") or staff.login


def _error(status: int, code: str, **more: Optional[str]) -> HTTPResponse:
    return json({"error": {"code": code, **more}}, status=status)
