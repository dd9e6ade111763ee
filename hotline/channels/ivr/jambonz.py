"""jambonz: its webhooks as events of the neutral protocol, and actions as its verbs. Pure functions.

A hook's address carries the id of the event whose answer it follows (``after``), so that the same hook posted twice is
the same event. Sources: https://docs.jambonz.org (webhooks, verbs) and the JSON Schemas of the npm package
``@jambonz/schema``, which the tests hold both directions against.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from hotline.channels.ivr.prompts import Action, Actions
from hotline.channels.ivr.protocol import MAX_AGE, MAX_TEXT, BadEventError, BadSignatureError, Event, identifier

PATH = "/webhooks/jambonz"
HOOKS = ("webhook", "gather", "dial", "refer", "redirect", "status")
LANGUAGE = "zh-CN"
RING = 30  # seconds that a human's phone rings
BETWEEN_DIGITS = 5
AFTER_SPEECH = 1

_HEADER = re.compile(r"t=(?P<timestamp>\d{1,12}),v1=(?P<digest>[0-9a-f]{64})", re.ASCII)
_INNER = re.compile(r"<speak[^>]*>(.*)</speak>", re.DOTALL)
_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")
_OVER = ("completed", "failed", "busy", "no-answer")
_DIALLED = {"completed": "answered", "busy": "busy", "no-answer": "no_answer"}


@dataclass(frozen=True)
class Targets:
    """Where calls are transferred to: a SIP URI or a telephone number for each target, and how.

    ``refer`` hands the whole call over (REFER) instead of bridging it (dial).
    """

    numbers: Mapping[str, str] = field(default_factory=dict)
    refer: bool = False

    def number(self, target: str) -> str:
        """The number of a target, or that of the agents where it has none of its own."""
        return self.numbers.get(target) or self.numbers.get("agent", "")


def check_signature(secret: str, header: str, body: bytes, now: float) -> None:
    """Raise ``BadSignatureError`` unless ``Jambonz-Signature`` is right and not older than five minutes."""
    match = _HEADER.fullmatch(header.strip())
    if match is None or abs(now - int(match["timestamp"])) > MAX_AGE:
        raise BadSignatureError("Jambonz-Signature is missing or older than 5 minutes")
    signed = match["timestamp"].encode() + b"." + body
    if not hmac.compare_digest(match["digest"], hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()):
        raise BadSignatureError("Jambonz-Signature does not fit")


def parse(hook: str, after: str, body: bytes) -> Optional[Event]:
    """The event that a hook tells of; None when it tells of none (a call that rings, the other leg).

    Raises ``BadEventError`` for what is not well-formed.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadEventError("body", "must be JSON") from None
    if not isinstance(data, dict):
        raise BadEventError("body", "must be a JSON object")
    call = identifier(data, "call_sid")
    event_id = _event_id(hook, after)
    if hook == "webhook":
        return Event(call, event_id, "start", caller=_text(data, "from"), dialled=_text(data, "to"))
    if hook == "gather":
        return _gathered(call, event_id, data)
    if hook == "dial":
        return Event(call, event_id, "transfer_result", result=_DIALLED.get(_text(data, "dial_call_status"), "failed"))
    if hook == "refer":
        answered = data.get("final_referred_call_status", data.get("refer_status")) in (200, 202)
        return Event(call, event_id, "transfer_result", result="answered" if answered else "failed")
    if hook == "redirect":
        return Event(call, event_id, "played")
    return _status(call, event_id, data)


def render(actions: Sequence[Action], event_id: str, targets: Targets) -> list[dict[str, Any]]:
    """The verbs for some actions that answer an event."""
    if not actions:
        return [{"verb": "hangup"}]  # nothing is left to be said; jambonz would hang up all the same
    prompts = [action["say"] for action in actions if "say" in action]
    last = actions[-1]
    if "listen" in last:
        return _listen(prompts, last["listen"], _hook("gather", event_id))
    verbs = [_say(prompt) for prompt in prompts]
    if "transfer" in last:
        return [*verbs, *_transfer(last["transfer"], event_id, targets)]
    if "continue" in last:
        return [*verbs, {"verb": "redirect", "actionHook": _hook("redirect", event_id)}]
    return [*verbs, {"verb": "hangup", "headers": {"X-Reason": last["hangup"]["reason"]}}]


# --- in ---------------------------------------------------------------------------------------------------------------


