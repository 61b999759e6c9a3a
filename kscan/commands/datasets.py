"""`kscan data show|update`: the dated data of the package, and what a user brings that is newer."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec

from kscan import clock, data
from kscan.commands.tables import print_data, print_lines
from kscan.errors import ConfigError, OutputError
from kscan.model.cve_feed import MOST_BYTES, URL, Feed, FeedError, read, with_feed
from kscan.model.defaults import NEWEST
from kscan.model.releases import Faults
from kscan.model.words import counted
from kscan.rules.versions import STALE
from kscan.snapshot.entry import Body, Entry, Gap, Reason
from kscan.snapshot.files import written_whole
from kscan.snapshot.regular import read_regular
from kscan.snapshot.snapshot import Snapshot
from kscan.views.lifecycle import CVE_FEED, minors, retired_apis, shipped_faults
from kscan.views.shipped import known_minors

_FILE = f"{CVE_FEED.name}.json"
FORMS = ("text", "json")
_DAY = timedelta(days=1)


class DataSet(msgspec.Struct, frozen=True, rename="camel"):
    """What kscan knows beside the cluster: of which day or version, from where, and what is unknown when it is old."""

    name: str
    as_of: str
    source: str
    covers: str
    then: str
    age_in_days: int | None = None
    stale_from: str = ""


class Kept(msgspec.Struct, frozen=True):
    """What stands where a user keeps the feed: that, or what is wrong with it."""

    path: Path
    content: bytes = b""
    feed: Feed | None = None
    problem: str = ""

    @property
    def is_newer(self) -> bool:
        """Whether it says more than kscan's own list."""
        return self.feed is not None and self.feed.as_of > shipped_faults().as_of


def brought(folder: Path | None) -> Kept | None:
    """The feed that a user keeps, if there is one."""
    where = folder or data.own_folder()
    if folder and not folder.is_dir():
        raise ConfigError(f"--data {folder} is no folder", "name the one that `kscan data update --data DIR` filled")
    return _kept(where / _FILE) if where else None


def _kept(path: Path) -> Kept | None:
    try:
        path.lstat()
        content = read_regular(path)
        return Kept(path, content, _feed(content))
    except OSError as error:
        is_there = path.is_symlink() or not isinstance(error, FileNotFoundError | NotADirectoryError)
        return Kept(path, problem=error.strerror or str(error)) if is_there else None
    except FeedError as error:
        return Kept(path, problem=str(error))


def _feed(content: bytes) -> Feed:
    if len(content) > MOST_BYTES:
        raise FeedError(f"it is larger than {MOST_BYTES >> 20} MB")
    return read(content)


def with_data(snapshot: Snapshot, folder: Path | None, tell: Callable[[str], None]) -> Snapshot:
    """The snapshot with the user's newer data in it; of what cannot be used it is told that kscan's own counts."""
    kept = brought(folder)
    if not kept:
        return snapshot
    entry: Entry
    if kept.feed is None:
        tell(f"{kept.path} is not used: {kept.problem}; kscan's own list counts")
        entry = Gap(CVE_FEED.path(), Reason.UNDECODABLE, kept.problem)
    elif not kept.is_newer:
        tell(f"{kept.path} is of {kept.feed.as_of}: kscan's own list of {shipped_faults().as_of} is newer and counts")
        return snapshot
    else:
        tell(f"known faults of Kubernetes by its CVE feed of {kept.feed.as_of}")
        entry = Body(kept.content, via=str(kept.path))
    return Snapshot(snapshot.about, {**snapshot.entries, CVE_FEED.path(): entry})


def update(file: Path, folder: Path | None) -> None:
    """Take Kubernetes' official CVE feed from a file, for the scans to come."""
    content = _content(file)
    try:
        feed = read(content)
    except FeedError as error:
        raise ConfigError(f"cannot take {file}", f"{error}; the feed is at {URL}") from error
    _newer(file, feed, folder)
    where = folder or data.own_folder()
    if where is None:
        raise ConfigError("there is no home folder to keep data in", "name one: --data DIR")
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {where}", error.strerror or str(error)) from error
    with written_whole(where / _FILE) as out:
        out.write(content)
    print_lines(_taken(feed, where / _FILE))


