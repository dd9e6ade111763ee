"""The command ``hotline report``: the figures of the page as tables, JSON, CSV or a workbook."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Optional

import click

from hotline.errors import HotlineError
from hotline.reports.figures import Report, Table, definitions
from hotline.reports.staffing import Staffing

FORMS = ("table", "json", "csv", "xlsx")


@click.command()
@click.argument("names", nargs=-1, metavar="[TABLE]...")
@click.option("--from", "first", default="", metavar="DAY", help="first day (default: 30 days up to --to)")
@click.option("--to", "last", default="", metavar="DAY", help="last day (default: today)")
@click.option("--by", "step", default="", metavar="STEP", help="traffic by hour, day, month or year")
@click.option("--channel", default="", help="only this channel: web, ivr")
@click.option("--as", "form", type=click.Choice(FORMS), default="table", show_default=True, help="what to print")
@click.option("--out", type=click.Path(path_type=Path), help="write it to this file")
def report(
    names: tuple[str, ...], first: str, last: str, step: str, channel: str, form: str, out: Optional[Path]
) -> None:
    """Figures of the hotline; docs/reports.md defines each. Without TABLE all of them."""
    from hotline import bootstrap
    from hotline.reports.figures import report as count
    from hotline.reports.period import period
    from hotline.reports.staffing import staffing as plan

    services = bootstrap.services()

    async def ask() -> tuple[Report, Staffing]:
        now = services.clock.now()
        wanted = period(first, last, step, channel, now.date())
        return await count(services.reports, wanted, now), await plan(services.reports, now.date())

    try:
        found, staffing = asyncio.run(ask())
        content = _rendered(found, staffing, names, form)
    except HotlineError as error:
        raise click.ClickException(str(error)) from None
    finally:
        services.close()
    if out:
        _write(out, content)
    elif form == "xlsx":
        raise click.UsageError("a workbook needs a file: --out FILE")
    else:
        click.echo(content.decode(), nl=not content.endswith(b"\n"))


def _rendered(found: Report, staffing: Staffing, names: tuple[str, ...], form: str) -> bytes:
    from hotline.reports import export

    tables = {"headline": _figures(found), **found.tables, "staffing": export.staffing_table(staffing)}
    unknown = [name for name in names if name not in tables]
    if unknown:
        raise click.UsageError(f"no table is called {' '.join(unknown)}; there are: {' '.join(tables)}")
    chosen = [tables[name] for name in names or tables]
    if form == "xlsx":
        return export.xlsx_of(found, staffing)
    if form == "json":
        shown = {table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in chosen}
        return json.dumps(shown, ensure_ascii=False, indent=1).encode()
    if form == "csv":
        if len(chosen) != 1:
            raise click.UsageError(f"CSV is one table: name one of {' '.join(tables)}")
        return export.csv_of(chosen[0]).encode()
    return "\n\n".join(_titled(table, export.text_of(table)) for table in chosen).encode()


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(out), error.strerror) from None


def _figures(found: Report) -> Table:
    """The headline figures by the names that programs know them by."""
    return Table("headline", ("figure", "value", "before"), [[name, *both] for name, both in found.headline.items()])


def _titled(table: Table, text: str) -> str:
    about = definitions()["tables"].get(table.name)
    return f"{table.name}{': ' + about['en'] if about else ''}\n{text}"


@click.group()
def review() -> None:
    """What was not understood, for a person to label; nothing is learnt by itself (docs/reviewing.md)."""


@review.command("list")
@click.option("--from", "first", default="", metavar="DAY", help="first day (default: 30 days up to --to)")
@click.option("--to", "last", default="", metavar="DAY", help="last day (default: today)")
@click.option("--below", default=0.5, show_default=True, help="also list what was understood with less confidence")
@click.option("--most", default=2000, show_default=True, type=click.IntRange(1), help="how many conversations to read")
@click.option("--out", type=click.Path(path_type=Path), help="write the list to this file")
def review_list(first: str, last: str, below: float, most: int, out: Optional[Path]) -> None:
    """List refused and doubtful turns, masked and grouped, as a file to fill in."""
    from hotline import bootstrap
    from hotline.reports import review as loop
    from hotline.reports.period import period

    services = bootstrap.services()

    async def ask() -> str:
        span = period(first, last, "year", "", services.clock.now().date()).span
        return loop.labels(await loop.doubts(services.reports, services.events, span, below, most))

    try:
        text = asyncio.run(ask())
    except HotlineError as error:
        raise click.ClickException(str(error)) from None
    finally:
        services.close()
    if out:
        _write(out, text.encode())
        click.echo(f"{out}: give each phrase its intent, then run `hotline review patch {out} --out review.patch`")
    else:
        click.echo(text, nl=False)


@review.command("patch")
@click.argument("labels", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--effect", is_flag=True, help="train with the patch and put what customers would notice at its head")
@click.option("--out", type=click.Path(path_type=Path), help="write the patch to this file")
def review_patch(labels: Optional[Path], effect: bool, out: Optional[Path]) -> None:
    """Make a patch of data/nlu from a filled-in LABELS file, or from what was decided on the page."""
    from hotline import bootstrap
    from hotline.reports import review as loop

    try:
        if labels:
            decisions = loop.labelled(labels.read_text(encoding="utf-8"))
        else:
            services = bootstrap.services()
            decisions = dict(asyncio.run(services.reports.decisions()))
            services.close()
        patch = loop.patch(decisions)
        if not patch:
            raise click.ClickException("there is nothing to add: no phrase has an intent that data/nlu lacks")
        if effect:
            from hotline.testing.commands import effect_of

            patch = "".join(f"# {line}".rstrip() + "\n" for line in effect_of(patch).splitlines()) + patch
    except HotlineError as error:
        raise click.ClickException(str(error)) from None
    if out:
        _write(out, patch.encode())
        click.echo(f"{out}: read it, then `git apply {out}`, `make train`, `make test`, and commit")
    else:
        click.echo(patch, nl=False)
