"""What would change in a file, as `diff -u` writes it: byte for byte for patch, in colours for a person."""

import difflib
import io
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from kscan.report.text import clean

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def unified(name: str, before: str, after: str) -> Iterator[str]:
    """The lines of the difference, each with its end."""
    for line in difflib.unified_diff(_lines(before), _lines(after), name, name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    # Only a newline ends a line here, as for patch; splitlines knows many more.
    return list(io.StringIO(text, newline="\n"))


def coloured(lines: Iterator[str], width: int) -> bytes:
    """The same for a terminal; what could steer it is taken out."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, force_terminal=True, soft_wrap=True, highlight=False)
    for line in lines:
        style = "bold" if line.startswith(("--- ", "+++ ")) else _STYLES.get(line[0], "")
        console.print(Text(clean(line.rstrip("\r\n")), style=style))
    return buffer.getvalue().encode(errors="replace")
