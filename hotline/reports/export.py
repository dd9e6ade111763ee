"""Figures for other programs: CSV of one table, an XLSX workbook of all, plain tables for the terminal.

What customers said is text in every program: no cell begins with a sign by which a spreadsheet knows a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from hotline.reports.figures import Report, Table, definitions
from hotline.reports.staffing import SLOTS, Staffing

FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARK = "\ufeff"  # by which Excel knows UTF-8
WIDEST, PADDING = 60, 4
LATE = ("-", "late")


def headline_table(report: Report) -> Table:
    """The headline figures as a table, each with its meaning."""
    known = definitions()["headline"]
    rows = [[known[name]["title"], now, was, known[name]["means"]] for name, (now, was) in report.headline.items()]
    return Table("headline", ("figure", "value", "before", "means"), rows)


def staffing_table(staffing: Staffing) -> Table:
    """The coming week, hour by hour; weekdays count from 1, Monday."""
    rows = [
        [weekday + 1, hour, round(staffing.expected[weekday, hour], 2), staffing.agents[weekday, hour]]
        for weekday, hour in SLOTS
    ]
    return Table("staffing", ("weekday", "hour", "expected", "agents"), rows)


def csv_of(table: Table) -> str:
    """One table as CSV (RFC 4180) with column names in its first line; UTF-8 with a byte order mark."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(table.columns)
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    return MARK + stream.getvalue()


def xlsx_of(report: Report, staffing: Staffing) -> bytes:
    """A workbook with a sheet for each table, headed by what it means, in the words of the page."""
    import xlsxwriter  # only when somebody asks for a workbook

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold, share = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        for table in (headline_table(report), *report.tables.values(), staffing_table(staffing)):
            _sheet(book, table, bold, share)
    return stream.getvalue()


def text_of(table: Table) -> str:
    """One table for the terminal."""
    from tabulate import tabulate

    return str(tabulate(table.rows, headers=table.columns, disable_numparse=True, missingval="–"))


def named(value: Any) -> Any:
    """The word of the page for a value such as ``billing``; anything else as it is."""
    return definitions()["values"].get(value, value) if isinstance(value, str) else value


def _sheet(book: Any, table: Table, bold: Any, share: Any) -> None:
    known = definitions()
    about = known["tables"].get(table.name, {"title": known["columns"]["figure"], "means": ""})
    sheet = book.add_worksheet(about["title"])
    titles = [known["columns"][name] for name in table.columns]
    shares = {one["title"] for one in known["headline"].values() if one["unit"] == "share"}
    sheet.write_string(0, 0, about["means"])
    for column, title in enumerate(titles):
        sheet.write_string(1, column, title, bold)
    for row, cells in enumerate(table.rows, start=2):
        for column, cell in enumerate(cells):
            value = named(LATE[cell] if table.columns[column] == "late" else cell)
            rate = table.columns[column] == "contained" or (table.name == "headline" and cells[0] in shares)
            if isinstance(value, str):
                sheet.write_string(row, column, value)
            elif value is not None:
                sheet.write_number(row, column, value, share if rate else None)
    sheet.freeze_panes(2, 0)
    for column, width in enumerate(_widths(titles, table.rows)):
        sheet.set_column(column, column, width)


def _widths(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """Characters, Chinese ones counted twice."""
    columns = zip(titles, *rows, strict=True)
    return [
        min(max(sum(1 + (c > "\u2e7f") for c in str(cell)) for cell in cells) + PADDING, WIDEST) for cells in columns
    ]


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
