"""The product behind Debian's nginx with our configuration, TLS and limits (docs/security.md)."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from scripts.services import Nginx
from tests.promises.product import Product

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def proxy(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("certificate")
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
            *("-out", str(chain), "-keyout", str(key)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    with Nginx([f"127.0.0.1:{product.port}"], certificate=(chain, key)) as running:
        running.start()
        yield running


def insecure() -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(ssl=False)  # a certificate of our own


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/live", 200),
        ("POST", "/chat/session", 200),
        ("GET", "/conversations/web-x/tracker", 404),
        ("GET", "/status", 404),
        ("POST", "/model/parse", 404),
        ("GET", "/static/../../session-secret", 404),
        ("GET", "/tmf-api/troubleTicket/v4/troubleTicket", 401),
        ("POST", "/webhooks/ivr/webhook", 401),
    ],
)
async def test_what_is_served_is_served_and_nothing_else(proxy: Nginx, method: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession(connector=insecure()) as http:
        async with http.request(method, proxy.url + path) as response:
            assert response.status == status


async def test_a_megabyte_stops_at_the_proxy(proxy: Nginx) -> None:
    async with aiohttp.ClientSession(connector=insecure()) as http:
        async with http.post(f"{proxy.url}/chat/session", data=b" " * 1_000_000) as response:
            assert response.status == 413


async def test_a_flood_from_one_address_is_limited(proxy: Nginx) -> None:
    async with aiohttp.ClientSession(connector=insecure()) as http:

        async def ask() -> int:
            async with http.get(f"{proxy.url}/static/hotline-widget.js") as response:
                return response.status

        statuses = await asyncio.gather(*(ask() for _ in range(500)))
    assert 200 in statuses and 503 in statuses


def test_the_log_holds_no_token(proxy: Nginx) -> None:
    log = Path(proxy.directory / "access.log")
    assert not log.exists() or "eyJ" not in log.read_text()
