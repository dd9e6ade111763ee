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
        out.write_bytes(content)
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


def _figures(found: Report) -> Table:
    """The headline figures by the names that programs know them by."""
    return Table("headline", ("figure", "value", "before"), [[name, *both] for name, both in found.headline.items()])


def _titled(table: Table, text: str) -> str:
    about = definitions()["tables"].get(table.name)
    return f"{table.name}{': ' + about['en'] if about else ''}\n{text}"
