"""Replays the customers' part of test talks, and classifies utterances, and writes down what came of it as JSON.

    python -m hotline.testing.replay MODEL OUT FILE…

Files of test cases are replayed without looking at what they expect; files of Rasa's NLU format are classified. Run in
the tree of another revision this tells what that revision would have said.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from hotline.testing.demo import NOW
from hotline.testing.loader import Case, is_test_file, load
from hotline.testing.runner import FIRST, Customer, StepError, arrange, scenes
from hotline.testing.stage import Stage, Troupe, loop


async def replay(case: Case, troupe: Troupe) -> dict[str, Any]:
    """What came of each move of a case, to its end or to a move that is not possible (``broke_off`` says why)."""
    stage = Stage(troupe, case.at or NOW, case.settings, case.metadata)
    moves: list[dict[str, Any]] = []
    talk: dict[str, Any] = {"file": str(case.file), "name": case.name, "moves": moves, "broke_off": ""}
    actor = Customer(stage, case)
    try:
        await stage.set_slots(FIRST, case.slots)
        for before, step, _ in scenes(case.steps):
            for one in before:
                await arrange(one, stage, actor)
            if step is not None:
                move = await actor.do(step)
                moves.append(
                    {
                        "did": str(step.value) if step.kind == "user" else f"[{step.kind} {step.value or ''}]".strip(),
                        "intents": [one.intent for one in move.understood],
                        "answers": [{"name": answer.name, "text": answer.text} for answer in move.answers],
                        "mode": move.mode.value if move.mode else "",
                    }
                )
    except StepError as error:
        talk["broke_off"] = str(error).split(": ", 1)[-1]
    finally:
        await stage.close()
    return talk


async def classify(texts: Sequence[tuple[str, str]], troupe: Troupe) -> list[dict[str, Any]]:
    """What each text is understood as; ``texts`` are pairs of the intent it has and the text."""
    found = []
    for intent, text in texts:
        parsed = await troupe.agent.parse_message(text)
        heard = parsed["intent"]
        found.append({"text": text, "expected": intent, "found": heard["name"], "confidence": heard["confidence"]})
    return found


def utterances(path: Path) -> Iterator[tuple[str, str]]:
    """Intent and text of all examples: Rasa's NLU format, whole calls, or a list of texts for each intent."""
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if isinstance(data, list):
        turns = [turn for call in data if isinstance(call, dict) for turn in call.get("turns", [])]
        yield from ((turn["intent"], turn["user"]) for turn in turns)
        return
    if "nlu" not in data:
        for intent, texts in data.items():
            yield from ((intent, text) for text in texts if isinstance(text, str))
        return
    for block in data["nlu"] or []:
        for line in str(block.get("examples") or "").splitlines() if "intent" in block else ():
            if line.startswith("- "):
                yield block["intent"], line[2:].strip()


def main(model: str, out: str, *names: str) -> None:
    """Replay and classify all files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hotline.logs import configure_logs

        configure_logs("ERROR")
        troupe = Troupe(Path(model))
    talks, heard = [], []
    for path in map(Path, names):
        if is_test_file(path):
            talks += [loop().run_until_complete(replay(case, troupe)) for case in load(path)]
        else:
            heard += loop().run_until_complete(classify(list(utterances(path)), troupe))
    Path(out).write_text(json.dumps({"talks": talks, "utterances": heard}, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
