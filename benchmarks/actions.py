"""What a custom action costs in Rasa's process and on an action server of its own (docs/adr/0002).

Starts Rasa's action server beside this process, calls the same action both ways in turns, and prints milliseconds a
call: elapsed, and processor time of both sides together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="calls each way (300)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.calls))
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{'action_return_to_task':28}{'median ms':>12}{'CPU ms':>12}")
    for name, row in figures.items():
        print(f"{name:28}{row['median_ms']:12.2f}{row['cpu_ms']:12.2f}")


async def measure(calls: int) -> dict[str, dict[str, float]]:
    import yaml
    from rasa.utils.endpoints import EndpointConfig

    from hotline.rasa_actions import InProcessActions

    with (ROOT / "domain.yml").open(encoding="utf-8") as stream:
        domain = yaml.load(stream, Loader=yaml.CSafeLoader)
    call = {"next_action": "action_return_to_task", "sender_id": "b", "tracker": _tracker(), "domain": domain}
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await _until_open(port)
        ways = {
            "in Rasa's process": InProcessActions(),
            "action server": EndpointConfig(f"http://127.0.0.1:{port}/webhook"),
        }
        elapsed: dict[str, list[float]] = {name: [] for name in ways}
        spent: dict[str, float] = dict.fromkeys(ways, 0.0)
        for number in range(calls):
            if number % 50 == 0:
                print(f"\r{number}/{calls}", end="", file=sys.stderr)
            for name, endpoint in ways.items():
                cpu, start = _cpu(server.pid), time.perf_counter()
                await endpoint.request(method="post", json=call)
                elapsed[name].append((time.perf_counter() - start) * 1000)
                spent[name] += _cpu(server.pid) - cpu
        print(file=sys.stderr)
        return {name: {"median_ms": median(elapsed[name]), "cpu_ms": spent[name] * 1000 / calls} for name in ways}
    finally:
        server.terminate()
        server.wait()


def _tracker() -> dict[str, object]:
    return {
        "sender_id": "b",
        "slots": {},
        "latest_message": {},
        "events": [],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": None,
    }


def _cpu(other: int) -> float:
    """Processor seconds of this process and the other."""
    ticks = sum(int(field) for field in Path(f"/proc/{other}/stat").read_text().rsplit(")", 1)[1].split()[11:13])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _until_open(port: int) -> None:
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("the action server did not start")


if __name__ == "__main__":
    main()
