"""The mobile secretary (topic secretary, clauses 1258-1 and 1258-2): messages for a subscriber, and calls back.

A message needs no password: nothing of the subscriber is told but the surname and title that 1258-2 itself prescribes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from hotline.ports import BillingGateway, CallbackRequests, CallbackWish, SmsGateway
from hotline.services.complaint import but

MOST_CHARACTERS = 300
MOST_CALLS = 3  # in vain; then nobody calls any more
CALLABLE = re.compile(r"1[3-9]\d{9}|0\d{9,11}|\d{7,8}")
DIVERTING = "呼叫转移"

_COMPOUND = re.compile("欧阳|上官|司马|诸葛|夏侯|司徒|皇甫|尉迟|东方|令狐|慕容")
_SURNAME = re.compile(
    "(?:免贵|我|是)?姓(?!什|啥|名|氏)([\u4e00-\u9fff])|^(?:我叫|我是|叫)([\u4e00-\u9fff])[\u4e00-\u9fff]{1,2}$"
)
_OWN_SURNAME = re.compile("(?:免贵|我)姓(?!什|啥|名|氏)([\u4e00-\u9fff])")
_SAID = re.compile(
    "(?:就说|就讲|转告(?:他|她|机主|一下)*|告诉(?:他|她|机主|一下)+"
    "|[跟给和](?:他|她|机主)(?:说|讲)(?:一声|一下)?|[,。 ]说)"
    "[:,。 ]*(?P<message>.{4,})$"
)
_STAFF_NUMBER = re.compile(r"(?<!\d)(\d{3,8})(?!\d)")
_TO_THEM = re.compile("他|她|机主|我是|叫|让|告诉|转告|说|记得|你们?家|您家")
_TO_US = re.compile(
    "帮我(?:查|办|看|开|取消|改|换)|我(?:想|要)(?:查|办|看|开通|取消|改|换|投诉|充值)|查(?:一下|下)|多少钱"
)
_NUMBER_FIRST = re.compile(r"^\W*\d{7,12}(?:的?(?:机主|主人))?\W*")
_WITHHELD = re.compile("不方便|不想说|不说|不告诉|保密|匿名|没必要")
_NO_CALL = re.compile("^[嗯呃哦啊,。 ]*(?:不用|不需要|不必|不要|别|没有|算了)(?:.{0,4}[回打电了吧]+.{0,2})?$")
_ANY_TIME = re.compile("随时|都行|都可以|什么时候都|看你们|尽快|越快越好|马上|现在")
_HAS_MORE = re.compile("^[嗯呃啊,。 ]*(?:有|还有|对|是|好)[的啊呀呢有一点句]*$")
_MORE = re.compile("^[对嗯呃是的好,。 ]*(?:还有|还要|再加|再说|再补|加上|加一句|补充|另外)")
_MORE_FRAME = re.compile(
    "^[对嗯呃是的好,。 ]*(?:还有|再加|再说|再补|加上|加|补充|另外)(?:一句|一下|一点|说|上|充)*[:,。 ]*"
)
_CHANGED = re.compile("^[嗯呃啊哦哎,。 ]*(?:改|换)(?:成|为|到|一下)")
_DAY = re.compile(
    "(?:大?后天|[今明][天晚]|[这下本]?个?(?:周|星期|礼拜)[一二三四五六日天末1-6]|[\\d一二三十]{1,3}[号日])的?"
)
_PART_OF_DAY = re.compile("早上|上午|中午|下午|傍晚|晚上|夜里|凌晨")
_INSTEAD = re.compile("^(?:不对|不是|错了|我?说错了|改一下|应该是|是|哎|嗯|呃|啊|[,。 ])+")
_NO_MORE = re.compile(
    "^[嗯呃啊哦,。 ]*"
    "(?:没有?了|没有?$|没有?[,。谢]|没啥|没别的|就这些|就这样|就是这些|可以了|好了|行了|不用|不需要|完了)"
)
_TO = "(?:给|跟|找|转告|通知|告诉|让)[^\\d]{0,6}"


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

    async def callbacks(self) -> Sequence[CallbackWish]:
        """Who waits to be called back, longest first."""
        return await self._callbacks.open()

    async def called_back(self, number: int, login: str, reached: bool) -> None:
        """Somebody called; after three calls in vain nobody tries any more. Raises ``NoSuchItemError``."""
        await self._callbacks.tried(number, login, reached, MOST_CALLS)


def surname_in(text: str) -> Optional[str]:
    """A surname that the table of surnames does not know: 我姓… ; None when none is told."""
    match = _SURNAME.search(text)
    return (match[1] or match[2]) if match else None


def staff_number(text: str) -> Optional[str]:
    """The number (工号) of the member of staff who is asked for; None when she is named otherwise."""
    match = _STAFF_NUMBER.search(text)
    return match[1] if match else None


def own_surname(text: str) -> Optional[str]:
    """The surname that somebody tells of himself in passing (…,我姓王,…); None when he tells none."""
    match = _OWN_SURNAME.search(text)
    return match[1] if match else None


def message_in(text: str) -> Optional[str]:
    """The message inside a request to pass it on (…转告他明天开会); None when it is still to come."""
    match = _SAID.search(text)
    message = _NUMBER_FIRST.sub("", match["message"]) if match else ""
    return written(message) if len(message) >= 4 else None


def written(text: str) -> str:
    """A message as it is kept: at most ``MOST_CHARACTERS``, without braces, which would look like a placeholder."""
    return re.sub(r"[{}]", "", text).strip()[:MOST_CHARACTERS]


def meant_for_us(text: str, sure: bool = False) -> bool:
    """Whether words that could be the message are a request to the hotline instead (帮我查一下话费).

    ``sure`` says that they were understood, beyond doubt, as a request of another topic.
    """
    return (sure or bool(_TO_US.search(text))) and not _TO_THEM.search(text)


def speaks_of_them(text: str) -> bool:
    """Whether words are about whom they are to be passed on to (谢谢她,请她回个电话)."""
    return bool(re.search("他|她|告诉|转告", text))


def withholds_name(text: str) -> bool:
    """Whether a caller would rather not tell his name."""
    return bool(_WITHHELD.search(text))


def declines_callback(text: str) -> bool:
    """Whether nobody needs to call back."""
    return bool(_NO_CALL.search(text))


def any_time(text: str) -> bool:
    """Whether any time will do."""
    return bool(_ANY_TIME.search(text))


def has_more(text: str) -> bool:
    """Whether words say only that there is something to add, not yet what."""
    return bool(_HAS_MORE.match(text))


def recipient_among(text: str, numbers: Sequence[str]) -> str:
    """The number the message is for: of several the one that 给, 跟 or 找 stands before, else the last."""
    for number in numbers:
        if re.search(_TO + number, re.sub(r"(?<=\d)[ -](?=\d)", "", text)):
            return number
    return numbers[-1]


def replaces(known: str, text: str) -> Optional[str]:
    """The message that takes the place of the one read back (不对,是明天下午三点开会); None for a bare no or yes."""
    if new := but(known, text):
        return new
    new = _INSTEAD.sub("", text)
    return new if len(new) >= 4 and new != text else None


def changes_part(text: str) -> bool:
    """Whether words change a part of what was just read back (改成八点)."""
    return bool(_CHANGED.match(text))


def with_part_of_day(new: str, old: str) -> str:
    """A corrected time with the day and the part of it that were told before (后天上午十点, 改成下午: 后天下午)."""
    if _DAY.match(new):
        return new
    day = _DAY.match(old)
    told = old[day.end() :] if day else old
    part = None if _PART_OF_DAY.match(new) else _PART_OF_DAY.match(told)
    return f"{day[0] if day else ''}{part[0] if part else ''}{new}"


def nothing_more(text: str) -> bool:
    """Whether words say that there is nothing to add."""
    return bool(_NO_MORE.match(text)) and not re.search("还有|再(?!见)|补充", text)


def with_more(message: str, text: str) -> str:
    """A message with what is added to it (再加一句让他带伞 adds 让他带伞)."""
    return written(f"{message},{_MORE_FRAME.sub('', text)}")


def adds(text: str) -> bool:
    """Whether words are meant to be added to the message, not to replace it (还有让他带身份证)."""
    return bool(_MORE.match(text))
