"""Many calls at once on the IVR endpoint, beside Rasa's stock REST channel on the same words.

Starts the hotline (and then a stock Rasa with its action server on the same model) on a fresh database, lets callers
speak the same sentences with the pauses that hearing an answer takes, and prints how long events waited: until the
answer itself, so that one that was held by 「请稍候。」 counts to the end of its ``played``. A call's turns are counted
in the database afterwards: none may be lost or doubled. Takes about three minutes, ``--no-stock`` one.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
WORDS = ["你好", "话费怎么交", "有什么优惠活动", "话费还有多少", "13800138000", "算了不查了", "发票怎么开", "谢谢"]
FILLER = 1.5  # seconds after which a caller must hear something (docs/ivr-protocol.md)
SECRET = "benchmark"

ROWS = {
    "events": "events",
    "p50, ms": "p50_ms",
    "p95, ms": "p95_ms",
    "slowest, ms": "max_ms",
    "held by 请稍候, %": "fillers_percent",
    "over 1.5 s without it": "late_without_filler",
    "failed": "failed",
    "turns lost": "lost_turns",
    "turns doubled": "doubled_turns",
}

Say = Callable[[aiohttp.ClientSession, str, int, str], Awaitable[bool]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50, help="calls at once (50)")
    parser.add_argument("--hear", type=float, default=4.0, help="seconds that hearing an answer takes, on average (4)")
    parser.add_argument("--no-stock", action="store_true", help="leave stock Rasa out")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results" / "ivr.json")
    arguments = parser.parse_args()
    found: dict[str, Any] = {"calls": arguments.calls, "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as name:
        found["IVR endpoint"] = measure_ivr(Path(name), arguments.calls, arguments.hear)
        if not arguments.no_stock:
            found["stock REST"] = measure_stock(Path(name), arguments.calls, arguments.hear)
    arguments.results.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"{arguments.calls} calls at once, {found['cores']} cores, load average {found['load']:.1f} before\n")
    sides = [side for side in ("IVR endpoint", "stock REST") if side in found]
    print("| | " + " | ".join(sides) + " |\n|---|" + "---:|" * len(sides))
    for label, key in ROWS.items():
        print(f"| {label} | " + " | ".join(str(found[side].get(key, "")) for side in sides) + " |")


def measure_ivr(directory: Path, calls: int, hear: float) -> dict[str, Any]:
    port = free_port()
    environment = prepared(directory, HOTLINE_PORT=str(port), HOTLINE_IVR_SECRET=SECRET)
    with running([hotline(), "serve"], environment, port):
        url = f"http://127.0.0.1:{port}/webhooks/ivr/webhook"
        late = fillers = 0

        async def say(http: aiohttp.ClientSession, call: str, number: int, words: str) -> bool:
            nonlocal late, fillers
            kind = {"type": "speech", "text": words, "confidence": 0.9} if words else {"type": "start"}
            started = time.perf_counter()
            actions = await post(http, url, {"call_id": call, "event_id": f"e{number}", **kind})
            filler = bool(actions) and "continue" in actions[-1]
            late += time.perf_counter() - started > FILLER + 0.1 and not filler
            fillers += filler
            if filler:
                actions = await post(http, url, {"call_id": call, "event_id": f"p{number}", "type": "played"})
            return bool(actions)

        figures = asyncio.run(talks(say, ["", *WORDS], calls, hear))
    heard = spoken_turns(directory / "hotline.db", "tracker_events")
    figures |= {"late_without_filler": late, "fillers_percent": round(100 * fillers / figures["events"], 1)}
    return {**figures, **compared(heard, calls, len(WORDS) + 1)}


async def post(http: aiohttp.ClientSession, url: str, event: dict[str, Any]) -> list[dict[str, Any]]:
    body = json.dumps(event, ensure_ascii=False).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Hotline-Timestamp": stamp, "X-Hotline-Signature": f"sha256={digest}"}
    async with http.post(url, data=body, headers=headers) as response:
        return list((await response.json(content_type=None)).get("actions", []))


def measure_stock(directory: Path, calls: int, hear: float) -> dict[str, Any]:
    port, actions = free_port(), free_port()
    environment = prepared(directory)
    trackers = directory / "stock.db"
    endpoints, credentials = directory / "endpoints.yml", directory / "credentials.yml"
    endpoints.write_text(
        f"action_endpoint:\n  url: http://127.0.0.1:{actions}/webhook\n"
        f"tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: {trackers}\n"
    )
    credentials.write_text("rest:\n")
    model = environment.get("HOTLINE_MODEL", str(ROOT / "models" / "hotline.tar.gz"))
    python = [sys.executable, "-W", "ignore", "-m"]
    rasa = [*python, "rasa", "run", "--model", model, "--endpoints", str(endpoints), "--credentials", str(credentials)]
    server = [*python, "rasa_sdk", "--actions", "actions", "--port", str(actions)]
    with running(server, environment, actions), running([*rasa, "--port", str(port)], environment, port):
        url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"

        async def say(http: aiohttp.ClientSession, call: str, number: int, words: str) -> bool:
            async with http.post(url, json={"sender": call, "message": words}) as response:
                return bool(await response.json(content_type=None))

        return asyncio.run(talks(say, WORDS, calls, hear))


async def talks(say: Say, words: list[str], calls: int, hear: float) -> dict[str, Any]:
    took: list[float] = []
    failed = 0

    async def talk(http: aiohttp.ClientSession, number: int) -> None:
        nonlocal failed
        rng = random.Random(number)
        await asyncio.sleep(rng.uniform(0, hear))
        for turn, sentence in enumerate(words):
            started = time.perf_counter()
            try:
                answered = await say(http, f"call-{number}", turn, sentence)
            except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
                answered = False
            took.append(time.perf_counter() - started)
            failed += not answered
            await asyncio.sleep(rng.uniform(0.5, 1.5) * hear)

    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(say(http, f"warm-{n}", 0, words[0]) for n in range(3)))
        await asyncio.gather(*(talk(http, number) for number in range(calls)))
    took.sort()
    return {
        "events": len(took),
        "p50_ms": round(took[len(took) // 2] * 1000),
        "p95_ms": round(took[int(len(took) * 0.95)] * 1000),
        "max_ms": round(took[-1] * 1000),
        "failed": failed,
    }


def spoken_turns(database: Path, table: str) -> dict[str, int]:
    """How many user turns the trackers of each call have, without those that a turn redirects to (e1.1)."""
    found: dict[str, int] = {}
    with sqlite3.connect(database) as connection:
        for conversation, events in connection.execute(f"SELECT conversation, events FROM {table}"):
            turns = sum(e["event"] == "user" and "." not in e["message_id"] for e in json.loads(events))
            found[conversation] = found.get(conversation, 0) + turns
    return found


def compared(heard: dict[str, int], calls: int, expected: int) -> dict[str, int]:
    """Turns missing and turns too many, over all calls."""
    counts = [heard.get(f"call-{number}", 0) for number in range(calls)]
    return {
        "lost_turns": sum(max(expected - count, 0) for count in counts),
        "doubled_turns": sum(max(count - expected, 0) for count in counts),
    }


def prepared(directory: Path, **more: str) -> dict[str, str]:
    environment = {
        **os.environ,
        "HOTLINE_VAR": str(directory),
        "HOTLINE_LOG_LEVEL": "ERROR",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **more,
    }
    subprocess.run([hotline(), "db", "upgrade"], cwd=ROOT, env=environment, check=True)
    return environment


def hotline() -> str:
    return str(Path(sys.executable).with_name("hotline"))


@contextmanager
def running(command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    try:
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command[:4])} did not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
