"""The snapshot file: a zip whose members are API paths, readable by people and other tools.

`kscan.json` comes first and names every member; a list longer than a page has several.
Nothing is ever extracted to disk, and no member is read that the index does not vouch for.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from kscan.errors import SnapshotError
from kscan.model.base import read_json
from kscan.snapshot.entry import Body, Entry, Gap, Item, Listing, Reason, Unread, list_document
from kscan.snapshot.pages import Page, decode_page, keep
from kscan.snapshot.snapshot import About, Snapshot

FORMAT = 1
INDEX = "kscan.json"
_PAGE_OBJECTS, _PAGE_BYTES = 500, 16 << 20
_MOST_BYTES = 8 << 30
_MOST_MEMBER = 256 << 20
# Of the index, and of a page of a list: what kscan writes is half of that, or one object.
_MOST_PAGE = 32 << 20
# Of a member by itself above this size: what is packed smaller repeats itself as no answer does.
_FREE_MEMBER, _MOST_RATIO_OF_ONE = 1 << 20, 300
# Above this size an archive must be larger than a five-hundredth of what it unpacks to.
_FREE_BYTES, _MOST_RATIO = 512 << 20, 500
# The same of objects, of which each has a name and a time of its own: none is packed into less.
_FREE_OBJECTS, _LEAST_PACKED = 100_000, 4
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What costs the path that it stands at, and no other.
_OF_ONE_MEMBER = (
    KeyError,
    IndexError,
    msgspec.MsgspecError,
    UnicodeDecodeError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RecursionError,
)
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError, struct.error)
_EXTENSIONS = {"application/json": ".json", "application/yaml": ".yaml"}


class _Record(msgspec.Struct, omit_defaults=True):
    """What the index says of one path."""

    path: str
    members: tuple[str, ...] = ()
    media_type: str = "application/json"
    via: str = ""
    list: bool = False
    gap: Gap | None = None


class _Index(msgspec.Struct, kw_only=True):
    """The first member of the file."""

    format: int
    about: About
    entries: tuple[_Record, ...]


def save(snapshot: Snapshot, file: IO[bytes]) -> None:
    """Write the snapshot into an open binary file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        records = []
        for path, entry in snapshot.entries.items():
            names = []
            for number, content in enumerate(_contents(entry), 1):
                names.append(_member(path, entry, number))
                archive.writestr(names[-1], content)
            records.append(_record(path, entry, tuple(names)))
        index = _Index(format=FORMAT, about=snapshot.about, entries=tuple(records))
        archive.writestr(INDEX, msgspec.json.format(msgspec.json.encode(index)))


def _contents(entry: Entry) -> Iterator[bytes]:
    if isinstance(entry, Body):
        yield entry.content
    elif isinstance(entry, Listing):
        yield from _pages(entry)


def _pages(listing: Listing) -> Iterator[bytes]:
    """The listing as list documents of bounded length, at least one; each object exactly as it is kept."""
    batch: list[bytes] = []
    size = 0
    for item in listing.items:
        body = item.body
        if batch and (len(batch) >= _PAGE_OBJECTS or size + len(body) > _PAGE_BYTES):
            yield list_document(listing, batch)
            batch, size = [], 0
        batch.append(body)
        size += len(body)
    yield list_document(listing, batch)


def _member(path: str, entry: Entry, number: int) -> str:
    page = f".page-{number}" if number > 1 else ""
    media_type = entry.media_type if isinstance(entry, Body) else "application/json"
    return path.strip("/") + page + _EXTENSIONS.get(media_type, ".txt")


def _record(path: str, entry: Entry, members: tuple[str, ...]) -> _Record:
    match entry:
        case Gap():
            return _Record(path, gap=entry)
        case Listing():
            return _Record(path, members, list=True, gap=entry.gap)
        case Body():
            return _Record(path, members, media_type=entry.media_type, via=entry.via)


