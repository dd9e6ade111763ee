"""Who may speak in which conversation (promise P3): short-lived signed tokens, ours and those of the operator's site.

A chat token says which conversation a browser may speak in. A site token is made by the operator's own site for a
customer who is signed in there; ours vouches for the number it names.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    the operator's site vouched for, empty when nobody did.
    """

    conversation: str
    token: str
    expires_in: int
    phone: str = ""


class Sessions:
    """Issues and checks chat tokens under one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

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
        claims = _claims(token, self._secret, AUDIENCE)
        return Session(str(claims["sub"]), str(token), 0, str(claims.get("phone", "")))


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


def _claims(token: object, secret: str, audience: str) -> dict[str, Any]:
    if not isinstance(token, str):
        raise BadTokenError("no token")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub"]},
        )
    except (jwt.InvalidTokenError, ValueError) as error:  # ValueError: bytes of a header that are no text
        raise BadTokenError(type(error).__name__) from None
    return claims
