"""The table, the JSON and the chart of a comparison, and whether its figures are reached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Optional


class Figure(NamedTuple):
    """A figure to reach: ``least`` a ratio must be at least this, else ``most``."""

    name: str
    value: Optional[float]
    least: Optional[float] = None
    most: Optional[float] = None

    def reached(self, leniency: float = 1.0) -> bool:
        """Whether it is reached, or within ``leniency`` of it; what was not measured counts as reached."""
        if self.value is None:
            return True
        if self.least is not None:
            return self.value >= self.least * leniency
        return self.most is None or self.value <= self.most / leniency


def percentile(values: list[float], share: float) -> float:
    """A percentile in milliseconds of durations in seconds."""
    return round(sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000, 2)


def figures(found: dict[str, Any]) -> list[Figure]:
    """The issue's figures, as far as this run measured them."""

    def at(*path: str) -> Any:
        value: Any = found
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def ratio(above: Any, below: Any) -> Optional[float]:
        return round(above / below, 2) if above and below else None

    stock, ours, floor = at("stock", "turns"), at("hotline", "turns"), at("echo", "turns")
    one, eight = "1", "8"
    training = at("stock", "training") or {}
    full = training.get("all_rows_cpu_s") or (training.get("cpu_s") if training.get("epochs") == 100 else None)
    return [
        Figure("CPU a turn, stock / hotline", ratio(stock[one]["cpu_ms"], ours[one]["cpu_ms"]), least=12),
        Figure("turns/s at 8, hotline / stock", ratio(ours[eight]["turns_s"], stock[eight]["turns_s"]), least=10),
        Figure("p50, hotline / echo", ratio(ours[one]["p50_ms"], floor[one]["p50_ms"]), most=15),
        Figure("turn 1000 / turn 10", ratio(at("hotline", "long", "1000"), at("hotline", "long", "10")), most=1.5),
        Figure("500 / 60 intents", ratio(at("hotline", "scale", "500"), at("hotline", "scale", "60")), most=1.3),
        Figure("training CPU, stock / hotline", ratio(full, at("hotline", "training", "cpu_s")), least=30),
        Figure("retraining after a new wording, s", at("hotline", "training", "wording_s"), most=10),
        Figure("cold start, s", at("hotline", "cold_s"), most=8),
        Figure("memory, MB", at("hotline", "memory_mb"), most=600),
    ]


def table(found: dict[str, Any]) -> Iterator[str]:
    """Markdown."""
    sides = ("stock", "hotline", "echo")
    yield "| | stock Rasa | this product | bare Sanic |"
    yield "|---|---|---|---|"
    for at_once in found["hotline"]["turns"]:
        for key, label in (
            ("cpu_ms", "CPU a turn, ms"),
            ("p50_ms", "p50, ms"),
            ("p95_ms", "p95, ms"),
            ("turns_s", "turns/s"),
        ):
            cells = [found[side]["turns"][at_once][key] for side in sides]
            yield f"| {label}, {at_once} talks at once | " + " | ".join(map(str, cells)) + " |"
    for mark in found["hotline"]["long"]:
        stock = found["stock"]["long"].get(mark, "not reached")
        yield f"| latency at turn {mark}, ms | {stock} | {found['hotline']['long'][mark]} | |"
    training, ours = found["stock"].get("training"), found["hotline"].get("training")
    if training and ours:
        note = f"{training['cpu_s']} ({training['epochs']} epochs, {training['rows']} rows)"
        if "all_rows_cpu_s" in training:
            note += "; all {all_rows} rows, 1 and 2 epochs: {one_epoch_cpu_s} and {two_epochs_cpu_s}, ".format(
                **training
            )
            note += f"100 epochs from these: {training['all_rows_cpu_s']}"
        yield f"| training, CPU s | {note} | {ours['cpu_s']} | |"
        yield f"| after a new wording, s | {training['wording_s']} | {ours['wording_s']} | |"
    resting = [found[side]["idle_ms_s"] for side in sides]
    yield "| nobody talks, CPU ms a second | " + " | ".join(map(str, resting)) + " |"
    yield f"| cold start, s | {found['stock']['cold_s']} | {found['hotline']['cold_s']} | |"
    yield f"| memory, MB | {found['stock']['memory_mb']} | {found['hotline']['memory_mb']} | |"
    for count, cost in found["hotline"].get("scale", {}).items():
        yield f"| {count} intents and rules, CPU ms a message | | {cost} | |"
    packages = ", ".join(" ".join(one) for one in found["stock"]["installed"].items())
    yield f"| installed | {packages} | requirements.lock | |"
    yield f"| what a commit means | {found['stock']['durability']} | {found['hotline']['durability']} | |"


def keep(found: dict[str, Any], folder: Path, name: str) -> None:
    """Write the figures (``.json``), the table (``.md``) and the chart (``.svg``)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text("\n".join(table(found)) + "\n", encoding="utf-8")
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    _, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), constrained_layout=True)
    at_once = list(found["hotline"]["turns"])
    for shift, side in enumerate(("stock", "hotline")):
        costs = [found[side]["turns"][count]["cpu_ms"] for count in at_once]
        left.bar([n + shift * 0.4 for n in range(len(at_once))], costs, 0.38, label=side)
        marks = found[side]["long"]
        right.plot([int(mark) for mark in marks], list(marks.values()), marker="o", label=side)
    left.set(title="CPU a turn (ms)", xticks=[n + 0.2 for n in range(len(at_once))], xlabel="talks at once")
    left.set_xticklabels(at_once)
    right.set(title="latency (ms)", xlabel="turn of one talk", xscale="log", yscale="log")
    left.legend()
    right.legend()
    pyplot.savefig(folder / f"{name}.svg", metadata={"Date": None})
