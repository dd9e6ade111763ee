"""The product behind Debian's nginx with our configuration, TLS and limits (docs/security.md)."""

from __future__ import annotations

import http.client
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.services import Nginx
from tests.served import Product

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


def ask(proxy: Nginx, method: str, path: str, body: bytes | None = None) -> int:
    """The status of a request; the certificate is one of our own."""
    request = urllib.request.Request(proxy.url + path, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10, context=ssl._create_unverified_context()) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/live", 200),
        ("POST", "/chat/session", 200),
        ("GET", "/conversations/web-x/tracker", 404),
        ("GET", "/status", 404),
        ("POST", "/model/parse", 404),
        ("GET", "/static/../../session-secret", 400),
        ("GET", "/tmf-api/troubleTicket/v4/troubleTicket", 401),
        ("POST", "/webhooks/ivr/webhook", 401),
    ],
)
def test_what_is_served_is_served_and_nothing_else(proxy: Nginx, method: str, path: str, status: int) -> None:
    assert ask(proxy, method, path, b"" if method == "POST" else None) == status


def test_a_megabyte_stops_at_the_proxy(proxy: Nginx) -> None:
    assert ask(proxy, "POST", "/chat/session", b" " * 1_000_000) == 413


def test_a_flood_from_one_address_is_limited(proxy: Nginx) -> None:
    def many(_: int) -> set[int]:
        """Requests over one connection: handshakes would slow the flood down."""
        link = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=ssl._create_unverified_context())
        statuses = set()
        for _n in range(300):
            link.request("GET", "/static/hotline-widget.js", headers={"Range": "bytes=0-9"})
            response = link.getresponse()
            response.read()
            statuses.add(response.status)
        link.close()
        return statuses

    started = time.monotonic()
    with ThreadPoolExecutor(8) as clients:
        statuses = set().union(*clients.map(many, range(8)))
    flood = 200 + 50 * (time.monotonic() - started) < 8 * 300  # the burst and the rate that are let through
    assert (429 in statuses or not flood) and statuses & {200, 206}, statuses


def test_the_log_holds_no_token(product: Product, proxy: Nginx) -> None:
    ask(proxy, "GET", "/chat/session?token=eyJhbGciOiJIUzI1NiJ9")
    assert "eyJ" not in (proxy.directory / "access.log").read_text()
