"""Speaks to the adapter as jambonz does, so that the scenarios of the neutral protocol can be played through it.

Every hook that is sent and every answer is held against jambonz's own schemas.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jsonschema import Draft7Validator, RefResolver

from tests.channels.ivr.server import JAMBONZ_SECRET, Server

SCHEMAS = Path(__file__).with_name("jambonz-schemas.json")
BASE = "https://jambonz.org/schema/"
CALLBACKS = {
    "webhook": "session-new",
    "gather": "gather",
    "dial": "dial",
    "refer": "sip-refer",
    "redirect": "session-redirect",
    "status": "call-status",
}
STATUSES = {"answered": "completed", "busy": "busy", "no_answer": "no-answer", "failed": "failed"}


@lru_cache(maxsize=1)
def schemas() -> dict[str, Any]:
    """jambonz's schemas by their ids."""
    found = json.loads(SCHEMAS.read_text(encoding="utf-8"))["schemas"]
    return {schema["$id"]: schema for schema in found}


def check(kind: str, value: Any) -> None:
    """Hold a hook (``callbacks/…``) or a verb (``verbs/…``) against its schema; raises what jsonschema raises."""
    schema = schemas()[BASE + kind]
    Draft7Validator(schema, resolver=RefResolver(BASE + kind, schema, store=schemas())).validate(value)


def check_verbs(verbs: Any) -> None:
    """Hold an answer against the schemas of its verbs."""
    assert isinstance(verbs, list)
    for verb in verbs:
        check(f"verbs/{verb['verb']}", verb)


def signed(body: bytes, secret: str = JAMBONZ_SECRET, at: float | None = None) -> str:
    """The header that jambonz's feature server makes, made apart from the product's own code."""
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def call_fields(call: str, **fields: Any) -> dict[str, Any]:
    """What every hook of an inbound call has."""
    return {
        "call_sid": call,
        "account_sid": "a",
        "application_sid": "b",
        "direction": "inbound",
        "call_id": "sip-call-id",
        "call_status": "in-progress",
        "sip_status": 200,
        **fields,
    }


class JambonzLine:
    """One jambonz over HTTP."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._hooks: dict[str, str] = {}

    def send(self, event: dict[str, Any]) -> tuple[int, bytes, list[dict[str, Any]]]:
        """A neutral event as the hook that tells of it; the verbs of the answer as neutral actions."""
        hook, fields = _hook(event)
        body = call_fields(event["call_id"], **fields)
        check(f"callbacks/{CALLBACKS[hook]}", body)
        status, answer = self.post(self._address(hook, event["call_id"]), body)
        verbs = json.loads(answer)
        if status != 200:
            return status, answer, []
        check_verbs(verbs)
        for verb in verbs:
            if verb.get("actionHook"):
                self._hooks[event["call_id"]] = verb["actionHook"].split("?", 1)[1]
        return status, answer, _actions(verbs)

    def post(self, path: str, body: Any) -> tuple[int, bytes]:
        """Post a signed hook."""
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return self._server.request(path, raw, {"Jambonz-Signature": signed(raw)})

    def _address(self, hook: str, call: str) -> str:
        if hook in ("webhook", "status"):
            return f"/webhooks/jambonz/{hook}"
        return f"/webhooks/jambonz/{hook}?{self._hooks.get(call, 'after=none')}"


def _hook(event: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    kind = event["type"]
    if kind == "start":
        return "webhook", {
            "from": event.get("from", "anonymous"),
            "to": event.get("to", "10086"),
            "sip": {"headers": {}},
        }
    if kind == "speech":
        said = {"transcript": event["text"], "confidence": event.get("confidence", 0.9)}
        speech = {"language_code": "zh-CN", "channel_tag": 1, "is_final": True, "alternatives": [said]}
        return "gather", {"reason": "speechDetected", "speech": speech}
    if kind == "dtmf":
        return "gather", {"reason": "dtmfDetected", "digits": event["digits"].rstrip("#")}
    if kind == "silence":
        return "gather", {"reason": "timeout"}
    if kind == "transfer_result":
        return "dial", {"dial_call_status": STATUSES[event["result"]], "dial_call_sid": "d", "dial_sip_status": 200}
    if kind == "played":
        return "redirect", {"caller_name": "x"}
    who = "caller" if event.get("reason") == "caller" else "jambonz"
    return "status", {"call_status": "completed", "duration": 30, "call_termination_by": who}


def _actions(verbs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    for verb in verbs:
        if verb["verb"] == "say":
            actions.append(_prompt(verb["text"], barge_in=False))
        elif verb["verb"] == "gather":
            if "say" in verb:
                actions.append(_prompt(verb["say"]["text"], barge_in=True))
            speech = "speech" in verb["input"]
            most = verb.get("numDigits") or verb["maxDigits"]
            listen = {
                "speech": speech,
                "digits": {"max": most, "end": verb["finishOnKey"]},
                "timeout_ms": verb["timeout"] * 1000,
                "lang": verb["recognizer"]["language"] if speech else "zh-CN",
                "secret": not speech,
            }
            actions.append({"listen": listen})
        elif verb["verb"] in ("dial", "sip:refer"):
            actions.append({"transfer": {"target": "agent"}})
        elif verb["verb"] == "redirect":
            actions.append({"continue": {}})
        elif "headers" in verb:
            actions.append({"hangup": {"reason": verb["headers"]["X-Reason"]}})
    return actions


def _prompt(ssml: str, barge_in: bool) -> dict[str, Any]:
    text = "".join(ElementTree.fromstring(ssml).itertext())
    text = re.sub(r"(\d{3})-(\d{4})-(\d{4})", r"\1\2\3", text)
    return {"say": {"text": text, "ssml": ssml, "barge_in": barge_in}}
