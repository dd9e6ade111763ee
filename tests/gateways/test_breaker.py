"""A billing system that fails again and again is left alone for a while; what it says no to is no failure."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from hotline.errors import GatewayTimeoutError, GatewayUnavailableError, UnknownSubscriberError
from hotline.gateways.breaker import BreakingBillingGateway

QUESTIONS: list[tuple[str, tuple[Any, ...]]] = [
    ("subscriber", ("1",)), ("balance", ("1",)), ("bill", ("1", date(2026, 10, 1))), ("usage", ("1",)),
    ("payments", ("1", 3)), ("points", ("1",)), ("puk", ("1",)),
]  # fmt: skip


class Billing:
    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        async def ask(*given: Any) -> str:
            self.asked.append((name, given))
            if self.error is not None:
                raise self.error
            return name

        return ask


@pytest.mark.parametrize(("name", "given"), QUESTIONS)
async def test_each_question_is_passed_on(name: str, given: tuple[Any, ...]) -> None:
    billing = Billing()
    assert await getattr(BreakingBillingGateway(billing), name)(*given) == name
    assert billing.asked == [(name, given)]


async def test_after_some_failures_it_is_not_asked_and_after_a_while_it_is_again() -> None:
    billing = Billing()
    guarded = BreakingBillingGateway(billing, failures=2, pause=1)
    billing.error = GatewayTimeoutError("slow")
    for _ in range(2):
        with pytest.raises(GatewayTimeoutError):
            await guarded.balance("1")
    with pytest.raises(GatewayUnavailableError, match="left alone"):
        await guarded.balance("1")
    assert len(billing.asked) == 2
    billing.error = None
    await asyncio.sleep(1.1)  # the breaker's own clock
    assert str(await guarded.balance("1")) == "balance"


async def test_a_number_that_is_unknown_is_no_failure() -> None:
    billing = Billing()
    guarded = BreakingBillingGateway(billing, failures=2)
    billing.error = UnknownSubscriberError("1")
    for _ in range(5):
        with pytest.raises(UnknownSubscriberError):
            await guarded.balance("1")
    assert len(billing.asked) == 5
