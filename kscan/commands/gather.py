"""Collecting with progress, as `scan` and `snapshot save` both do it."""

from collections.abc import Iterable

from rich.console import Console

from kscan.collect.request import Access, Options
from kscan.commands.progress import watched
from kscan.snapshot.needs import Need
from kscan.snapshot.snapshot import Snapshot


def from_cluster(access: Access, needs: Iterable[Need], options: Options, console: Console, *, quiet: bool) -> Snapshot:
    """Read a live cluster while a terminal shows how far it is."""
    # It imports `kubernetes`, which takes longer than many a command.
    from kscan.collect.collect import collect  # noqa: PLC0415

    with watched(console, quiet=quiet) as progress:
        return collect(access, needs, options, progress)
