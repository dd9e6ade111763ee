"""How well customers are understood: what the README quotes, from a model trained here and now on data/nlu.

The held-out files in tests/nlu were written by somebody who saw no training row; nothing is trained on or tuned to
them. ``bare`` is the share of turns whose likeliest intent is right; ``in force`` counts only those that also reach the
threshold of config.yml, so that the assistant acts on them (out_of_scope is right below it too: both refuse).

    benchmarks/understanding.py [--quick] [--stock] [--json FILE]

``--stock`` needs one package more, jieba: ``pip install jieba``.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hotline.nlu.features import bare  # noqa: E402
from hotline.nlu.gazetteer import Gazetteer  # noqa: E402
from hotline.nlu.model import IntentModel, Row  # noqa: E402
from hotline.nlu.requests import MOVES, several  # noqa: E402
from hotline.nlu.sound import syllable  # noqa: E402
from hotline.nlu.values import find_values  # noqa: E402
from hotline.text import collapse, normalise  # noqa: E402

BACKCHANNELS = frozenset("affirm deny thank greet goodbye ask_repeat wait stop chitchat".split())  # noqa: SIM905
INFORMATION = "inform"
FAR = "far_out_of_scope"
PARTS_OF_TALK: dict[str, Callable[[str], bool]] = {
    "requests": lambda intent: intent not in BACKCHANNELS and intent != INFORMATION,
    "backchannels": lambda intent: intent in BACKCHANNELS,
    "information": lambda intent: intent == INFORMATION,
}
SEED = 1
STOCK_LIMIT = 60 * 60
"""Seconds after which the stock pipeline is given up."""
STOCK_ROWS = 1320
"""Rows that both pipelines learn in the comparison: with all of them DIET takes four minutes of CPU for every epoch."""

STOCK = """
language: zh
pipeline:
- name: JiebaTokenizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: 40
  constrain_similarities: true
  random_seed: 1
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave out the cross-validation")
    parser.add_argument(
        "--stock", action="store_true", help="compare with Rasa's stock pipeline (minutes; needs jieba)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    arguments = parser.parse_args()
    if arguments.stock and importlib.util.find_spec("jieba") is None:
        parser.error("--stock needs the package jieba: .venv/bin/python -m pip install jieba")

    if arguments.stock:
        os.environ["RASA_WHOLE"] = "1"  # DIET is among what is left out otherwise
    figures = measure(quick=arguments.quick)
    show(figures)
    if arguments.stock:
        figures["side by side"] = side_by_side()
        show_stock(figures["side by side"])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


# --- data ------------------------------------------------------------------------------------------------------------


def load(path: str) -> Any:
    with (ROOT / path).open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=yaml.CSafeLoader)


def training_rows() -> list[Row]:
    """All examples of data/nlu, normalised, as the classifier gets them."""
    return [
        Row(normalise(line[2:]), block["intent"], **(block.get("metadata") or {}))
        for path in sorted((ROOT / "data/nlu").glob("*.yml"))
        for block in load(str(path.relative_to(ROOT)))["nlu"]
        if "intent" in block
        for line in block["examples"].splitlines()
        if line.startswith("- ")
    ]


def gazetteer() -> Gazetteer:
    """The names of data/nlu/shared."""
    tables: dict[str, list[str]] = {}
    synonyms: dict[str, str] = {}
    for path in sorted((ROOT / "data/nlu/shared").glob("*.yml")):
        for block in load(str(path.relative_to(ROOT)))["nlu"]:
            examples = [normalise(e[2:]) for e in block["examples"].splitlines() if e.startswith("- ")]
            if "lookup" in block:
                tables[block["lookup"]] = examples
            elif "synonym" in block:
                synonyms.update(dict.fromkeys(examples, block["synonym"]))
    return Gazetteer(tables, synonyms)


