"""Manifests as a snapshot: files of YAML or JSON documents, as `kubectl get -o yaml` and `helm template` write them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kscan.errors import ConfigError, SnapshotError
from kscan.model.meta import WRITTEN_IN, ObjectRef
from kscan.snapshot import rendered
from kscan.snapshot.archive import load
from kscan.snapshot.documents import ref_of, snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.marked import Broken, Lines, marked
from kscan.snapshot.snapshot import About, Snapshot
from kscan.snapshot.tree import ENDINGS, tree

STANDARD_INPUT = Path("-")


class Origin(msgspec.Struct, frozen=True):
    """Where an object is written: the file, and the line of each of its members; rendered, only the template."""

    file: str
    line: int
    value: Any
    lines: Lines
    rendered: bool = False

    @property
    def place(self) -> str:
        """Where it begins, for a person."""
        return f"{self.file} (rendered)" if self.rendered else f"{self.file}:{self.line}"


class Opened(msgspec.Struct, frozen=True):
    """A source that was opened: what it holds, where that is written, and what could not be read or is no object."""

    snapshot: Snapshot
    origins: Mapping[ObjectRef, Origin] = {}
    unread: tuple[Gap, ...] = ()
    skipped: tuple[str, ...] = ()


class _Text(msgspec.Struct, frozen=True):
    """Documents to be read, and what the place of a line is called."""

    content: str
    place: Callable[[int], str]
    rendered: bool = False


class _Passed(msgspec.Struct, frozen=True):
    """What is no Kubernetes object, by its place."""

    place: str


_Written = tuple[dict[str, Any], Origin]


def open_source(path: Path, values: Sequence[Path] = ()) -> Opened:
    """A saved snapshot, a cluster written down as a folder, or manifests; by what stands at the path."""
    if path == STANDARD_INPUT or path.suffix in ENDINGS:
        return load_manifests(path, values)
    if path.is_dir():
        return Opened(load_folder(path)) if (path / "cluster.yaml").is_file() else load_manifests(path, values)
    return Opened(load(path))


def load_manifests(path: Path, values: Sequence[Path] = ()) -> Opened:
    """The objects of a file, or of all files, Helm charts and kustomizations below a folder."""
    found: list[_Written] = []
    unread: list[Gap] = []
    skipped: list[str] = []
    for text in _texts(path, values):
        if isinstance(text, Gap):
            unread.append(text)
            continue
        for one in _read(text):
            if isinstance(one, Gap):
                unread.append(one)
            elif isinstance(one, _Passed):
                skipped.append(one.place)
            else:
                found.append(one)
    objects, origins = _told_apart(found)
    snapshot = snapshot_of(objects, About(name=str(path), manifests=True))
    return Opened(snapshot, origins, tuple(unread), tuple(skipped))


def _texts(path: Path, values: Sequence[Path]) -> Iterator[_Text | Gap]:
    """Each text that is to be read, or why it is not; an error where there is nothing else."""
    if not path.is_dir():
        _check(values, (), path)
        text = _standard_input() if path == STANDARD_INPUT else _file(path)
        if isinstance(text, Gap):
            raise SnapshotError(f"cannot read {text.path}", text.detail)
        yield text
        return
    found = tree(path)
    _check(values, found.charts, path)
    if not (found.files or found.charts or found.kustomizations):
        raise SnapshotError(f"{path} holds no manifests", f"there is no file that ends in {', '.join(ENDINGS)}")
    texts = [*_rendered(found.charts, found.kustomizations, values), *map(_file, found.files)]
    if all(isinstance(text, Gap) for text in texts):
        first, more = texts[0], len(texts) - 1
        raise SnapshotError(f"nothing of {path} can be read", f"{first}" + (f" and {more} more" if more else ""))
    yield from texts


def _check(values: Sequence[Path], charts: Sequence[Path], path: Path) -> None:
    for file in values:
        if not file.is_file():
            raise ConfigError(f"--values {file} is no file", "give a file of values, as for helm")
    if values and not charts:
        raise ConfigError("--values is for Helm charts", f"{path} holds none")


def _rendered(charts: Iterable[Path], kustomizations: Iterable[Path], values: Sequence[Path]) -> Iterator[_Text | Gap]:
    for one in (*(rendered.chart(folder, values) for folder in charts), *map(rendered.kustomization, kustomizations)):
        if one.problem:
            yield Gap(str(one.folder), Reason.NOT_RENDERED, f"{one.problem}; {one.advice}")
        else:
            yield _Text(one.text, one.place, rendered=True)


def _standard_input() -> _Text | Gap:
    return _decoded("standard input", sys.stdin.buffer.read(), "-")


def _file(path: Path) -> _Text | Gap:
    try:
        return _decoded(str(path), path.read_bytes(), str(path))
    except OSError as error:
        return Gap(str(path), Reason.UNDECODABLE, error.strerror or str(error))


def _decoded(name: str, content: bytes, place: str) -> _Text | Gap:
    try:
        return _Text(content.decode("utf-8-sig"), lambda _: place)
    except UnicodeDecodeError as error:
        return Gap(name, Reason.UNDECODABLE, f"it is not UTF-8 text: {error.reason}")


def _read(text: _Text) -> Iterator[_Written | _Passed | Gap]:
    for document in marked(text.content):
        place = text.place(document.line)
        if isinstance(document, Broken):
            words = f"not YAML: {document.problem}"
            if text.rendered:
                yield Gap(place, Reason.UNDECODABLE, f"{words}, in line {document.line} of what is rendered")
            else:
                yield Gap(f"{place}:{document.line}:{document.column}", Reason.UNDECODABLE, words)
        else:
            yield from _objects(
                document.value, Origin(place, document.line, document.value, document.lines, text.rendered)
            )


def _objects(value: Any, origin: Origin) -> Iterator[_Written | _Passed]:  # noqa: ANN401 - any JSON value
    """The objects of a document, a list's own objects each by itself."""
    if isinstance(value, dict) and str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
        yield from _items(value, origin)
    elif isinstance(value, dict) and _is_object(value):
        yield value, origin
    else:
        yield _Passed(origin.place)


