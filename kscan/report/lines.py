"""The pieces of a report for a terminal: lines, indented ones, titles, sections."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from kscan.checks.check import Check, Severity
from kscan.report.text import clean

STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}


def line(text: str, style: str = "") -> Text:
    """One line of text, made harmless."""
    return Text(clean(text), style=style)


def indented(text: Text, left: int) -> RenderableType:
    """Text that keeps its margin where it wraps."""
    return Padding(text, (0, 0, 0, left), expand=False)


def title(check: Check, severity: Severity) -> RenderableType:
    """A check by its severity, its id and its title."""
    head = Text.assemble("  ", (severity.upper(), STYLES[severity]), " ", (clean(check.id), "bold"))
    return Group(head, indented(line(check.file.title), 4))


def section(console: Console, words: str, parts: Iterable[Iterable[RenderableType]], number: int = 0) -> None:
    """A heading with the number of blocks below it, or the one given; nothing where there are none."""
    blocks = list(parts)
    if not blocks:
        return
    console.print()
    console.print(line(f"{words} ({number or len(blocks)})", "bold underline"))
    for block in blocks:
        for part in block:
            console.print(part)
