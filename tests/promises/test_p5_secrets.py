"""A service password is stored nowhere, and telephone numbers are masked wherever they need not be seen (promise P5).

Canaries are typed into the running product in every state and spelling; then everything that it keeps, logs (at DEBUG)
and answers is searched for them.
"""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.channels.ivr.server import signed
from tests.channels.web_server import browser
from tests.desk.desk_server import Person
from tests.served import Product

PHONE, PASSWORD = "13800138000", "246810"
# Six digits each, of different digits; never a date, an amount or part of a number that the hotline says itself.
CANARIES = ("907153", "815397", "739518", "593817", "371859", "958371", "183957", "537198")


def spellings(canary: str) -> list[str]:
    """How a customer may write or say six digits."""
    wide = canary.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    chinese = canary.translate({ord(str(n)): "零一二三四五六七八九"[n] for n in range(10)})
    return [canary, " ".join(canary), wide, f"{canary[:3]}-{canary[3:]}", chinese, f"密码是{canary}", f"{canary}。"]


FRACTION = re.compile(r"(?<=\d\.)\d{7,}")  # no password has so many


class Kept:
    """Everything that the product keeps, logs and said, as one text each; without fractions.

    Moments and confidences have so many digits behind the point that any six of them come up by chance.
    """

    def __init__(self, product: Product, heard: list[Any]) -> None:
        self.rows: dict[str, str] = {}
        with sqlite3.connect(product.database, timeout=20) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
                self.rows[table] = (
                    json.dumps(rows, ensure_ascii=False, default=str).encode().decode("unicode_escape", "ignore")
                )
                self.rows[f"{table} (as kept)"] = json.dumps(rows, ensure_ascii=False, default=str)
        self.files = {
            path.name: path.read_text(errors="replace") for path in product.directory.iterdir() if path.is_file()
        }
        # What `hotline serve` says of the demonstration when it starts, and only in development.
        self.files["log"] = re.sub(r"(?m)^as        .*\(invented\)$", "", self.files["log"])
        self.heard = json.dumps(heard, ensure_ascii=False, default=str)
        self.rows = {name: FRACTION.sub("", text) for name, text in self.rows.items()}
        self.files = {name: FRACTION.sub("", text) for name, text in self.files.items()}

    def places(self, word: str) -> list[str]:
        """Where a word is."""
        everywhere = {**self.rows, **self.files, "what was answered": self.heard}
        return sorted(name for name, text in everywhere.items() if word in text)


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that logs all it can."""
    made = Product(tmp_path_factory.mktemp("canaries"), log_level="DEBUG")
    made.start()
    yield made
    made.stop()


async def say_all(product: Product, before: tuple[str, ...], lines: list[str], **more: Any) -> list[Any]:
    """A conversation of its own; what was heard in it."""
    async with browser(product) as tab:  # type: ignore[arg-type]
        await tab.open()
        for line in before:
            await tab.say(line)
        for line in lines:
            await tab.call("message", {"id": str(uuid.uuid4()), "text": line, **more})
            sent = len(tab.turns)
            await tab.until(lambda sent=sent: len(tab.turns) > sent - 1, 20)  # type: ignore[misc]
        await tab.say("谢谢")
        return [*tab.turns, await tab.call("history", {"before": 10_000})]


STATES = {
    "idle": (),
    "asked for the password": ("查话费", PHONE),
    "asked for the number": ("查话费",),
    "verified": ("查话费", PHONE, PASSWORD),
    "in a complaint": ("你们的人给我办错套餐了",),
    "in the queue": ("转人工",),
}


@pytest_asyncio.fixture(scope="module")
async def kept(talkative: Product) -> AsyncIterator[Kept]:
    heard: list[Any] = []
    for before, canary in zip(STATES.values(), CANARIES, strict=False):
        for spelling in spellings(canary):
            heard += await say_all(talkative, before, [spelling])
    heard += await say_all(talkative, STATES["asked for the password"], [CANARIES[6]], secret=True)
    heard += await with_a_human(talkative, CANARIES[7])
    heard += await on_the_phone(talkative, CANARIES[6])
    heard += await wrongly(talkative, CANARIES[5])
    heard.append(talkative.text("/metrics"))
    yield Kept(talkative, heard)


async def with_a_human(product: Product, canary: str) -> list[Any]:
    """A password typed while an agent has the conversation; what the desk is shown of it."""
    agent = Person(product.base, "a1001")
    heard: list[Any] = []
    try:
        assert (await agent.log_in())[0] == 200
        await agent.connect()
        async with browser(product) as tab:  # type: ignore[arg-type]
            await tab.open()
            await tab.say("转人工")
            _, queue = await agent.get("queue")
            heard.append(queue)
            waiting = re.findall(r'"id": (\d+)', json.dumps(queue))
            for number in waiting:
                heard.append(await agent.post(f"handoffs/{number}/claim"))
            for spelling in spellings(canary):
                heard.append(await tab.call("message", {"id": str(uuid.uuid4()), "text": spelling}))
            for number in waiting:
                heard.append(await agent.get(f"handoffs/{number}"))
            heard += tab.turns
        return [*heard, *agent.heard]
    finally:
        await agent.close()


async def on_the_phone(product: Product, canary: str) -> list[Any]:
    """Keys and words of a call."""
    secret = (product.directory / "ivr-secret").read_text().strip()
    heard: list[Any] = []
    events: list[dict[str, Any]] = [
        {"type": "start", "caller": PHONE},
        {"type": "speech", "text": "查话费", "confidence": 0.9},
        {"type": "dtmf", "digits": "1"},
        *({"type": "speech", "text": spelling, "confidence": 0.9} for spelling in spellings(canary)),
        {"type": "dtmf", "digits": canary},
        {"type": "end", "reason": "hangup"},
    ]
    async with aiohttp.ClientSession() as http:
        for number, event in enumerate(events):
            body = json.dumps({"call_id": "canary-call", "event_id": f"e{number}", **event}).encode()
            headers = signed(body, secret)
            async with http.post(f"{product.base}/webhooks/ivr/webhook", data=body, headers=headers) as response:
                heard.append(await response.text())
    return heard


async def wrongly(product: Product, canary: str) -> list[Any]:
    """Requests that are refused: what the refusals quote."""
    token, heard = await product.token(), []
    bearer = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http:
        for method, path, headers, body in (
            ("POST", "/chat/session", {}, f'{{"site_token": "{canary}"'),
            ("POST", "/chat/session", {"Authorization": f"Bearer {canary}"}, ""),
            ("POST", "/chat/image", {**bearer, "X-Message-Id": canary}, canary),
            ("POST", "/webhooks/ivr/webhook", {}, f'{{"text": "{canary}"}}'),
            ("POST", "/desk/api/login", {"X-Desk": "1"}, f'{{"login": "a1001", "password": "{canary}"}}'),
            ("POST", "/desk/api/login", {"X-Desk": "1"}, f'{{"login": {canary}}}'),
            ("GET", f"/{canary}/..", {}, ""),
            ("POST", "/tmf-api/troubleTicket/v4/troubleTicket", {"Authorization": canary}, canary),
        ):
            async with http.request(method, product.base + path, headers=headers, data=body.encode()) as response:
                if not path.startswith(f"/{canary}"):  # an address that does not exist is named in its 404
                    heard.append(await response.text())
    async with browser(product, token) as tab:  # type: ignore[arg-type]
        for data in ({"id": "x", "text": canary}, {"id": str(uuid.uuid4()), "text": [canary]}, {"text": canary * 100}):
            heard.append(await tab.call("message", data))
    return heard


def test_the_canaries_were_sung(kept: Kept) -> None:
    assert kept.places("查话费"), "nothing was kept at all: the proof would prove nothing"
    assert "DEBUG" in kept.files["log"], "the log is not at DEBUG"


@pytest.mark.parametrize("canary", CANARIES)
def test_no_password_is_anywhere(kept: Kept, canary: str) -> None:
    found = {spelling: kept.places(spelling) for spelling in spellings(canary)[:6]}
    assert not {spelling: places for spelling, places in found.items() if places}


def test_the_right_password_is_nowhere_either(kept: Kept) -> None:
    assert not kept.places(PASSWORD)


# The customer sees his own number, services look accounts up by it, and who calls back has to dial it.
MAY_KNOW = {
    "subscribers", "subscriber_services", "held_packs", "bill_items", "payments", "usage", "service_passwords",
    "password_attempts", "verification_grants", "password_resets", "sms_outbox", "callback_requests", "tickets",
    "handoffs", "orders", "audit_log", "answers", "conversations", "tracker_events", "what was answered",
}  # fmt: skip


def test_numbers_are_masked_wherever_they_need_not_be_seen(kept: Kept) -> None:
    places = {name.removesuffix(" (as kept)") for name in kept.places(PHONE)}
    raw = {"hotline.db", "hotline.db-wal", "hotline.db-shm"}  # the tables, as files
    assert places - MAY_KNOW - raw == set()


def test_what_was_said_is_masked_in_the_log_of_events(kept: Kept) -> None:
    rows = kept.rows["tracker_events (as kept)"]
    for spoken in re.findall(r'\\"text\\": \\"(.*?)\\"', rows):
        assert PHONE not in spoken


async def test_words_are_not_in_a_log_above_debug(product: Product) -> None:
    """The other product logs at INFO."""
    await say_all(product, ("查话费", "取消"), ["我的合同编号是多少"])
    text = product.log.read_text(errors="replace")
    assert text and not re.search(r"查话费|我的合同编号", text)
