"""What a kustomization does not make of the manifests that it takes: told of each object, never guessed.

An object is there where the kustomization made one of its kind, in its namespace and of its name, as kustomizations on
its way change them, and as many as were to come of that name. Where anything else changes a name, it is told as well.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kscan.model.meta import ObjectRef
from kscan.snapshot.documents import known_kind, ref_of
from kscan.snapshot.folded import fields
from kscan.snapshot.kustomized import COMPONENTS, RESOURCES, bases
from kscan.snapshot.tree import content_of
from kscan.snapshot.written import Object, Origin

# kustomize makes no object with this annotation, unless it is "false".
_LOCAL = "config.kubernetes.io/local-config"
# kustomize puts nothing before or after their names; and a Namespace is called as the namespace that is set.
_KEEP_NAMES = frozenset({"Namespace", "CustomResourceDefinition", "APIService"})
_MOST_FOLDERS = 1_000
_DEEPEST = 100
# Where an object stands: the file, and its place in that.
Place = tuple[Path, int, int, tuple[str | int, ...]]
Read = Callable[[Path], Sequence[Object]]


class Expected(msgspec.Struct, frozen=True):
    """An object that is to come of a file, as it is to be called."""

    place: Place
    value: Mapping[str, Any]


class _TooMuchError(Exception):
    """More folders than are followed, or a ring of them."""


def place_of(file: Path, origin: Origin) -> Place:
    """Where in a file an object stands."""
    return file, origin.part, origin.index, origin.path


def made_of(top: Path, made: Sequence[Mapping[str, Any]], read: Read) -> frozenset[Place]:
    """The objects of files that are surely among what a kustomization made."""
    expected = expected_of(top, read)
    wanted = Counter(_key(one.value) for one in expected)
    there = Counter(map(_key, made))
    return frozenset(one.place for one in expected if wanted[_key(one.value)] <= there[_key(one.value)])


def expected_of(top: Path, read: Read) -> Sequence[Expected]:
    """What is to come of all files that a kustomization builds upon; nothing where that cannot be followed."""
    try:
        return _build(top.resolve(), (), (), itertools.count(), read)
    except _TooMuchError:
        return ()


def _build(
    folder: Path, given: Sequence[Expected], above: tuple[Path, ...], steps: Iterator[int], read: Read
) -> Sequence[Expected]:
    """What is to come of a folder; a component is given what stands before it, and changes that, too."""
    if folder in above or len(above) >= _DEEPEST or next(steps) >= _MOST_FOLDERS:
        raise _TooMuchError
    content = content_of(folder) or {}
    way = (*above, folder)
    found = list(given)
    for path in bases(folder, content, RESOURCES):
        found += _build(path, (), way, steps, read) if path.is_dir() else _of_file(path, read)
    for path in bases(folder, content, COMPONENTS):
        if path.is_dir():
            found = list(_build(path, found, way, steps, read))
    return [_changed(one, fields(content)) for one in found]


def _of_file(path: Path, read: Read) -> Iterator[Expected]:
    for value, origin in read(path):
        if not _is_local(value):
            yield Expected(place_of(path, origin), value)


def _is_local(value: Mapping[str, Any]) -> bool:
    annotations = value["metadata"].get("annotations")
    return isinstance(annotations, dict) and annotations.get(_LOCAL, "false") != "false"


def _changed(one: Expected, says: Mapping[str, Any]) -> Expected:
    """The same as a kustomization's own fields call it."""
    prefix, suffix, namespace = (_word(says.get(key)) for key in ("nameprefix", "namesuffix", "namespace"))
    metadata = one.value["metadata"]
    name = metadata.get("name")
    if one.value["kind"] not in _KEEP_NAMES:
        name = f"{prefix}{name}{suffix}"
    elif one.value["kind"] == "Namespace":
        name = namespace or name
    changed = metadata | {"name": name} | ({"namespace": namespace} if namespace else {})
    return msgspec.structs.replace(one, value={**one.value, "metadata": changed})


def _word(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else ""


def _key(value: Mapping[str, Any]) -> ObjectRef:
    """What an object is called. Whether others lie in namespaces kustomize and kscan may hold otherwise: they count."""
    ref = ref_of(value)
    return ref if known_kind(ref.kind, str(value["apiVersion"])) else msgspec.structs.replace(ref, namespace="")
