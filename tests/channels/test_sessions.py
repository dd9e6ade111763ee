"""Tokens of the chat and of the operator's site (promise P3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt
import pytest

from hotline.channels.sessions import (
    AUDIENCE,
    LEEWAY,
    LIFETIME,
    SITE_AUDIENCE,
    SITE_LIFETIME,
    BadTokenError,
    Sessions,
    SiteTokens,
)

SECRET = "0123456789abcdef" * 4
MINUTES = timedelta(minutes=5)


def now() -> datetime:
    return datetime.now(timezone.utc)


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    claims = {"sub": "web-1", "aud": AUDIENCE, "iat": now(), "exp": now() + MINUTES, **claims}
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, algorithm=algorithm)


def test_a_token_names_the_conversation_it_was_issued_for() -> None:
    sessions = Sessions(SECRET)
    session = sessions.issue(now())
    assert sessions.check(session.token).conversation == session.conversation
    assert session.expires_in == LIFETIME.total_seconds()


def test_every_new_conversation_has_a_name_of_its_own_that_cannot_be_guessed() -> None:
    names = {Sessions(SECRET).issue(now()).conversation for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) > 24 for name in names)


def test_a_renewed_token_keeps_conversation_and_customer() -> None:
    sessions = Sessions(SECRET)
    first = sessions.issue(now(), phone="13800138000")
    again = sessions.check(sessions.issue(now(), first.conversation, first.phone).token)
    assert (again.conversation, again.phone) == (first.conversation, "13800138000")


@pytest.mark.parametrize(
    "token",
    [
        lambda: None,
        lambda: 5,
        lambda: "",
        lambda: "nonsense",
        lambda: signed(secret="another-secret-another-secret-00"),
        lambda: signed(exp=now() - LEEWAY - timedelta(seconds=2)),
        lambda: signed(exp=None),
        lambda: signed(sub=None),
        lambda: signed(aud="someone-else"),
        lambda: signed(aud=SITE_AUDIENCE),
        lambda: signed(secret="", algorithm="none"),
    ],
    ids=["none", "number", "empty", "nonsense", "forged", "expired", "no-exp", "no-sub", "foreign", "site", "alg-none"],
)
def test_a_token_that_is_not_good_is_refused(token: Callable[[], object]) -> None:
    with pytest.raises(BadTokenError):
        Sessions(SECRET).check(token())
    with pytest.raises(BadTokenError):
        Sessions(SECRET).renewable(token(), now())


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "another-secret-another-secret-00"}, {"aud": SITE_AUDIENCE}, {"sub": None}, {"algorithm": "HS512"}],
    ids=["forged", "site", "no-sub", "another algorithm"],
)
def test_in_its_grace_a_token_is_renewable_and_for_nothing_else_good(wrong: dict[str, Any]) -> None:
    sessions = Sessions(SECRET, grace=MINUTES)
    expired: dict[str, Any] = {"iat": now() - 2 * MINUTES, "exp": now() - LEEWAY - timedelta(seconds=2)}
    assert sessions.renewable(signed(**expired), now()).lapsed
    assert not sessions.renewable(signed(), now()).lapsed
    for check in (sessions.check, lambda token: sessions.renewable(token, now() + MINUTES)):
        with pytest.raises(BadTokenError):
            check(signed(**expired))
    with pytest.raises(BadTokenError):
        sessions.renewable(signed(**{**expired, **wrong}), now())


def test_clocks_that_differ_by_some_seconds_do_no_harm() -> None:
    assert Sessions(SECRET).check(signed(iat=now() + timedelta(seconds=20))).conversation == "web-1"


def site(**claims: Any) -> str:
    return signed(**{"sub": "13800138000", "aud": SITE_AUDIENCE, **claims})


def test_the_operators_site_says_who_is_signed_in() -> None:
    assert SiteTokens(SECRET).check(site()) == "13800138000"


@pytest.mark.parametrize(
    "token",
    [
        lambda: site(secret="another-secret-another-secret-00"),
        lambda: site(aud=AUDIENCE),
        lambda: site(exp=now() + SITE_LIFETIME * 2),
        lambda: site(iat=None),
    ],
    ids=["forged", "a chat token", "good for too long", "no iat"],
)
def test_a_site_token_that_is_not_good_is_refused(token: Callable[[], str]) -> None:
    with pytest.raises(BadTokenError):
        SiteTokens(SECRET).check(token())


def test_without_a_secret_nobody_is_signed_in() -> None:
    with pytest.raises(BadTokenError):
        SiteTokens("").check(site())


def test_bytes_that_are_no_text_are_no_token() -> None:
    with pytest.raises(BadTokenError):
        Sessions("s" * 64).check("\udc84.a.b")
