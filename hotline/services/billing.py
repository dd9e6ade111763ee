"""Questions about money and use (topic billing), answered from the operator's systems for a verified customer.

The rules: personal data only for a number that was verified in this very conversation (ch2 保密制度); bills go six
months
back; a bill that is higher than the one before names the items that grew; arrears are named with clause 1860-15 and
only when they are the cause of a suspension.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Optional, Protocol

from hotline.clock import add_months, month_of
from hotline.errors import NoSuchItemError
from hotline.ports import Bill, BillingGateway, BillItem, Catalogue, Clock, Pack, Payment, Plan, Subscriber, Usage

MONTHS_BACK = 6
POINTS_PER_YUAN = 100


# 是什么, with no more than that behind it: 套外流量是什么时候用的 asks for something else.
_WHAT_IS = re.compile(
    "(?:是个?(?:什么|啥)|(?:什么|啥)叫|指的?是?(?:什么|啥)|(?:什么|啥)意思|[怎咋]么?回事)(?!时候|原因|情况|套餐)"
)
_ITEMS = (
    ("data_beyond_plan", re.compile("(?:套餐?|包)外(?:的)?流量|超出?(?:套餐)?(?:的)?流量|流量超出")),
    ("roaming", re.compile("漫游(?:流量|语音|费|通话)")),
    ("long_distance", re.compile("长途")),
    ("plan_fee", re.compile("月(?:租|基本|固定)?费|月租|基本费")),
    ("value_added", re.compile("增值|点卡|代收费|信息费")),
)
_BEYOND = re.compile("流量.{0,4}(?:超|用完).{0,6}(?:怎么|如何|咋)(?:收费|算|扣|计费)")
_OTHERS = re.compile("老人|老年|学生|孩子|小孩|儿童")
_WHAT_FITS = re.compile("推荐|适合|合适|哪个(?:套餐)?(?:比较|更|最)?(?:好|划算|实惠)")


class Verification(Protocol):
    """What billing needs of the verification service."""

    async def require(self, conversation: str, phone: str) -> None:
        """Raise ``NotVerifiedError`` unless the number was verified in this conversation."""
        ...


@dataclass(frozen=True)
class Account:
    """A number's state: ``owed`` is what is missing (0 when nothing is), ``cause`` why it is stopped.

    ``cause`` is ``arrears``, ``paid`` (stopped for arrears although they are paid), ``lost``, ``realname``,
    ``contract``
    or None when the line is in service.
    """

    subscriber: Subscriber
    balance: Decimal

    @property
    def owed(self) -> Decimal:
        """What is missing on the account, in yuan."""
        return max(-self.balance, Decimal(0))

    @property
    def cause(self) -> Optional[str]:
        """Why the line is stopped."""
        if self.subscriber.status == "active":
            return None
        if self.subscriber.suspended_for == "arrears" and not self.owed:
            return "paid"
        return self.subscriber.suspended_for


@dataclass(frozen=True)
class ExplainedBill:
    """A bill and what made it higher than the month before.

    ``grown`` are the items that cost more than in ``previous``, each with the difference; empty when the bill is not
    higher or there is nothing to compare with.
    """

    bill: Bill
    previous: Optional[Bill]
    grown: tuple[BillItem, ...]

    @property
    def difference(self) -> Decimal:
        """By how much the bill is higher than the one before; 0 when it is not or there is none."""
        return max(self.bill.total - self.previous.total, Decimal(0)) if self.previous else Decimal(0)


@dataclass(frozen=True)
class Recommendation:
    """The plan that fits the use so far this month best, the present one, and the use it rests on (MB, minutes)."""

    plan: Plan
    present: str
    data_used: int
    voice_used: int


class BillingService:
    """Answers for one deployment; every method of personal data raises ``NotVerifiedError`` when it may not tell."""

    def __init__(self, gateway: BillingGateway, catalogue: Catalogue, verification: Verification, clock: Clock) -> None:
        self._gateway = gateway
        self._catalogue = catalogue
        self._verification = verification
        self._clock = clock

    async def check_number(self, phone: str) -> None:
        """Raise ``UnknownSubscriberError`` when the number is not one of ours."""
        await self._gateway.subscriber(phone)

    async def account(self, conversation: str, phone: str) -> Account:
        """State of the line and its balance."""
        await self._verification.require(conversation, phone)
        subscriber, balance = await asyncio.gather(self._gateway.subscriber(phone), self._gateway.balance(phone))
        return Account(subscriber, balance)

    async def bills(self, conversation: str, phone: str, months: Sequence[date]) -> list[ExplainedBill]:
        """The bills of these months, those that exist, each compared with the month before it.

        Raises ``NoSuchItemError`` when none of the months has a bill.
        """
        await self._verification.require(conversation, phone)
        wanted = sorted({month for given in months for month in (given, add_months(given, -1))})
        bills = await asyncio.gather(*(self._gateway.bill(phone, month) for month in wanted))
        found = dict(zip(wanted, bills, strict=True))
        explained = [_explain(bill, found[add_months(month, -1)]) for month in months if (bill := found[month])]
        if not explained:
            raise NoSuchItemError("no bill in these months")
        return explained

    async def usage(self, conversation: str, phone: str) -> Usage:
        """This month's use."""
        await self._verification.require(conversation, phone)
        return await self._gateway.usage(phone)

    async def payments(self, conversation: str, phone: str) -> Sequence[Payment]:
        """The latest payments, newest first."""
        await self._verification.require(conversation, phone)
        return await self._gateway.payments(phone)

    async def points(self, conversation: str, phone: str) -> int:
        """Loyalty points; ``POINTS_PER_YUAN`` of them are worth one yuan."""
        await self._verification.require(conversation, phone)
        return await self._gateway.points(phone)

    async def offers(self) -> tuple[Sequence[Plan], Sequence[Pack]]:
        """All plans and packs on sale."""
        plans, packs = await asyncio.gather(self._catalogue.plans(), self._catalogue.packs())
        return plans, packs

    async def recommendation(self, conversation: str, phone: str) -> Recommendation:
        """The cheapest plan that covers this month's use so far, else the largest."""
        await self._verification.require(conversation, phone)
        subscriber, usage, plans = await asyncio.gather(
            self._gateway.subscriber(phone), self._gateway.usage(phone), self._catalogue.plans()
        )
        data = sum(package.used for package in usage.packages)
        enough = [plan for plan in plans if plan.data >= data and plan.voice >= usage.voice_used]
        return Recommendation(enough[0] if enough else plans[-1], subscriber.plan, data, usage.voice_used)

    def open_months(self) -> list[date]:
        """The months whose bills can be asked for, this month first."""
        today = self._clock.now()
        return [month_of(today, -back) for back in range(MONTHS_BACK + 1)]


