"""Several requests in one breath (查下话费再看看还有多少流量): clauses that each are a request of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Optional

# How a request begins: behind the end of a sentence it may be another one. 怎么 only for how, not for why.
_OPENING = (
    "怎么(?!回事|这|那|样|办|还|会|了|又|就|能|不|没|显示|停|扣)|怎样|如何|有什么|有没有|还有多少"
    "|我[想要](?=[查问看办开])|帮我|给我|麻烦"
)
# Words that join two requests; 还有 only where it is no part of 还有多少, 我家还有个宽带.
_JOINT = re.compile(
    "[,。;!?]?(?:然后再|然后|顺便再|顺便|顺带|另外再|另外|完了再|(?<=[,。 ])完了|同时|以及|并且|对了"
    "|之后再?(?=[查看帮给办开转])"
    "|再(?=[查看帮给办开问说买换改取退订把])|(?<=查\\w{2})(?=查\\w{2})"
    "|还(?=想|要[查看办开取换改]|帮我|给我)|还有(?!多少|几|没|剩|啥|什么|个|的|[一二两三四五六七八九十\\d]))"
    f"|[,。;!?](?=[查看])|[。;!?](?=(?:{_OPENING}))"
    "|(?<=多少)(?=\\w{2,4}(?:还有|还剩|剩)多少)"
)
# 查一下话费和流量, 话费和流量都查一下: one verb for two things.
_SHARED = re.compile("^(?P<verb>.*?(?:查一下|查下|查查|查询|查|看一下|看下|看看|问一下|问下|问问))(?P<things>.{2,12})$")
_SHARED_BEHIND = re.compile("^(?P<things>[^查看问]{4,12}?)(?:都|一起|全)+(?P<verb>[^,。]*[查看][^,。]*)$")
_AND = re.compile("还有|以及|和|跟|、|,")

# What a clause must reach to count as a request of its own.
SURE = 0.6
LEAST = 3  # characters of a clause
SHORTEST = 2  # of a thing that is named alone (就是流量)
_LED_IN = re.compile("^(?:就是|那个|我说|[嗯呃啊是,。 ])+")

# Moves of a talk that are no task: they never make a second request.
MOVES = frozenset({
    "greet", "goodbye", "thank", "praise_staff", "apologize", "invite_staff", "ask_for_staff",
    "ask_staff_identity", "bot_challenge", "ask_capabilities", "ask_repeat", "complain_voice_unclear",
    "blame_slow", "wait", "chitchat", "abuse", "harass", "out_of_scope", "other_service_desk", "nlu_fallback",
    "affirm", "deny", "stop", "inform", "reject_apology",
})  # fmt: skip


# Between two numbers that the same is wanted for: 13800138000和我爱人的13900139000.
_ALSO = re.compile("[ ,、的]*(?:(?:和|跟|与|还有|以及|、|同)[^\\d,。;!?]{0,8}|、)")
# Between wishes for different numbers: 查13800138000的话费和13900139000的流量.
_FOR_ANOTHER = re.compile("[,。; ]*(?:和|跟|还有|以及|然后|再|另外)(?=[^\\d,。;]{0,6}1[3-9]\\d{9})")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def joined_numbers(text: str) -> list[re.Match[str]]:
    """The mobile numbers that a normalised text names side by side, first to last; empty when it names fewer than two
    so: of two that are not joined the later one corrects the first, or belongs to somebody else.
    """
    found = list(MOBILE.finditer(text))
    joined = all(_ALSO.fullmatch(text, a.end(), b.start()) for a, b in pairwise(found))
    return found if joined and len({match.group() for match in found}) > 1 else []


def several(text: str, classify: Callable[[str], tuple[str, float]]) -> list[dict[str, Any]]:
    """The requests in a turn in the order they were made, each with name, confidence and its words; empty for one."""
    if numbers := joined_numbers(text):
        start, end = numbers[0].start(), numbers[-1].end()
        clauses = [text[:start] + number.group() + text[end:] for number in numbers]
        name, confidence = classify(clauses[0])
        if name in MOVES or confidence < SURE:
            return []
        return [{"name": name, "confidence": confidence, "text": clause} for clause in clauses]
    apart = _FOR_ANOTHER.split(text)
    if len(apart) > 1 and all(len(MOBILE.findall(clause)) == 1 for clause in apart):
        understood = [(part, *classify(MOBILE.sub("", part))) for part in apart]
        if all(name not in MOVES and confidence >= SURE for _, name, confidence in understood):
            return [{"name": name, "confidence": c, "text": part} for part, name, c in understood]
    clauses = [clause for c in _JOINT.split(text) if len(clause := c.strip(" ,。;!?")) >= LEAST]
    if len(clauses) < 2:
        clauses = _things(text)
    if len(clauses) < 2:
        return []
    found: list[dict[str, Any]] = []
    for clause in clauses:
        name, confidence = classify(clause)
        if name in MOVES or confidence < SURE or any(request["name"] == name for request in found):
            continue
        found.append({"name": name, "confidence": confidence, "text": clause})
    return found if len(found) > 1 else []


def beside_values(text: str, classify: Callable[[str], tuple[str, float]]) -> Optional[str]:
    """The request that is made along with a number, a place or an impatient word (没信号 我在朝阳, 快点,查话费), which
    may weigh more than its own words do; None when there is none.
    """
    words = MOBILE.sub(" ", text)
    clauses = [clause for clause in re.split("[ ,。;!?]+", words) if len(clause) >= LEAST]
    for part in dict.fromkeys([words.strip(), _LED_IN.sub("", text), *clauses]):
        if part != text and len(part) >= SHORTEST:
            name, confidence = classify(part)
            if name not in MOVES and confidence >= SURE:
                return name
    return None


def _things(text: str) -> list[str]:
    """Each of two or three things that share a verb, with that verb; empty unless all are as short as names."""
    shared = _SHARED_BEHIND.match(text) or _SHARED.match(text)
    things = _AND.split(shared["things"]) if shared else []
    if not shared or not all(2 <= len(thing) <= 6 for thing in things):
        return []
    return [shared["verb"] + thing for thing in things]