def _event_id(hook: str, after: str) -> str:
    return hashlib.sha256(f"{hook} {after}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name) or ""
    if not isinstance(value, str):
        raise BadEventError(name, "must be a string")
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _gathered(call: str, event_id: str, data: Mapping[str, Any]) -> Event:
    reason = data.get("reason")
    if reason == "timeout":
        return Event(call, event_id, "silence")
    if reason == "dtmfDetected":
        digits = _text(data, "digits") or "#"  # the end key alone
        if not _DIGITS.fullmatch(digits):
            raise BadEventError("digits", "must be 1 to 32 of 0-9 * # A-D")
        return Event(call, event_id, "dtmf", digits=digits)
    if reason == "speechDetected":
        return _spoken(call, event_id, data.get("speech"))
    if reason in ("stt-low-confidence", "error"):
        return Event(call, event_id, "speech", confidence=0.0)
    raise BadEventError("reason", "must be one of speechDetected dtmfDetected timeout stt-low-confidence error")


def _spoken(call: str, event_id: str, speech: Any) -> Event:
    alternatives = speech.get("alternatives") if isinstance(speech, dict) else None
    best = alternatives[0] if isinstance(alternatives, list) and alternatives else None
    if not isinstance(best, dict):
        raise BadEventError("speech", "must have alternatives")
    text = _text(best, "transcript")
    confidence = best.get("confidence", 1.0)
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not confidence >= 0:
        raise BadEventError("confidence", "must be a number from 0 to 1")
    return Event(call, event_id, "speech", text=text[:MAX_TEXT], confidence=confidence, cut=len(text) > MAX_TEXT)


def _status(call: str, event_id: str, data: Mapping[str, Any]) -> Optional[Event]:
    status = _text(data, "call_status")
    if status not in _OVER or _text(data, "direction") == "outbound":
        return None
    return Event(call, event_id, "end", reason=_text(data, "call_termination_by") or status)


# --- out --------------------------------------------------------------------------------------------------------------


def _hook(name: str, event_id: str) -> str:
    return f"{PATH}/{name}?after={event_id}"


def _say(prompt: Mapping[str, Any]) -> dict[str, Any]:
    return {"verb": "say", "text": prompt["ssml"]}


def _listen(prompts: list[dict[str, Any]], listen: Mapping[str, Any], hook: str) -> list[dict[str, Any]]:
    """What must be heard is said first; what may be talked over is said while the platform listens."""
    heard = next((n for n in range(len(prompts), 0, -1) if not prompts[n - 1]["barge_in"]), 0)
    most = listen["digits"]["max"]
    gather: dict[str, Any] = {
        "verb": "gather",
        "actionHook": hook,
        "input": ["speech", "digits"] if listen["speech"] else ["digits"],
        "finishOnKey": listen["digits"]["end"],
        **({"numDigits": 1} if most == 1 else {"maxDigits": most, "interDigitTimeout": BETWEEN_DIGITS}),
        "timeout": listen["timeout_ms"] / 1000,
        "bargein": bool(listen["speech"]),
        "dtmfBargein": True,
        "listenDuringPrompt": True,
    }
    if listen["speech"]:
        gather |= {"speechTimeout": AFTER_SPEECH, "recognizer": {"vendor": "default", "language": listen["lang"]}}
    if prompts[heard:]:
        gather["say"] = {"text": _together(prompts[heard:])}
    return [*(_say(prompt) for prompt in prompts[:heard]), gather]


def _together(prompts: Sequence[Mapping[str, Any]]) -> str:
    """Several documents as one: a list of texts would mean one of them at random."""
    first = prompts[0]["ssml"]
    inner = "".join(match[1] for prompt in prompts for match in [_INNER.fullmatch(prompt["ssml"])] if match)
    return f"{first[: first.index('>') + 1]}{inner}</speak>"


def _transfer(transfer: Mapping[str, Any], event_id: str, targets: Targets) -> Actions:
    number = targets.number(transfer["target"])
    context = transfer["context"]
    headers = {
        "User-to-User": f"{context['user_to_user'].encode().hex()};encoding=hex",  # RFC 7433
        "X-Hotline-Conversation": context["conversation"],
    }
    if targets.refer:
        return [{"verb": "sip:refer", "referTo": number, "actionHook": _hook("refer", event_id), "headers": headers}]
    sip = number.startswith(("sip:", "sips:"))
    target = {"type": "sip", "sipUri": number} if sip else {"type": "phone", "number": number}
    return [
        {
            "verb": "dial",
            "target": [target],
            "actionHook": _hook("dial", event_id),
            "headers": headers,
            "answerOnBridge": True,
            "timeout": RING,
        }
    ]
