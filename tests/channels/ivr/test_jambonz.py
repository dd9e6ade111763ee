"""The jambonz adapter's own words: signatures, hooks in, verbs out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.channels.ivr.jambonz import HOOKS, Targets, check_signature, parse, render
from hotline.channels.ivr.prompts import hold, say
from hotline.channels.ivr.protocol import BadEventError, BadSignatureError, Event
from tests.channels.ivr.jambonz_line import CALLBACKS, JambonzLine, call_fields, check, check_verbs, signed
from tests.channels.ivr.server import JAMBONZ_SECRET, Server, new_call

BODY = b'{"call_sid":"c"}'
TARGETS = Targets({"agent": "sip:agent@pbx.example", "supervisor": "+861082100000"})
LISTEN = {"speech": True, "digits": {"max": 1, "end": "#"}, "timeout_ms": 8000, "lang": "zh-CN", "secret": False}
CONTEXT = {"conversation": "c1", "user_to_user": "id=c1;verified=1"}


def heard(hook: str, **fields: Any) -> Event | None:
    """A hook as jambonz sends it, parsed."""
    body = call_fields("c1", **fields)
    check(f"callbacks/{CALLBACKS[hook]}", body)
    return parse(hook, "e1", json.dumps(body).encode())


def verbs(*actions: dict[str, Any], targets: Targets = TARGETS) -> list[dict[str, Any]]:
    found = render(actions, "e2", targets)
    check_verbs(found)
    return found


def test_a_signature_as_jambonz_makes_it_is_accepted() -> None:
    check_signature("key", signed(BODY, "key", at=1000), BODY, now=1299)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1000",
        "v1=" + "0" * 64,
        "t=1000,v1=" + "0" * 64,
        signed(BODY, "other", at=1000),
        signed(BODY, "key", at=600),
    ],
)
def test_any_other_is_refused(header: str) -> None:
    with pytest.raises(BadSignatureError):
        check_signature("key", header, BODY, now=1000)


def speech(transcript: str = "查话费", **fields: Any) -> dict[str, Any]:
    return {
        "language_code": "zh-CN",
        "channel_tag": 1,
        "is_final": True,
        "alternatives": [{"transcript": transcript, **fields}],
    }


@pytest.mark.parametrize(
    ("hook", "fields", "expected"),
    [
        (
            "webhook",
            {"from": "+8613800138000", "to": "10086"},
            {"type": "start", "caller": "+8613800138000", "dialled": "10086"},
        ),
        ("webhook", {"to": "10086"}, {"type": "start", "caller": ""}),
        (
            "gather",
            {"reason": "speechDetected", "speech": speech(confidence=0.8)},
            {"type": "speech", "text": "查话费", "confidence": 0.8},
        ),
        ("gather", {"reason": "speechDetected", "speech": speech()}, {"type": "speech", "confidence": 1.0}),
        ("gather", {"reason": "speechDetected", "speech": speech("啊" * 600)}, {"cut": True}),
        ("gather", {"reason": "dtmfDetected", "digits": "12"}, {"type": "dtmf", "digits": "12"}),
        ("gather", {"reason": "dtmfDetected", "digits": ""}, {"type": "dtmf", "digits": "#"}),
        ("gather", {"reason": "timeout"}, {"type": "silence"}),
        (
            "gather",
            {"reason": "stt-low-confidence", "speech": speech(confidence=0.1)},
            {"type": "speech", "text": "", "confidence": 0.0},
        ),
        ("gather", {"reason": "error", "details": {"msg": "x"}}, {"type": "speech", "text": "", "confidence": 0.0}),
        ("dial", {"dial_call_status": "completed"}, {"type": "transfer_result", "result": "answered"}),
        ("dial", {"dial_call_status": "busy"}, {"result": "busy"}),
        ("dial", {"dial_call_status": "no-answer"}, {"result": "no_answer"}),
        ("dial", {"dial_call_status": "failed"}, {"result": "failed"}),
        ("dial", {}, {"result": "failed"}),
        ("refer", {"refer_status": 202, "final_referred_call_status": 200}, {"result": "answered"}),
        ("refer", {"refer_status": 202, "final_referred_call_status": 486}, {"result": "failed"}),
        ("refer", {"refer_status": 603}, {"result": "failed"}),
        ("redirect", {}, {"type": "played"}),
        ("status", {"call_status": "completed", "call_termination_by": "caller"}, {"type": "end", "reason": "caller"}),
        ("status", {"call_status": "no-answer"}, {"type": "end", "reason": "no-answer"}),
    ],
)
def test_a_hook_is_the_event_it_tells_of(hook: str, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    found = heard(hook, **fields)
    assert found is not None
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("fields", [{"call_status": "ringing"}, {"call_status": "completed", "direction": "outbound"}])
def test_a_call_that_goes_on_and_another_leg_are_no_event(fields: dict[str, Any]) -> None:
    assert heard("status", **fields) is None


def test_the_same_hook_is_the_same_event_and_another_is_another() -> None:
    def ids(hook: str, after: str) -> str:
        found = parse(hook, after, json.dumps(call_fields("c1", reason="timeout", call_status="completed")).encode())
        assert found is not None
        return found.event_id

    assert ids("gather", "e1") == ids("gather", "e1")
    assert len({ids("gather", "e1"), ids("gather", "e2"), ids("dial", "e1"), ids("webhook", "")}) == 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b"{}", "call_sid"),
        (b'{"call_sid": 1}', "call_sid"),
        (b'{"call_sid": "c"}', "reason"),
        (b'{"call_sid": "c", "reason": "other"}', "reason"),
        (b'{"call_sid": "c", "reason": "speechDetected"}', "speech"),
        (b'{"call_sid": "c", "reason": "speechDetected", "speech": {"alternatives": []}}', "speech"),
        (
            b'{"call_sid": "c", "reason": "speechDetected", "speech": {"alternatives": [{"transcript": 1}]}}',
            "transcript",
        ),
        (
            b'{"call_sid": "c", "reason": "speechDetected", "speech": {"alternatives": [{"confidence": "x"}]}}',
            "confidence",
        ),
        (b'{"call_sid": "c", "reason": "dtmfDetected", "digits": "x"}', "digits"),
        (b'{"call_sid": "c", "reason": "dtmfDetected", "digits": 1}', "digits"),
    ],
)
def test_what_is_not_well_formed_is_refused_by_field(body: bytes, field: str) -> None:
    with pytest.raises(BadEventError) as refusal:
        parse("gather", "e1", body)
    assert refusal.value.field == field


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(HOOKS),
    st.dictionaries(
        st.sampled_from(["reason", "speech", "digits", "from", "dial_call_status", "refer_status", "call_status"]),
        st.none()
        | st.integers()
        | st.text(max_size=4)
        | st.lists(st.integers(), max_size=2)
        | st.dictionaries(
            st.just("alternatives"),
            st.lists(st.none() | st.dictionaries(st.just("transcript"), st.text(max_size=3)), max_size=1),
        ),
    ),
)
def test_no_fields_break_the_adapter(hook: str, fields: dict[str, Any]) -> None:
    try:
        parse(hook, "e", json.dumps({"call_sid": "c", **fields}).encode())
    except BadEventError as error:
        assert error.reason


def test_prompts_that_may_be_talked_over_are_said_while_listening() -> None:
    found = verbs(say("一。"), say("二。"), {"listen": LISTEN})
    assert [verb["verb"] for verb in found] == ["gather"]
    gather = found[0]
    assert (gather["bargein"], gather["dtmfBargein"], gather["numDigits"]) == (True, True, 1)
    assert (gather["timeout"], gather["input"]) == (8, ["speech", "digits"])
    assert gather["say"]["text"].count("<speak") == 1
    assert gather["say"]["text"].index("一。") < gather["say"]["text"].index("二。")
    assert gather["actionHook"] == "/webhooks/jambonz/gather?after=e2"


def test_a_prompt_that_must_be_heard_is_said_first_with_all_before_it() -> None:
    found = verbs(say("一。"), say("二。", barge_in=False), say("三。"), {"listen": LISTEN})
    assert [verb["verb"] for verb in found] == ["say", "say", "gather"]
    assert "三。" in found[-1]["say"]["text"]


def test_a_secret_is_taken_by_keys_alone() -> None:
    secret = {**LISTEN, "speech": False, "secret": True, "digits": {"max": 6, "end": "#"}}
    gather = verbs(say("密码。"), {"listen": secret})[0]
    assert (gather["input"], gather["maxDigits"], gather["bargein"]) == (["digits"], 6, False)
    assert "recognizer" not in gather


def test_silence_is_listened_to_without_a_prompt() -> None:
    assert "say" not in verbs({"listen": LISTEN})[0]


def test_a_transfer_dials_with_the_context_in_a_header() -> None:
    found = verbs(say("请稍候。", barge_in=False), {"transfer": {"target": "agent", "context": CONTEXT}})
    assert [verb["verb"] for verb in found] == ["say", "dial"]
    assert found[1]["target"] == [{"type": "sip", "sipUri": "sip:agent@pbx.example"}]
    uui, encoding = found[1]["headers"]["User-to-User"].split(";")
    assert (bytes.fromhex(uui).decode(), encoding) == ("id=c1;verified=1", "encoding=hex")


def test_each_target_has_its_number_and_the_agents_stand_in() -> None:
    dial = verbs({"transfer": {"target": "supervisor", "context": CONTEXT}})[0]
    assert dial["target"] == [{"type": "phone", "number": "+861082100000"}]
    dial = verbs({"transfer": {"target": "complaint", "context": CONTEXT}})[0]
    assert dial["target"] == [{"type": "sip", "sipUri": "sip:agent@pbx.example"}]


def test_a_call_can_be_handed_over_by_refer() -> None:
    refer = Targets({"agent": "sip:agent@pbx.example"}, refer=True)
    found = verbs({"transfer": {"target": "agent", "context": CONTEXT}}, targets=refer)[0]
    assert (found["verb"], found["referTo"]) == ("sip:refer", "sip:agent@pbx.example")


def test_the_rest_is_fetched_by_redirect_and_the_end_is_a_hangup() -> None:
    waiting = verbs(*hold(lambda *_: "请稍候。"))
    assert [verb["verb"] for verb in waiting] == ["say", "redirect"]
    assert verbs({"hangup": {"reason": "silence"}}) == [{"verb": "hangup", "headers": {"X-Reason": "silence"}}]
    assert verbs() == [{"verb": "hangup"}]


def test_over_http_bad_input_is_answered_as_on_the_neutral_endpoint(server: Server) -> None:
    line = JambonzLine(server)
    good = call_fields(new_call(), **{"from": "13800138000", "to": "10086"})
    raw = json.dumps(good).encode()
    assert server.request("/webhooks/jambonz/webhook", raw)[0] == 401
    assert server.request("/webhooks/jambonz/webhook", raw, {"Jambonz-Signature": signed(raw, "other")})[0] == 401
    assert line.post("/webhooks/jambonz/other", good)[0] == 404
    assert line.post("/webhooks/jambonz/gather", good)[0] == 400
    assert line.post("/webhooks/jambonz/webhook", {**good, "x": "x" * 17000})[0] == 413
    assert line.post("/webhooks/jambonz/status", {**good, "call_status": "ringing"}) == (200, b"[]")


def test_a_hook_that_is_posted_again_gets_the_very_same_verbs(server: Server) -> None:
    line = JambonzLine(server)
    call = call_fields(new_call(), **{"from": "13800138000", "to": "10086"})
    first = line.post("/webhooks/jambonz/webhook", call)
    assert line.post("/webhooks/jambonz/webhook", call) == first
    hook = json.loads(first[1])[-1]["actionHook"]
    key = {**call, "reason": "dtmfDetected", "digits": "1"}
    second = line.post(hook, key)
    assert second[0] == 200
    assert line.post(hook, key) == second


async def test_without_its_secret_every_hook_is_refused() -> None:
    from hotline.channels.ivr.jambonz_channel import answer

    status, body = await answer(None, "", Targets(), "webhook", "", signed(BODY, JAMBONZ_SECRET), BODY)  # type: ignore[arg-type]
    assert (status, body["error"]["field"]) == (401, "signature")
