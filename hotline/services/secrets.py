"""Checking of secrets at the door (promise P5): the service password, an SMS code, a new password.

The door hands the digits over and passes only the result on; nothing else ever sees them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

Check = Callable[[str, str, str], Awaitable[str]]


class SecretDesk:
    """Maps each kind of secret (the ``secret`` of a response's metadata) to its check.

    A check takes conversation, phone number and digits, and returns the result as a word (``verified``, ``wrong``,
    ``locked``, ``accepted``, ``malformed`` …).
    """

    def __init__(self, checks: Mapping[str, Check], forget: Callable[[str], Awaitable[None]]) -> None:
        self._checks = checks
        self._forget = forget

    async def check(self, kind: str, conversation: str, phone: str, digits: str) -> str:
        """The result of one attempt."""
        return await self._checks[kind](conversation, phone, digits)

    async def forget(self, conversation: str) -> None:
        """Forget what was verified in a conversation."""
        await self._forget(conversation)
