"""A talk that a human has stays his when the server is killed and comes back (promise P6): the running product."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.channels.web_server import browser, texts
from tests.desk.desk_server import Person
from tests.served import Product


@pytest_asyncio.fixture
async def own(tmp_path: Path) -> AsyncIterator[Product]:
    made = Product(tmp_path)
    made.start()
    yield made
    made.stop()


WORDS = "宽带灯是红的"


async def test_killed_and_started_again_the_assistant_is_still_silent(own: Product) -> None:
    token = await own.token()
    agent = Person(own.base, "a1001")
    try:
        assert (await agent.log_in())[0] == 200
        await agent.connect()
        async with browser(own, token) as tab:  # type: ignore[arg-type]
            await tab.open()
            await tab.say("转人工")
            _, queue = await agent.get("queue")
            number = (queue["waiting"] if "waiting" in queue else queue["queue"])[0]["id"]
            assert (await agent.post(f"handoffs/{number}/claim"))[0] == 200
        await agent.socket.disconnect()
        own.kill()
        own.start()
        async with browser(own, token) as tab:  # type: ignore[arg-type]
            await tab.call("open", {"since": 0})
            for line in (WORDS, "/restart", "／restart", "/handoff_ended"):
                message_id = str(uuid.uuid4())
                for _ in range(2):  # sent again, as a browser does that is not sure
                    assert (await tab.call("message", {"id": message_id, "text": line}))["ok"]
                turn = await tab.answer_to(message_id)
                assert not any(texts(turn)), turn
        _, shown = await agent.get(f"handoffs/{number}")
        assert str(shown).count(WORDS) == 1, "the agent reads it once"
    finally:
        await agent.close()
