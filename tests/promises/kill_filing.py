"""Kills the process that files a complaint at a random moment, sends the confirmation again, and prints what became
of it.

One process loads the engine and forks a child for every step, so that a kill costs no loading:
``python kill_filing.py MODEL DIRECTORY ROUNDS SEED`` prints a JSON list, one object a round.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from hotline import bootstrap
from hotline.clock import FixedClock
from hotline.door import Inbound, Turn
from hotline.engine import load_agent, open_door
from hotline.logs import configure_logs
from hotline.rasa_agent import HotlineAgent
from hotline.settings import load_settings
from hotline.stores.tracker import HotlineTrackerStore
from tests.support import NOW, demo_database_url

BEFORE = ("你们的人给我办错套餐了", "我姓王", "13800138000")
CONFIRM = "是的"
LONGEST = 1.3  # times what a filing takes that is left alone


def in_child(
    agent: HotlineAgent, url: str, directory: Path, conversation: str, lines: dict[str, str], out: int
) -> None:
    """Say lines (by message id) in a process of its own; the answers go to ``out``, after a byte that says ready."""

    async def talk() -> list[str]:
        settings = load_settings(database_url=url, var=directory)
        services = bootstrap.build(settings, clock=FixedClock(NOW))
        bootstrap.use(services)
        agent.keep_trackers(HotlineTrackerStore(services.events))
        door = open_door(agent, services)
        os.write(out, b".")
        said: list[str] = []
        for message_id, text in lines.items():
            turn: Turn = await door.receive(Inbound(conversation, "web", message_id, text))
            said += [answer.text for answer in turn.answers]
        return said

    os.write(out, json.dumps(asyncio.run(talk()), ensure_ascii=False).encode())


def child(agent: HotlineAgent, kill_after: float | None, *what: object) -> list[str] | None:
    """Fork; kill the child so many seconds after it is ready, or let it finish. Its answers, None when it was
    killed.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        try:
            in_child(agent, *what, writer)  # type: ignore[arg-type]
        finally:
            os._exit(0)
    os.close(writer)
    assert os.read(reader, 1) == b"."
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    data = b""
    while part := os.read(reader, 65536):
        data += part
    os.close(reader)
    return json.loads(data) if data else None


def main(model: str, directory: str, rounds: str, seed: str) -> None:
    """Play the rounds."""
    configure_logs("WARNING")
    agent = load_agent(Path(model))
    url = demo_database_url(Path(directory))
    path = Path(directory) / "hotline.db"
    chance = random.Random(int(seed))
    before = {f"m{k}": line for k, line in enumerate(BEFORE)}
    assert child(agent, None, url, Path(directory), "alone", before)
    started = time.monotonic()
    assert child(agent, None, url, Path(directory), "alone", {"confirm": CONFIRM})
    usual = time.monotonic() - started
    results = []
    for n in range(int(rounds)):
        conversation = f"kill-{n}"
        assert child(agent, None, url, Path(directory), conversation, before)
        after = chance.uniform(0, LONGEST * usual)
        first = child(agent, after, url, Path(directory), conversation, {"confirm": CONFIRM})
        after_kill = tickets(path, conversation)
        let_the_lock_lapse(path)
        again = child(agent, None, url, Path(directory), conversation, {"confirm": CONFIRM})
        results.append(
            {"first": first, "after_kill": after_kill, "again": again, "tickets": tickets(path, conversation)}
        )
    print(json.dumps(results, ensure_ascii=False))


def let_the_lock_lapse(path: Path) -> None:
    """The dead process holds the conversation until its lease ends, which would be many seconds of waiting a round."""
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM conversation_locks")
    connection.commit()
    connection.close()


def tickets(path: Path, conversation: str) -> list[str]:
    """The numbers of the tickets of a conversation."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT number FROM tickets WHERE conversation = ?", (conversation,)).fetchall()
    connection.close()
    return [row[0] for row in rows]


if __name__ == "__main__":
    main(*sys.argv[1:])
