"""Finds the values in one normalised text. Each ``_find`` below is one entity; ``find_values`` settles overlaps.

Months have no year here, because understanding has no clock: ``0`` this month, ``-1`` the last, ``m:3`` the latest
March, ``y:2026-03``, ``ly:3`` March of last year, ``last:3`` the last three months, ``去年`` no single one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Optional

from hotline.nlu.gazetteer import Gazetteer
from hotline.nlu.numbers import NUMERAL, money, number, plain
from hotline.nlu.requests import MOVES


class Found(NamedTuple):
    """A value and where it stands."""

    entity: str
    value: str
    start: int
    end: int


# --- phone numbers ---------------------------------------------------------------------------------------------------

_PAUSE = r"(?:[\s,.、-]|[嗯呃啊哦额]|那个|然后)*"
_MOBILE = re.compile(rf"(?<![\d.])(?:\+?86{_PAUSE})?(1{_PAUSE}[3-9](?:{_PAUSE}\d){{9}})(?![\d])")
_LANDLINE = re.compile(r"(?<![\d.])(0\d{2,3}[ -]?\d{7,8})(?!\d)")
_ANY_NUMBER = re.compile(rf"(?<![\d.])(\d(?:{_PAUSE}\d){{2,19}})(?![\d.年元块点月])")

_LOCAL = (
    7  # digits of the shortest number that people have; fewer are an answer only alone (号码是12345, not 我要打114)
)
_LITTLE = 4


def _phone_number(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    matches = [*_MOBILE.finditer(text), *_LANDLINE.finditer(text)]
    if not matches and asked == "phone_number":
        matches = [m for m in _ANY_NUMBER.finditer(text) if len(m[1]) >= _LOCAL or len(text) - len(m[1]) <= _LITTLE]
    for m in matches:
        yield Found("phone_number", re.sub(r"\D", "", m[1]), m.start(1), m.end(1))


# --- months ----------------------------------------------------------------------------------------------------------

_MONTH_NUMBER = "1[0-2]|0?[1-9]|十[一二]|[一二三四五六七八九十]"
_MONTHS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile("上上个?月|大上个?月|上两个月那个月|再(?:往)?[上前]一?个?月"), lambda m: "-2"),
    (
        re.compile("(?:最近|近|前|过去|这|上)([一二两三四五六1-6]|十二|12)个月(?!后)|(?:最近|近|过去|这)(半年|几个月)"),
        lambda m: "last:" + ({"半年": "6", "几个月": "3"}.get(m[2] or "") or _int(m[1])),
    ),
    (re.compile("([一二两三四五六七八九1-9])个月(?:以|之)?前"), lambda m: "-" + _int(m[1])),
    (re.compile("上个?月|上月份|前个月"), lambda m: "-1"),
    (re.compile("这个?月|本月|当月|这月份"), lambda m: "0"),
    (
        re.compile(rf"(?:(20\d\d|\d\d)年|(去年|今年)的?)?({_MONTH_NUMBER})月(?!租|\d|费|初一|底前)"),
        lambda m: _named_month(m[1], m[2], _int(m[3])),
    ),
    (re.compile("(?<!月)([一二三四五六七八九十])(?=[一二三四五六七八九十]月份?)"), lambda m: "m:" + _int(m[1])),
)
_NO_MONTH_BEFORE = re.compile(r"(?:第|满|每|用了|过了|[\d一二三四五六七八九十]年)$")


def _int(text: str) -> str:
    value = number(text)
    return plain(value) if value is not None else ""


def _named_month(year: Optional[str], relative: Optional[str], month: str) -> str:
    if year:
        return f"y:{year if len(year) == 4 else '20' + year}-{int(month):02d}"
    return ("ly:" if relative == "去年" else "m:") + month


def _month(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    for pattern, value in _MONTHS:
        for m in pattern.finditer(text):
            if not (m.lastindex == 1 and _NO_MONTH_BEFORE.search(text[: m.start()])):
                yield Found("month", value(m), m.start(), m.end())
    year = re.fullmatch("(?:就|是|查|看|那|嗯)*([去前]年)(?:的|那|账单|呢|吧)*", text)
    if year:
        yield Found("month", year[1], year.start(1), year.end(1))
    answer = re.fullmatch(rf"(?:就|是|查|那|嗯)*({_MONTH_NUMBER})(?:的|吧|啊)*", text) if asked == "month" else None
    if answer:
        yield Found("month", "m:" + _int(answer[1]), answer.start(1), answer.end(1))


# --- plans, packs, services, amounts ---------------------------------------------------------------------------------

_PRICED = re.compile(
    rf"(?:每月|一个月)?(?P<fee>{NUMERAL})(?:块钱|元钱|块|元)?(?:每月|一个月|一月)?"
    rf"(?:的|那个|那档|档|套餐|这个|这种|(?=(?:和|跟|与|、|还是|比){NUMERAL}(?:块|元)?(?:的|那|档|套餐)))"
)
_SPENT = re.compile(
    "(?:扣|充|交|缴|存|欠|收|退|返|花|付|差|剩|送|还有|多出|少)(?:了|我|你|的|值|费|掉|走|那|个|过|是|到|我的)*$"
)
_PACK_CUE, _PLAN_CUE = re.compile("流量包|加油包|叠加|加餐|包$|的包|流量的"), re.compile("套餐|资费|月租")
# 十块的会员 is no pack for ten yuan.
_OTHER_THING = re.compile(
    "(?:那个|什么)?(?:会员|业务|东西|什么|费|新闻|充值|权益|信息|话费|保险|短信|彩铃|宽带|电视|违约|漫游|卡|票|红包)"
)
_BARE_NUMBER = re.compile(rf"(?:就|要|是|选|那|那个|嗯|办|换|的)*({NUMERAL})(?:块|元|的|吧|那个|啊|档)*")


def _priced(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    spans = [(m.start("fee"), m.end(), number(m["fee"])) for m in _PRICED.finditer(text)]
    spans += [
        (start, end, value)
        for start, end, value in money(text)
        if any(
            text.startswith(("的" + f, f), end)
            for t in ("plan", "pack")
            for f in [*names.families(t), "流量包", "加油包"]
        )
    ]
    spans = [span for span in spans if not _OTHER_THING.match(text, span[1])]
    for table in ("plan", "pack"):
        for family in names.families(table):
            spans += [
                (m.start(), m.end(), number(m["fee"]))
                for m in re.finditer(rf"{family}(?:套餐)?(?P<fee>{NUMERAL})", text)
            ]
    if asked == "choose" and (m := _BARE_NUMBER.fullmatch(text)):
        spans.append((m.start(1), m.end(1), number(m[1])))
    tables = ["plan", "pack"]
    if _PACK_CUE.search(text) and not _PLAN_CUE.search(text):
        tables.reverse()
    for start, end, fee in spans:
        if fee is None or _SPENT.search(text[:start]):
            continue
        after = text[start : end + 5]
        order = ["pack"] if re.search("流量包|加油包|叠加包", after) else ["plan"] if "套餐" in after else tables
        near = text[max(0, start - 6) : end + 6]
        for table in order:
            if name := names.costing(table, fee, near):
                family = next(
                    (f for f in sorted(names.families(table), key=len, reverse=True) if text.startswith(f, end)), ""
                )
                yield Found(table, name, start, end + len(family))
                break


def _named(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    for named in names.find(text):
        if named.table in ("plan", "pack", "service"):
            yield Found(*named)


_MOVED = re.compile(
    rf"(?:充|交|缴|存|冲|扣|收|欠|返|退(?=[我给了]))(?:了|给|我|你们|值|话费|费|掉|走|个|上)*({NUMERAL})"
    r"(?!块|元|个|次|月|号|天|年|点|分|多|张|条|遍|回|家|笔|兆|[Gg]|的(?:套餐|流量|包)|\d)"
)


def _amount(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    for start, end, value in money(text):
        yield Found("amount", plain(value), start, end)
    for m in _MOVED.finditer(text):
        value_or_none = number(m[1])
        if value_or_none is not None and value_or_none >= 5:
            yield Found("amount", plain(value_or_none), m.start(1), m.end(1))


# --- people ----------------------------------------------------------------------------------------------------------

_TITLES = {
    "先生": "先生", "男士": "先生", "男的": "先生", "女士": "女士", "太太": "女士", "女的": "女士", "小姐": "小姐",
}  # fmt: skip
_TITLE = re.compile("先生|男士|男的|女士|太太|女的|小姐")
_GIVEN = "[\u4e00-\u9fff]"
_SPELLED = {
    "木子": "李", "弓长": "张", "立早": "章", "耳东": "陈", "双口": "吕", "口天": "吴", "古月": "胡",
    "草头黄": "黄", "三横王": "王", "双木": "林", "言午": "许", "走肖": "赵", "人可": "何", "禾呈": "程", "关耳":
    "郑", "文刀": "刘",
    "干勾于": "于", "女未": "姚",
}  # fmt: skip


def _people(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    surnames = names.tables.get("surname", [])
    if not surnames:
        return
    either = "|".join(sorted(surnames, key=len, reverse=True))
    for m in re.finditer(rf"(?<!不)(?<!不是)姓({either})", text):
        yield Found("surname", m[1], m.start(1), m.end(1))
    for m in re.finditer(
        rf"(?:我|他|她|名字|机主)(?:叫|名叫|是叫|是)({either}){_GIVEN}{{1,2}}(?![\u4e00-\u9fff]{{2}})", text
    ):
        if m.group(0)[1] == "叫" or "叫" in m.group(0):
            yield Found("surname", m[1], m.start(1), m.end(1))
    for m in re.finditer(rf"({either})(?:{_GIVEN}{{0,2}}?)(先生|男士|女士|太太|小姐)", text):
        yield Found("surname", m[1], m.start(1), m.end(1))
    if asked == "surname":
        yield from _answered_surname(text, either)
    for m in _TITLE.finditer(text):
        # 小姐 alone calls the agent; a title is the customer's or owner's with a surname, or as an answer.
        named = re.search(rf"(?:{either}){_GIVEN}{{0,2}},?$", text[: m.start()].replace("谢谢", "  "))
        if (named and not text.endswith("老", 0, m.start())) or asked == "surname" or m.group() == text:
            yield Found("title", _TITLES[m.group()], m.start(), m.end())


_NOT_A_NAME = re.compile(
    "谢谢|方便|马上|高兴|何必|应该|明天|那个|什么|没有|不|等|好|可以|知道|万一|于是|白|常|时|贵姓|干嘛|向|安全|和"
)


def _answered_surname(text: str, either: str) -> Iterator[Found]:
    core = re.sub("[嗯呃啊哦额,。. !?的吧呢呀嘛]", "", text)
    for spelled, surname in _SPELLED.items():
        if spelled in text:
            at = text.index(spelled)
            yield Found("surname", surname, at, at + len(spelled))
            return
    m = re.match(f"(?:我|叫|是|就|免贵)*({either})", core)
    if m and len(core) - m.end() <= 2 and not _NOT_A_NAME.search(core):
        at = text.index(m[1])
        yield Found("surname", m[1], at, at + len(m[1]))


# --- places, times, ratings ------------------------------------------------------------------------------------------

_DISTRICT = re.compile("(?:(?<=市)|(?<=[在住是到去])|^)([\u4e00-\u9fff]{2})区")
_NOT_A_DISTRICT = frozenset(["小", "地", "市", "郊", "山", "城", "社", "校", "园", "景", "片", "专", "务"])
_STREET = re.compile("(?:[东南西北中]|环|一|二|三)?(?:路|街|大街|大道|巷)")
# A name of two characters is a place where its neighbours say so: 天心 is none in 今天心情.
_PLACE_BEFORE = re.compile("(?:市|[在住去到搬回是来]|不是)$")
_PLACE_AFTER = re.compile("[区县没,。;!? ]|上不|这|那|哪|附近|有没有|的?营业|几点|$")
_SHORT_ANSWER = 4


def _place(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    end_of_city = -1
    for named in sorted((n for n in names.find(text) if n.table in ("city", "district")), key=lambda n: n.start):
        if _STREET.match(text, named.end):
            continue
        if named.table == "city":
            end_of_city = named.end
            yield Found(*named)
            continue
        before = _PLACE_BEFORE.search(text[: named.start]) or named.start in (0, end_of_city)
        after = _PLACE_AFTER.match(text, named.end)
        if (before and after) or named.start == end_of_city or asked == "address" or len(text) <= _SHORT_ANSWER:
            yield Found(*named)
    for m in _DISTRICT.finditer(text):
        if m[1][-1] not in _NOT_A_DISTRICT:
            yield Found("district", m[1], m.start(1), m.end(1))


_DAY = (
    "(?:大后天|今天|明天|后天|今儿|明儿|今晚|明晚|(?:这|下|本)?个?(?:周|星期|礼拜)[一二三四五六日天末1-6]|周末"
    "|(?:(?<!\\d)\\d{1,2}|[一二三]?十?[一二三四五六七八九十])[号日])"
)
_PART = "(?:早上|上午|中午|下午|傍晚|晚上|夜里|凌晨)"
_CLOCK = (
    "(?:(?:\\d{1,2}|十[一二]?|[一二两三四五六七八九])点"
    "(?:半|一刻|三刻|钟|(?:[一二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九]|\\d{1,2})分?)?|\\d{1,2}:\\d{2})"
)
_AFTER = "(?:以后|之后|过后|以前|之前|左右)?"
_TIME = re.compile(
    f"{_DAY}?的?{_PART}?{_CLOCK}(?:(?:到|至|-){_PART}?{_CLOCK})?{_AFTER}|{_DAY}?的?{_PART}{_AFTER}|{_DAY}"
)
_NOT_VISIT = re.compile(f"(?:{_DAY}|{_PART})")
_HOUSE_NUMBER = re.compile("[路街巷道弄村栋楼里园厦院第][\\d一二三四五六七八九十百零]*$")
_NOT_THE_HOUR = re.compile("一点|[一二两三四五六七八九]点(?=意见|建议|要求|原因|[一二三四五六七八九]个)")


def _time(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    for m in _TIME.finditer(text):
        words = m.group().removeprefix("的")
        vague = _NOT_VISIT.fullmatch(words) and len(text) > len(words) + 4  # 今天怎么没网 asks for no visit
        little = _NOT_THE_HOUR.fullmatch(words) or _NOT_THE_HOUR.match(text, m.start())  # 便宜一点
        if "号" in words and _HOUSE_NUMBER.search(text[: m.start()]):
            continue
        price = text.startswith(("块", "元", "G", "g"), m.end())
        if words and not price and (asked == "time" or not (vague or (little and len(words) <= 2))):
            yield Found("time", words, m.end() - len(words), m.end())


_RATINGS = {
    "非常不满意": "1", "很不满意": "1", "太不满意": "1", "不太满意": "2", "不满意": "2", "不怎么满意": "2",
    "差评": "1", "一般": "3",
    "还行": "3", "还可以": "3", "凑合": "3", "非常满意": "5", "很满意": "5", "特别满意": "5", "十分满意": "5",
    "挺满意": "4", "比较满意": "4",
    "满意": "4", "满分": "5", "好评": "5", "五星": "5", "四星": "4", "三星": "3", "两星": "2", "一星": "1",
}  # fmt: skip
_RATING_WORD = re.compile("|".join(sorted(_RATINGS, key=len, reverse=True)))
_SCORE = "([1-5一二两三四五])(?:颗?星(?!期|级)|分(?!钟|之|钱|\\d))"
_RATING_SCORE = re.compile(rf"(?:打|给|评|给你|给个|打个|就|来个){_SCORE}|{_SCORE}(?:好评|差评)")
_RATING_ALONE = re.compile(rf"(?:嗯|那|我|就|好)*{_SCORE}(?:吧|啊|了|谢谢)*")
_RATING_BARE = re.compile("(?:我|给|打|选|按|那|就|个|嗯|是)*([1-5一二两三四五])(?:吧|啊|了|个)*")


def _rating(text: str, names: Gazetteer, asked: Optional[str]) -> Iterator[Found]:
    score = _RATING_ALONE.fullmatch(text) or _RATING_SCORE.search(text)
    if not score and asked == "rating":
        score = re.search(_SCORE, text)
    if score:
        group = score.lastindex or 1
        yield Found("rating", _int(score[group]), score.start(group), score.end(group))
    elif asked == "rating":
        if m := _RATING_BARE.fullmatch(text):
            yield Found("rating", _int(m[1]), m.start(1), m.end(1))
        elif m := _RATING_WORD.search(text):
            yield Found("rating", _RATINGS[m.group()], m.start(), m.end())


def gives_rating(text: str, intent: str) -> bool:
    """Whether words that answer the question for a rating give one, whatever is said with it (3分,等太久了).

    ``intent`` is what they would be understood as without the question: a request of its own is no rating. Points are
    one beside a complaint too; mere words (不满意) may be the complaint itself.
    """
    points = bool(re.search(_SCORE, text)) and (intent in MOVES or intent.startswith("complain_"))
    return points or (intent in MOVES and bool(_RATING_WORD.search(text) or _RATING_BARE.fullmatch(text)))


_FINDERS = (_phone_number, _named, _month, _priced, _amount, _people, _place, _time, _rating)


def find_values(text: str, names: Gazetteer, asked: Optional[str] = None) -> list[Found]:
    """All values in a text in order; of two that overlap the finder listed earlier wins, then the longer."""
    kept: list[Found] = []
    for finder in _FINDERS:
        for found in sorted(finder(text, names, asked), key=lambda f: f.start - f.end):
            if all(found.end <= k.start or found.start >= k.end for k in kept):
                kept.append(found)
    return sorted(kept, key=lambda f: f.start)
