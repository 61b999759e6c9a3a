"""Manifests as a snapshot: a file, standard input, or a folder with its files, Helm charts and kustomizations."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kscan.errors import ConfigError, SnapshotError
from kscan.model.meta import WRITTEN_IN, ObjectRef
from kscan.model.words import shown
from kscan.snapshot.archive import load
from kscan.snapshot.built import Place, expected_of, made_of, place_of
from kscan.snapshot.charted import not_made
from kscan.snapshot.documents import ref_of, snapshot_of
from kscan.snapshot.entry import Gap, Reason, Unread
from kscan.snapshot.home import homed
from kscan.snapshot.patched import is_passed_over
from kscan.snapshot.regular import read_regular
from kscan.snapshot.rendered import Rendering, chart, kustomization
from kscan.snapshot.snapshot import About, Snapshot
from kscan.snapshot.tree import ENDINGS, Tree, tree
from kscan.snapshot.written import Object, Origin, Written, rendered, written

STANDARD_INPUT = Path("-")
# So many parts that could not be read are told one by one: each leaves open almost every check.
_MOST_UNREAD = 100


class Opened(msgspec.Struct, frozen=True):
    """A source that was opened: what it holds, where that is written, and what is no object."""

    snapshot: Snapshot
    origins: Mapping[ObjectRef, Origin] = {}
    skipped: tuple[str, ...] = ()
    # In which namespace objects without one were taken to be, and why.
    homes: tuple[str, ...] = ()
    # Manifests that a chart or a kustomization makes nothing of, and how it names them.
    passed: tuple[str, ...] = ()

    @property
    def unread(self) -> tuple[Gap, ...]:
        """What of it could not be read."""
        return tuple(one.gap for one in self.snapshot.about.unread)


def open_source(path: Path, values: Sequence[Path] = (), namespace: str = "") -> Opened:
    """A saved snapshot, or manifests; by what stands at the path. A folder holds manifests, whatever it says it is."""
    return load_manifests(path, values=values, namespace=namespace) if is_manifests(path) else Opened(load(path))


def open_sources(paths: Sequence[Path], values: Sequence[Path] = (), namespace: str = "") -> Opened:
    """The same of several paths, whose manifests are read together; the namespace is of what is written without one."""
    for path in paths:
        if path.is_fifo():
            raise SnapshotError(f"{path} is a pipe", "hand manifests over on standard input: ... | kscan scan -")
    if len(paths) == 1:
        return open_source(paths[0], values, namespace)
    for path in paths:
        if not is_manifests(path):
            raise ConfigError(f"{path} is no manifest", "several paths are read together where all are manifests")
    return load_manifests(*paths, values=values, namespace=namespace)


def is_manifests(path: Path) -> bool:
    """Whether what stands at a path is read as manifests."""
    return path == STANDARD_INPUT or path.suffix in ENDINGS or path.is_dir()


def load_manifests(*paths: Path, values: Sequence[Path] = (), namespace: str = "") -> Opened:
    """The objects of files, and of all that is below folders; `values` are for their Helm charts."""
    name = ", ".join(map(shown, paths))
    for path in paths:
        if path != STANDARD_INPUT and not path.exists():
            raise SnapshotError(f"cannot read {path}", "there is no such file or folder")
    found = _together([tree(path, paths) if path.is_dir() else Tree(files=(path,)) for path in paths])
    _check(values, found, name)
    made = list(_rendered(found, values, namespace))
    built = made[len(found.charts) :]
    files = list(map(_text, found.files))
    texts = [*found.unread, *made, *_alone(found.components, files), *files]
    # What a tool does not render is a part that is not read, also where it is all that there is.
    if all(isinstance(text, Gap) and text.reason is not Reason.NOT_RENDERED for text in texts):
        raise _nothing(name, texts, found.passed)
    read = [Written(unread=(Unread(text),)) if isinstance(text, Gap) else text for text in texts]
    placed, homes = homed([pair for one in read for pair in one.objects], namespace)
    objects, origins = _told_apart(placed)
    unread = _bounded([one for text in read for one in text.unread])
    skipped = (
        *(f"{shown(one)} (a library chart)" for one in found.libraries),
        *(place for one in read for place in one.skipped),
    )
    passed = (*found.passed, *_of_charts(found, made), *_patches(found, built), *_left_out(found, built))
    snapshot = snapshot_of(objects, About(name=name, manifests=True, unread=unread))
    return Opened(snapshot, origins, skipped, homes, passed)


def _of_charts(found: Tree, made: Sequence[Written | Gap]) -> Iterator[str]:
    """The manifests in charts that helm makes nothing of."""
    for folder, one in zip(found.charts, made, strict=False):
        # What is not rendered is a gap with all that stands in it.
        if isinstance(one, Written):
            left = not_made(folder, [value for value, _ in one.objects], _objects)
            yield from (f"{origin.place} (not made by its chart)" for origin in left)


def _patches(found: Tree, made: Sequence[Written | Gap]) -> Iterator[str]:
    """The patches that are manifests, of which something is not in what was made."""
    there = [value for one in made if isinstance(one, Written) for value, _ in one.objects]
    for file, words in found.merged:
        if any(is_passed_over(value, there) for value, _ in _objects(file)):
            yield f"{shown(file)} ({words})"


def _left_out(found: Tree, made: Sequence[Written | Gap]) -> Iterator[str]:
    """What kustomizations build upon and do not surely make: an annotation or a patch takes it out."""
    there: set[Place] = set()
    for folder, one in zip(found.kustomizations, made, strict=True):
        if isinstance(one, Gap):
            # What is not built is a gap, and all that it is built upon.
            there |= {each.place for each in expected_of(folder, _objects)}
        else:
            there |= made_of(folder, [value for value, _ in one.objects], _objects)
    all_built = not any(isinstance(one, Gap) for one in made)
    for file in found.built:
        for gap in _gaps(_text(file)) if all_built else ():
            yield f"{gap.path} (not read by kscan, whatever its kustomization makes of it)"
        for _, origin in _objects(file):
            if place_of(file.resolve(), origin) not in there:
                yield f"{origin.place} (left out by its kustomization)"


def _gaps(text: Written | Gap) -> tuple[Gap, ...]:
    return (text,) if isinstance(text, Gap) else tuple(one.gap for one in text.unread)


def _objects(file: Path) -> Sequence[Object]:
    text = _text(file)
    return text.objects if isinstance(text, Written) else ()


def _together(found: Sequence[Tree]) -> Tree:
    """What several paths lead to, each file and folder once."""
    return Tree(
        files=_once(path for one in found for path in one.files),
        charts=_once(path for one in found for path in one.charts),
        kustomizations=_once(path for one in found for path in one.kustomizations),
        components=_once(path for one in found for path in one.components),
        libraries=_once(path for one in found for path in one.libraries),
        unread=tuple(gap for one in found for gap in one.unread),
        built=_once(path for one in found for path in one.built),
        merged=tuple(dict.fromkeys(each for one in found for each in one.merged)),
        passed=tuple(dict.fromkeys(words for one in found for words in one.passed)),
    )


def _once(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple({path if path == STANDARD_INPUT else path.resolve(): path for path in reversed(list(paths))}.values())[
        ::-1
    ]


def _bounded(unread: Sequence[Unread]) -> tuple[Unread, ...]:
    """Not more than can be told: the rest together, as what may hold anything."""
    rest = unread[_MOST_UNREAD:]
    more = [Unread(Gap(f"{rest[0].gap.path} and after", rest[0].gap.reason, f"{len(rest)} more parts"))] if rest else []
    return (*unread[:_MOST_UNREAD], *more)


def files_of(path: Path) -> list[Path]:
    """The file itself, or all manifests below a folder."""
    if not path.is_dir():
        return [path]
    files = list(tree(path).files)
    if not files:
        raise _nothing(path, ())
    return files


def _nothing(path: object, gaps: Sequence[object], passed: Sequence[str] = ()) -> SnapshotError:
    if not gaps:
        others = f"passed over: {passed[0]}" if passed else f"there is no file that ends in {', '.join(ENDINGS)}"
        return SnapshotError(f"{path} holds no manifests", others)
    first, more = gaps[0], len(gaps) - 1
    if isinstance(first, Gap) and first.reason is Reason.UNDECODABLE:
        return SnapshotError(f"cannot read {first.path}", first.detail)
    return SnapshotError(f"nothing of {path} can be read", f"{first}" + (f" and {more} more" if more else ""))


def _check(values: Sequence[Path], found: Tree, path: str) -> None:
    for file in values:
        if not file.is_file():
            raise ConfigError(f"--values {file} is no file", "give a file of values, as for helm")
    if values and not found.charts:
        raise ConfigError("--values is for Helm charts", f"{path} holds none")


def _rendered(found: Tree, values: Sequence[Path], namespace: str) -> Iterator[Written | Gap]:
    for folder in found.charts:
        yield _made(chart(folder, values, namespace))
    for folder in found.kustomizations:
        yield _made(kustomization(folder))


def _alone(components: Iterable[Path], files: Iterable[Written | Gap]) -> Iterator[Written | Gap]:
    """What components that nothing builds upon make by themselves, beside their files; most want what others have."""
    there = {_said(value) for one in files if isinstance(one, Written) for value, _ in one.objects}
    for one in map(kustomization, components):
        made = None if one.for_others else _made(one)
        if isinstance(made, Written):
            new = tuple(it for it in made.objects if _said(it[0]) not in there)
            there |= {_said(value) for value, _ in new}
            made = msgspec.structs.replace(made, objects=new) if new or made.unread else None
        if made:
            yield made


def _said(value: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _made(one: Rendering) -> Written | Gap:
    if one.problem:
        return Gap(shown(one.folder), Reason.NOT_RENDERED, f"{one.problem}; {one.advice}")
    return rendered(one.text, one.place)


def _text(path: Path) -> Written | Gap:
    try:
        content = standard_input() if path == STANDARD_INPUT else read_regular(path)
        return written(shown(path), content.decode("utf-8-sig"))
    except OSError as error:
        return Gap(shown(path), Reason.UNDECODABLE, error.strerror or str(error))
    except UnicodeDecodeError as error:
        return Gap(shown(path), Reason.UNDECODABLE, f"it is not UTF-8 text: {error.reason}")


def standard_input() -> bytes:
    """All that comes in; SnapshotError where nothing can."""
    try:
        if sys.stdin is not None:
            return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        raise SnapshotError("cannot read standard input", str(error)) from error
    raise SnapshotError("cannot read standard input", "it is closed: name a file, or pipe manifests into kscan")


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
