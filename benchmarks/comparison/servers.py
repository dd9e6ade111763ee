"""The three sides of the comparison as running servers, with what they cost: CPU and memory of all their processes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional

import aiohttp
import psutil

from hotline.gateways.database import Database
from hotline.gateways.grants import SqlGrantStore

ROOT = Path(__file__).resolve().parents[2]
PYTHON = [sys.executable, "-W", "ignore"]
PHONE = "13800138000"
SECRET = "benchmark-" * 4
FOREVER = datetime(2099, 1, 1, tzinfo=timezone.utc)
START = "<start>"  # the first turn of a talk


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """What every process of the comparison runs with; byte code is kept, as in any installation."""
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL": "ERROR"}
    return {**known, **quiet, "PYTHONPATH": str(ROOT), "HOTLINE_LOG_LEVEL": "ERROR", **more}


@dataclass
class Side:
    """One side: its processes, the last of which answers ``url``; ``cold`` is how long it took to start."""

    name: str
    commands: Sequence[Sequence[str]]
    ports: Sequence[int]
    url: str
    environment: dict[str, str]
    var: Optional[Path] = None
    cold: float = 0.0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start the processes one after the other; ``cold`` counts the last, which serves."""
        for command, port in zip(self.commands, self.ports, strict=True):
            started = time.monotonic()
            quiet = subprocess.DEVNULL
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=quiet, stderr=quiet)
            self.processes.append(process)
            while not _listens(port):
                if process.poll() is not None:
                    raise SystemExit(f"{self.name} did not start: {' '.join(command)}")
                time.sleep(0.05)
            self.cold = time.monotonic() - started

    def stop(self) -> None:
        """Stop what was started here."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)

    def cpu(self) -> float:
        """CPU seconds so far, of all processes and their children."""
        return sum(sum(one.cpu_times()[:2]) for one in self._all())

    def memory(self) -> float:
        """Resident megabytes of all of them."""
        return sum(one.memory_info().rss for one in self._all()) / 1e6

    def _all(self) -> list[psutil.Process]:
        roots = [psutil.Process(process.pid) for process in self.processes]
        return [one for root in roots for one in (root, *root.children(recursive=True))]

    async def say(self, http: aiohttp.ClientSession, talk: str, number: int, words: str, meant: str) -> list[str]:
        """Say something, or what it means; what was answered."""
        raise NotImplementedError

    def know(self, talks: Sequence[str]) -> None:
        """The customer of these talks has given the service password already."""
        if self.var is None:
            return
        database = Database(f"sqlite:///{self.var / 'hotline.db'}", 30)

        async def grant() -> None:
            grants = SqlGrantStore(database)
            for talk in talks:
                await grants.grant(talk, PHONE, FOREVER)

        asyncio.run(grant())
        database.close()


class Echo(Side):
    """A bare Sanic."""

    async def say(self, http: aiohttp.ClientSession, talk: str, number: int, words: str, meant: str) -> list[str]:
        """See ``Side``."""
        async with http.post(self.url, json={"sender": talk, "message": words}) as answer:
            return [str((await answer.json())["message"])]


class Stock(Side):
    """Stock Rasa and its action server; the REST channel."""

    async def say(self, http: aiohttp.ClientSession, talk: str, number: int, words: str, meant: str) -> list[str]:
        """See ``Side``."""
        body = {"sender": talk, "message": meant, "metadata": {"channel": "rest", "context": {}}}
        async with http.post(self.url, json=body) as answer:
            return [str(one.get("text", "")) for one in await answer.json()]


class Hotline(Side):
    """This product; the signed events of its telephone channel."""

    async def say(self, http: aiohttp.ClientSession, talk: str, number: int, words: str, meant: str) -> list[str]:
        """See ``Side``."""
        what = {"type": "start"} if words == START else {"type": "speech", "text": words, "confidence": 0.9}
        body = json.dumps({"call_id": talk, "event_id": f"e{number}", **what}, ensure_ascii=False).encode()
        stamp = str(int(time.time()))
        digest = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"X-Hotline-Timestamp": stamp, "X-Hotline-Signature": f"sha256={digest}"}
        async with http.post(self.url, data=body, headers=headers) as answer:
            actions = (await answer.json(content_type=None)).get("actions", [])
        return [str(action["say"]["text"]) for action in actions if "say" in action]


def echo() -> Side:
    """The floor."""
    port = free_port()
    script = str(Path(__file__).with_name("echo.py"))
    return Echo("echo", [[*PYTHON, script, str(port)]], [port], f"http://127.0.0.1:{port}/", environment())


def hotline(var: Path) -> Side:
    """This product as ``make run`` starts it, on a database of its own."""
    port = free_port()
    known = environment(HOTLINE_VAR=str(var), HOTLINE_PORT=str(port), HOTLINE_IVR_SECRET=SECRET)
    _database(known)
    command = [*PYTHON, "-m", "hotline.cli", "serve"]
    return Hotline("hotline", [command], [port], f"http://127.0.0.1:{port}/webhooks/ivr/webhook", known, var)


def stock(var: Path, model: Path, python: str) -> Side:
    """Stock Rasa in its own environment: SQL tracker store, lock store in memory, an action server with our actions."""
    port, actions = free_port(), free_port()
    known = environment(HOTLINE_VAR=str(var))
    _database(known)
    endpoints, credentials = var / "endpoints.yml", var / "credentials.yml"
    endpoints.write_text(
        f"action_endpoint:\n  url: http://127.0.0.1:{actions}/webhook\n"
        f"tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: {var / 'stock.db'}\n"
    )
    credentials.write_text("rest:\n")
    run = [python, "-W", "ignore", "-m", "rasa", "run", "--model", str(model), "--port", str(port)]
    commands = [
        [*PYTHON, "-m", "rasa_sdk", "--actions", "actions", "--port", str(actions)],
        [*run, "--endpoints", str(endpoints), "--credentials", str(credentials)],
    ]
    return Stock("stock", commands, [actions, port], f"http://127.0.0.1:{port}/webhooks/rest/webhook", known, var)


def _database(known: dict[str, str]) -> None:
    Path(known["HOTLINE_VAR"]).mkdir(parents=True, exist_ok=True)
    subprocess.run([*PYTHON, "-m", "hotline.cli", "db", "upgrade"], cwd=ROOT, env=known, check=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def durability(side: Side) -> str:
    """What a commit of this side's tracker store means, in SQLite's own words."""
    import sqlite3

    if side.name == "hotline":
        return "WAL, synchronous=FULL, a commit each turn for tracker, answers and facts"
    assert side.var is not None
    with sqlite3.connect(side.var / "stock.db") as connection:
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        level = connection.execute("PRAGMA synchronous").fetchone()[0]
    return f"{journal}, synchronous={['OFF', 'NORMAL', 'FULL', 'EXTRA'][level]} (SQLite's defaults), a commit each turn"


def machine() -> dict[str, Any]:
    """What this ran on."""
    import platform

    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return {
        "cpu": cpu or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
