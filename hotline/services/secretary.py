"""The mobile secretary (topic secretary, clauses 1258-1 and 1258-2): messages for a subscriber, and calls back.

A message needs no password: nothing of the subscriber is told but the surname and title that 1258-2 itself prescribes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from hotline.ports import BillingGateway, CallbackRequests, SmsGateway

MOST_CHARACTERS = 300
CALLABLE = re.compile(r"1[3-9]\d{9}|0\d{9,11}|\d{7,8}")
DIVERTING = "呼叫转移"

_COMPOUND = re.compile("欧阳|上官|司马|诸葛|夏侯|司徒|皇甫|尉迟|东方|令狐|慕容")
_SURNAME = re.compile("(?:免贵|我|是)?姓([\u4e00-\u9fff])|^(?:我叫|我是|叫)([\u4e00-\u9fff])[\u4e00-\u9fff]{1,2}$")
_SAID = re.compile(
    "(?:就说|就讲|转告(?:他|她|机主|一下)*|告诉(?:他|她|机主|一下)+|[跟给和](?:他|她|机主)(?:说|讲)(?:一声|一下)?|[,。 ]说)"
    "[:,。 ]*(?P<message>.{4,})$"
)
_TO_THEM = re.compile("他|她|机主|我是|叫|让|告诉|转告|说|记得|你们?家|您家")
_TO_US = re.compile("帮我(?:查|办|看|开|取消|改|换)|我(?:想|要)(?:查|办|看|开通|取消|改|换|投诉|充值)|查(?:一下|下)|多少钱")
_MORE = re.compile("^(?:还有|再加|加上|补充|另外|再说|再补|还要|对了)")


@dataclass(frozen=True)
class Owner:
    """As much of a subscriber as 1258-2 tells a caller; ``diverted`` when the number's calls are diverted."""

    surname: str
    gender: Optional[str]
    diverted: bool


class SecretaryService:
    """Passes messages on."""

    def __init__(self, gateway: BillingGateway, sms: SmsGateway, callbacks: CallbackRequests) -> None:
        self._gateway = gateway
        self._sms = sms
        self._callbacks = callbacks

    async def owner(self, phone: str) -> Owner:
        """Who holds a number; ``UnknownSubscriberError`` when it is not one of ours."""
        subscriber = await self._gateway.subscriber(phone)
        compound = _COMPOUND.match(subscriber.name)
        surname = compound.group() if compound else subscriber.name[:1]
        return Owner(surname, subscriber.gender, DIVERTING in subscriber.services)

    async def pass_on(self, phone: str, text: str, key: str) -> None:
        """Send a subscriber the message, once a key."""
        await self._sms.send(phone, text, key)

    async def request_callback(self, conversation: str, phone: str, wanted: str, key: str) -> None:
        """Put on record that somebody wants to be called back; ``wanted`` says when, in his words; once a key."""
        await self._callbacks.file(phone, wanted, key, conversation)


def surname_in(text: str) -> Optional[str]:
    """A surname that the table of surnames does not know: 我姓… ; None when none is told."""
    match = _SURNAME.search(text)
    return (match[1] or match[2]) if match else None


def message_in(text: str) -> Optional[str]:
    """The message inside a request to pass it on (…转告他明天开会); None when it is still to come."""
    match = _SAID.search(text)
    return written(match["message"]) if match else None


def written(text: str) -> str:
    """A message as it is kept: at most ``MOST_CHARACTERS``, without braces, which would look like a placeholder."""
    return re.sub(r"[{}]", "", text).strip()[:MOST_CHARACTERS]


def meant_for_us(text: str) -> bool:
    """Whether words that could be the message are a request to the hotline instead (帮我查一下话费)."""
    return bool(_TO_US.search(text)) and not _TO_THEM.search(text)


def adds(text: str) -> bool:
    """Whether words are meant to be added to the message, not to replace it (还有让他带身份证)."""
    return bool(_MORE.match(text))
