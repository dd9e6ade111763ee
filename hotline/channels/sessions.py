"""Chat sessions: a short-lived signed token that says which conversation a browser may speak in (promise P3)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional

import jwt

from hotline.errors import HotlineError

ALGORITHM = "HS256"
LIFETIME = timedelta(minutes=30)
AUDIENCE = "hotline-chat"


class BadTokenError(HotlineError):
    """The token is missing, forged, expired or not one of ours."""


@dataclass(frozen=True)
class Session:
    """A conversation and the token that proves the right to it; ``expires_in`` is in seconds."""

    conversation: str
    token: str
    expires_in: int


class Sessions:
    """Issues and checks tokens under one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def issue(self, now: datetime, conversation: Optional[str] = None) -> Session:
        """A token for a new conversation, or a fresh one for a conversation whose token was just checked."""
        conversation = conversation or f"web-{secrets.token_urlsafe(18)}"
        claims = {"sub": conversation, "aud": AUDIENCE, "iat": now, "exp": now + LIFETIME}
        token = jwt.encode(claims, self._secret, algorithm=ALGORITHM)
        return Session(conversation, token, int(LIFETIME.total_seconds()))

    def check(self, token: object) -> str:
        """The conversation that a token is for. Raises ``BadTokenError``."""
        if not isinstance(token, str):
            raise BadTokenError("no token")
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise BadTokenError(type(error).__name__) from None
        return str(claims["sub"])
