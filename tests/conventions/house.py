"""What the convention tests read, each file once: the manual, the domain, the training data and the code.

The closed lists of the house are here too. A test that fails names the list to extend, if extending it is right.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

# A word with a file stem of its own in data/, actions/, services/ and tests/conversations/.
TOPICS = ("courtesy", "billing", "verification", "service", "fault", "complaint", "handoff", "secretary")

# The parts of scenarios.yml whose sentences the assistant has learnt so far; grows until it holds all of them.
SPOKEN_SCENARIOS = ("courtesy", "ending", "billing", "verification", "service", "fault", "complaint", "secretary")

# Intents that a channel raises and nobody can say; all others are those of scenarios.yml.
CHANNEL_INTENTS = {
    "asked_in_vain",
    "session_opened",
    "secret_entered",
    "silence",
    "transfer_failed",
    "handoff_ended",
    "signed_in",
}

PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHINESE = re.compile(r"[\u3400-\u9fff]")


@cache
def text(path: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def load(path: str) -> Any:
    """A YAML file of the repository."""
    return yaml.load(text(path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def files() -> tuple[str, ...]:
    """All files that belong to the repository, or would after `git add`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=30).stdout
    return tuple(name for name in sorted(set(listed.splitlines())) if (ROOT / name).is_file())


def files_under(*folders: str, suffix: str) -> list[str]:
    """The files below some folders with a suffix."""
    return [name for name in files() if name.startswith(tuple(f"{f}/" for f in folders)) and name.endswith(suffix)]


@cache
def code(path: str) -> ast.Module:
    """A Python file, parsed."""
    return ast.parse(text(path), path)


# --- the manual -------------------------------------------------------------------------------------------------------


def scenarios(section: str) -> list[dict[str, Any]]:
    """The scenarios of one part of scenarios.yml."""
    return list(load("docs/manual/scenarios.yml")[section])


def scenario_intents() -> set[str]:
    """The intents that scenarios.yml fixes."""
    parts = [part for name, part in load("docs/manual/scenarios.yml").items() if name != "rules"]
    return {scenario["intent"] for part in parts for scenario in part if "intent" in scenario}


def prescribed() -> list[tuple[str, str, str]]:
    """The sentences that the learnt scenarios prescribe: (scenario, clause, sentence), one for each alternative."""
    found = []
    for section in SPOKEN_SCENARIOS:
        for scenario in scenarios(section):
            said = scenario.get("say", [])
            for sentence in [said] if isinstance(said, str) else said:
                name = scenario.get("intent") or scenario["event"]
                found += [(name, str(scenario["clause"]), form.strip()) for form in sentence.split(" | ")]
    return found


def errata() -> list[tuple[str, str, str]]:
    """The manual's list of slips: clause, slip ("" where none is quoted), the forms said instead, joined by ` / `."""
    found = []
    for line in text("docs/manual/manual.zh.md").partition("## 勘误")[2].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        clause = re.fullmatch(r"(1860|1258) \((\d+)\)", cells[0])
        if clause:
            found.append((f"{clause[1]}-{clause[2]}", "" if cells[1].startswith("(") else cells[1], cells[2]))
    return found


def taboo() -> list[str]:
    """The phrases that nobody may say to a customer (rule ``taboo`` of scenarios.yml)."""
    rule = next(rule["rule"] for rule in load("docs/manual/scenarios.yml")["rules"] if rule["id"] == "taboo")
    return [phrase.strip() for phrase in rule.partition("At least:")[2].split(" / ")]


# --- the domain -------------------------------------------------------------------------------------------------------


def domain() -> dict[str, Any]:
    """The domain."""
    return dict(load("domain.yml"))


def names(section: str) -> set[str]:
    """The names in a part of the domain, whether it is a list or a mapping."""
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in domain().get(section) or []}


def responses() -> dict[str, list[dict[str, Any]]]:
    """The responses by name."""
    return dict(domain()["responses"])


def variants() -> list[tuple[str, dict[str, Any]]]:
    """Every variant of every response with the response's name."""
    return [(name, variant) for name, variants in responses().items() for variant in variants]


def words(variant: dict[str, Any]) -> list[str]:
    """All that a customer hears or reads of a variant: its text and the titles of its buttons."""
    return [variant.get("text", ""), *(button["title"] for button in variant.get("buttons", []))]


def same_words(one: str, other: str) -> bool:
    """Whether two sentences differ at most in the names of their placeholders."""
    return PLACEHOLDER.sub("{}", one) == PLACEHOLDER.sub("{}", other)


# --- training data ----------------------------------------------------------------------------------------------------


def turns() -> list[tuple[str, str, dict[str, Any]]]:
    """All rules and stories: (file, name, content)."""
    found = []
    for path in files_under("data/rules", "data/stories", suffix=".yml"):
        content = load(path) or {}
        found += [(path, rule["rule"], rule) for rule in content.get("rules") or []]
        found += [(path, story["story"], story) for story in content.get("stories") or []]
    return found


def steps(turn: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps and conditions of a rule or story, those within ``or`` too."""
    for step in [*(turn.get("condition") or []), *(turn.get("steps") or [])]:
        yield from step.get("or", [step])


# --- code -------------------------------------------------------------------------------------------------------------


def imports(path: str) -> Iterator[tuple[str, int]]:
    """What a Python file imports, wherever in it: dotted name and line."""
    for node in ast.walk(code(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def strings(path: str, patterns: bool = True) -> Iterator[tuple[str, int]]:
    """The string literals of a Python file and their lines: with the fixed parts of f-strings, without docstrings.

    ``patterns=False`` leaves out what is given to a function of ``re``.
    """
    skipped = set()
    for node in ast.walk(code(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and not patterns:
            skipped |= {part for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)}
    for node in ast.walk(code(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped:
            yield node.value, node.lineno


def within(name: str, packages: set[str]) -> bool:
    """Whether a dotted name is one of the packages or something inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
