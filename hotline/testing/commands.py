"""The commands ``hotline test``, ``hotline record`` and ``hotline chat``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Optional

import click

from hotline.errors import HotlineError
from hotline.settings import ROOT

TALKS = "tests/conversations"
HELD_OUT = "tests/nlu"
# Options whose value may happen to be the name of a folder.
TAKE_A_WORD = ("-k", "-m", "--walk-save", "--basetemp")


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--against", metavar="REVISION", help="also tell what customers would notice of the changes since then")
@click.option("--report", type=click.Path(path_type=Path), help="write that to this file instead of the terminal")
@click.option("--junit", metavar="FILE", help="JUnit XML of the tests for the CI system")
@click.option("--model", metavar="FILE", help="trained model (default: HOTLINE_MODEL, else models/hotline.tar.gz)")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(
    against: Optional[str],
    report: Optional[Path],
    junit: Optional[str],
    model: Optional[str],
    arguments: tuple[str, ...],
) -> None:
    """Play the conversation tests; further arguments and options go to pytest (--talk-cov, -k, -n …)."""
    options = [f"--junitxml={junit}"] if junit else []
    options += [f"--model={model}"] if model else []
    targets = [] if _names_some(arguments) else [str(ROOT / TALKS)]
    command = [sys.executable, "-m", "pytest", "-p", "hotline.testing.plugin", *options, *targets, *arguments]
    with ThreadPoolExecutor(1) as beside:  # the other revision is trained and asked while the tests run
        difference = beside.submit(_difference, against, model) if against else None
        code = subprocess.run(command, check=False).returncode
        if difference:
            _publish(difference, report)
    sys.exit(code)


def _names_some(arguments: Sequence[str]) -> bool:
    """Whether arguments of pytest name tests: files, there or not, or folders; no file that a report goes to."""
    for before, word in zip(("", *arguments), arguments, strict=False):
        path = Path(word.split("::")[0])
        if path.suffix in (".yml", ".yaml", ".py") or (path.is_dir() and before not in TAKE_A_WORD):
            return True
    return False


def _publish(difference: Future[str], report: Optional[Path]) -> None:
    try:
        text = difference.result()
    except HotlineError as error:
        raise click.ClickException(str(error)) from None
    if report:
        report.write_text(text, encoding="utf-8")
    else:
        click.echo(text)


def _difference(revision: str, model: Optional[str]) -> str:
    from hotline.settings import load_settings
    from hotline.testing.difference import compare, markdown
    from hotline.testing.revision import record, record_of_revision

    files = _files()
    after = record(Path(model).resolve() if model else load_settings().model, files)
    return markdown(compare(record_of_revision(revision, files), after), revision)


def effect_of(patch: str) -> str:
    """What customers would notice if a patch were applied to the latest commit; trains both, for some minutes."""
    from hotline.testing.difference import compare, markdown
    from hotline.testing.revision import record_of_patch, record_of_revision

    files = _files()
    return markdown(compare(record_of_revision("HEAD", files), record_of_patch(patch, files)), "HEAD")


def _files() -> list[Path]:
    return [path.relative_to(ROOT) for folder in (TALKS, HELD_OUT) for path in sorted((ROOT / folder).glob("*.yml"))]


@click.command()
@click.argument("conversation")
@click.option("--name", help="the test case's name (default: the conversation's id)")
@click.option("--to", "target", type=click.Path(path_type=Path), help="a new file (default: the terminal)")
def record(conversation: str, name: Optional[str], target: Optional[Path]) -> None:
    """Turn a stored conversation into a test file, personal data replaced by invented data."""
    import asyncio

    from hotline import bootstrap
    from hotline.testing.record import recorded
    from hotline.testing.writer import text, write

    services = bootstrap.services()
    try:
        steps, options = asyncio.run(recorded(conversation, services.events, services.conversations))
        if target:
            write(target, name or conversation, steps, **options)
            click.echo(f"{target}: read it, say what you expect, and run `hotline test {target}`")
        else:
            click.echo(text(name or conversation, steps, **options))
    except HotlineError as error:
        raise click.ClickException(str(error)) from None
    finally:
        services.close()


def _moment(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """The moment as it was written, if it is one."""
    from hotline.testing.loader import moment

    try:
        moment(value)
    except ValueError:
        raise click.BadParameter(f"{value} is not a moment such as 2026-10-03 or 2026-10-03 18:30") from None
    return value


@click.command()
@click.option("--save", "target", type=click.Path(path_type=Path), help="a new test file with this talk")
@click.option("--name", default="a talk", show_default=True, help="the test case's name")
@click.option(
    "--at", "day", default="2026-10-21", show_default=True, callback=_moment, help="the day it is, or day and time"
)
@click.option("--model", metavar="FILE", help="trained model (default: HOTLINE_MODEL, else models/hotline.tar.gz)")
def chat(target: Optional[Path], name: str, day: str, model: Optional[str]) -> None:
    """Talk to the assistant with the demo subscribers on a chosen day, and save the talk as a test."""
    from hotline.logs import configure_logs
    from hotline.settings import load_settings
    from hotline.testing.chat import chat as talk
    from hotline.testing.loader import moment
    from hotline.testing.writer import write

    configure_logs("ERROR")
    try:
        if target and target.exists():
            raise click.ClickException(f"{target} is there already")
        lines = iter(lambda: click.prompt("", prompt_suffix="> ", default="", show_default=False), None)
        steps = talk(Path(model) if model else load_settings().model, moment(day), _until_end(lines), click.echo)
        if target:
            write(target, name, steps, at=day)
            click.echo(f"saved as {target}")
    except HotlineError as error:
        raise click.ClickException(str(error)) from None


def _until_end(lines: Iterator[str]) -> Iterator[str]:
    """The lines that are typed, until Ctrl-D or Ctrl-C."""
    try:
        yield from lines
    except (click.Abort, EOFError, KeyboardInterrupt):
        click.echo()


@click.command("demo-traffic")
@click.option("--talks", default=400, show_default=True, type=click.IntRange(1), help="how many talks")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366), help="over how many days up to now")
@click.option("--seed", default=1860, show_default=True, help="another one makes other customers")
def demo_traffic(talks: int, days: int, seed: int) -> None:
    """Play invented traffic through the engine, so that the reports have something to show."""
    import asyncio

    from hotline.clock import clock_for
    from hotline.logs import configure_logs
    from hotline.settings import load_settings
    from hotline.testing.traffic import Traffic, prepared, talks_of

    configure_logs("ERROR")
    try:
        settings = load_settings()
        if settings.production:
            raise click.ClickException("invented traffic is refused when HOTLINE_ENV=production")
        now = clock_for(settings.now).now()
        prepared(settings, now, days)
        traffic = Traffic(settings, now, seed)
        with click.progressbar(length=talks, label="talks", file=sys.stderr) as bar:

            async def run() -> None:
                try:
                    await traffic.play(talks_of(ROOT / TALKS), talks, days, lambda played: bar.update(played - bar.pos))
                finally:
                    await traffic.close()

            asyncio.run(run())
    except HotlineError as error:
        raise click.ClickException(str(error)) from None
