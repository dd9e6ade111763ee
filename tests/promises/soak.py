"""Talks to the running product for a while and reports memory and lost messages: ``python -m tests.promises.soak MINUTES``.

Six customers at a time: each opens the widget, says some lines, sends one of them twice, reloads, and goes. Prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from tests.channels.web_server import browser
from tests.served import Product

CUSTOMERS = 6
TALKS = (
    ("查话费", "13800138000", "246810", "上个月的账单", "没有了"),
    ("你们的人给我办错套餐了", "我姓王", "13800138000", "是的"),
    ("还有多少流量", "13900139000", "000000", "取消", "谢谢"),
    ("手机上不了网", "取消", "附近有营业厅吗", "再见"),
)


class Soak:
    """What was sent and what came back."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.sent = self.lost = self.doubled = self.excused = self.talks = 0
        self.took: list[float] = []

    async def customer(self, until: float, seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < until:
            await self.talk(chance.choice(TALKS), chance)
            self.talks += 1

    async def talk(self, lines: tuple[str, ...], chance: random.Random) -> None:
        token = await self.product.token()
        ids: list[str] = []
        async with browser(self.product, token) as tab:  # type: ignore[arg-type]
            await tab.open()
            for line in lines:
                ids.append(str(uuid.uuid4()))
                message = {"id": ids[-1], "text": line}
                started = time.monotonic()
                self.sent += 1
                await tab.call("message", message)
                if chance.random() < 0.3:
                    await tab.call("message", message)  # the browser is not sure that it arrived
                try:
                    turn = await tab.answer_to(ids[-1])
                except AssertionError:
                    self.lost += 1
                    continue
                self.took.append(time.monotonic() - started)
                names = {answer.get("name") for answer in turn["answers"]}
                self.excused += bool(names & {"utter_courtesy_fault", "utter_courtesy_too_late"})
                await asyncio.sleep(chance.uniform(0.2, 1.5))
        async with browser(self.product, token) as tab:  # type: ignore[arg-type]
            kept = await tab.call("open", {"since": 0})
            seen = [said["id"] for turn in kept["turns"] for said in turn["said"]]
            self.lost += sum(1 for one in ids if one not in seen)
            self.doubled += len(seen) - len(set(seen))


async def soak(product: Product, seconds: float) -> dict[str, Any]:
    """Play, and measure the memory twelve times."""
    run = Soak(product)
    started = time.monotonic()
    until = started + seconds
    memory: list[tuple[float, int]] = []

    async def watch() -> None:
        while True:
            memory.append((time.monotonic() - started, product.memory()))
            await asyncio.sleep(seconds / 24)

    watching = asyncio.ensure_future(watch())
    results = await asyncio.gather(*(run.customer(until, n) for n in range(CUSTOMERS)), return_exceptions=True)
    watching.cancel()
    took = sorted(run.took)
    late = [(at, kb) for at, kb in memory if at > seconds / 2]  # the first half fills what is kept at hand
    return {
        "minutes": round(seconds / 60, 1),
        "talks": run.talks,
        "messages": run.sent,
        "lost": run.lost,
        "doubled": run.doubled,
        "excused": run.excused,
        "broken_talks": [repr(one) for one in results if isinstance(one, BaseException)],
        "median_s": round(took[len(took) // 2], 3) if took else None,
        "p95_s": round(took[int(len(took) * 0.95)], 3) if took else None,
        "memory_mb": [round(kb / 1024) for _, kb in memory],
        "slope_mb_per_hour_second_half": round(slope(late) * 3600 / 1024, 1),
    }


def slope(points: list[tuple[float, int]]) -> float:
    """Least squares: kB a second."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def main() -> None:
    """Run; exit code 1 when something was lost or doubled."""
    seconds = float(sys.argv[1]) * 60 if len(sys.argv) > 1 else 1800.0
    with tempfile.TemporaryDirectory(prefix="hotline-soak-") as directory:
        product = Product(Path(directory))
        product.start()
        try:
            result = asyncio.run(soak(product, seconds))
        finally:
            product.stop()
    print(json.dumps(result))
    sys.exit(1 if result["lost"] or result["doubled"] or result["broken_talks"] else 0)


if __name__ == "__main__":
    main()
