"""The widget in Debian's Chromium, against a real server of the web channel whose Rasa is a stand-in."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page

from tests.channels.web_server import Server, running

PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    # Pages of invented origins show a frame from this machine, which Chromium would ask its user about.
    arguments = ["--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {"executable_path": shutil.which("chromium"), "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"locale": "zh-CN", "viewport": PHONE, "has_touch": True}


class Site:
    """The server in a thread of its own; ``rasa.says`` is what the assistant says next."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self._directory = directory
        self._settings = settings
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._fault: Exception | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self.server: Server

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as fault:
            self._fault = fault
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with running(self._directory, pages=True, **self._settings) as self.server:
            self._started.set()
            await self._stop.wait()

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(30), "the server does not start"
        if self._fault:
            raise self._fault

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server does not end"
        if self._fault:
            raise self._fault

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it does not happen"
            time.sleep(0.02)

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """What the human agents' side tells the latest conversation."""
        self.run(self.server.chat.tell(self.server.rasa.messages[-1].sender_id, event, data))

    def happen(self, *what: str) -> None:
        """Something outside the talk that the assistant takes up."""
        self._loop.call_soon_threadsafe(self.server.chat.happen, *what)

    def says(self, *answers: dict[str, Any]) -> None:
        self.server.rasa.says.append([{"metadata": {}, "utter_action": "utter_x", **answer} for answer in answers])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    started = Site(tmp_path)
    started.start()
    yield started
    started.stop()


class Window:
    """The chat window on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frame: FrameLocator = page.frame_locator("hotline-widget iframe")

    def open(self) -> Window:
        self.page.locator("hotline-widget button").click()
        self.frame.locator(".row.theirs").first.wait_for()
        return self

    @property
    def field(self) -> Locator:
        return self.frame.locator(".composer textarea")

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def mine(self, text: str) -> Locator:
        return self.frame.locator(".row.mine", has_text=text)

    def theirs(self, text: str) -> Locator:
        return self.frame.locator(".row.theirs", has_text=text)

    def press(self, name: str) -> None:
        self.frame.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def window(page: Page, site: Site) -> Window:
    page.set_default_timeout(8000)
    page.goto(site.server.base + "/")
    return Window(page).open()
