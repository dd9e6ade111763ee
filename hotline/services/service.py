"""Changes of a subscriber's account (topic service): verified, prepared for the read-back, carried out once.

Source: scenarios.yml, service; ch2 不得擅自更改客户资料. What may be changed is decided by ``AccountGateway``; here is
what the dialogue must know beforehand, and what customers mean when they name plans, packs and services.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Optional, Union

from hotline.errors import NoSuchItemError, OrderRefusedError
from hotline.nlu.numbers import NUMERAL, number
from hotline.ports import AccountGateway, BillingGateway, Catalogue, Hall, Order, Pack, Plan, Service
from hotline.services.billing import Account, BillingService, Verification

Offer = Union[Plan, Pack, Service]

# The service in the catalogue without which nobody can use the phone abroad.
ROAMING = "国际漫游"
# What makes no sense for a line that is stopped; the other kinds are about the stop itself or end something.
NEEDS_LINE = frozenset({"change_plan", "buy_data_pack", "open_service"})


@dataclass(frozen=True)
class Prepared:
    """A change as it would be made: what is read back to the customer before the yes.

    ``offer`` is what the catalogue knows of the item; None where the change is about no item.
    """

    account: Account
    effective: date
    offer: Optional[Offer]


@dataclass(frozen=True)
class Registration:
    """Whose name a number is registered in, masked but for the surname, and whether that is in order."""

    name: str
    in_order: bool


class ChangeService:
    """Prepares and carries out changes; all methods raise ``NotVerifiedError`` for a number that was not verified."""

    def __init__(
        self,
        account: AccountGateway,
        gateway: BillingGateway,
        catalogue: Catalogue,
        billing: BillingService,
        verification: Verification,
    ) -> None:
        self._account = account
        self._gateway = gateway
        self._catalogue = catalogue
        self._billing = billing
        self._verification = verification

    async def check_line(self, conversation: str, phone: str, kind: str) -> Account:
        """The account, for a change that its line can have now.

        Raises ``OrderRefusedError`` with reason ``suspended`` and the facts ``suspended_for`` (a cause as in
        ``Account.cause``) and ``amount`` (yuan owed).
        """
        account = await self._billing.account(conversation, phone)
        if kind in NEEDS_LINE and account.cause:
            raise OrderRefusedError("suspended", suspended_for=account.cause, amount=account.owed)
        return account

    async def prepare(self, conversation: str, phone: str, kind: str, item: str = "") -> Prepared:
        """What would be done; raises ``OrderRefusedError`` or ``NoSuchItemError`` where it would not."""
        account = await self.check_line(conversation, phone, kind)
        effective = await self._account.preview(phone, kind, item)
        return Prepared(account, effective, await self._offer(item) if item else None)

    async def carry_out(self, conversation: str, phone: str, kind: str, item: str, key: str) -> Order:
        """Do it, once a key; raises as ``prepare`` does."""
        await self._verification.require(conversation, phone)
        return await self._account.execute(phone, kind, item, key, conversation)

    async def held(self, conversation: str, phone: str) -> list[str]:
        """The services and packs of a number, which could be cancelled."""
        await self._verification.require(conversation, phone)
        subscriber, usage, packs = await asyncio.gather(
            self._gateway.subscriber(phone), self._gateway.usage(phone), self._catalogue.packs()
        )
        names = {pack.name for pack in packs}
        return [*subscriber.services, *(package.name for package in usage.packages if package.name in names)]

    async def puk(self, conversation: str, phone: str) -> str:
        """The PUK of the SIM card."""
        await self._verification.require(conversation, phone)
        return await self._gateway.puk(phone)

    async def registration(self, conversation: str, phone: str) -> Registration:
        """Whose name the number is registered in."""
        await self._verification.require(conversation, phone)
        subscriber = await self._gateway.subscriber(phone)
        name = subscriber.name[:1] + "*" * (len(subscriber.name) - 1)
        return Registration(name, subscriber.suspended_for != "realname")

    async def _offer(self, item: str) -> Offer:
        found = await asyncio.gather(self._catalogue.plans(), self._catalogue.packs(), self._catalogue.services())
        for offers in found:
            for offer in offers:
                if offer.name == item:
                    return offer
        raise NoSuchItemError(item)


# --- what customers name ----------------------------------------------------------------------------------------------

_CORRECTION = re.compile("(?:从|不是|不要|不用|别|由|把|原来).*?(?:换成|改成|换到|改到|换|改|变|要|是|用)")
_VOLUME = re.compile(rf"(?P<number>{NUMERAL})\s*个?\s*(?P<unit>G|M|g|m|吉|兆)")
_FRAME = re.compile("[嗯呃啊哦那这个就要是选的吧呢呀,。 ]|流量包|套餐|来个|给我")
_WISH = re.compile("我?想?(?:换|改|买|办理?|开通?|取消|退|订|加|要|来|看|业务|服务|一下|一个|个|一)|[成了吗啊]")
_EXTREME = re.compile(
    "[嗯就那要选来给我换成办]*最(?:(?P<least>便宜|低|少|小)|贵|高|大|多)(?:的|那个|那档|那种|一档|一种|套餐|流量包)*[吧啊呗]*"
)
_THE_PLAN = re.compile("(?<!流量)套餐(?!里|外|中|内|包含|送)")
_AT_HALL = re.compile("销[户号]|开户|办(?:张|个)?(?:新)?卡|注销|退网|过户|携号|转网|副卡|亲情|宽带|补卡|换卡|补办|靓号")
_OWN_REGISTRATION = re.compile(
    "谁的|谁名下|登记的(?:是)?谁|名下|有没有|是不是|实名了|实名没|查|我这|我的号|这个号|状态|通过了"
)


_NUMERALS = "一二三四五六123456"
_NTH = re.compile("[嗯啊哦呃就是按选要那,。 ]*第?([一二三四五六123456])(?:个|项|号键?)?[吧啊的呀。 ]*")


def meant(text: str, named: Sequence[str]) -> list[str]:
    """Those of the named things that are wanted; several only when the words leave it open.

    从…换成…, 不要…要…, 不是…是… want the last one.
    """
    if len(named) > 1 and _CORRECTION.search(text):
        return [named[-1]]
    return list(named)


def names_volume(text: str) -> bool:
    """Whether an amount of data is named (十个G)."""
    return bool(_VOLUME.search(text))


def by_volume(text: str, offers: Sequence[Union[Plan, Pack]]) -> list[str]:
    """The plans or packs that hold just the volume which is named, such as 十个G; empty when none is named."""
    wanted = set()
    for match in _VOLUME.finditer(text):
        value = number(match["number"])
        if value is not None:
            wanted.add(value * (1024 if match["unit"] in "Gg吉" else 1))
    return [offer.name for offer in offers if Decimal(offer.data) in wanted]


def by_part(text: str, offered: Sequence[str]) -> list[str]:
    """The one of the things on offer that a short answer names in part (周末的); empty when none or several fit."""
    part = _FRAME.sub("", text)
    fitting = [name for name in offered if part in name]
    return fitting if len(part) >= 2 and len(fitting) == 1 else []


def by_number(text: str, offered: Sequence[str]) -> list[str]:
    """The one that is chosen by its place among those on offer (第二个, 按三); empty for other words."""
    match = _NTH.fullmatch(text)
    place = _NUMERALS.index(match[1]) % 6 if match else len(offered)
    return [offered[place]] if place < len(offered) else []


def by_extreme(text: str, offered: Sequence[str]) -> list[str]:
    """The cheapest or dearest on offer, which come cheapest first (最便宜的那个); empty for other words."""
    match = _EXTREME.fullmatch(text)
    if match is None or not offered:
        return []
    return [offered[0] if match["least"] else offered[-1]]


def names_something(text: str) -> bool:
    """Whether there is more in an answer than the wish itself (换吧, 来个流量包 name nothing)."""
    return len(_WISH.sub("", _FRAME.sub("", text))) >= 2


def means_the_plan(text: str) -> bool:
    """Whether the plan itself is meant, by no name (这个套餐不要了)."""
    return bool(_THE_PLAN.search(text))


def needs_hall(text: str) -> bool:
    """Whether the wish is one that only a business hall can fulfil, such as 销户, 过户, 副卡 or 宽带."""
    return bool(_AT_HALL.search(text))


def asks_for_own_registration(text: str) -> bool:
    """Whether a question about real names is about the customer's own number and not about the procedure."""
    return bool(_OWN_REGISTRATION.search(text))


class HallService:
    """Business halls, public knowledge."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def near(self, city: Optional[str], district: Optional[str]) -> tuple[Sequence[Hall], bool]:
        """The halls of a district, else those of its city; and whether they are in the very place asked for."""
        exact = await self._catalogue.halls(city, district)
        if exact or not (city and district):
            return exact, True
        return await self._catalogue.halls(city), False

    async def cities(self) -> list[str]:
        """Where there are halls."""
        return list(dict.fromkeys(hall.city for hall in await self._catalogue.halls()))
