"""Reads files of conversation tests: the end-to-end format of the Rasa ecosystem and our additions, with line numbers.

Every fault of a file is one ``TestFileError`` that names file and line, so that an editor or CI log can jump there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional, Union

import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match

from hotline.clock import ZONE
from hotline.errors import HotlineError

SCHEMA = Path(__file__).with_name("schema.json")
ANY = "..."

# What the customer does: each of these is a turn.
MOVES = ("user", "button", "key", "silence", "open", "event", "again", "hangup", "agent", "wait", "transfer", "sign_in")
# What answers a turn, in order.
SAID = ("bot", "utter", ANY)
# What else must be true after a turn.
FACTS = ("slot_was_set", "slot_was_not_set", "intent", "mode")
EVIDENCE = ("sms", "ticket", "desk", "order", "audit", "rating")
# What changes the world between turns.
CIRCUMSTANCES = ("at", "down", "up", "subscriber", "conversation")
KINDS = MOVES + SAID + FACTS + EVIDENCE + CIRCUMSTANCES

# Read as they are written: no number, date or truth value is made of them (13800138000, 007, 2026-10-03, 是).
_VERBATIM = frozenset(
    {"user", "bot", "utter", "button", "key", "open", "event", "at", "test_case", "text", "phone", "sign_in"}
)

Path_ = tuple[Union[str, int], ...]


class TestFileError(HotlineError):
    """A file of tests is not well-formed; the text begins with ``file:line:``."""

    __test__ = False


@dataclass(frozen=True)
class Step:
    """One line of a test: its kind (a name in ``KINDS``), value, and the options written beside it."""

    kind: str
    value: Any
    line: int
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One test case; ``slots`` come from its fixtures, ``at`` is the moment it begins (None: the stage's own)."""

    name: str
    file: Path
    line: int
    steps: tuple[Step, ...]
    channel: str = "web"
    strict: bool = False
    at: Optional[datetime] = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    xfail: str = ""


def is_test_file(path: Path) -> bool:
    """Whether a YAML file holds test cases; cheap enough to ask of every file."""
    if path.suffix not in (".yml", ".yaml"):
        return False
    with path.open(encoding="utf-8", errors="replace") as stream:
        return any(line.startswith("test_cases:") for line in stream)


def load(path: Path) -> list[Case]:
    """The test cases of a file, in order. Raises ``TestFileError``."""
    data, lines = _read(path)
    problem = best_match(_validator().iter_errors(data))
    if problem is not None:
        raise _invalid(path, problem, lines)
    cases = [_case(path, data, index, lines) for index in range(len(data["test_cases"]))]
    _refuse_twins(cases)
    return cases


def moment(text: str) -> datetime:
    """A moment as ``at:`` writes it: ``2026-10-03`` (10 o'clock), ``2026-10-03 18:30``; China's civil time."""
    parsed = datetime.fromisoformat(text)
    if len(text) == len("2026-10-03"):
        parsed = parsed.replace(hour=10)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=ZONE)


@lru_cache(maxsize=1)
def _validator() -> Draft7Validator:
    return Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _invalid(path: Path, problem: ValidationError, lines: Mapping[Path_, int]) -> TestFileError:
    where = tuple(problem.absolute_path)
    while where not in lines:
        where = where[:-1]
    place = ".".join(str(part) for part in problem.absolute_path if not isinstance(part, int))
    return TestFileError(f"{path}:{lines[where]}: {place + ': ' if place else ''}{problem.message}")


def _refuse_twins(cases: list[Case]) -> None:
    seen: dict[str, int] = {}
    for case in cases:
        if case.name in seen:
            raise TestFileError(f"{case.file}:{case.line}: “{case.name}” is already the name of line {seen[case.name]}")
        seen[case.name] = case.line


