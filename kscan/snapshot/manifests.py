"""Manifests as a snapshot: a file, standard input, or a folder with its files, Helm charts and kustomizations."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kscan.errors import ConfigError, SnapshotError
from kscan.model.meta import WRITTEN_IN, ObjectRef
from kscan.snapshot.archive import load
from kscan.snapshot.documents import ref_of, snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.rendered import Rendering, chart, kustomization
from kscan.snapshot.snapshot import About, Snapshot
from kscan.snapshot.tree import ENDINGS, Tree, tree
from kscan.snapshot.written import Object, Origin, Written, rendered, written

STANDARD_INPUT = Path("-")


class Opened(msgspec.Struct, frozen=True):
    """A source that was opened: what it holds, where that is written, and what could not be read or is no object."""

    snapshot: Snapshot
    origins: Mapping[ObjectRef, Origin] = {}
    unread: tuple[Gap, ...] = ()
    skipped: tuple[str, ...] = ()


def open_source(path: Path, values: Sequence[Path] = ()) -> Opened:
    """A saved snapshot, a cluster written down as a folder, or manifests; by what stands at the path."""
    if path == STANDARD_INPUT or path.suffix in ENDINGS:
        return load_manifests(path, values)
    if path.is_dir():
        return Opened(load_folder(path)) if (path / "cluster.yaml").is_file() else load_manifests(path, values)
    return Opened(load(path))


def load_manifests(path: Path, values: Sequence[Path] = ()) -> Opened:
    """The objects of a file, or of all that is below a folder; `values` are for its Helm charts."""
    found = tree(path) if path.is_dir() else Tree(files=(path,))
    _check(values, found, path)
    texts = [*_rendered(found, values), *map(_text, found.files)]
    if all(isinstance(text, Gap) for text in texts):
        raise _nothing(path, texts)
    read = [Written(unread=(text,)) if isinstance(text, Gap) else text for text in texts]
    objects, origins = _told_apart(pair for one in read for pair in one.objects)
    return Opened(
        snapshot_of(objects, About(name=str(path), manifests=True)),
        origins,
        tuple(gap for one in read for gap in one.unread),
        tuple(place for one in read for place in one.skipped),
    )


def files_of(path: Path) -> list[Path]:
    """The file itself, or all manifests below a folder."""
    if not path.is_dir():
        return [path]
    files = list(tree(path).files)
    if not files:
        raise _nothing(path, ())
    return files


def _nothing(path: Path, gaps: Sequence[object]) -> SnapshotError:
    if not gaps:
        return SnapshotError(f"{path} holds no manifests", f"there is no file that ends in {', '.join(ENDINGS)}")
    first, more = gaps[0], len(gaps) - 1
    if isinstance(first, Gap) and first.reason is Reason.UNDECODABLE:
        return SnapshotError(f"cannot read {first.path}", first.detail)
    return SnapshotError(f"nothing of {path} can be read", f"{first}" + (f" and {more} more" if more else ""))


def _check(values: Sequence[Path], found: Tree, path: Path) -> None:
    for file in values:
        if not file.is_file():
            raise ConfigError(f"--values {file} is no file", "give a file of values, as for helm")
    if values and not found.charts:
        raise ConfigError("--values is for Helm charts", f"{path} holds none")


def _rendered(found: Tree, values: Sequence[Path]) -> Iterator[Written | Gap]:
    for folder in found.charts:
        yield _made(chart(folder, values))
    for folder in found.kustomizations:
        yield _made(kustomization(folder))


def _made(one: Rendering) -> Written | Gap:
    if one.problem:
        return Gap(str(one.folder), Reason.NOT_RENDERED, f"{one.problem}; {one.advice}")
    return rendered(one.text, one.place)


def _text(path: Path) -> Written | Gap:
    try:
        content = sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
        return written(str(path), content.decode("utf-8-sig"))
    except OSError as error:
        return Gap(str(path), Reason.UNDECODABLE, error.strerror or str(error))
    except UnicodeDecodeError as error:
        return Gap(str(path), Reason.UNDECODABLE, f"it is not UTF-8 text: {error.reason}")


def _told_apart(found: Iterable[Object]) -> tuple[list[dict[str, Any]], dict[ObjectRef, Origin]]:
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
