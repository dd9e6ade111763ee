"""Training of both sides, each as its users do it: `scripts/train.py` here, `rasa train` there."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Optional

import yaml

from comparison.servers import PYTHON, ROOT, environment

# What `rasa init` recommends, with the tokenizer that Rasa has for Chinese; \b finds no words in Chinese.
PIPELINE: list[dict[str, Any]] = [
    {"name": "JiebaTokenizer"},
    {"name": "RegexFeaturizer", "use_word_boundaries": False},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "constrain_similarities": True},
    {"name": "EntitySynonymMapper"},
    {"name": "ResponseSelector", "constrain_similarities": True},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
POLICIES: list[dict[str, Any]] = [
    {"name": "MemoizationPolicy"},
    {"name": "RulePolicy"},
    {"name": "UnexpecTEDIntentPolicy", "max_history": 5},
    {"name": "TEDPolicy", "max_history": 5, "constrain_similarities": True},
]
LEARNING = {"DIETClassifier", "ResponseSelector", "UnexpecTEDIntentPolicy", "TEDPolicy"}
PARTS = ("config.yml", "domain.yml", "data", "hotline", "actions", "scripts", "requirements.lock", "pyproject.toml")


def train_stock(cache: Path, python: str, epochs: int, rows: Optional[int]) -> dict[str, Any]:
    """The stock model and what training it cost; as kept in ``cache`` when it was trained there before.

    ``python`` is the one that Rasa is installed for. ``rows`` a block of examples are taken of the training data, all
    when None.
    """
    record = cache / "training.json"
    if record.exists():
        known: dict[str, Any] = json.loads(record.read_text())
        return {**known, "model": str(cache / "models" / "stock.tar.gz")}
    taken = _project(cache, epochs, rows)
    command = _train(python)
    figures = {"rows": taken, "epochs": epochs, **_measured(command, cache)}
    domain = (cache / "domain.yml").read_text(encoding="utf-8")
    (cache / "domain.yml").write_text(domain.replace("您好", "你好", 1), encoding="utf-8")
    again = _measured(command, cache)
    (cache / "domain.yml").write_text(domain, encoding="utf-8")
    figures |= {"wording_cpu_s": again["cpu_s"], "wording_s": again["s"]}
    record.write_text(json.dumps(figures, indent=2))
    return {**figures, "model": str(cache / "models" / "stock.tar.gz")}


def extrapolated(cache: Path, python: str, epochs: int = 100) -> dict[str, Any]:
    """What training stock with all rows would cost: measured with one epoch and with two, each more costing the same.

    Measured once, and kept in ``cache``.
    """
    record = cache / "all-rows.json"
    if not record.exists():
        costs = []
        for number in (1, 2):
            taken = _project(cache / "project", number, None)
            costs.append(_measured(_train(python), cache / "project")["cpu_s"])
        one, two = costs
        figures = {"all_rows": taken, "one_epoch_cpu_s": one, "two_epochs_cpu_s": two}
        record.write_text(json.dumps({**figures, "all_rows_cpu_s": round(one + (epochs - 1) * (two - one))}, indent=2))
    found: dict[str, Any] = json.loads(record.read_text())
    return found


def _project(directory: Path, epochs: int, rows: Optional[int]) -> int:
    """Stock's project with so many rows a block of examples; how many there are altogether."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    shutil.copytree(ROOT / "data", directory / "data")
    shutil.copy(ROOT / "domain.yml", directory)
    taken = _sample(directory / "data" / "nlu", rows)
    parts = [{**one, "epochs": epochs} if one["name"] in LEARNING else one for one in PIPELINE + POLICIES]
    config = {"recipe": "default.v1", "language": "zh", "assistant_id": "stock"}
    both = {"pipeline": parts[: len(PIPELINE)], "policies": parts[len(PIPELINE) :]}
    (directory / "config.yml").write_text(yaml.safe_dump({**config, **both}, allow_unicode=True, sort_keys=False))
    return taken


def _train(python: str) -> list[str]:
    return [python, "-W", "ignore", "-m", "rasa", "train", "--fixed-model-name", "stock", "--quiet"]


def train_hotline(directory: Path) -> dict[str, Any]:
    """The same for this product, in a copy of the checkout without anything trained before."""
    directory.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, directory / part, ignore=shutil.ignore_patterns("static", "__pycache__"))
        else:
            shutil.copy(source, directory / part)
    command = [*PYTHON, str(directory / "scripts" / "train.py")]
    figures = _measured(command, directory)
    domain = (directory / "domain.yml").read_text(encoding="utf-8")
    (directory / "domain.yml").write_text(domain.replace("您好", "你好", 1), encoding="utf-8")
    again = _measured(command, directory)
    return {**figures, "wording_cpu_s": again["cpu_s"], "wording_s": again["s"]}


def _sample(folder: Path, rows: Optional[int]) -> int:
    """Leave so many rows a block, drawn by a fixed seed; how many there are then."""
    chance, count = random.Random(0), 0
    for path in sorted(folder.rglob("*.yml")):
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for block in data.get("nlu", []):
            if "intent" not in block:
                continue
            lines = block["examples"].splitlines() if isinstance(block["examples"], str) else block["examples"]
            if rows is not None and len(lines) > rows:
                lines = chance.sample(lines, rows)
            block["examples"] = "\n".join(lines) + "\n" if isinstance(block["examples"], str) else lines
            count += len(lines)
        if rows is not None:
            path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return count


def _measured(command: list[str], directory: Path) -> dict[str, Any]:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    known = environment(PYTHONPATH=str(directory)) if (directory / "hotline").exists() else environment()
    subprocess.run(command, cwd=directory, env=known, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": round(cpu, 1), "s": round(time.monotonic() - started, 1), "load": round(os.getloadavg()[0], 1)}
