"""``hotline serve`` asked to stop (SIGTERM) while customers have the widget open."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.channels.web_server import browser
from tests.served import Product


async def test_it_stops_at_once_in_order_and_the_customers_find_the_next_one(tmp_path: Path) -> None:
    product = Product(tmp_path)
    product.start()
    try:
        token = await product.token()
        gone = asyncio.Event()
        async with browser(product, token) as tab, browser(product) as other:  # type: ignore[arg-type]
            await tab.open()
            await other.open()
            tab.client.on("disconnect", gone.set)
            began = time.monotonic()
            await asyncio.get_running_loop().run_in_executor(None, product.stop)
            assert time.monotonic() - began < 10  # Sanic alone would wait 15 seconds for the open lines
            await asyncio.wait_for(gone.wait(), 20)
        said = (tmp_path / "log").read_text()
        assert "Server Stopped" in said and " ERROR " not in said
        product.start()
        async with browser(product, token) as tab:  # type: ignore[arg-type]
            assert (await tab.open())["turns"]
    finally:
        product.kill()
