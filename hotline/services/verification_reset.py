"""A new service password for who holds the phone: code by SMS, new password, an explicit yes (reset_password).

The code is bound to conversation and number, holds ten minutes and may be tried three times. The new password is
kept back, hashed, until the customer has said yes; ``AccountGateway`` then puts it in force and on record at once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from enum import Enum

from hotline.ports import AccountGateway, Clock, Order, ResetStore, SmsGateway

VALID = timedelta(minutes=10)
MOST_TRIES = 3
# Nobody needs more; without a limit a stranger could flood a number with our messages.
CODES_A_DAY = 5

_ASCENDING = "01234567890123456789"


class CodeResult(str, Enum):
    """What came of a code."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    FAILED = "failed"  # its time or its tries are over


class NewPassword(str, Enum):
    """What came of a new password."""

    ACCEPTED = "accepted"
    WEAK = "weak"
    FAILED = "failed"  # the code does not hold any more


class PasswordResetService:
    """Leads from a number to a new service password."""

    def __init__(
        self,
        resets: ResetStore,
        sms: SmsGateway,
        account: AccountGateway,
        clock: Clock,
        make_code: Callable[[], str] = lambda: f"{secrets.randbelow(1_000_000):06d}",
    ) -> None:
        self._resets = resets
        self._sms = sms
        self._account = account
        self._clock = clock
        self._make_code = make_code

    async def send_code(
        self, conversation: str, phone: str, text: Callable[[str], str], key: str, anew: bool = False
    ) -> bool:
        """Send a code to the number in the words of ``text(code)``; nothing is sent while one can still be entered,
        unless it is wanted ``anew``: then that one holds no more.

        False when the number has had its codes of the day.
        """
        now = self._clock.now()
        if not anew and await self._resets.pending(conversation, phone, now, MOST_TRIES):
            return True
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if await self._resets.issued(phone, midnight) >= CODES_A_DAY:
            return False
        code = self._make_code()
        await self._resets.issue(conversation, phone, code, now, now + VALID)
        await self._sms.send(phone, text(code), key)
        return True

    async def check_code(self, conversation: str, phone: str, code: str) -> CodeResult:
        """Check a code; the third wrong one is answered ``FAILED``."""
        now = self._clock.now()
        if await self._resets.attempt(conversation, phone, code, now, MOST_TRIES, now + VALID):
            return CodeResult.ACCEPTED
        again = await self._resets.pending(conversation, phone, now, MOST_TRIES)
        return CodeResult.WRONG if again else CodeResult.FAILED

    async def check_new_password(self, conversation: str, phone: str, password: str) -> NewPassword:
        """Keep a new password for the yes to come; it must not be weak."""
        if is_weak(password, phone):
            return NewPassword.WEAK
        parked = await self._resets.park(conversation, phone, password, self._clock.now())
        return NewPassword.ACCEPTED if parked else NewPassword.FAILED

    async def passed(self, conversation: str, phone: str) -> bool:
        """Whether the code was passed in this conversation and this still holds."""
        return await self._resets.passed(conversation, phone, self._clock.now())

    async def change(self, conversation: str, phone: str, key: str) -> Order:
        """Put the new password in force; once a key.

        Raises ``OrderRefusedError`` (``code_required``) when there is no passed code or no new password.
        """
        return await self._account.execute(phone, "reset_password", "", key, conversation)


def is_weak(password: str, phone: str) -> bool:
    """Whether a password is not six digits, all the same, consecutive, or part of the telephone number."""
    if not re.fullmatch(r"\d{6}", password, re.ASCII):
        return True
    consecutive = password in _ASCENDING or password in _ASCENDING[::-1]
    return len(set(password)) == 1 or consecutive or password in phone
