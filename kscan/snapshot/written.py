"""Texts of YAML or JSON documents, taken apart into objects that know where they are written."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.marked import Broken, Lines, Marked, marked


class Origin(msgspec.Struct, frozen=True):
    """Where an object is written: the file, the line of each of its members, and its place among the documents.

    What was rendered has no lines that anybody wrote: of that only the template, or the folder, is known.
    """

    file: str
    line: int
    value: Any
    lines: Lines
    part: int = 0
    index: int = 0
    path: tuple[str | int, ...] = ()
    rendered: bool = False

    @property
    def place(self) -> str:
        """Where it begins, for a person."""
        return f"{self.file} (rendered)" if self.rendered else f"{self.file}:{self.line}"


Object = tuple[dict[str, Any], Origin]


class Written(msgspec.Struct, frozen=True):
    """What one text holds: its objects, what could not be read and what is no object."""

    objects: tuple[Object, ...] = ()
    unread: tuple[Gap, ...] = ()
    skipped: tuple[str, ...] = ()


class _Passed(msgspec.Struct, frozen=True):
    """What is no Kubernetes object, by its place."""

    place: str


def written(name: str, text: str) -> Written:
    """What a text of documents holds."""
    return _sorted(_read(text, lambda _: name, rendered=False))


def rendered(text: str, place: Callable[[int], str]) -> Written:
    """The same of what a tool has made; `place` names the template of a line."""
    return _sorted(_read(text, place, rendered=True))


def _sorted(found: Iterator[Object | _Passed | Gap]) -> Written:
    objects: list[Object] = []
    unread: list[Gap] = []
    skipped: list[str] = []
    for one in found:
        if isinstance(one, Gap):
            unread.append(one)
        elif isinstance(one, _Passed):
            skipped.append(one.place)
        else:
            objects.append(one)
    return Written(tuple(objects), tuple(unread), tuple(skipped))


def _read(text: str, place: Callable[[int], str], *, rendered: bool) -> Iterator[Object | _Passed | Gap]:
    for document in marked(text):
        file = place(document.line)
        if isinstance(document, Broken):
            yield _broken(document, file, rendered=rendered)
        else:
            yield from _objects(document.value, _origin(document, file, rendered=rendered))


def _broken(document: Broken, file: str, *, rendered: bool) -> Gap:
    words = f"not YAML: {document.problem}"
    if rendered:
        return Gap(file, Reason.UNDECODABLE, f"{words}, in line {document.line} of what is rendered")
    return Gap(f"{file}:{document.line}:{document.column}", Reason.UNDECODABLE, words)


def _origin(document: Marked, file: str, *, rendered: bool) -> Origin:
    return Origin(file, document.line, document.value, document.lines, document.part, document.index, rendered=rendered)


def _objects(value: Any, origin: Origin) -> Iterator[Object | _Passed]:  # noqa: ANN401 - any JSON value
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


def _items(value: dict[str, Any], origin: Origin) -> Iterator[Object | _Passed]:
    kind = str(value["kind"]).removesuffix("List")
    named = {"kind": kind, "apiVersion": value.get("apiVersion")} if kind else {}
    lines = origin.lines["items"][1] if isinstance(origin.lines, dict) and "items" in origin.lines else ()
    for index, (item, (line, members)) in enumerate(zip(value["items"], lines, strict=True)):
        whole = named | item if isinstance(item, dict) else item
        path = (*origin.path, "items", index)
        yield from _objects(whole, msgspec.structs.replace(origin, line=line, value=whole, lines=members, path=path))
