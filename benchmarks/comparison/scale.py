"""Latency with more intents and rules, without HTTP: an engine of this product on invented data.

python scale.py INTENTS    prints milliseconds of CPU a message
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import yaml

SYLLABLES = "天地人你我他日月水火山石田土风云雨雪花草树木鸟鱼虫马牛羊书画琴棋米面油盐灯车船路桥门窗桌椅"


def project(directory: Path, intents: int) -> list[str]:
    """Write data with so many intents, each with a rule that answers it; sentences of some of them."""
    chance = random.Random(intents)
    names = [f"topic_{n}" for n in range(intents)]
    rows = {name: ["".join(chance.choices(SYLLABLES, k=6)) for _ in range(6)] for name in names}
    nlu = [{"intent": name, "examples": "".join(f"- {row}\n" for row in rows[name])} for name in names]
    rules = [{"rule": name, "steps": [{"intent": name}, {"action": f"utter_{name}"}]} for name in names]
    responses = {f"utter_{name}": [{"text": name}] for name in names}
    config = yaml.safe_load((Path(__file__).resolve().parents[2] / "config.yml").read_text(encoding="utf-8"))
    files: dict[str, Any] = {
        "config.yml": config,
        "domain.yml": {"version": "3.1", "intents": [*names, "nlu_fallback"], "responses": responses},
        "data.yml": {"version": "3.1", "nlu": nlu, "rules": rules},
    }
    for name, content in files.items():
        (directory / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return [row for name in chance.sample(names, 20) for row in rows[name][:1]]


def main() -> None:
    """Train and measure."""
    warnings.simplefilter("ignore")
    os.environ["LOG_LEVEL"] = "ERROR"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        sentences = project(directory, int(sys.argv[1]))
        os.chdir(directory)
        from rasa.model_training import train

        train("domain.yml", "config.yml", ["data.yml"], output="models", fixed_model_name="scale")
        print(round(asyncio.run(_cost(directory / "models" / "scale.tar.gz", sentences)), 2))


async def _cost(model: Path, sentences: list[str]) -> float:
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

    from hotline.bootstrap import build
    from hotline.engine import load_agent
    from hotline.gateways.migrations import upgrade
    from hotline.logs import configure_logs
    from hotline.settings import load_settings

    configure_logs("ERROR")
    settings = load_settings(var=model.parent / "var", database_url=f"sqlite:///{model.parent / 'scale.db'}")
    upgrade(settings.database)
    services = build(settings)
    agent = load_agent(model, services.events)
    best = []
    for talk in range(5):
        started = time.process_time()
        for row in sentences:
            await agent.handle_message(UserMessage(row, CollectingOutputChannel(), f"talk{talk}"))
        best.append((time.process_time() - started) / len(sentences) * 1000)
    services.close()
    return min(best)


if __name__ == "__main__":
    main()
