"""The neutral protocol's words (docs/ivr-protocol.md): signature, events, and what is wrong with a bad one.

Pure functions: bytes in, an ``Event`` or an error out. Adapters for other platforms have the same two ends.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from hotline.errors import HotlineError

MAX_BODY = 16 * 1024
MAX_AGE = 300
TYPES = ("start", "speech", "dtmf", "silence", "played", "transfer_result", "end")
RESULTS = ("answered", "busy", "no_answer", "failed")
MAX_TEXT = 500

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")


class BadSignatureError(HotlineError):
    """Missing, old or wrong signature: 401."""


class BadEventError(HotlineError):
    """A field is missing, ill-typed or ill-formed: 400 with ``field`` and ``reason``."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Event:
    """Something that happened on a call; fields that do not belong to its type have their defaults."""

    call_id: str
    event_id: str
    type: str
    caller: str = ""
    dialled: str = ""
    text: str = ""
    confidence: float = 1.0
    final: bool = True
    digits: str = ""
    result: str = ""
    reason: str = ""
    cut: bool = False


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """``sha256=<hex HMAC-SHA256 of "<timestamp>." + body>``."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def check_signature(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Raise ``BadSignatureError`` unless the request was signed under the secret within the last five minutes.

    ``now`` is in seconds since the epoch.
    """
    timestamp = headers.get("X-Hotline-Timestamp", "")
    given = headers.get("X-Hotline-Signature", "")
    if not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII) or abs(now - int(timestamp)) > MAX_AGE:
        raise BadSignatureError("X-Hotline-Timestamp is missing or not of the last 5 minutes, in seconds")
    # Headers may hold bytes that are no text; they come as surrogates. Hexadecimal has no case.
    given_bytes = given.lower().encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given_bytes, signature(secret, timestamp, body).encode()):
        raise BadSignatureError("X-Hotline-Signature does not fit")


def parse(body: bytes) -> Event:
    """The event in a request body. Raises ``BadEventError``."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadEventError("body", "must be JSON") from None
    if not isinstance(data, dict):
        raise BadEventError("body", "must be a JSON object")
    call_id = identifier(data, "call_id")
    event_id = identifier(data, "event_id")
    kind = data.get("type")
    if kind not in TYPES:
        raise BadEventError("type", "must be one of " + " ".join(TYPES))
    fields = _FIELDS[kind](data) if kind in _FIELDS else {}
    return Event(call_id, event_id, kind, **fields)


def identifier(data: Mapping[str, Any], name: str) -> str:
    """The id in a field. Raises ``BadEventError``."""
    return _string(data, name, _IDENTIFIER, "must be 1 to 64 of A-Z a-z 0-9 _ . @ -")


def _string(
    data: Mapping[str, Any], name: str, form: Optional[re.Pattern[str]] = None, reason: str = "", need: bool = True
) -> str:
    value = data.get(name)
    if value is None and not need:
        return ""
    if not isinstance(value, str):
        raise BadEventError(name, "must be a string")
    if form is not None and not form.fullmatch(value):
        raise BadEventError(name, reason)
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half characters can be kept nowhere


def _start(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"caller": _string(data, "from", need=False), "dialled": _string(data, "to", need=False)}


def _speech(data: Mapping[str, Any]) -> dict[str, Any]:
    text = _string(data, "text")
    confidence = data.get("confidence", 1.0)
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 <= confidence <= 1:
        raise BadEventError("confidence", "must be a number from 0 to 1")
    final = data.get("final", True)
    if not isinstance(final, bool):
        raise BadEventError("final", "must be true or false")
    return {"text": text[:MAX_TEXT], "confidence": float(confidence), "final": final, "cut": len(text) > MAX_TEXT}


def _dtmf(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"digits": _string(data, "digits", _DIGITS, "must be 1 to 32 of 0-9 * # A-D")}


def _transfer_result(data: Mapping[str, Any]) -> dict[str, Any]:
    result = data.get("result")
    if result not in RESULTS:
        raise BadEventError("result", "must be one of " + " ".join(RESULTS))
    return {"result": result}


def _end(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"reason": _string(data, "reason", need=False)}


_FIELDS = {
    "start": _start,
    "speech": _speech,
    "dtmf": _dtmf,
    "transfer_result": _transfer_result,
    "end": _end,
}
