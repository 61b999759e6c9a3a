"""Progress while collecting, on a terminal only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.live import Live
from rich.text import Text

from kscan.report.text import clean


@contextmanager
def watched(console: Console, *, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A function that is told of each page; it shows one line, or nothing."""
    if quiet or not console.is_terminal:
        yield lambda _kind, _objects, _size: None
        return
    totals = [0, 0]
    started = monotonic()
    with Live(Text("connecting…", style="dim"), console=console, refresh_per_second=8, transient=True) as live:

        def note(kind: str, objects: int, size: int) -> None:
            totals[0] += objects
            totals[1] += size
            rate = totals[0] / max(monotonic() - started, 0.1)
            line = f"{totals[0]:,} objects, {totals[1] / 1e6:,.1f} MB, {rate:,.0f} objects/s · {clean(kind)}"
            live.update(Text(line, style="dim"))

        yield note
