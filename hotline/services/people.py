"""People of the desk: which log-ins and passwords there can be. Who they are is kept behind ``StaffStore``."""

from __future__ import annotations

import re

from hotline.errors import MessageRejectedError, NoSuchItemError
from hotline.ports import Staff, StaffStore

AGENT, SUPERVISOR, CLERK = "agent", "supervisor", "clerk"
ROLES = (AGENT, SUPERVISOR, CLERK)
SHORTEST = 10  # characters of a password

# Letters, then the number that customers are told (工号).
_LOGIN = re.compile(r"[a-z]{1,4}[0-9]{3,8}")


async def add(store: StaffStore, staff: Staff, password: str) -> None:
    """Let somebody log in from now on. Raises ``MessageRejectedError`` for what cannot be, or is there already."""
    if not _LOGIN.fullmatch(staff.login):
        raise MessageRejectedError("login", "must be one to four small letters and three to eight digits, as a1001")
    if staff.role not in ROLES:
        raise MessageRejectedError("role", f"must be one of {' '.join(ROLES)}")
    _check(staff.login, password)
    if not await store.add(staff, password):
        raise MessageRejectedError("login", "is there already; give a closed one a new password instead")


async def reset(store: StaffStore, login: str, password: str) -> None:
    """Give a new password; who was let out may come in again. Raises ``NoSuchItemError``."""
    _check(login, password)
    if not await store.set_password(login, password):
        raise NoSuchItemError(f"there is no open log-in {login}")


async def disable(store: StaffStore, login: str) -> None:
    """Close a log-in; sessions end at once, the customers go back into the queue. Raises ``NoSuchItemError``."""
    if not await store.disable(login):
        raise NoSuchItemError(f"there is no open log-in {login}")


def demo_password(login: str) -> str:
    """The password of a log-in of the demonstration."""
    return f"{login}-demo"


def is_demo(password: str) -> bool:
    """Whether that is a password of the demonstration, which everybody knows."""
    return password.endswith(demo_password(""))


def _check(login: str, password: str) -> None:
    if len(password) < SHORTEST or password in (login, login * 2) or is_demo(password):
        raise MessageRejectedError("password", f"must have at least {SHORTEST} characters and not follow the log-in")
