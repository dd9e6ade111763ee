"""The neutral protocol's words: signatures, and events out of bytes that anybody may send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.channels.ivr.protocol import (
    MAX_TEXT,
    TYPES,
    BadEventError,
    BadSignatureError,
    check_signature,
    parse,
    signature,
)
from tests.channels.ivr.server import signed

BODY = b'{"call_id": "c"}'


def event(**fields: Any) -> bytes:
    return json.dumps({"call_id": "c", "event_id": "e", **fields}).encode()


def test_a_signature_made_as_the_protocol_says_is_accepted() -> None:
    check_signature("key", signed(BODY, "key", at=1000), BODY, now=1299)


def test_hexadecimal_may_be_written_in_capitals() -> None:
    headers = signed(BODY, "key", at=1000)
    prefix, _, digest = headers["X-Hotline-Signature"].partition("=")
    check_signature("key", {**headers, "X-Hotline-Signature": f"{prefix}={digest.upper()}"}, BODY, now=1000)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hotline-Timestamp": "1000"},
        {"X-Hotline-Signature": "sha256=" + "0" * 64},
        {**signed(BODY, "key", at=1000), "X-Hotline-Signature": "sha256=" + "0" * 64},
        {**signed(BODY, "other key", at=1000)},
        {**signed(b"other body", "key", at=1000)},
        {**signed(BODY, "key", at=1000), "X-Hotline-Timestamp": "1001"},
        {**signed(BODY, "key", at=1000), "X-Hotline-Timestamp": "１０００"},
        {**signed(BODY, "key", at=1000), "X-Hotline-Timestamp": "-1000"},
        {**signed(BODY, "key", at=1000), "X-Hotline-Timestamp": "1e3"},
        {**signed(BODY, "key", at=1000), "X-Hotline-Signature": "sha256=\udcff"},
        signed(BODY, "key", at=699),
        signed(BODY, "key", at=1301),
    ],
)
def test_any_other_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignatureError):
        check_signature("key", headers, BODY, now=1000)


def test_the_signature_covers_timestamp_and_body() -> None:
    assert signature("k", "1", b"a") == signature("k", "1", b"a")
    assert len({signature("k", "1", b"a"), signature("k", "2", b"a"), signature("k", "1", b"b")}) == 3


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(body: bytes) -> None:
    with pytest.raises(BadEventError):
        parse(body)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
fields = st.sampled_from(
    ["from", "to", "text", "confidence", "final", "digits", "result", "reason", "call_id", "event_id"]
)


@given(st.sampled_from(TYPES) | values, st.dictionaries(fields, values))
def test_no_fields_break_the_parser(kind: Any, given_fields: dict[str, Any]) -> None:
    try:
        found = parse(event(**{"type": kind, **given_fields}))
    except BadEventError as error:
        assert error.field in {"call_id", "event_id", "type", *given_fields, "text", "digits", "result"}
    else:
        json.dumps(vars(found)).encode()  # can be kept: no half characters
        assert found.type in TYPES
        assert len(found.text) <= MAX_TEXT


def test_half_a_character_is_replaced() -> None:
    found = parse(b'{"call_id": "c", "event_id": "e", "type": "speech", "text": "a\\ud800b"}')
    assert found.text.encode() == "a�b".encode()


def test_json_of_any_depth_is_an_event_or_refused() -> None:
    with pytest.raises(BadEventError):
        parse(b"[" * 16000)


def test_text_is_cut_at_500_and_marked() -> None:
    found = parse(event(type="speech", text="啊" * 501))
    assert (len(found.text), found.cut) == (500, True)
    assert not parse(event(type="speech", text="啊" * 500)).cut


def test_what_may_be_missing_has_its_default() -> None:
    assert (parse(event(type="start")).caller, parse(event(type="end")).reason) == ("", "")
    found = parse(event(type="speech", text="好"))
    assert (found.confidence, found.final) == (1.0, True)
