"""Who may speak in which conversation (promise P3): short-lived signed tokens, ours and those of the operator's site.

A chat token says which conversation a browser may speak in. One that expired lately lets nobody speak, but its browser
may have a fresh one for it (``docs/adr/0009-a-talk-outlives-its-token.md``). A site token is made by the operator's own
site for a customer who is signed in there; ours vouches for the number it names.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import jwt

from hotline.errors import HotlineError

ALGORITHM = "HS256"
LIFETIME = timedelta(minutes=30)
AUDIENCE = "hotline-chat"
SITE_AUDIENCE = "hotline-site"
SITE_LIFETIME = timedelta(minutes=10)  # the longest a site token may be good for
LEEWAY = timedelta(seconds=30)  # clocks of two machines differ


class BadTokenError(HotlineError):
    """The token is missing, forged, expired or not one of ours."""


@dataclass(frozen=True)
class Session:
    """A conversation and the token that proves the right to it.

    ``expires_in`` is in seconds: the browser counts them itself, whatever its clock says. ``phone`` is the number that
    the operator's site vouched for, empty when nobody did. ``lapsed``: the token has expired and is in its grace.
    """

    conversation: str
    token: str
    expires_in: int
    phone: str = ""
    lapsed: bool = False


class Sessions:
    """Issues and checks chat tokens under one secret; ``grace`` is how long after its expiry one may be renewed."""

    def __init__(self, secret: str, grace: timedelta = timedelta(0)) -> None:
        self._secret = secret
        self._grace = grace

    def issue(self, now: datetime, conversation: Optional[str] = None, phone: str = "") -> Session:
        """A token for a new conversation, or a fresh one for a conversation whose token was just checked."""
        conversation = conversation or f"web-{secrets.token_urlsafe(18)}"
        claims = {"sub": conversation, "aud": AUDIENCE, "iat": now, "exp": now + LIFETIME}
        if phone:
            claims["phone"] = phone
        token = jwt.encode(claims, self._secret, algorithm=ALGORITHM)
        return Session(conversation, token, int(LIFETIME.total_seconds()), phone)

    def check(self, token: object) -> Session:
        """The session that a token is for. Raises ``BadTokenError``."""
        return _session(token, _claims(token, self._secret, AUDIENCE))

    def renewable(self, token: object, now: datetime) -> Session:
        """The same for a browser that asks for a fresh token, or signs out: within its grace an expired one will do."""
        claims = _claims(token, self._secret, AUDIENCE, expired=True)
        late = now - datetime.fromtimestamp(claims["exp"], timezone.utc) - LEEWAY
        if late > self._grace:
            raise BadTokenError("expired too long ago")
        return _session(token, claims, lapsed=late > timedelta(0))


class SiteTokens:
    """Checks the tokens by which the operator's site says who is signed in there."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def check(self, token: object) -> str:
        """The phone number (``sub``) of a token. Raises ``BadTokenError``, always when there is no secret."""
        if not self._secret:
            raise BadTokenError("HOTLINE_SITE_SECRET is not set")
        claims = _claims(token, self._secret, SITE_AUDIENCE)
        if claims["exp"] - claims["iat"] > SITE_LIFETIME.total_seconds():
            raise BadTokenError("good for too long")
        return str(claims["sub"])


def _session(token: object, claims: dict[str, Any], lapsed: bool = False) -> Session:
    return Session(str(claims["sub"]), str(token), 0, str(claims.get("phone", "")), lapsed)


def _claims(token: object, secret: str, audience: str, expired: bool = False) -> dict[str, Any]:
    if not isinstance(token, str):
        raise BadTokenError("no token")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub"], "verify_exp": not expired},
        )
    except (jwt.InvalidTokenError, ValueError) as error:  # ValueError: bytes of a header that are no text
        raise BadTokenError(type(error).__name__) from None
    return claims