def _explain(bill: Bill, previous: Optional[Bill]) -> ExplainedBill:
    if previous is None or bill.total <= previous.total:
        return ExplainedBill(bill, previous, ())
    before = {item.name: item.amount for item in previous.items}
    grown = tuple(
        BillItem(item.name, item.amount - before.get(item.name, Decimal(0)))
        for item in bill.items
        if item.amount > before.get(item.name, Decimal(0))
    )
    return ExplainedBill(bill, previous, grown)


def item_to_explain(text: str, service: bool = False) -> Optional[str]:
    """The kind of item of a bill that somebody asks the meaning of (套外流量是什么): ``data_beyond_plan``, ``roaming``,
    ``long_distance``, ``plan_fee`` or ``value_added``; None when it is no such question. ``service``: one is named.
    """
    if _BEYOND.search(text):
        return "data_beyond_plan"
    if not _WHAT_IS.search(text):
        return None
    return next((kind for kind, item in _ITEMS if item.search(text)), "value_added" if service else None)


def asks_what_fits(text: str) -> bool:
    """Whether a question about plans is which of them fits oneself (我适合哪个), for which the use must be known; what
    fits old people or students does not depend on it.
    """
    return bool(_WHAT_FITS.search(text) and not _OTHERS.search(text))


def months_meant(value: str, today: datetime) -> list[date]:
    """The months that an extracted ``month`` entity means, newest first.

    ``0`` this month, ``-1`` last month, ``m:3`` the latest March that is not in the future, ``ly:3`` last year's,
    ``y:2026-03`` that very month, ``last:3`` the last three whole months; several joined by ``+``. Empty for a value
    that is none of these.
    """
    several = value.split("+")
    if len(several) > 1:
        return sorted({month for one in several for month in months_meant(one, today)}, reverse=True)
    this = month_of(today)
    kind, _, rest = value.partition(":")
    try:
        if kind == "m" and 1 <= int(rest) <= 12:
            year = this.year if int(rest) <= this.month else this.year - 1
            return [date(year, int(rest), 1)]
        if kind == "ly" and 1 <= int(rest) <= 12:
            return [date(this.year - 1, int(rest), 1)]
        if kind == "y":
            year_text, _, month_text = rest.partition("-")
            return [date(int(year_text), int(month_text), 1)]
        if kind == "last":
            return [add_months(this, -back) for back in range(1, int(rest) + 1)]
        if not rest:
            return [add_months(this, int(kind))]
    except ValueError:
        return []
    return []
