"""What conversation tests reach and what none reaches: intents, rules, questions, responses, clauses, outcomes,
reasons for a human, moves of tickets.

Each kind is a set of items that exist (from domain.yml, the training data and the actions' source) and the set of
those that some played test reached. ``Coverage`` is plain data: processes of pytest-xdist each gather their own and
the first one adds them up.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import yaml

from hotline.errors import HotlineError
from hotline.services.handoff import Reason
from hotline.services.tickets import MOVES
from hotline.testing.variety import varied

# In the order of the report.
KINDS = (
    "intents",
    "rules",
    "stories",
    "questions",
    "responses",
    "clauses",
    "outcomes",
    "reasons",
    "transitions",
    "scenarios",
)

HOUSE = "house"
PARTS = {"phrase", "listing"}  # what makes parts of sentences (hotline/wording.py)


class ThresholdError(HotlineError):
    """A threshold is not ``kind=percent`` with a kind of ``KINDS``."""


@dataclass
class Coverage:
    """Items that exist and items that were reached, by kind."""

    existing: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    reached: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    ways: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by intent: hotline.testing.variety

    def missing(self, kind: str) -> list[str]:
        """What no test reaches."""
        return sorted(self.existing[kind] - self.reached[kind])

    def percent(self, kind: str) -> float:
        """The share that is reached, 100 where there is nothing to reach."""
        existing = self.existing[kind]
        return 100 * len(existing & self.reached[kind]) / len(existing) if existing else 100.0

    def add(self, other: Coverage) -> None:
        """Take in what another process found."""
        for kind in KINDS:
            self.existing[kind] |= other.existing[kind]
            self.reached[kind] |= other.reached[kind]
        for intent, found in other.ways.items():
            self.ways[intent] |= found
        self.reached["scenarios"] = varied(self.ways)

    def short_of(self, thresholds: Mapping[str, float]) -> list[str]:
        """The kinds below their threshold, each with its figures; all of them when no talk was played."""
        if thresholds and not any(self.existing.values()):
            return ["no talk was played"]
        return [
            f"{kind}: {self.percent(kind):.1f} % reached, {wanted:g} % wanted"
            for kind, wanted in thresholds.items()
            if self.percent(kind) < wanted
        ]

    def as_dict(self) -> dict[str, Any]:
        """JSON: total, percent, what is missing and what is reached of each kind."""
        found: dict[str, Any] = {
            kind: {
                "total": len(self.existing[kind]),
                "percent": round(self.percent(kind), 1),
                "missing": self.missing(kind),
                "reached": sorted(self.existing[kind] & self.reached[kind]),
            }
            for kind in KINDS
        }
        found["scenarios"]["ways"] = _lists({name: self.ways.get(name, set()) for name in self.existing["scenarios"]})
        return found

    def dumps(self) -> str:
        """All of it, for another process."""
        return json.dumps(
            {"existing": _lists(self.existing), "reached": _lists(self.reached), "ways": _lists(self.ways)}
        )

    @classmethod
    def loads(cls, text: str) -> Coverage:
        """The reverse of ``dumps``."""
        data = json.loads(text)
        ways = defaultdict(set, {intent: set(found) for intent, found in data["ways"].items()})
        return cls(_sets(data["existing"]), _sets(data["reached"]), ways)


def thresholds(words: Iterable[str]) -> dict[str, float]:
    """Thresholds such as ``rules=100``; raises ``ThresholdError``."""
    found = {}
    for word in words:
        kind, _, percent = word.partition("=")
        if kind not in KINDS or not percent.replace(".", "", 1).isdigit():
            raise ThresholdError(f"{word}: must be kind=percent, with a kind of {' '.join(KINDS)}")
        found[kind] = float(percent)
    return found


def console(coverage: Coverage, most: int = 12) -> Iterator[str]:
    """A table, and under it what is missing."""
    yield f"{'':12}{'reached':>9}{'of':>6}{'':>3}percent"
    for kind in KINDS:
        total = len(coverage.existing[kind])
        yield f"{kind:12}{total - len(coverage.missing(kind)):>9}{total:>6}{coverage.percent(kind):>9.1f}"
    for kind in KINDS:
        missing = coverage.missing(kind)
        if missing:
            more = f", … ({len(missing) - most} more)" if len(missing) > most else ""
            yield f"no test reaches these {kind}: {', '.join(missing[:most])}{more}"


# --- what exists ------------------------------------------------------------------------------------------------------


def survey(
    domain: Path,
    actions: Optional[Path],
    rules: Iterable[str],
    stories: Iterable[str],
    omitted: Iterable[str] = (),
    scenarios: Iterable[str] = (),
) -> Coverage:
    """Everything that could be reached, nothing reached yet; without the responses that no talk can reach."""
    data = yaml.load(domain.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    coverage = Coverage()
    existing = coverage.existing
    existing["intents"] = {intent if isinstance(intent, str) else next(iter(intent)) for intent in data["intents"]}
    existing["rules"] = set(rules)
    existing["stories"] = set(stories)
    for form, definition in (data.get("forms") or {}).items():
        existing["questions"] |= {question(form, slot) for slot in definition["required_slots"]}
    for name, variants in data["responses"].items():
        existing["responses"] |= {response(name, variant.get("channel")) for variant in variants} - set(omitted)
    existing["clauses"] = {clause for clauses in _clauses(data["responses"]).values() for clause in clauses}
    if actions is not None:
        existing["outcomes"] = set(_outcomes(actions, set(data["responses"])))
    existing["scenarios"] = set(scenarios)
    existing["reasons"] = {reason.value for reason in Reason}
    existing["transitions"] = {
        transition(before.value, move.value, after.value) for (before, move), after in MOVES.items()
    }
    return coverage


def texts(domain: Path) -> dict[str, str]:
    """The words of every response, by the name it has in the report."""
    data = yaml.load(domain.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {
        response(name, variant.get("channel")): str(variant.get("text") or "")
        for name, variants in data["responses"].items()
        for variant in variants
    }


def question(form: str, slot: str) -> str:
    """The name of a form's question in the report."""
    return f"{form}: {slot}"