def load(path: Path) -> Snapshot:
    """Read a snapshot file; SnapshotError says in one line what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _load(archive, path)
    except OSError as error:
        raise SnapshotError(f"cannot read {path}", error.strerror or str(error)) from error
    except _DAMAGES as error:
        advice = "it is damaged, cut off or not a kscan snapshot; make it again with `kscan snapshot save`"
        raise SnapshotError(f"{path} is not a whole snapshot file", advice) from error


def _load(archive: zipfile.ZipFile, path: Path) -> Snapshot:
    members = {info.filename: info for info in archive.infolist()}
    _refuse_hostile(members, path)
    if INDEX not in members:
        raise SnapshotError(f"{path} is not a kscan snapshot", f"it holds no {INDEX}")
    try:
        index = read_json(archive.read(INDEX), _Index)
    except msgspec.MsgspecError as error:
        raise SnapshotError(f"{path} is not a kscan snapshot", f"its {INDEX}: {_words(error)}") from error
    if index.format != FORMAT:
        raise SnapshotError(f"{path} has format {index.format}", f"this kscan reads format {FORMAT}")
    _refuse_repeated(index, path)
    reading = _Reading(archive, path, max(_FREE_OBJECTS, path.stat().st_size // _LEAST_PACKED))
    entries: dict[str, Entry] = {}
    unread: list[Unread] = []
    for record in index.entries:
        entries[record.path], *missing = _entry(reading, record)
        unread += missing
    return Snapshot(msgspec.structs.replace(index.about, unread=(*index.about.unread, *unread)), entries)


def _refuse_hostile(members: Mapping[str, zipfile.ZipInfo], path: Path) -> None:
    for name, info in members.items():
        if ".." in PurePosixPath(name).parts or name.startswith("/") or "\\" in name:
            raise SnapshotError(f"{path} is refused", f"its member {name!r} climbs out of the archive")
        if info.file_size > _MOST_MEMBER:
            raise SnapshotError(f"{path} is refused", f"its member {name!r} unpacks to {info.file_size} bytes")
        if name == INDEX and info.file_size > _MOST_PAGE:
            raise SnapshotError(f"{path} is refused", f"its {INDEX} unpacks to {info.file_size} bytes")
        if info.file_size > max(_FREE_MEMBER, _MOST_RATIO_OF_ONE * info.compress_size):
            raise SnapshotError(f"{path} is refused", f"its member {name!r} unpacks to {info.file_size} bytes")
        if info.compress_type not in _METHODS:
            raise SnapshotError(f"{path} is refused", f"its member {name!r} is packed in a way that kscan never does")
    size = sum(info.file_size for info in members.values())
    packed = sum(info.compress_size for info in members.values())
    if size > _MOST_BYTES or size > max(_FREE_BYTES, _MOST_RATIO * packed):
        raise SnapshotError(f"{path} is refused", f"it unpacks to {size} bytes")


def _refuse_repeated(index: _Index, path: Path) -> None:
    """One member read a thousand times would be a bomb that no size gives away."""
    names = [name for record in index.entries for name in record.members]
    if len(names) != len(set(names)):
        raise SnapshotError(f"{path} is refused", f"its {INDEX} names a member twice")


class _Reading(msgspec.Struct):
    """An archive that is read: each distinct pod spec is held once, and only so many objects are taken from it."""

    archive: zipfile.ZipFile
    path: Path
    left: int
    specs: dict[bytes, bytes] = {}

    def page(self, name: str, path: str) -> Page:
        """One page of a list."""
        if self.archive.getinfo(name).file_size > _MOST_PAGE:
            raise SnapshotError(f"{self.path} is refused", f"its member {name!r} is longer than a page")
        page = decode_page(self.archive.read(name), path)
        self.left -= len(page.objects)
        if self.left < 0:
            raise SnapshotError(
                f"{self.path} is refused", "it unpacks to more objects than a file of its size can hold"
            )
        return page


def _entry(reading: _Reading, record: _Record) -> tuple[Entry, *tuple[Unread, ...]]:
    """What stands at a path; and what of it the file names and does not hold whole."""
    try:
        if record.list:
            return _listing(reading, record)
        if record.gap:
            return (record.gap,)
        return (Body(reading.archive.read(record.members[0]), record.media_type, record.via),)
    except _OF_ONE_MEMBER as error:
        gap = Gap(record.path, Reason.UNDECODABLE, f"the file does not hold it whole: {_words(error)}")
        return gap, Unread(gap, record.path)


def _words(error: Exception) -> str:
    """What a damaged file made an error say, in one line that no terminal obeys."""
    return ascii(str(error))[1:-1][:300]


def _listing(reading: _Reading, record: _Record) -> tuple[Entry, *tuple[Unread, ...]]:
    if not record.members:
        raise KeyError("the list has no member")
    kind = api_version = resource_version = ""
    items: list[Item] = []
    rest = ""
    for name in record.members:
        page = reading.page(name, record.path)
        kind, api_version = page.kind.removesuffix("List"), page.api_version
        resource_version = page.metadata.resource_version
        items.extend(keep(raw, reading.specs, pod=kind == "Pod", kind=kind) for raw in page.objects)
        rest = page.metadata.rest
    listing = Listing(kind, api_version, tuple(items), resource_version, record.gap)
    if not rest or record.gap:
        return (listing,)
    gap = Gap(record.path, Reason.CUT_OFF, rest)
    return msgspec.structs.replace(listing, gap=gap), Unread(gap, record.path)
