"""Plays scenarios.yml against a running server through one protocol or another, and checks what its steps say."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

import yaml

from hotline.channels.ivr.channel import OPENAPI
from tests.channels.ivr.server import Server, new_call

SCENARIOS = Path(__file__).with_name("scenarios.yml")
CIRCUMSTANCES = {"billing", "fault"}


def scenarios() -> list[dict[str, Any]]:
    """All scenarios of the file."""
    found: list[dict[str, Any]] = yaml.safe_load(SCENARIOS.read_text(encoding="utf-8"))
    return found


class Line(Protocol):
    """A way to a running server: an event of the neutral protocol in; status, body as bytes, and actions out."""

    def send(self, event: dict[str, Any]) -> tuple[int, bytes, list[dict[str, Any]]]: ...


class NeutralLine:
    """Over the neutral endpoint; every answer is held against its OpenAPI description."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def send(self, event: dict[str, Any]) -> tuple[int, bytes, list[dict[str, Any]]]:
        return self.post(json.dumps(event, ensure_ascii=False).encode())

    def post(self, body: bytes) -> tuple[int, bytes, list[dict[str, Any]]]:
        status, answer = self._server.post(body)
        parsed = json.loads(answer)
        check_schema("Answer" if status == 200 else "Problem", parsed)
        return status, answer, parsed.get("actions", [])


def check_schema(name: str, value: Any) -> None:
    """Hold a value against a schema of the endpoint's description."""
    from jsonschema import Draft4Validator, RefResolver

    document = json.loads(OPENAPI.read_text(encoding="utf-8"))
    schema = document["components"]["schemas"][name]
    Draft4Validator(schema, resolver=RefResolver.from_schema(document)).validate(value)


def play(scenario: Mapping[str, Any], server: Server, line: Any) -> None:
    """Play one scenario; an AssertionError names the step."""
    call = new_call()
    answers: dict[int, bytes] = {}
    number = 0
    try:
        for index, step in enumerate(scenario["steps"], start=1):
            if CIRCUMSTANCES & set(step):
                _arrange(server, step)
                continue
            number += 1
            started = time.monotonic()
            status, body, actions = _send(line, step, call, number)
            took = time.monotonic() - started
            expected = "same_as" in step or "continue" in step.get("last", {})
            while actions and "continue" in actions[-1] and not expected:
                number += 1  # a busy machine: the caller was asked for patience, and the platform asks for the rest
                status, body, actions = _send(line, {"send": {"type": "played"}}, call, number)
            answers[index] = body
            context = f"{scenario['scenario']}: step {index} {step.get('send')}: {body.decode()[:2000]}"
            assert status == step.get("status", 200), context
            if status == 200:
                _check_form(actions, context)
                _check(step, actions, context)
            elif "error" in step:
                assert json.loads(body)["error"]["field"] == step["error"], context
            if "same_as" in step:
                assert body == answers[step["same_as"]], context
            assert took <= step.get("within", 1.8 if status == 200 else 1), f"{took:.2f} s, {context}"
            if "record" in step:
                found = server.run(server.services.calls.find(call))
                assert found is not None, context
                wrong = {k: getattr(found, k) for k, v in step["record"].items() if getattr(found, k) != v}
                assert not wrong, f"record has {wrong}, {context}"
    finally:
        _arrange(server, {"billing": 0, "fault": False})


def _arrange(server: Server, step: Mapping[str, Any]) -> None:
    if "billing" in step:
        server.billing.delay = step["billing"]
    if "fault" in step:
        server.faults_in_engine(step["fault"])


def _send(line: Any, step: Mapping[str, Any], call: str, number: int) -> tuple[int, bytes, list[dict[str, Any]]]:
    if "raw" in step:
        found: tuple[int, bytes, list[dict[str, Any]]] = line.post(step["raw"].encode())
        return found
    event = {"call_id": call, "event_id": f"e{number}", **step["send"]}
    if event["call_id"] is None:
        del event["call_id"]
    if "long" in step:
        event["text"] = event["text"].replace("LONG", "啊" * step["long"])
    answer: tuple[int, bytes, list[dict[str, Any]]] = line.send(event)
    return answer


def _check_form(actions: list[dict[str, Any]], context: str) -> None:
    """Any number of prompts, then exactly one last action; or nothing."""
    kinds = [next(iter(action)) for action in actions]
    assert not kinds or (kinds[-1] != "say" and set(kinds[:-1]) <= {"say"}), context


def _check(step: Mapping[str, Any], actions: list[dict[str, Any]], context: str) -> None:
    prompts = [action["say"] for action in actions if "say" in action]
    said = "\n".join(prompt["text"] for prompt in prompts)
    assert ("silent" in step) <= (not actions), context
    if "says" in step:
        pattern = ".*".join(re.escape(part) for part in step["says"])
        assert re.search(pattern, said, re.DOTALL), f"not said: {step['says']}, {context}"
    for part in step.get("not_says", []):
        assert part not in said, f"said: {part}, {context}"
    if "last" in step:
        assert actions and contains(actions[-1], step["last"]), f"last is not {step['last']}, {context}"
    if "not_transfer" in step:
        assert "transfer" not in actions[-1], context
    if "barge_in" in step:
        assert {prompt["barge_in"] for prompt in prompts} == {step["barge_in"]}, context
    if "must_hear" in step:
        heard = [prompt["text"] for prompt in prompts if not prompt["barge_in"]]
        fits = [part in text for part, text in zip_longest(step["must_hear"], heard, fillvalue="")]
        assert len(heard) == len(step["must_hear"]) and all(fits), context
    if "volume" in step:
        assert all(f'volume="{step["volume"]}"' in prompt["ssml"] for prompt in prompts), context


def contains(found: Any, wanted: Any) -> bool:
    """Whether a value has everything that is wanted of it."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(k in found and contains(found[k], v) for k, v in wanted.items())
    return bool(found == wanted)
