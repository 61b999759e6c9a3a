"""Collecting with progress, as `scan` and `snapshot save` both do it."""

from collections.abc import Iterable

from rich.console import Console

from kscan.collect.collect import Options, collect
from kscan.collect.credentials import Access
from kscan.commands.progress import watched
from kscan.snapshot.needs import Need
from kscan.snapshot.snapshot import Snapshot


def from_cluster(access: Access, needs: Iterable[Need], options: Options, console: Console, *, quiet: bool) -> Snapshot:
    """Read a live cluster while a terminal shows how far it is."""
    with watched(console, quiet=quiet) as progress:
        return collect(access, needs, options, progress)