def held_out() -> tuple[list[Row], list[str], list[Row]]:
    """Utterances, those that are far out of scope, and the turns of whole calls.

    Each turn of a call carries the task that was served before it, as the door knows it in service.
    """
    utterances = load("tests/nlu/utterances.yml")
    far = [normalise(text) for text in utterances.pop(FAR)]
    single = [Row(normalise(text), intent) for intent, texts in utterances.items() for text in texts]
    calls = []
    for call in load("tests/nlu/calls.yml"):
        topic = None
        for turn in call["turns"]:
            calls.append(Row(normalise(turn["user"]), turn["intent"], turn.get("asked"), topic))
            topic = topic if turn["intent"] in MOVES else turn["intent"]
    return single, far, calls


def threshold() -> float:
    pipeline = load("config.yml")["pipeline"]
    return float(next(part["threshold"] for part in pipeline if part["name"] == "FallbackClassifier"))


# --- measuring -------------------------------------------------------------------------------------------------------


def measure(quick: bool) -> dict[str, Any]:
    rows = training_rows()
    single, far, calls = held_out()
    note(f"training on {len(rows)} rows …")
    started, cpu = time.perf_counter(), time.process_time()
    model = IntentModel.train(rows)
    figures: dict[str, Any] = {
        "rows": len(rows),
        "threshold": threshold(),
        "training": {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu},
    }
    note("held-out turns …")
    figures["accuracy"] = {"utterances": accuracy(model, single)}
    for name, wanted in PARTS_OF_TALK.items():
        turns = [row for row in calls if wanted(row.intent)]
        figures["accuracy"] |= {
            f"calls: {name}": accuracy(model, by_words(turns)),
            f"calls: {name}, with context": accuracy(model, [row._replace(topic=None) for row in turns]),
            f"calls: {name}, with topic too": accuracy(model, turns),
        }
    guesses = [best(model, text) for text in far]
    figures["far out of scope refused"] = {
        "turns": len(far),
        "bare": mean(intent == "out_of_scope" for intent, _ in guesses),
        "in force": mean(intent == "out_of_scope" or sure < threshold() for intent, sure in guesses),
    }
    note("robustness …")
    figures["robustness"] = {
        name: loss(figures["accuracy"]["utterances"], accuracy(model, changed(single, change)))
        for name, change in perturbations(single).items()
    }
    figures["entities"] = entities()
    figures["cpu_ms_per_parse"] = cpu_per_parse(model, [row.text for row in single])
    if not quick:
        figures["cross-validated macro F1"] = cross_validated(rows)
    return figures


def best(model: IntentModel, text: str, asked: Optional[str] = None, topic: Optional[str] = None) -> tuple[str, float]:
    probability = model.probabilities(text, asked, topic)
    index = int(probability.argmax())
    return model.intents[index], float(probability[index])


def served(model: IntentModel, row: Row) -> tuple[str, float]:
    """What the classifier says of a turn: the first of several requests, else what is likeliest."""
    intent, sure = best(model, row.text, row.asked, row.topic)
    requests = several(row.text, lambda clause: best(model, clause))
    return (requests[0]["name"] if requests else intent), sure


def accuracy(model: IntentModel, rows: Sequence[Row]) -> dict[str, float]:
    guesses = [(row.intent, *served(model, row)) for row in rows]
    least = threshold()
    return {
        "turns": len(rows),
        "bare": mean(right == guess for right, guess, _ in guesses),
        "in force": mean(r == g and (sure >= least or g == "out_of_scope") for r, g, sure in guesses),
    }


def by_words(rows: Sequence[Row]) -> list[Row]:
    return [Row(row.text, row.intent) for row in rows]


def changed(rows: Sequence[Row], change: Callable[[str], str]) -> list[Row]:
    return [row._replace(text=change(row.text)) for row in rows]


