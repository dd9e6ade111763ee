"""The talks that all sides hold, and how long their turns take."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from typing import Any

import aiohttp

from comparison.servers import PHONE, START, Side

# What is said, and how stock Rasa is told what it means: understanding is not compared here, and its pipeline works on
# this text as on any other before the meaning is taken from it.
TALK = {
    START: "/session_opened",
    "话费还有多少": "/query_balance",
    PHONE: f'/inform{{"phone_number": "{PHONE}"}}',
    "上个月的账单": '/query_bill{"month": "-1"}',
    "还有多少流量": "/query_data_usage",
    "你好": "/greet",
    "我想查话费": "/query_balance",
    "谢谢": "/thank",
}
ON_AND_ON = {words: TALK[words] for words in ("话费还有多少", "上个月的账单", "还有多少流量", "你好", "谢谢")}
_names = itertools.count()


def several(side: Side, at_once: int, talks: int) -> dict[str, Any]:
    """Many talks, some at once: milliseconds a turn, and what a turn cost."""
    names = [f"b{next(_names)}" for _ in range(talks)]
    side.know(names)
    took: list[float] = []
    waiting = iter(names)

    async def customer(http: aiohttp.ClientSession) -> None:
        for name in waiting:
            for number, said in enumerate(TALK.items()):
                await _turn(side, http, name, number, said, took)

    cpu, started = side.cpu(), time.perf_counter()
    asyncio.run(_all(customer, at_once))
    seconds = time.perf_counter() - started
    return {"took": took, "cpu": side.cpu() - cpu, "seconds": seconds}


def long(side: Side, turns: int, marks: Sequence[int], patience: float) -> dict[str, Any]:
    """One long talk: milliseconds around each mark, those that were reached within ``patience`` seconds."""
    name = f"long{next(_names)}"
    side.know([name])
    took: list[float] = []

    async def customer(http: aiohttp.ClientSession) -> None:
        words = itertools.chain(TALK.items(), itertools.cycle(ON_AND_ON.items()))
        started = time.monotonic()
        for number, one in zip(range(turns + 5), words, strict=False):
            if time.monotonic() - started > patience:
                break
            await _turn(side, http, name, number, one, took)

    asyncio.run(_all(customer, 1))
    # Ten turns around the mark hold each sentence twice: their mean compares like with like.
    return {str(mark): _ms(took[max(mark - 5, len(TALK)) :][:10]) for mark in marks if len(took) >= mark + 5}


async def said(side: Side) -> list[list[str]]:
    """What a side answers in one talk, turn by turn."""
    name = f"said{next(_names)}"
    await asyncio.get_running_loop().run_in_executor(None, side.know, [name])
    async with aiohttp.ClientSession() as http:
        return [await side.say(http, name, number, words, meant) for number, (words, meant) in enumerate(TALK.items())]


async def _turn(
    side: Side, http: aiohttp.ClientSession, name: str, number: int, said: tuple[str, str], took: list[float]
) -> None:
    started = time.perf_counter()
    answers = await side.say(http, name, number, *said)
    took.append(time.perf_counter() - started)
    if not answers:
        raise SystemExit(f"{side.name} had no answer to {said[0]}")


async def _all(customer: Any, at_once: int) -> None:
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(customer(http) for _ in range(at_once)))


def _ms(took: Sequence[float]) -> float:
    return round(sum(took) / len(took) * 1000, 1)
