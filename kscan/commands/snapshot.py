"""`kscan snapshot save|show|serve`."""

import sys
from pathlib import Path

import msgspec
from rich.console import Console

from kscan.checks.check import Check
from kscan.collect.request import Access, Options
from kscan.commands.gather import from_cluster
from kscan.commands.node_results import NodeResults, with_results
from kscan.commands.output import print_bytes
from kscan.errors import ConfigError, nearest
from kscan.judge.plan import plan
from kscan.report.indented import indented
from kscan.report.text import clean
from kscan.snapshot.archive import load
from kscan.snapshot.archive import save as write_archive
from kscan.snapshot.entry import Body, Entry, Gap, Listing, list_document
from kscan.snapshot.files import written_whole
from kscan.snapshot.needs import merged
from kscan.snapshot.redact import redacted


def save(
    path: Path,
    checks: tuple[Check, ...],
    access: Access,
    options: Options,
    results: NodeResults,
    *,
    redact: bool,
    quiet: bool,
) -> str:
    """Read a cluster into a file; gives the line that says so."""

    def tell(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr)

    # The file is opened first: nobody should wait for a scan whose result cannot be written.
    with written_whole(path) as file:
        needs = merged((*plan(checks).needs(), *results.needs()))
        snapshot = from_cluster(access, needs, options, Console(stderr=True), quiet=quiet)
        snapshot = with_results(snapshot, results, tell)
        for one in snapshot.about.unread:
            tell(clean(f"not read: {one.gap}"))
        write_archive(redacted(snapshot) if redact else snapshot, file)
    gaps = len(list(snapshot.gaps()))
    return f"wrote {path}: {len(snapshot.entries)} paths, {gaps} of them gaps"


def show(path: Path, inner: str) -> None:
    """Print what a snapshot holds, or what stands at one of its paths."""
    snapshot = load(path)
    if not inner:
        print_bytes(indented(msgspec.json.encode(snapshot.about)) + b"\n")
        lines = (f"{clean(one)}  {clean(_summary(entry))}" for one, entry in snapshot.entries.items())
        print_bytes("".join(f"{line}\n" for line in lines).encode())
        return
    wanted = "/" + inner.strip("/")
    entry = snapshot.entries.get(wanted)
    if entry is None:
        raise ConfigError(
            f"the snapshot has no path {wanted}", nearest(wanted, snapshot.entries) or "see it without PATH"
        )
    print_bytes(_content(entry))


def _summary(entry: Entry) -> str:
    match entry:
        case Gap():
            return f"gap: {entry.reason}" + (f" ({entry.detail})" if entry.detail else "")
        case Listing():
            return f"{len(entry.items)} objects" + (f", cut: {entry.gap.reason}" if entry.gap else "")
        case Body():
            return f"{len(entry.content)} bytes" + (f", from {entry.via}" if entry.via else "")


def _content(entry: Entry) -> bytes:
    match entry:
        case Gap():
            return f"gap: {clean(str(entry))}\n".encode()
        case Listing():
            return indented(list_document(entry, entry.bodies()))
        case Body():
            return entry.content if entry.content.endswith(b"\n") else entry.content + b"\n"