def _case(path: Path, data: Mapping[str, Any], index: int, lines: Mapping[Path_, int]) -> Case:
    raw = data["test_cases"][index]
    line = lines[("test_cases", index)]

    def chosen(name: str, default: Any) -> Any:
        return raw.get(name, data.get(name, default))

    def at(name: str) -> TestFileError:
        return TestFileError(f"{path}:{lines.get(('test_cases', index, name), line)}: ")

    slots: dict[str, Any] = {}
    fixtures = _merged(data.get("fixtures", []))
    for name in raw.get("fixtures", []):
        if name not in fixtures:
            raise TestFileError(f"{at('fixtures')}no fixture is called {name}")
        slots.update(_merged(fixtures[name]))
    named = _merged(data.get("metadata", []))
    metadata = _named(named, raw.get("metadata"), at("metadata"))
    begins = chosen("at", None)
    steps = tuple(_steps(path, raw["steps"], ("test_cases", index, "steps"), lines, named))
    return Case(
        name=raw["test_case"],
        file=path,
        line=line,
        steps=steps,
        channel=chosen("channel", "web"),
        strict=chosen("strict", False),
        at=_moment(path, begins, line) if begins else None,
        slots=slots,
        metadata=metadata,
        settings={**data.get("settings", {}), **raw.get("settings", {})},
        xfail=raw.get("xfail", ""),
    )


def _named(known: Mapping[str, Any], name: Optional[str], error: TestFileError) -> dict[str, Any]:
    """The metadata of a name; none without one."""
    if name is not None and name not in known:
        raise TestFileError(f"{error}no metadata is called {name}")
    return dict(known[name]) if name is not None else {}


def _steps(
    path: Path, raw: list[Any], where: Path_, lines: Mapping[Path_, int], metadata: Mapping[str, Any]
) -> Iterator[Step]:
    moved = False
    for number, item in enumerate(raw):
        place = (*where, number)
        line = lines[place]
        if item == ANY:
            kind, value, options = ANY, None, {}
        else:
            kind = next(key for key in item if key in KINDS)
            value = item[kind]
            options = {key: option for key, option in item.items() if key != kind}
            if "metadata" in options:
                options["metadata"] = _named(metadata, options["metadata"], TestFileError(f"{path}:{line}: "))
        if kind == "at":
            value = _moment(path, str(value), line)
        if kind in MOVES:
            moved = True
        elif not moved and kind in SAID + FACTS:
            raise TestFileError(f"{path}:{line}: {kind} comes before the customer has done anything")
        yield Step(kind, value, line, options)


def _moment(path: Path, text: str, line: int) -> datetime:
    try:
        return moment(text)
    except ValueError:
        problem = f"at: {text} is not a moment such as 2026-10-03 or 2026-10-03 18:30"
        raise TestFileError(f"{path}:{line}: {problem}") from None


def _merged(items: Any) -> dict[str, Any]:
    """A list of one-key mappings, as the format writes them, as one mapping; a mapping as it is."""
    if isinstance(items, Mapping):
        return dict(items)
    return {key: value for item in items for key, value in item.items()}


# --- YAML with line numbers -------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[Any, dict[Path_, int]]:
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise TestFileError(f"{path}:1: {error}") from None
    lines: dict[Path_, int] = {}
    try:
        node = loader.get_single_node()
        if node is None:
            raise TestFileError(f"{path}:1: the file is empty")
        return _value(loader, node, (), lines, path), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", which began in line {error.context_mark.line + 1}" if error.context_mark else ""
        context = f" {error.context}{where}" if error.context else ""
        raise TestFileError(f"{path}:{mark.line + 1 if mark else 1}: {error.problem}{context}") from None
    except yaml.YAMLError as error:
        raise TestFileError(f"{path}:1: {error}") from None
    finally:
        loader.dispose()


def _value(loader: Any, node: yaml.Node, where: Path_, lines: dict[Path_, int], file: Path) -> Any:
    lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in found:
                raise TestFileError(f"{file}:{key_node.start_mark.line + 1}: {key} is written twice")
            place = (*where, key)
            found[key] = _value(loader, value_node, place, lines, file)
            lines[place] = key_node.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*where, number), lines, file) for number, item in enumerate(node.value)]
    verbatim = where and where[-1] in _VERBATIM and node.value not in ("", "~", "null")
    if verbatim:
        return node.value
    try:
        return loader.construct_object(node)
    except ValueError as error:  # a day that no calendar has
        raise TestFileError(f"{file}:{node.start_mark.line + 1}: {node.value}: {error}") from None
