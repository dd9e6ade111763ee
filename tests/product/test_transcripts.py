"""The README's three talks come out of the terminal, the web and the telephone in the same words."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from hotline.testing.stage import loop
from tests.channels.web_server import browser, texts
from tests.product.conftest import ROOT, Product

TALKS = ("balance-and-bill", "arrears", "wrong-password")
# Of what the README shows, what is no sentence of the assistant: what the customer types, buttons, a cut.
NOT_SAID = re.compile(r"> |  \d |…")
# Asked in other words, or not at all, of who has no screen.
ON_SCREENS = ("请您提供", "请您输入", "需要的话", "为了保护", "请您为")


def typed(talk: str) -> list[str]:
    """The customer's lines."""
    return (ROOT / "docs" / "examples" / f"{talk}.txt").read_text(encoding="utf-8").splitlines()


def shown(talk: str) -> list[str]:
    """The lines that the README prints for a talk."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rest = readme.partition(f"docs/examples/{talk}.txt\n```")
    lines: list[str] = re.search(r"```text\n(.*?)```", rest, re.DOTALL).group(1).splitlines()  # type: ignore[union-attr]
    return lines


def said(talk: str) -> list[str]:
    """The assistant's sentences among them that need no screen, from the first answer on."""
    lines = shown(talk)
    lines = lines[next(index for index, line in enumerate(lines) if line.startswith("> ")) :]
    return [line for line in lines if not NOT_SAID.match(line)]


def test_in_the_terminal(product: Product) -> None:
    talk = TALKS[0]
    heard = product.command("shell", said="\n".join(typed(talk)) + "\n").rstrip().splitlines()
    assert heard == shown(talk)


@pytest.mark.parametrize("talk", TALKS)
def test_on_the_web(product: Product, talk: str) -> None:
    async def play() -> list[str]:
        async with browser(product, await token()) as tab:
            await tab.open()
            return [text for line in typed(talk) for text in texts(await tab.say(line))]

    async def token() -> str:
        async with aiohttp.ClientSession() as client, client.post(product.base + "/chat/session") as response:
            return str((await response.json())["token"])

    assert_all(said(talk), loop().run_until_complete(play()))


@pytest.mark.parametrize("talk", TALKS)
def test_on_the_telephone(product: Product, talk: str) -> None:
    heard: list[str] = []
    product.call({"call_id": talk, "event_id": "start", "type": "start"})
    for number, line in enumerate(typed(talk)):
        keys = {"type": "dtmf", "digits": f"{line}#"}
        words = {"type": "speech", "text": line, "confidence": 0.9}
        heard += spoken(
            product.call({"call_id": talk, "event_id": f"e{number}", **(keys if line.isdigit() else words)})
        )
        while "继续听" in heard[-1]:
            more = {"type": "dtmf", "digits": "1", "event_id": f"e{number}-{len(heard)}"}
            heard += spoken(product.call({"call_id": talk, **more}))
    assert_all([line for line in said(talk) if not line.startswith(ON_SCREENS)], heard)


def spoken(actions: list[dict[str, Any]]) -> list[str]:
    return [action["say"]["text"] for action in actions if "say" in action]


def assert_all(expected: list[str], heard: list[str]) -> None:
    """Each of the sentences was said, whatever stood beside it."""
    whole = "".join(heard)
    missing = [line for line in expected if line not in whole]
    assert not missing, heard
