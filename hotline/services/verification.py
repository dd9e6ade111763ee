"""Identity by service password (clause 1860-12), and the lock after five wrong ones for a number in a day.

What was verified is kept behind a port, bound to the conversation: no slot, button or message can claim it (P4).
"""

from __future__ import annotations

import asyncio
import re
import weakref
from datetime import timedelta
from enum import Enum

from hotline.errors import GatewayError, NotVerifiedError
from hotline.masking import mask
from hotline.ports import Clock, GrantStore, PasswordStore

_SOMEBODY = re.compile(
    "(?:老婆|老公|爱人|媳妇|对象|[男女]朋友|妈妈?|爸爸?|爹|娘|父亲|母亲|儿子|女儿|闺女|孩子|小孩|爷爷|奶奶|姥姥|姥爷"
    "|外公|外婆|岳父|岳母|公公|婆婆|丈母娘|哥哥?|弟弟?|姐姐?|妹妹?|朋友|同事|同学|邻居|亲戚|家人|家里人|老人|别人|人家"
    "|(?<!其)[他她](?!们))"
)
_OF_SOMEBODY = re.compile(
    f"{_SOMEBODY.pattern}(?:的(?!话[,。 ]|话$)|[这那](?:个|边|张|部)|手机|号|卡|名下|还[有剩]|那儿)"
    f"|[帮替给为](?:一下|我|俺|咱)*{_SOMEBODY.pattern}"
)
_OF_ONESELF = re.compile(f"我(?:自己|本人)|我的(?!{_SOMEBODY.pattern})|我[这那](?:个|边|张|部)|我(?:手机|呢|还[有剩])")


_CHANGES = re.compile("我自己|我本人|那我[这那]个")


class PasswordResult(str, Enum):
    """What came of a service password."""

    VERIFIED = "verified"
    WRONG = "wrong"
    LOCKED = "locked"


def means_somebody_else(text: str) -> bool:
    """Whether a question is about another person's number (我妈的流量还有多少, 帮他查)."""
    return bool(_OF_SOMEBODY.search(text))


def means_oneself(text: str) -> bool:
    """Whether a question is about the customer's own number, as opposed to another person's (那我自己的呢)."""
    return bool(_OF_ONESELF.search(text))


def changes_to_oneself(text: str) -> bool:
    """Whether a question turns from another number to the customer's own (那我自己的流量呢)."""
    return bool(_CHANGES.search(text)) and means_oneself(text)


class VerificationService:
    """Checks service passwords and remembers, for ``valid_minutes``, who has shown theirs in which conversation.

    ``wrong_a_day`` wrong passwords for a number within a calendar day (of the clock's zone) lock it for that day, even
    for the right one, in all conversations and channels.
    """

    def __init__(
        self,
        passwords: PasswordStore,
        grants: GrantStore,
        clock: Clock,
        valid_minutes: int = 30,
        wrong_a_day: int = 5,
    ) -> None:
        self._passwords = passwords
        self._grants = grants
        self._clock = clock
        self._valid = timedelta(minutes=valid_minutes)
        self._wrong_a_day = wrong_a_day
        self._checks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def check_password(self, conversation: str, phone: str, password: str) -> PasswordResult:
        """Check a password; the one that completes the lock is already answered ``LOCKED``. Gateway errors pass.

        Each attempt is counted as wrong before it is checked and forgiven when it was right: attempts made at the
        same time can thus never be more than the day allows. Those of one number wait for each other, lest several
        right ones at once (calls from one office) look like too many wrong ones.
        """
        async with self._checks.setdefault(phone, asyncio.Lock()):
            return await self._check(conversation, phone, password)

    async def _check(self, conversation: str, phone: str, password: str) -> PasswordResult:
        day = self._clock.now().date()
        attempt = await self._passwords.record_wrong(phone, day)
        if attempt > self._wrong_a_day:
            await self._passwords.forgive_wrong(phone, day)
            return PasswordResult.LOCKED
        try:
            right = await self._passwords.check(phone, password)
        except GatewayError:
            await self._passwords.forgive_wrong(phone, day)
            raise
        if not right:
            return PasswordResult.LOCKED if attempt == self._wrong_a_day else PasswordResult.WRONG
        await self._passwords.forgive_wrong(phone, day)
        await self._grants.grant(conversation, phone, self._clock.now() + self._valid)
        return PasswordResult.VERIFIED

    async def vouch(self, conversation: str, phone: str) -> None:
        """The operator's own site has signed this customer in: as good as the service password."""
        await self._grants.grant(conversation, phone, self._clock.now() + self._valid)

    async def locked(self, phone: str) -> bool:
        """Whether this number is locked for today: then there is no use in asking for its password."""
        return await self._passwords.wrong_attempts(phone, self._clock.now().date()) >= self._wrong_a_day

    async def require(self, conversation: str, phone: str) -> None:
        """Raise ``NotVerifiedError`` unless this number was verified in this conversation and that still holds."""
        if not await self._grants.granted(conversation, phone, self._clock.now()):
            raise NotVerifiedError(mask(phone))

    async def verified(self, conversation: str, phone: str) -> bool:
        """The same as a question."""
        return await self._grants.granted(conversation, phone, self._clock.now())

    async def forget(self, conversation: str) -> None:
        """End all verifications of a conversation, when it ends or is handed on."""
        await self._grants.revoke(conversation)
