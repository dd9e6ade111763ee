"""Faults (topic fault): known outages first, then a guided check of at most five steps, then a report.

Source: scenarios.yml, fault; ch1 接不到信号, 刚买的手机就出问题了(不知是卡还是手机). The steps are data: a question
that is answered with yes or no, and where each answer leads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from hotline.ports import Catalogue, FaultReport, FaultReports, Outage

MOST_STEPS = 5
MOST_CHARACTERS = 12  # of an answer; more is a story


@dataclass(frozen=True)
class Step:
    """One step: ``yes`` and ``no`` name the next step or a finding. ``mends`` when a yes means that it works again."""

    yes: str
    no: str
    mends: bool = False


# Where a check ends; all but the first can be reported.
SOLVED, LINE, CARD, HANDSET, ROUTER = "solved", "line", "card", "handset", "router"
FINDINGS = frozenset({SOLVED, LINE, CARD, HANDSET, ROUTER})

# The first step of each kind stands first.
CHECKS: Mapping[str, Mapping[str, Step]] = {
    "network": {
        "restart": Step(SOLVED, "switches", mends=True),
        "switches": Step(SOLVED, "others", mends=True),
        "others": Step("reseat", LINE),
        "reseat": Step(SOLVED, LINE, mends=True),
    },
    "broadband": {
        "power": Step("reboot", "plug"),
        "plug": Step(SOLVED, "reboot", mends=True),
        "reboot": Step(SOLVED, "red_light", mends=True),
        "red_light": Step(LINE, "cable"),
        "cable": Step(ROUTER, LINE),
    },
    "handset": {
        "restart": Step(SOLVED, "other_phone", mends=True),
        "other_phone": Step(HANDSET, "other_card"),
        "other_card": Step(CARD, HANDSET),
    },
}

_IMPATIENT = re.compile(
    "都试过|试过了|都弄过|都弄了|都重启过|不会弄|弄不了|弄不来|不会操作|没办法试|直接(?:报|派|登记|安排)|派人|师傅|上门|报修"
    "|来修|登记|没有?(?:别的|其他|另外|备用|别人|电脑|网线|人)|旁边没|找不到"
)
_STOPS = re.compile("^[嗯呃算了,。 ]*(?:不用|算了|不弄|不查|不修|不想|不试)")
_STILL = re.compile("还是|仍然|照样|依然|没用|没反应|不管用|一样")
_WORKS = re.compile(
    "(?:^|现在|又|已经|这下)[嗯哦啊哎,。 ]*(?:好了|可以了|能用了|能上了|有信号了|恢复了|通了|行了|正常了|修好了)"
)
_ASKS = re.compile("吗|么|呢|什么|怎么|多少|几|帮|查|办|哪")
_NO = re.compile("^[嗯呃哦啊哎都也就是还,。 ]*[没不灭]|不[能行亮好通]|没[有亮反信]|[上用连]不[了上]|灭")
_YES = re.compile("^[嗯呃哦啊哎,。 ]*[能可亮有是对好行]|能用|能上|可以|亮|闪|正常|有红灯|有信号")


class FaultService:
    """What is known of a fault, and putting it on record."""

    def __init__(self, catalogue: Catalogue, reports: FaultReports) -> None:
        self._catalogue = catalogue
        self._reports = reports

    async def outage(self, city: Optional[str], district: Optional[str]) -> Optional[Outage]:
        """The known outage of a place that lasts longest; None when there is none or the place is not known."""
        if not (city or district):
            return None
        known: Sequence[Outage] = await self._catalogue.outages(city, district)
        return known[0] if known else None

    async def file(self, report: FaultReport, key: str, conversation: str) -> str:
        """The number of the report, after it was committed; once a key."""
        return await self._reports.file(report, key, conversation)


def first_step(kind: str) -> str:
    """With which step the check of a kind of fault begins."""
    return next(iter(CHECKS[kind]))


def answer_meant(kind: str, step: str, intent: str, text: str) -> Optional[bool]:
    """Yes or no, as far as an answer to a step says it; None when it says neither.

    To the question whether it works again, the complaint repeated (还是没信号) is a no. Short answers in the words of
    the question (亮着, 别人的能用) are read here: understanding knows yes and no only in general.
    """
    mends = CHECKS[kind][step].mends
    if _STOPS.search(text):
        return None
    if mends and _WORKS.search(text):
        return True
    if mends and _STILL.search(text):
        return False
    if len(text) <= MOST_CHARACTERS and not _ASKS.search(text):
        if _NO.search(text):
            return False
        if _YES.search(text):
            return True
    if intent in ("affirm", "deny"):
        return intent == "affirm"
    return False if mends and intent == f"report_{kind}_fault" else None


def next_after(kind: str, step: str, yes: bool) -> str:
    """The next step or the finding (``FINDINGS``)."""
    return CHECKS[kind][step].yes if yes else CHECKS[kind][step].no


def gives_up_checking(text: str) -> bool:
    """Whether the customer has tried it all, cannot, or wants it on record at once."""
    return bool(_IMPATIENT.search(text))
