"""A billing gateway that is not asked any more for a while when it fails again and again.

A backend that hangs costs each customer its whole time limit before he hears that it cannot be reached. After some
failures in a row the answer comes at once, and a backend that is overloaded gets room to recover. What it says no to
(an unknown number) is no failure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Optional, TypeVar

from circuitbreaker import CircuitBreaker

from hotline.errors import GatewayError, GatewayUnavailableError
from hotline.ports import Bill, BillingGateway, Payment, Subscriber, Usage

T = TypeVar("T")

FAILURES = 5  # in a row
PAUSE = 10  # seconds until it is asked again


class BreakingBillingGateway:
    """``BillingGateway`` in front of another one."""

    def __init__(self, gateway: BillingGateway, failures: int = FAILURES, pause: float = PAUSE) -> None:
        self._gateway = gateway
        self._breaker = CircuitBreaker(failures, pause, GatewayError, "billing")

    async def subscriber(self, phone: str) -> Subscriber:
        """See the port."""
        return await self._ask(lambda: self._gateway.subscriber(phone))

    async def balance(self, phone: str) -> Decimal:
        """See the port."""
        return await self._ask(lambda: self._gateway.balance(phone))

    async def bill(self, phone: str, month: date) -> Optional[Bill]:
        """See the port."""
        return await self._ask(lambda: self._gateway.bill(phone, month))

    async def usage(self, phone: str) -> Usage:
        """See the port."""
        return await self._ask(lambda: self._gateway.usage(phone))

    async def payments(self, phone: str, limit: int = 5) -> Sequence[Payment]:
        """See the port."""
        return await self._ask(lambda: self._gateway.payments(phone, limit))

    async def points(self, phone: str) -> int:
        """See the port."""
        return await self._ask(lambda: self._gateway.points(phone))

    async def puk(self, phone: str) -> str:
        """See the port."""
        return await self._ask(lambda: self._gateway.puk(phone))

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        if self._breaker.opened:
            raise GatewayUnavailableError("billing failed again and again and is left alone for a while")
        answer: T = await self._breaker.call_async(question)
        return answer
