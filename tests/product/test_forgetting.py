"""A customer who is forgotten is forgotten by the running server, too."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from tests.cluster.customers import Phone
from tests.product.conftest import SECRET
from tests.served import Product
from tests.support import NOW


async def test_a_running_server_lets_go_of_what_it_remembers(tmp_path: Path) -> None:
    product = Product(tmp_path, now=NOW.isoformat(), ivr_secret=SECRET)
    product.start()
    try:
        async with aiohttp.ClientSession() as http:
            phone = Phone(http, product.base, SECRET, "forgotten")
            await phone.event("start")
            await phone.event("speech", text="查一下话费", confidence=0.9)
            await phone.event("dtmf", digits="13800138000#")
            assert "86.40" in str(await phone.event("dtmf", digits="246810#"))
            assert "86.40" in str(await phone.event("speech", text="话费还有多少", confidence=0.9))
            product.run("forget", "13800138000", "--yes")
            asked = str(await phone.event("speech", text="话费还有多少", confidence=0.9))
            assert "手机号码" in asked and "86.40" not in asked
    finally:
        product.stop()
