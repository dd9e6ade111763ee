"""What customers say when they complain (topic complaint, 1860-25): what of it is the complaint, what corrects it.

A complaint is kept in the customer's own words; nothing here changes them, but for what could be taken for a command or
a placeholder.
"""

from __future__ import annotations

import re
from typing import Optional

MOST_CHARACTERS = 300
ENOUGH = 4  # characters that say something

# The intent that opens a complaint, and the category of the ticket.
CATEGORIES = {
    "complain_staff_error": "staff_error",
    "complain_staff_attitude": "staff_attitude",
    "complain_charge": "charge",
    "complain_suspension": "suspension",
    "complain_spam": "spam",
    "complain_line_busy": "line_busy",
    "complain_general": "general",
    "suggest": "suggestion",
}

_FRAME = re.compile(
    "你好|您好|喂|请问|麻烦|帮我|给我|帮忙|我(?:现在)?(?:要|想|得)?|(?:要|想)?(?:投诉|举报|申诉|反映|反应|反馈|提)|一下|这个|那个|"
    "你们|咱们|公司|客服|有(?:一?个|点|些|几个|两个)?|一?个|点|些|条|情况|问题|事情?|意见|建议|要|想|给|的|了|吧|啊|呢|呀|[嗯呃哦哎]|[^\\w]"
)
_NAME = re.compile("(?:我|免贵)?姓[\u4e00-\u9fff]|先生|女士|小姐|电话|手机|号码|[\\W\\d_]")
_INSTEAD = re.compile(
    "^(?:不对|不是|错了|不是的|不是这样的?|记错了|说错了|不准确)[的吧啊呀,,。!! ]*"
    "(?:我?(?:是说|说的是|要说的是|反映的是)|是|应该是)?[::,, ]*"
)
_NOT_BUT = re.compile("[嗯呃啊哦哎,。 ]*不是(?!说)(.{2,}?)[,。 ]+(?:而)?是(.{2,})")  # 不是明天,是后天
_BARE_NO = re.compile("[嗯呃啊哦哎,。 ]*(?:不|没|别|错)")
_OPENING = re.compile("投诉|举报|申诉|反映|反馈")
_NO_RECORD = re.compile(
    "[嗯呃啊哦那我就先算了,。 ]*(?:不|别)(?:用|要|想|必|需要)?(?:再|给我|帮我)?"
    "(?:登记|投诉|举报|记录?|提交)了?[吧啊。]*"
)
_MORE = re.compile("^(?:还有|另外|再加|加上|补充|再说|再补|还要|对了|而且|并且)")
_NO_SUCH = "[没少][有了]?我?[那这]?一?笔"  # of the payments that were told
_PAYMENT = re.compile(f"到账|没到|未到|交了|缴了|充了|充值|存了|{_NO_SUCH}")
_MISSING = re.compile(f"[没未不]有?[见查看收充进存交]?[到上进]|{_NO_SUCH}")
_TO_US = re.compile(
    "帮我(?:查|办|看|开|取消|改|换)|我(?:想|要)(?:查|办|看一下|开通|取消|改|换|充值)|^查(?:一下|下)|查(?:一下|下|查)(?:我的)?"
    "(?:话费|余额|账单|流量|套餐|积分)|(?:话费|余额|流量|积分).{0,4}(?:有|剩)多少"
)
_NUMBER = re.compile(r"(?<!\d)([CFScfs]?)\s*(\d{14})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3}[- ]?\d{7,8}|\d{7,8})(?!\d)")


def substance(text: str) -> Optional[str]:
    """The complaint in an opening sentence; None when it says only that there is one (我要投诉)."""
    return written(text) if len(_FRAME.sub("", text)) >= ENOUGH else None


def says_something(text: str) -> bool:
    """Whether words have anything in them beside a name and figures (我姓王, 13800138000, ******)."""
    return len(_NAME.sub("", text)) > 1


def detail(text: str) -> Optional[str]:
    """What is said of a complaint while something else is asked (她骂我), however short; None for no more than that
    there is one.
    """
    return substance(text) or (None if _OPENING.search(text) else written(text) or None)


def adds_to(intent: str, text: str) -> bool:
    """Whether words that are no answer to the read-back tell more of the complaint (套外流量我没用过)."""
    tells = intent in ("nlu_fallback", "inform") or (intent == "deny" and not _BARE_NO.match(text))
    return tells and len(text) > ENOUGH and not another_request(text)


def declines_record(text: str) -> bool:
    """Whether the complaint is not to be recorded after all (不用登记了)."""
    return bool(_NO_RECORD.fullmatch(text))


def written(text: str) -> str:
    """A complaint as it is kept: at most ``MOST_CHARACTERS``, without braces, which would look like a placeholder."""
    return re.sub(r"[{}]", "", text).strip()[:MOST_CHARACTERS]


def corrected(known: str, text: str) -> Optional[str]:
    """The complaint after what was said to the read-back: something added, or said anew; None for a bare yes or no."""
    if _MORE.match(text):
        return written(f"{known},{text}")
    if new := but(known, text):
        return written(new)
    new = _INSTEAD.sub("", text)
    return written(new) if new != text and len(new) >= ENOUGH else None


def but(known: str, text: str) -> Optional[str]:
    """What was told, after 不是明天,是后天: one put for the other, or the other alone; None for other words."""
    match = _NOT_BUT.fullmatch(text)
    if match is None:
        return None
    return known.replace(match[1], match[2]) if match[1] in known else match[2]


def another_request(text: str) -> bool:
    """Whether words that could be the complaint ask for something else (帮我查一下话费)."""
    return bool(_TO_US.search(text))


def about_payment(text: str) -> bool:
    """Whether a complaint about money is about a payment that did not arrive, which no bill explains."""
    return bool(_PAYMENT.search(text))


def payment_missing(text: str) -> bool:
    """Whether it is said that a payment did not arrive (还是没到账), and not asked which there were."""
    return bool(_MISSING.search(text))


def ticket_number(text: str) -> Optional[str]:
    """A ticket number that is named, with its letter when that was said."""
    match = _NUMBER.search(text)
    return match[1].upper() + match[2] if match else None


def landline(text: str) -> Optional[str]:
    """A number that is no mobile one, digits only."""
    match = _LANDLINE.search(text)
    return re.sub(r"\D", "", match[1]) if match else None
