"""What a process knows of conversations does not grow with their number: the real engine, talk after talk."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from hotline import bootstrap
from hotline.door import Inbound
from hotline.engine import load_agent, open_door
from hotline.gateways import trackers as log
from hotline.stores import tracker as store
from tests.promises.soak import TALKS
from tests.served import model_path
from tests.support import demo_services

KEPT = 5  # conversations, where production keeps hundreds
ROUNDS = 6


@pytest.mark.asyncio
async def test_what_is_in_memory_stays_as_much_however_many_customers_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "AT_HAND", KEPT)
    monkeypatch.setattr(log, "CONVERSATIONS", KEPT)
    services = demo_services(tmp_path)
    bootstrap.use(services)
    door = open_door(load_agent(model_path(), services.events), services)
    gc.unfreeze()  # what is loaded counts too: it may not grow either
    came = 0

    async def customers() -> int:
        """Talk as many times as it takes to fill what is kept; how many objects there are then."""
        nonlocal came
        for lines in TALKS * (ROUNDS // 2):
            came += 1
            for number, line in enumerate(lines):
                turn = await door.receive(Inbound(f"web-{came}", "web", f"m-{number}", line))
                assert turn.answers[0].name != "utter_courtesy_fault"
        gc.collect()
        return len(gc.get_objects())

    try:
        await customers()
        before, after = await customers(), await customers()
        # A talk that is kept has 450 objects: twelve would be 5,400.
        assert after - before < 1000
    finally:
        bootstrap.use(None)
        services.close()
