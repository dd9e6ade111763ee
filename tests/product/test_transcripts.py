"""The README's three talks come out of the terminal, the web and the telephone in the same words."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from hotline.settings import ROOT
from tests.cluster.customers import Phone, Tab
from tests.product.conftest import SECRET
from tests.served import Product

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
    heard = product.run("shell", typed="\n".join(typed(talk)) + "\n").rstrip().splitlines()
    assert heard == shown(talk)


@pytest.mark.parametrize("talk", TALKS)
async def test_on_the_web(product: Product, talk: str) -> None:
    tab = await Tab(product.base).open()
    try:
        heard = [text for line in typed(talk) for text in await tab.say(line)]
    finally:
        await tab.close()
    assert_all(said(talk), heard)


@pytest.mark.parametrize("talk", TALKS)
async def test_on_the_telephone(product: Product, talk: str) -> None:
    heard: list[str] = []
    async with aiohttp.ClientSession() as http:
        phone = Phone(http, product.base, SECRET, talk)
        await phone.event("start")
        for line in typed(talk):
            if line.isdigit():
                heard += spoken(await phone.event("dtmf", digits=f"{line}#"))
            else:
                heard += spoken(await phone.event("speech", text=line, confidence=0.9))
            while "继续听" in heard[-1]:
                heard += spoken(await phone.event("dtmf", digits="1"))
    assert_all([line for line in said(talk) if not line.startswith(ON_SCREENS)], heard)


def spoken(actions: list[dict[str, Any]]) -> list[str]:
    return [action["say"]["text"] for action in actions if "say" in action]


def assert_all(expected: list[str], heard: list[str]) -> None:
    """Each of the sentences was said, whatever stood beside it."""
    whole = "".join(heard)
    missing = [line for line in expected if line not in whole]
    assert not missing, heard