def _newer(file: Path, feed: Feed, folder: Path | None) -> None:
    """Refuse what would make kscan know less, and what is dated tomorrow, which would never grow old."""
    if feed.as_of > clock.now().date() + _DAY:
        raise ConfigError(f"cannot take {file}", f"it is dated {feed.as_of}, which has not come yet")
    if feed.as_of <= shipped_faults().as_of:
        raise ConfigError(f"cannot take {file}", f"it is of {feed.as_of}, kscan's own list of {shipped_faults().as_of}")
    kept = brought(folder) if folder is None or folder.is_dir() else None
    if kept and kept.feed and feed.as_of < kept.feed.as_of:
        raise ConfigError(f"cannot take {file}", f"it is of {feed.as_of}, the one that is kept of {kept.feed.as_of}")


def _taken(feed: Feed, path: Path) -> Iterator[str]:
    known = shipped_faults()
    merged = with_feed(known, feed)
    new = sorted({fault.id for fault in merged.faults} - {fault.id for fault in known.faults})
    yield f"wrote {path}: the feed of {feed.as_of}, {counted(len(feed.items), 'item')}"
    yield f"new with versions that can be read: {', '.join(new) or 'none'}"
    if merged.unread:
        yield "new, and in words only: " + ", ".join(f"{one.id} (issue {one.issue})" for one in merged.unread)
        yield "whether a component has these stays unknown"


def show(folder: Path | None, form: str) -> None:
    """Every data set, each with its date."""
    if form not in FORMS:
        raise ConfigError(f"no format is called {form}", f"there are {', '.join(FORMS)}")
    found = tuple(_sets(folder))
    if form == "json":
        print_data(found)
        return
    print_lines(line for one in found for line in _lines(one))


def _lines(one: DataSet) -> Iterator[str]:
    age = f", {counted(one.age_in_days, 'day')} old" if one.age_in_days is not None else ""
    yield one.name
    yield f"  as of     {one.as_of}{age}"
    yield f"  from      {one.source}"
    yield f"  covers    {one.covers}"
    yield f"  {'stale     from ' + one.stale_from + ': ' if one.stale_from else 'newer     '}{one.then}"
    yield ""


def _sets(folder: Path | None) -> Iterator[DataSet]:
    today = clock.now().date()
    known, kept = _known(folder)
    yield DataSet(
        "Known faults (CVEs) of Kubernetes' components",
        f"{known.as_of}",
        f"{known.source}{kept}",
        f"{counted(len({fault.id for fault in known.faults}), 'fault')} that a release mends; "
        f"{len(known.unread)} more in words only",
        "that a release has no known fault becomes unknown; `kscan data update FILE` takes the project's feed",
        _age(known.as_of, today),
        f"{known.as_of + STALE + _DAY}",
    )
    spans = minors()
    yield DataSet(
        "How long each minor is mended",
        f"{spans.as_of}",
        spans.source,
        f"Kubernetes {spans.minors[0].minor} to {spans.minors[-1].minor}, the last until {spans.minors[-1].ends}",
        "whether a newer minor is mended is unknown",
        _age(spans.as_of, today),
    )
    retired = retired_apis()
    yield DataSet(
        "Versions of kinds that Kubernetes dropped",
        f"{retired.as_of}",
        retired.source,
        f"{counted(len(retired.by_kind()), 'kind')}, up to Kubernetes {retired.newest}",
        "in a newer minor it is unknown whether a preview is still served",
        _age(retired.as_of, today),
    )
    oldest, newest = known_minors()
    yield DataSet(
        "Roles and bindings that Kubernetes and its distributions ship",
        f"Kubernetes 1.{newest}",
        "Kubernetes' bootstrap policy, and what distributions publish (checks/shipped/README.md)",
        f"Kubernetes 1.{oldest} to 1.{newest}",
        "what a newer minor ships is unknown, and not accused",
    )
    yield DataSet(
        "What flags are that are not given",
        f"Kubernetes 1.{NEWEST}",
        "the programs' own --help",
        f"up to Kubernetes 1.{NEWEST}",
        "what a newer minor does without a flag is unknown",
    )


def _known(folder: Path | None) -> tuple[Faults, str]:
    """The list that a scan would use now, and what is to be said of the one that is kept."""
    kept = brought(folder)
    if kept and kept.feed and kept.is_newer:
        return with_feed(shipped_faults(), kept.feed), f", kept in {kept.path}"
    return shipped_faults(), f"; {kept.path} is not used: {kept.problem}" if kept and kept.problem else ""


def _age(day: date, today: date) -> int:
    return max((today - day).days, 0)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}", error.strerror or str(error)) from error
    if len(content) > MOST_BYTES:
        raise ConfigError(f"{path} is larger than {MOST_BYTES >> 20} MB", f"the feed is at {URL}")
    return content
