"""Rasa's events from JSON; Rasa looks through all its classes for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from rasa.shared.core.events import Event


@cache
def _kind(name: str) -> type[Event]:
    kind: type[Event] = Event.resolve_by_type(name)
    return kind


def events_from(rows: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The events that JSON objects stand for, as ``rasa.shared.core.events.deserialise_events`` makes them."""
    events = (_kind(row["event"])._from_parameters(dict(row)) for row in rows if "event" in row)
    return [event for event in events if event]
