"""What a turn costs in a cluster, and what a second worker brings.

    .venv/bin/python benchmarks/cluster.py [--calls 96] [--rounds 3] [--json FILE]

Starts the cluster of ``make cluster`` (PostgreSQL waits for the disk), lets callers speak without pauses through nginx
to one worker and to two, in turns, and prints turns a second, CPU of each program a turn, memory and database rows. The
client's own CPU is measured and taken out: on a machine whose cores are all busy, what the client used would have
served customers.

Each worker is held on a core of its own, as in the cluster. One worker leaves a core to PostgreSQL and the rest; two
have to share theirs with them. In a third kind of round one worker and all other programs are held on one core:
against it, two workers on two cores show what a second machine of the same kind brings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.cluster import Cluster
from tests.cluster.customers import Phone

SECRET = "benchmark-of-the-cluster"
WORDS = (
    "你好",
    "话费怎么交",
    "有什么优惠活动",
    "话费还有多少",
    "13800138000",
    "算了不查了",
    "发票怎么开",
    "怎么办停机保号",
)
AT_ONCE = 48  # as many as keep two workers busy all the time
WARM_UP = 48
ALL = os.cpu_count() or 1
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Round:
    """One round: everything but the client has ``cores``; ``cpu`` is seconds by program, ``wall`` seconds, ``load`` the
    machine's load average before it.
    """

    workers: int
    cores: int
    turns: int
    wall: float
    cpu: Mapping[str, float]
    load: float
    latencies: list[float] = field(repr=False, default_factory=list)

    @property
    def rate(self) -> float:
        """Turns a second as they were."""
        return self.turns / self.wall

    @property
    def rate_without_client(self) -> float:
        """Turns a second if the client had cost nothing; with one worker a core was free for it anyway."""
        spare = max(0.0, ALL - self.workers)
        taken = max(0.0, self.cpu["client"] - spare * self.wall) / ALL
        return self.turns / (self.wall - taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=96, help="calls a round; each has nine turns (96)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each kind (3)")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    with Cluster(workers=2, settings={"HOTLINE_IVR_SECRET": SECRET, "HOTLINE_LOG_LEVEL": "ERROR"}) as cluster:
        print("starting PostgreSQL, Redis, RabbitMQ, nginx and two workers …", flush=True)
        cluster.start()
        figures = measure(cluster, arguments.calls, arguments.rounds)
    show(figures)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


def measure(cluster: Cluster, calls: int, rounds: int) -> dict[str, object]:
    database = create_engine(cluster.environment["HOTLINE_DATABASE_URL"], future=True, poolclass=NullPool)
    kinds = [(1, ALL), (2, ALL), (1, 1)]
    for workers, cores in kinds[:2]:
        one_round(cluster, workers, cores, WARM_UP, f"warm{workers}")
    before, size, memory, flushes = rows(database), bytes_of(database), resident(cluster), flushed(database)
    found: list[Round] = []
    for number in range(rounds):
        for workers, cores in kinds:
            found.append(one_round(cluster, workers, cores, calls, f"r{number}w{workers}c{cores}"))
            print(f"  {describe(found[-1])}", flush=True)
    turns, conversations = sum(one.turns for one in found), len(found) * calls
    added = {table: count - before.get(table, 0) for table, count in rows(database).items()}
    one, two, held = ([each for each in found if (each.workers, each.cores) == kind] for kind in kinds)
    return {
        "machine": {"cores": ALL, "cpu": cpu_model(), "load before each round": [r.load for r in found]},
        "rounds": [{**asdict(each), "latencies": None, "rate": each.rate} for each in found],
        "turns/s, one worker": statistics.median(each.rate for each in one),
        "turns/s, two workers": statistics.median(each.rate for each in two),
        "turns/s, one worker and all else on one core": statistics.median(each.rate for each in held),
        "two against one, as measured": statistics.median(a.rate / b.rate for a, b in zip(two, one, strict=True)),
        "two against one, client taken out": statistics.median(
            a.rate_without_client / b.rate_without_client for a, b in zip(two, one, strict=True)
        ),
        "two on two cores against one on one, client taken out": statistics.median(
            a.rate_without_client / b.rate_without_client for a, b in zip(two, held, strict=True)
        ),
        "CPU ms a turn": {
            name: statistics.median(1000 * each.cpu[name] / each.turns for each in found) for name in found[0].cpu
        },
        "latency ms, two workers": {
            "p50": 1000 * percentile([t for each in two for t in each.latencies], 0.5),
            "p95": 1000 * percentile([t for each in two for t in each.latencies], 0.95),
        },
        "memory MB a worker": [round(one / 1e6) for one in resident(cluster)],
        "memory KB a conversation": round(sum(resident(cluster)) - sum(memory)) / conversations / 1000,
        "database rows a turn": {table: count / turns for table, count in sorted(added.items()) if count},
        "disk flushes a turn": (flushed(database) - flushes) / turns,
        "database bytes a turn": (bytes_of(database) - size) / turns,
    }


def one_round(cluster: Cluster, workers: int, cores: int, calls: int, name: str) -> Round:
    cluster.nginx.stop()
    cluster.nginx.point_to([f"127.0.0.1:{worker.port}" for worker in cluster.workers[:workers]])
    cluster.nginx.start()
    hold(cluster, cores)
    load, before, started = os.getloadavg()[0], cpu(cluster), time.perf_counter()
    latencies = asyncio.run(talk(cluster.url, calls, name))
    wall = time.perf_counter() - started
    used = {program: seconds - before[program] for program, seconds in cpu(cluster).items()}
    return Round(workers, cores, len(latencies), wall, used, load, latencies)


def hold(cluster: Cluster, cores: int) -> None:
    """Let all programs run on the first ``cores``, each worker on its own of these, and the client on the others, or
    anywhere where none is left.
    """
    theirs = set(range(cores))
    own = {worker.pid: {number % cores} for number, worker in enumerate(cluster.workers)}
    for pid in program_of(cluster):
        for task in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(OSError):  # it has just ended
                os.sched_setaffinity(int(task.name), own.get(pid, theirs))
    os.sched_setaffinity(0, set(range(cores, ALL)) or theirs)


async def talk(base: str, calls: int, name: str) -> list[float]:
    """Play calls, so many at once, each turn as soon as the one before is answered; the seconds of each turn."""
    waiting, latencies = list(range(calls)), list[float]()
    random.Random(name).shuffle(waiting)

    async def caller(http: aiohttp.ClientSession) -> None:
        while waiting:
            phone = Phone(http, base, SECRET, f"bench-{name}-{waiting.pop()}")
            for words in ("", *WORDS):
                kind = {"kind": "speech", "text": words, "confidence": 0.9} if words else {"kind": "start"}
                started = time.perf_counter()
                assert await phone.event(**kind)  # type: ignore[arg-type]
                latencies.append(time.perf_counter() - started)

    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as http:
        await asyncio.gather(*(caller(http) for _ in range(AT_ONCE)))
    return latencies


# --- what it cost ----------------------------------------------------------------------------------------------------


def cpu(cluster: Cluster) -> dict[str, float]:
    """CPU seconds so far, by program, with all processes it has started."""
    used = {type(service).__name__.lower(): 0.0 for service in cluster.services}
    _, times = processes()
    for pid, program in program_of(cluster).items():
        used[program] += times.get(pid, 0.0)
    return {**used, "client": time.process_time()}


def program_of(cluster: Cluster) -> dict[int, str]:
    """The program that each process of the cluster belongs to."""
    parents, _ = processes()
    roots = {service.pid: type(service).__name__.lower() for service in cluster.services}
    found = {}
    for pid in parents:
        ancestor = pid
        while ancestor not in roots and ancestor in parents:
            ancestor = parents[ancestor]
        if ancestor in roots:
            found[pid] = roots[ancestor]
    return found


def processes() -> tuple[dict[int, int], dict[int, float]]:
    """The parent and the CPU seconds of every process, those of its ended children included."""
    parents, times = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        times[pid] = sum(int(ticks) for ticks in fields[11:15]) / TICKS
    return parents, times


def resident(cluster: Cluster) -> Sequence[int]:
    """Bytes in memory, by worker."""
    return [int(Path(f"/proc/{one.pid}/statm").read_text().split()[1]) * PAGE for one in cluster.workers]


def rows(database: Engine) -> dict[str, int]:
    with database.connect() as connection:
        tables = inspect(database).get_table_names()
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in tables}


def bytes_of(database: Engine) -> int:
    with database.connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar())


def flushed(database: Engine) -> int:
    """How often PostgreSQL has waited for the disk; commits at the same moment share one wait."""
    with database.connect() as connection:
        return int(connection.execute(text("SELECT wal_sync FROM pg_stat_wal")).scalar())


def cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


# --- what is printed -------------------------------------------------------------------------------------------------


def describe(one: Round) -> str:
    parts = " ".join(f"{name} {1000 * seconds / one.turns:.1f}" for name, seconds in one.cpu.items())
    kind = f"{one.workers} worker(s), {one.cores} core(s)"
    return f"{kind}: {one.rate:.0f} turns/s; CPU ms a turn: {parts}; load before: {one.load:.1f}"


def show(figures: Mapping[str, object]) -> None:
    for name, value in figures.items():
        if name == "rounds":
            continue
        if isinstance(value, Mapping):
            print(f"{name}: " + ", ".join(f"{key} {_short(each)}" for key, each in value.items()))
        else:
            print(f"{name}: {_short(value)}")


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