def loss(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {kind: 100 * (before[kind] - after[kind]) for kind in ("bare", "in force")}


def perturbations(rows: Sequence[Row]) -> dict[str, Callable[[str], str]]:
    """What happens to words on their way: each a function of one normalised text, the same in every run."""
    import opencc

    counts = Counter(c for row in (*training_rows(), *rows) for c in row.text if "\u4e00" <= c <= "\u9fff")
    alike: dict[str, list[str]] = defaultdict(list)
    for character, count in counts.items():
        if count >= 3:
            alike[syllable(character)].append(character)
    chance = random.Random(SEED)
    traditional = opencc.OpenCC("s2t")

    def homophones(text: str) -> str:
        """One character in eight, at least one, becomes another of the same toneless sound."""
        characters = list(text)
        places = [i for i, c in enumerate(characters) if len(alike.get(syllable(c), ())) > 1]
        for place in chance.sample(places, min(len(places), max(1, len(characters) // 8))):
            characters[place] = chance.choice([c for c in alike[syllable(text[place])] if c != text[place]])
        return normalise("".join(characters))

    def fillers(text: str) -> str:
        """A hesitation in front, and another within longer sentences."""
        middle = chance.randrange(2, len(text) - 1) if len(text) > 5 else 0
        inserted = text[:middle] + chance.choice(["呃", "嗯", "那个", "啊"]) + text[middle:] if middle else text
        return normalise(chance.choice(["呃", "嗯那个", "那个", "喂", "就是"]) + inserted)

    return {
        "homophones": homophones,
        "fillers": fillers,
        "traditional script": lambda text: normalise(traditional.convert(text)),
    }


def entities() -> dict[str, dict[str, float]]:
    names = gazetteer()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in load("tests/nlu/entities.yml"):
        expected = Counter(pairs(row.get("entities") or {}))
        found = find_values(normalise(row["text"]), names, row.get("asked"))
        got = Counter((value.entity, value.value) for value in found)
        for kind, these in (("right", expected & got), ("wrong", got - expected), ("missed", expected - got)):
            for (entity, _), count in these.items():
                counts[entity][kind] += count
                counts["all"][kind] += count
    return {entity: scores(count) for entity, count in sorted(counts.items())}


def pairs(annotated: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for entity, values in annotated.items():
        for value in values if isinstance(values, list) else [values]:
            yield entity, str(value)


def scores(count: Counter[str]) -> dict[str, float]:
    precision = count["right"] / max(1, count["right"] + count["wrong"])
    recall = count["right"] / max(1, count["right"] + count["missed"])
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"values": count["right"] + count["missed"], "precision": precision, "recall": recall, "f1": f1}


def cpu_per_parse(model: IntentModel, texts: Sequence[str]) -> float:
    """Milliseconds of processor time for all that both our components do with a turn, sounds cached as in service."""
    names = gazetteer()

    def parse(text: str) -> None:
        text = normalise(text)
        model.probabilities(text)
        several(text, lambda clause: best(model, clause))
        find_values(text, names)

    for text in texts[:50]:
        parse(text)
    started = time.process_time()
    for text in texts:
        parse(text)
    return (time.process_time() - started) * 1000 / len(texts)


def cross_validated(rows: Sequence[Row]) -> float:
    """Macro F1 over five folds, each row in its context as in service.

    Rows that differ only in fillers, stutters or context share a fold.
    """
    from sklearn.metrics import f1_score
    from sklearn.model_selection import StratifiedGroupKFold

    intents = [row.intent for row in rows]
    groups = [bare(collapse(row.text)) for row in rows]
    folds = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=SEED)
    guesses: dict[int, str] = {}
    for number, (learn, test) in enumerate(folds.split(rows, intents, groups), 1):
        note(f"cross-validation {number} of 5 …")
        model = IntentModel.train([rows[i] for i in learn])
        guesses.update((int(i), best(model, rows[i].text, rows[i].asked, rows[i].topic)[0]) for i in test)
    return float(f1_score(intents, [guesses[i] for i in range(len(rows))], average="macro"))


# --- beside Rasa's stock pipeline ------------------------------------------------------------------------------------


def side_by_side() -> dict[str, dict[str, float]]:
    """Both pipelines trained and asked by the same route: Rasa's training, Rasa's agent, no context."""
    ours = {"language": "zh", "pipeline": load("config.yml")["pipeline"]}
    result = {"ours": through_rasa("ours", yaml.safe_dump(ours))}
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(STOCK_LIMIT)
    try:
        result["stock"] = through_rasa("stock", STOCK)
    except GivenUp:
        result["stock"] = {"given up after seconds": STOCK_LIMIT}
    finally:
        signal.alarm(0)
    return result


def sample() -> str:
    """The same share of every intent's examples without context, as a file of Rasa."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for row in training_rows():
        if not row.asked and "\n" not in row.text:
            by_intent[row.intent].append(row.text)
    share = STOCK_ROWS / sum(map(len, by_intent.values()))
    chance = random.Random(SEED)
    blocks = [
        {"intent": intent, "examples": "".join(f"- {t}\n" for t in chance.sample(texts, round(share * len(texts))))}
        for intent, texts in sorted(by_intent.items())
    ]
    return yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True)


class GivenUp(BaseException):
    """The stock pipeline takes too long; no Exception, because Rasa wraps these in its own."""


def give_up(*_: object) -> None:
    raise GivenUp


def through_rasa(name: str, config: str) -> dict[str, float]:
    os.environ.update(RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="2", LOG_LEVEL="WARNING")
    warnings.filterwarnings("ignore")
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)  # a line a parse would cost more than the parse
    note(f"{name}: training through Rasa …")
    single, far, _ = held_out()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yml"
        path.write_text(config, encoding="utf-8")
        data = Path(folder) / "nlu.yml"
        data.write_text(sample(), encoding="utf-8")
        os.chdir(folder)  # Rasa keeps a cache of what it learnt in .rasa; without one it trains anew
        started = time.perf_counter()
        cpu = time.process_time()
        archive = train_nlu(str(path), str(data), folder)
        trained, spent = time.perf_counter() - started, time.process_time() - cpu
        agent = Agent.load(archive)
        os.chdir(ROOT)

    async def parse(texts: Iterable[str]) -> list[str]:
        return [(await agent.parse_message(text))["intent"]["name"] for text in texts]

    note(f"{name}: parsing …")
    asyncio.run(parse([row.text for row in single[:20]]))
    started = time.process_time()
    guesses = asyncio.run(parse([row.text for row in single]))
    per_parse = (time.process_time() - started) * 1000 / len(single)
    return {
        "accuracy": mean(guess == row.intent for guess, row in zip(guesses, single, strict=True)),
        "far refused": mean(g in ("nlu_fallback", "out_of_scope") for g in asyncio.run(parse(far))),
        "cpu_ms_per_parse": per_parse,
        "training_seconds": trained,
        "training_cpu_seconds": spent,
    }


# --- showing ---------------------------------------------------------------------------------------------------------


def show(figures: dict[str, Any]) -> None:
    print(f"{'':36}{'turns':>7}{'bare':>8}{'in force':>10}   (threshold {figures['threshold']})")
    for name, row in {**figures["accuracy"], FAR_LABEL: figures[FAR_LABEL]}.items():
        print(f"{name:36}{row['turns']:7}{row['bare']:8.3f}{row['in force']:10.3f}")
    print("\nloss in points on the utterances")
    for name, row in figures["robustness"].items():
        print(f"{name:36}{'':7}{row['bare']:8.1f}{row['in force']:10.1f}")
    print(f"\n{'entities':36}{'values':>7}{'precision':>11}{'recall':>8}{'F1':>8}")
    for name, row in figures["entities"].items():
        print(f"{name:36}{row['values']:7}{row['precision']:11.3f}{row['recall']:8.3f}{row['f1']:8.3f}")
    print()
    if "cross-validated macro F1" in figures:
        print(f"{'cross-validated macro F1, 5 folds':36}{figures['cross-validated macro F1']:15.3f}")
    print(f"{'CPU a parse':36}{figures['cpu_ms_per_parse']:12.2f} ms")
    training = figures["training"]
    print(
        f"{'training':36}{training['seconds']:12.1f} s  ({training['cpu_seconds']:.1f} s CPU, {figures['rows']} rows)"
    )


FAR_LABEL = "far out of scope refused"


def show_stock(both: dict[str, dict[str, float]]) -> None:
    print(f"\n{'through Rasa, without context':36}{'ours':>10}{'stock':>10}")
    if "accuracy" not in both["stock"]:
        print(f"the stock pipeline was given up after {STOCK_LIMIT} s")
    for name, value in both["ours"].items():
        print(f"{name:36}{value:10.3f}{both['stock'].get(name, float('nan')):10.3f}")


def mean(hits: Iterable[bool]) -> float:
    counted = list(hits)
    return sum(counted) / len(counted)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
