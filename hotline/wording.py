"""The words of domain.yml, for the few places that speak outside a Rasa action, and for parts of sentences.

Nothing here knows a word: it looks responses up, fills them in and picks the variant of the channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional

import yaml

from hotline.answers import Answer

_PLACEHOLDER = re.compile(r"\{[A-Za-z_]\w*\}")


class Words:
    """The responses of a domain."""

    def __init__(self, responses: Mapping[str, Any]) -> None:
        self._responses = responses

    @classmethod
    def from_file(cls, path: Path) -> Words:
        """Read the responses of a domain file."""
        with path.open(encoding="utf-8") as stream:
            return cls(yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["responses"])

    @classmethod
    def from_domain(cls, domain: Mapping[str, Any]) -> Words:
        """The responses of the domain that a custom action is given."""
        return cls(domain["responses"])

    def variant(self, name: str, channel: Optional[str] = None) -> Mapping[str, Any]:
        """The variant of a response for a channel, else its default one (as Rasa chooses)."""
        variants: list[Mapping[str, Any]] = self._responses[name]
        own = [v for v in variants if v.get("channel") == channel and "condition" not in v]
        plain = [v for v in variants if "channel" not in v and "condition" not in v]
        return (own or plain)[0]

    def has(self, name: str) -> bool:
        """Whether there is such a response."""
        return name in self._responses

    def all(self) -> Iterable[Mapping[str, Any]]:
        """Every variant of every response."""
        for variants in self._responses.values():
            yield from variants

    def answer(self, name: str, channel: Optional[str] = None, /, **values: Any) -> Answer:
        """A whole answer."""
        variant = self.variant(name, channel)
        return Answer(
            text=variant.get("text", "").format(**values),
            name=name,
            buttons=[dict(button) for button in variant.get("buttons", [])],
            metadata=dict(variant.get("metadata", {})),
            values=values,
        )

    def phrase(self, response: str, channel: Optional[str] = None, /, **values: Any) -> str:
        """A part of a sentence, filled in."""
        text: str = self.variant(response, channel)["text"]
        return text.format(**values)

    def listing(self, name: str, rows: Iterable[Mapping[str, Any]], channel: Optional[str] = None) -> str:
        """The same part of a sentence for each row, joined by the separator in the response's metadata (、 by
        default).
        """
        separator = self.variant(name, channel).get("metadata", {}).get("separator", "、")
        return str(separator).join(self.phrase(name, channel, **row) for row in rows)


def has_placeholder(text: str) -> bool:
    """Whether a raw ``{name}`` is left in a text."""
    return bool(_PLACEHOLDER.search(text))
