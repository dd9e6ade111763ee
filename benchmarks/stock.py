"""Stock Rasa and this product side by side, on the same data, with the same talks, in one run.

Trains both, starts both (and a bare Sanic, the floor), lets customers talk to each through HTTP in turns, and prints a
table. Stock is what `pip install rasa` gives, with `rasa init`'s recommended pipeline with Jieba, the policies
Memoization, Rule, UnexpecTED and TED, its SQL tracker store, its lock store in memory, and its action server with our
actions. Results are kept under benchmarks/results. `--quick` is for CI: less of everything; it fails when a ratio is
below two thirds of its figure.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from comparison import installed, project, report, talks  # noqa: E402
from comparison.servers import (  # noqa: E402
    PYTHON,
    ROOT,
    Side,
    durability,
    echo,
    environment,
    hotline,
    machine,
    stock,
)

MARKS = (10, 100, 300, 1000)
LEAST = 16  # talks a round: with fewer, what is done for the first time counts too much
_began = time.monotonic()


def main() -> int:
    """Run all of it; the exit code is 1 when a figure is missed (with `--quick`: missed by more than a third)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the short form for CI")
    parser.add_argument("--epochs", type=int, help="epochs that stock trains (Rasa's default, 100; quick: 1)")
    parser.add_argument("--rows", type=int, help="rows a block of examples that stock is trained with (all; quick: 3)")
    parser.add_argument("--stock", type=Path, default=ROOT / ".rasa" / "stock", help="where stock Rasa is kept")
    parser.add_argument("--pin", action="append", default=[], help="a requirement more for stock: jsonschema==3.2.0")
    parser.add_argument("--rounds", type=int, help="how often the sides take turns (3; quick: 1)")
    parser.add_argument("--patience", type=float, help="seconds that a side's longest talk may take (900; quick: 40)")
    parser.add_argument("--all-rows", action="store_true", help="also what training stock with all rows would cost")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    quick = given.quick
    epochs, rows = given.epochs or (1 if quick else 100), given.rows or (3 if quick else None)
    rounds, patience = given.rounds or (1 if quick else 3), given.patience or (40 if quick else 900)
    at_once = (1, 8) if quick else (1, 8, 32)

    found: dict[str, Any] = {
        "machine": machine(),
        "quick": quick,
        "command": " ".join(["benchmarks/stock.py", *(one for one in sys.argv[1:] if "/" not in one)]),
    }
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        tell("stock: installing" if not (given.stock / "venv").exists() else "stock: installed before")
        python = installed.stock_python(given.stock / "venv", given.pin)
        tell("stock: training" if not (given.stock / "project" / "training.json").exists() else "stock: trained before")
        trained = project.train_stock(given.stock / "project", python, epochs, rows)
        if given.all_rows:
            tell("stock: training with all rows, one epoch and two")
            trained |= project.extrapolated(given.stock / "all-rows", python)
        ours: dict[str, Any] = {}
        if not quick:
            tell("hotline: training, then again after a new wording")
            ours["training"] = project.train_hotline(directory / "copy")
            tell("hotline: 60 and 500 intents")
            ours["scale"] = {str(count): scale(count) for count in (60, 500)}
        sides = [echo(), hotline(directory / "hotline"), stock(directory / "stock", Path(trained.pop("model")), python)]
        found |= {side.name: {} for side in sides}
        found["stock"], found["hotline"] = {"training": trained, "installed": installed.versions(python)}, ours
        try:
            for side in sides:
                tell(f"{side.name}: starting")
                side.start()
                asyncio.run(talks.said(side))
                found[side.name]["cold_s"] = round(side.cold, 1)
            found["answers"] = {side.name: asyncio.run(talks.said(side)) for side in sides[1:]}
            tell("all: idle")
            idle(sides, found, 5)
            measure(sides, found, at_once, rounds)
            if quick and not all(figure.reached(2 / 3) for figure in report.figures(found)):
                tell("a figure was missed: once more, for machines are noisy")
                measure(sides, found, at_once, rounds)
            for side in sides[1:]:
                tell(f"{side.name}: one long talk")
                marks = MARKS[:2] if quick else MARKS
                found[side.name]["long"] = talks.long(side, marks[-1], marks, patience)
                found[side.name]["memory_mb"] = round(side.memory())
                found[side.name]["durability"] = durability(side)
        finally:
            for side in sides:
                side.stop()
    found["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    report.keep(found, given.results, "stock-quick" if quick else "stock")
    print("\n".join(report.table(found)), end="\n\n")
    return judged(found, 2 / 3 if quick else 1.0)


def measure(sides: list[Side], found: dict[str, Any], at_once: tuple[int, ...], rounds: int) -> None:
    """Many talks: the sides take turns, so that whatever else the machine does is shared among them."""
    for count in at_once:
        sums: dict[str, dict[str, Any]] = defaultdict(lambda: {"took": [], "cpu": 0.0, "seconds": 0.0})
        for number in range(rounds):
            for side in sides:
                tell(f"{side.name}: {count} talks at once, round {number + 1} of {rounds}")
                for key, value in talks.several(side, count, max(2 * count, LEAST)).items():
                    sums[side.name][key] += value
        for side in sides:
            took, total = sums[side.name]["took"], sums[side.name]
            at_rest = found[side.name]["idle_ms_s"] * total["seconds"]
            found[side.name].setdefault("turns", {})[str(count)] = {
                "cpu_ms": round((total["cpu"] * 1000 - at_rest) / len(took), 2),
                "p50_ms": report.percentile(took, 0.5),
                "p95_ms": report.percentile(took, 0.95),
                "turns_s": round(len(took) / total["seconds"], 1),
            }


def idle(sides: list[Side], found: dict[str, Any], seconds: float) -> None:
    """What each side costs while nobody talks; a turn's cost is counted without it."""
    before = [side.cpu() for side in sides]
    time.sleep(seconds)
    for side, cpu in zip(sides, before, strict=True):
        found[side.name]["idle_ms_s"] = round((side.cpu() - cpu) / seconds * 1000, 1)


def scale(intents: int) -> float:
    """CPU milliseconds a message with so many intents and rules."""
    script = str(Path(__file__).parent / "comparison" / "scale.py")
    done = subprocess.run(
        [*PYTHON, script, str(intents)], cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    )
    return float(done.stdout.split()[-1])


def judged(found: dict[str, Any], leniency: float) -> int:
    """Print each figure with what it should be; 1 when one is missed."""
    missed = 0
    for figure in report.figures(found):
        if figure.value is None:
            continue
        wanted = f"at least {figure.least}" if figure.least is not None else f"at most {figure.most}"
        reached = figure.reached(leniency)
        missed += not reached
        print(f"{'reached' if reached else 'MISSED ':8}{figure.name}: {figure.value} ({wanted})")
    return 1 if missed else 0


def tell(what: str) -> None:
    """Progress."""
    print(f"[{time.monotonic() - _began:5.0f} s] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
