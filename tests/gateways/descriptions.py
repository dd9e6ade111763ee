"""TM Forum's published API descriptions (tests/gateways/tmf), to hold questions and answers against."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, RefResolver

FOLDER = Path(__file__).parent / "tmf"


@lru_cache(maxsize=1)
def descriptions() -> dict[str, dict[str, Any]]:
    """Every description by its base path."""
    loaded = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.swagger.json")))
    return {description["basePath"].rstrip("/"): description for description in loaded}


def operation(method: str, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The description that has an operation, and the operation; ``KeyError`` when there is none such."""
    for base, description in descriptions().items():
        if path.startswith(base + "/"):
            return description, description["paths"][path[len(base) :]][method.lower()]
    raise KeyError(path)


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Raise ``ValidationError`` when the description does not allow this answer."""
    description, described = operation(method, path)
    _check(description, described["responses"][str(status)]["schema"], body)


def check_question(method: str, path: str, body: Any) -> None:
    """The same for the body of a question."""
    description, described = operation(method, path)
    for parameter in described["parameters"]:
        if parameter["in"] == "body":
            _check(description, parameter["schema"], body)


def _check(description: dict[str, Any], schema: dict[str, Any], body: Any) -> None:
    Draft4Validator(schema, resolver=RefResolver("", description)).validate(body)
