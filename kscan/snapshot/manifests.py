"""Manifests as a snapshot: files of YAML or JSON documents, as `kubectl get -o yaml` and `helm template` write them."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from kscan.errors import SnapshotError
from kscan.model.meta import ObjectRef
from kscan.snapshot.archive import load
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.marked import Broken, Lines, marked
from kscan.snapshot.snapshot import About, Snapshot

ENDINGS = (".yaml", ".yml", ".json")
STANDARD_INPUT = Path("-")
_NAMESPACED = {resource.kind: resource.namespaced for resource in KNOWN}


class Origin(msgspec.Struct, frozen=True):
    """Where an object is written: the file, the line of each of its members, and its place among the documents."""

    file: str
    line: int
    value: Any
    lines: Lines
    part: int = 0
    index: int = 0
    path: tuple[str | int, ...] = ()


class Written(msgspec.Struct, frozen=True):
    """What one text holds: its objects, what could not be read and what is no object."""

    objects: tuple[tuple[dict[str, Any], Origin], ...] = ()
    unread: tuple[Gap, ...] = ()
    skipped: tuple[str, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """A source that was opened: what it holds, where that is written, and what could not be read or is no object."""

    snapshot: Snapshot
    origins: Mapping[ObjectRef, Origin] = {}
    unread: tuple[Gap, ...] = ()
    skipped: tuple[str, ...] = ()


def open_source(path: Path) -> Opened:
    """A saved snapshot, a cluster written down as a folder, or manifests; by what stands at the path."""
    if path == STANDARD_INPUT or path.suffix in ENDINGS:
        return load_manifests(path)
    if path.is_dir():
        return Opened(load_folder(path)) if (path / "cluster.yaml").is_file() else load_manifests(path)
    return Opened(load(path))


def load_manifests(path: Path) -> Opened:
    """The objects of a file, or of all files below a folder."""
    texts = [written(name, text) for name, text in _texts(path)]
    found = [pair for one in texts for pair in one.objects]
    snapshot = snapshot_of((value for value, _ in found), About(name=str(path), manifests=True))
    origins = {ref_of(value): origin for value, origin in reversed(found)}
    unread = tuple(gap for one in texts for gap in one.unread)
    return Opened(snapshot, origins, unread, tuple(place for one in texts for place in one.skipped))


def written(name: str, text: str) -> Written:
    """What a text of documents holds."""
    found: list[tuple[dict[str, Any], Origin]] = []
    unread: list[Gap] = []
    skipped: list[str] = []
    for document in marked(text):
        if isinstance(document, Broken):
            place = f"{name}:{document.line}:{document.column}"
            unread.append(Gap(place, Reason.UNDECODABLE, f"not YAML: {document.problem}"))
            continue
        origin = Origin(name, document.line, document.value, document.lines, document.part, document.index)
        objects = list(_objects(document.value, origin))
        found += objects
        if not objects:
            skipped.append(f"{name}:{document.line}")
    return Written(tuple(found), tuple(unread), tuple(skipped))


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Each file with its text; a name that people can open."""
    if path == STANDARD_INPUT:
        yield "-", _decoded("standard input", sys.stdin.buffer.read())
        return
    for file in files_of(path):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise SnapshotError(f"cannot read {file}", error.strerror or str(error)) from error
        yield str(file), _decoded(str(file), content)


def files_of(path: Path) -> list[Path]:
    """The file itself, or all manifests below a folder."""
    if not path.is_dir():
        return [path]
    files = sorted(one for one in path.rglob("*") if one.suffix in ENDINGS and one.is_file())
    if not files:
        raise SnapshotError(f"{path} holds no manifests", f"there is no file that ends in {', '.join(ENDINGS)}")
    return files


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{name} is not UTF-8 text", error.reason) from error


def _objects(value: Any, origin: Origin) -> Iterator[tuple[dict[str, Any], Origin]]:  # noqa: ANN401 - any JSON value
    """The objects of a document, a list's own objects each by itself."""
    if not isinstance(value, dict):
        return
    if str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
        yield from _items(value, origin)
    elif _is_object(value):
        yield value, origin


def _is_object(value: dict[str, Any]) -> bool:
    metadata = value.get("metadata")
    named = isinstance(metadata, dict) and isinstance(metadata.get("name") or metadata.get("generateName"), str)
    return named and all(isinstance(value.get(key), str) and value[key] for key in ("kind", "apiVersion"))


def _items(value: dict[str, Any], origin: Origin) -> Iterator[tuple[dict[str, Any], Origin]]:
    kind = str(value["kind"]).removesuffix("List")
    named = {"kind": kind, "apiVersion": value.get("apiVersion")} if kind else {}
    lines = origin.lines["items"][1] if isinstance(origin.lines, dict) and "items" in origin.lines else ()
    for index, (item, (line, members)) in enumerate(zip(value["items"], lines, strict=True)):
        if isinstance(item, dict):
            path = (*origin.path, "items", index)
            own = Origin(origin.file, line, item, members, origin.part, origin.index, path)
            yield from _objects(named | item, own)


def ref_of(value: dict[str, Any]) -> ObjectRef:
    """The address of an object, as views have it."""
    kind, metadata = value["kind"], value["metadata"]
    if not _NAMESPACED.get(kind, True):
        return ObjectRef(kind, str(metadata.get("name", "")))
    inside = "default" if kind in _NAMESPACED else ""
    return ObjectRef(kind, str(metadata.get("name", "")), str(metadata.get("namespace") or inside))
