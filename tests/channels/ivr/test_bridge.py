"""The bridge's side of the protocol, against the real endpoint; its side of Asterisk is tried by calls (docs/telephone.md)."""

from __future__ import annotations

import importlib.util
import socket
from types import ModuleType
from typing import Any

import aiohttp
import pytest

from hotline.settings import ROOT
from tests.channels.ivr.server import SECRET, Server, new_call


@pytest.fixture(scope="module")
def bridge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bridge", ROOT / "integrations" / "asterisk" / "bridge.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def sent(bridge: ModuleType, url: str, kind: str, secret: str = SECRET) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as http:
        event = {"call_id": new_call(), "event_id": "e1", "type": kind}
        return list(await bridge.Hotline(http, url, secret).send(event))


async def test_its_signed_events_are_answered(bridge: ModuleType, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/webhooks/ivr/webhook"
    assert "listen" in (await sent(bridge, url, "start"))[-1]


@pytest.mark.parametrize(("kind", "last"), [("speech", "transfer"), ("transfer_result", "hangup"), ("end", None)])
async def test_a_caller_whom_the_hotline_does_not_answer_is_put_through_once(
    bridge: ModuleType, kind: str, last: str | None
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        actions = await sent(bridge, f"http://127.0.0.1:{nobody.getsockname()[1]}/", kind)
    assert [next(iter(action)) for action in actions] == ([last] if last else [])


async def test_a_caller_is_not_lost_to_a_wrong_key(bridge: ModuleType, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/webhooks/ivr/webhook"
    assert "transfer" in (await sent(bridge, url, "start", secret="another"))[-1]
