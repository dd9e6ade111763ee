"""One customer cannot stop the others (promise P7): while somebody behaves badly, another's p95 stays under a second."""

from __future__ import annotations

import asyncio

import pytest

from tests.promises.crowd import ATTACKS, Attacks, beside, p95, wait_times
from tests.promises.effort import FULL
from tests.served import Product

MESSAGES = 60 if FULL else 5
# The figure is for a machine that does nothing else (docs/promises.md); in CI it may be busy, and a stop is still seen.
LIMIT = 1.0 if FULL else 4.0


@pytest.mark.parametrize("name", ATTACKS)
async def test_another_customer_goes_on_being_answered(
    product: Product,
    name: str,
    record_property: pytest.RecordProperty,  # type: ignore[name-defined]
) -> None:
    attack = getattr(Attacks(product), name)
    async with beside(attack):
        took = await wait_times(product, MESSAGES)
    record_property("p95", round(p95(took), 3))
    print(f"{name}: p95 {p95(took):.3f} s, longest {max(took):.3f} s")
    assert p95(took) < LIMIT, took
    assert product.status("/live") == 200 and product.status("/ready") == 200


@pytest.mark.parametrize("path", ["/chat/session", "/chat/image", "/webhooks/ivr/webhook", "/desk/api/login"])
@pytest.mark.parametrize(
    "framing",
    ["Content-Length: -1", "Content-Length: +2", "Content-Length: 0x2", "Content-Length: 2, 2", "Content-Length:",
     "Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2\r\nTransfer-Encoding: chunked",
     "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"],
)  # fmt: skip
async def test_a_request_whose_end_is_not_told_is_refused_and_stops_nobody(
    product: Product, path: str, framing: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", product.port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n{{}}".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert product.status("/live") == 200


async def test_too_much_in_a_queue_is_refused_in_words_and_what_was_taken_is_answered(product: Product) -> None:
    from tests.channels.web_server import browser

    async with browser(product) as tab:  # type: ignore[arg-type]
        await tab.open()
        replies = [await tab.call("message", {"id": f"message-{n:04}", "text": "你好"}) for n in range(80)]
        taken = [n for n, reply in enumerate(replies) if reply.get("ok")]
        refused = [reply for reply in replies if not reply.get("ok")]
        assert refused and all(reply["say"] for reply in refused if reply["error"]["field"] == "rate"), refused[:1]
        said = {f"message-{n:04}" for n in taken}
        await tab.until(lambda: said <= {one["id"] for turn in tab.turns for one in turn["said"]}, 60)
