"""Tables for a terminal or for a program: as wide as their words, or JSON with a key for each column."""

import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from kscan.commands.output import print_bytes
from kscan.report.indented import indented
from kscan.report.text import clean


class Table(msgspec.Struct, frozen=True):
    """Columns with titles."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def print_table(table: Table, form: str, *, nothing: str) -> None:
    """Write it to standard output."""
    if form == "json":
        keys = [title.lower() or "change" for title in table.titles]
        rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
        print_data(rows)
        return
    lines = list(_lines(table)) if table.rows else [nothing]
    print_bytes("".join(f"{line}\n" for line in lines).encode())


def print_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output."""
    print_bytes("".join(f"{clean(line)}\n" for line in lines).encode())


def print_data(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write a value to standard output as JSON."""
    print_bytes(indented(msgspec.json.encode(value)))


def warn(lines: Iterable[str]) -> None:
    """Write lines to standard error."""
    for line in lines:
        print(clean(line), file=sys.stderr)


def _lines(table: Table) -> Iterable[str]:
    rows = [table.titles, *(tuple(map(clean, row)) for row in table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.titles))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "   ".join(cells).rstrip()
