"""The terminal channel: the assistant in a shell, through the same door as every other channel."""

from __future__ import annotations

import asyncio
import secrets
import sys
from getpass import getpass

import click

from hotline import bootstrap
from hotline.answers import Answer
from hotline.door import Door, Inbound
from hotline.engine import load_agent, open_door
from hotline.errors import MessageRejectedError
from hotline.logs import configure_logs
from hotline.settings import Settings

CHANNEL = "web"  # a screen, like the widget


def converse(settings: Settings) -> None:
    """Read lines until the end of input or Ctrl-C; a number chooses a button, an empty line is silence.

    Lines that come from a file or a pipe are shown as they would have been typed, secrets blotted out.
    """
    configure_logs("ERROR")
    services = bootstrap.services()
    door = open_door(load_agent(settings.model, services.events), services)
    try:
        asyncio.run(_talk(door))
    except (KeyboardInterrupt, EOFError):
        click.echo()
    finally:
        services.close()


async def _talk(door: Door) -> None:
    conversation = f"shell-{secrets.token_hex(6)}"
    inbound = Inbound(conversation, CHANNEL, "0", event="session_opened")
    number = 0
    while True:
        answers: list[Answer] = []
        try:
            answers = (await door.receive(inbound)).answers
        except MessageRejectedError as error:
            click.echo(f"({error.field} {error.reason})", err=True)
        buttons = [button for answer in answers for button in answer.buttons]
        for answer in answers:
            click.secho(answer.text, fg="green")
        for index, button in enumerate(buttons, start=1):
            click.echo(f"  {index} {button['title']}")
        if any(answer.metadata.get("ends") for answer in answers) and not buttons:
            return
        secret = any(answer.metadata.get("secret") for answer in answers)
        number += 1
        inbound = _read(conversation, number, buttons, secret)


def _read(conversation: str, number: int, buttons: list[dict[str, str]], secret: bool) -> Inbound:
    line = _typed(secret) if sys.stdin.isatty() else _piped(secret)
    text = line.strip()
    if not text:
        return Inbound(conversation, CHANNEL, str(number), event="silence")
    if text.isdigit() and 1 <= int(text) <= len(buttons):
        button = buttons[int(text) - 1]
        return Inbound(conversation, CHANNEL, str(number), button["title"], button["payload"])
    return Inbound(conversation, CHANNEL, str(number), text)


def _typed(secret: bool) -> str:
    return getpass("> ") if secret else input("> ")


def _piped(secret: bool) -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    text = line.strip()
    click.echo("> " + ("*" * len(text) if secret else text))
    return text