def response(name: str, channel: Optional[str] = None) -> str:
    """The name of a response's variant in the report."""
    return f"{name} ({channel})" if channel else name


def outcome(action: str, said: str) -> str:
    """The name of an action's outcome in the report: what it may say."""
    return f"{action} → {said}"


def transition(before: str, move: str, after: str) -> str:
    """The name of a ticket's move in the report."""
    return f"{before} –{move}→ {after}"


def _clauses(responses: Mapping[str, Any]) -> dict[str, set[str]]:
    return {
        name: {str((variant.get("metadata") or {}).get("clause", HOUSE)) for variant in variants} - {HOUSE}
        for name, variants in responses.items()
    }


def _outcomes(actions: Path, responses: set[str]) -> Iterator[str]:
    """What the classes of the actions name in their own bodies; what helpers say for them is not seen."""
    for file in sorted(actions.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.startswith("Action"):
                name = "".join("_" + c.lower() if c.isupper() else c for c in node.name).lstrip("_")
                for inner in _said(node):
                    if isinstance(inner, ast.Constant) and inner.value in responses:
                        yield outcome(name, str(inner.value))


def _said(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a class without those that only name parts of sentences."""
    yield node
    for inner in ast.iter_child_nodes(node):
        parts = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in PARTS
        if not parts:
            yield from _said(inner)


# --- what is reached --------------------------------------------------------------------------------------------------


class Witness:
    """Notes what played tests reach. ``responses`` are those of domain.yml, for clauses and variants."""

    def __init__(self, coverage: Coverage, domain: Path) -> None:
        data = yaml.load(domain.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.coverage = coverage
        self._clauses = _clauses(data["responses"])

    def said(self, name: str, channel: Optional[str]) -> None:
        """A response was said, or a part of a sentence was made of it."""
        variant = response(name, channel)
        reached = self.coverage.reached
        reached["responses"].add(variant if variant in self.coverage.existing["responses"] else response(name))
        reached["clauses"] |= self._clauses.get(name, set())

    def saw(self, moves: Iterable[Any]) -> None:
        """The moves of a played test (``hotline.testing.stage.Move``)."""
        for move in moves:
            self.coverage.reached["intents"] |= {one.intent for one in move.understood}
            for answer in move.answers:
                if answer.name:
                    self.said(answer.name, move.channel)
            self._events(move.events)

    def decided(self, rules: Iterable[str]) -> None:
        """Rules and stories that decided something."""
        names = set(rules)
        for kind in ("rules", "stories"):
            self.coverage.reached[kind] |= names & self.coverage.existing[kind]

    def happened(self, reasons: Iterable[str], transitions: Iterable[str]) -> None:
        """Why humans were wanted, and which moves tickets made."""
        self.coverage.reached["reasons"] |= set(reasons)
        self.coverage.reached["transitions"] |= set(transitions)

    def went(self, ways: Mapping[str, Iterable[str]]) -> None:
        """How a talk went for each of its intents (``hotline.testing.variety``)."""
        for intent, found in ways.items():
            self.coverage.ways[intent] |= set(found)
        self.coverage.reached["scenarios"] = varied(self.coverage.ways)

    def _events(self, events: Iterable[Any]) -> None:
        action, form, asked = "", "", ""
        for event in events:
            kind = event.type_name
            if kind == "action":
                action = str(event.action_name)
                form = action if action.endswith("_form") else form
            elif kind == "active_loop":
                form = event.name or form
            elif kind == "slot" and event.key == "requested_slot" and event.value:
                asked = str(event.value)
                self.coverage.reached["questions"].add(question(form, asked))
            elif kind == "bot":
                said = (event.metadata or {}).get("utter_action")
                if said:  # a form's own questions are actions that leave no trace of their own
                    asking = (f"action_ask_{asked}", f"action_ask_{form}_{asked}")
                    self.coverage.reached["outcomes"] |= {outcome(name, said) for name in (action, *asking)}


def _lists(sets: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {kind: sorted(items) for kind, items in sets.items()}


def _sets(lists: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    return {kind: set(lists.get(kind, ())) for kind in KINDS}