def _is_object(value: dict[str, Any]) -> bool:
    metadata = value.get("metadata")
    named = isinstance(metadata, dict) and isinstance(metadata.get("name") or metadata.get("generateName"), str)
    return named and all(isinstance(value.get(key), str) and value[key] for key in ("kind", "apiVersion"))


def _items(value: dict[str, Any], origin: Origin) -> Iterator[_Written | _Passed]:
    kind = str(value["kind"]).removesuffix("List")
    named = {"kind": kind, "apiVersion": value.get("apiVersion")} if kind else {}
    lines = origin.lines["items"][1] if isinstance(origin.lines, dict) and "items" in origin.lines else ()
    for item, (line, members) in zip(value["items"], lines, strict=True):
        whole = named | item if isinstance(item, dict) else item
        yield from _objects(whole, Origin(origin.file, line, whole, members, origin.rendered))


def _told_apart(found: Iterable[_Written]) -> tuple[list[dict[str, Any]], dict[ObjectRef, Origin]]:
    """The objects, those of one name marked with where each is written, so that none hides another."""
    objects: list[dict[str, Any]] = []
    origins: dict[ObjectRef, Origin] = {}
    again: dict[ObjectRef, int] = {}
    for value, origin in found:
        if not value["metadata"].get("name"):
            value = value | {"metadata": value["metadata"] | {"name": value["metadata"]["generateName"]}}
        ref = ref_of(value)
        if ref in origins:
            again[ref] = again.get(ref, 1) + 1
            source = f"{origin.file}#{again[ref]}"
            value = value | {"metadata": value["metadata"] | {WRITTEN_IN: source}}
            ref = msgspec.structs.replace(ref, source=source)
        origins[ref] = origin
        objects.append(value)
    return objects, origins
