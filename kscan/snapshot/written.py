"""Texts of YAML or JSON documents, taken apart into objects that know where they are written."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from kscan.snapshot.documents import is_own, known_kind, known_kinds
from kscan.snapshot.entry import Gap, Reason, Unread
from kscan.snapshot.marked import Broken, Lines, Marked, marked
from kscan.snapshot.pages import rest_of_list


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
# What every object begins with.
_HEAD = frozenset({"apiVersion", "kind", "metadata"})


class Written(msgspec.Struct, frozen=True):
    """What one text holds: its objects, what could not be read and what is no object."""

    objects: tuple[Object, ...] = ()
    unread: tuple[Unread, ...] = ()
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


def _sorted(found: Iterator[Object | _Passed | Unread]) -> Written:
    objects: list[Object] = []
    unread: list[Unread] = []
    skipped: list[str] = []
    for one in found:
        if isinstance(one, Unread):
            unread.append(one)
        elif isinstance(one, _Passed):
            skipped.append(one.place)
        else:
            objects.append(one)
    return Written(tuple(objects), tuple(unread), tuple(skipped))


def _read(text: str, place: Callable[[int], str], *, rendered: bool) -> Iterator[Object | _Passed | Unread]:
    for document in marked(text):
        file = place(document.line)
        if isinstance(document, Broken):
            yield _broken(document, file, rendered=rendered)
        else:
            yield from _objects(document.value, _origin(document, file, rendered=rendered))


def _broken(document: Broken, file: str, *, rendered: bool) -> Unread:
    """What is no YAML may hold anything: nothing of such a text is believed, not even a kind that stands in it."""
    words = f"not YAML: {document.problem}"
    if rendered:
        return Unread(Gap(file, Reason.UNDECODABLE, f"{words}, in line {document.line} of what is rendered"))
    return Unread(Gap(f"{file}:{document.line}:{document.column}", Reason.UNDECODABLE, words))


def _origin(document: Marked, file: str, *, rendered: bool) -> Origin:
    return Origin(file, document.line, document.value, document.lines, document.part, document.index, rendered=rendered)


def _objects(value: Any, origin: Origin) -> Iterator[Object | _Passed | Unread]:  # noqa: ANN401 - any JSON value
    """The objects of a document, a list's own objects each by itself."""
    if isinstance(value, str) and all(word in value for word in ("apiVersion", "kind")):
        yield Unread(Gap(origin.place, Reason.UNDECODABLE, "words in which an object stands, and no object"))
    elif not isinstance(value, dict):
        yield _Passed(origin.place)
    elif isinstance(value.get("items"), list) and (origin.path or isinstance(value.get("kind"), str)):
        # Whatever its kind is called, and in a list without one: so kubectl, too, tells a list. An API server tells an
        # object by its path.
        yield from _items(value, origin)
        if not _word(value, "kind").endswith("List"):
            yield from _one(value, origin)
    else:
        yield from _one(value, origin)


def _one(value: dict[str, Any], origin: Origin) -> Iterator[Object | _Passed | Unread]:
    if _is_object(value):
        yield value, origin
    elif problem := _unfit(value):
        yield _unread(value, origin, Reason.UNDECODABLE, problem)
    else:
        yield _Passed(origin.place)


def _is_object(value: dict[str, Any]) -> bool:
    metadata = value.get("metadata")
    named = isinstance(metadata, dict) and isinstance(metadata.get("name") or metadata.get("generateName"), str)
    return named and all(_word(value, key) for key in ("kind", "apiVersion"))


def _unfit(value: dict[str, Any]) -> str:
    """Why an API server would refuse what was meant to be an object of Kubernetes; empty where nobody meant one."""
    kind, version = str(value.get("kind") or ""), str(value.get("apiVersion") or "")
    if kind == "List" or (kind.endswith("List") and known_kinds(kind.removesuffix("List"), version)):
        return "" if "items" in value and value["items"] is None else "a list without items"
    if known_kinds(kind, version):
        return f"no {kind} that an API server would take: it has no {'name' if version else 'apiVersion'}"
    # Of an object that was cut off early its head is left; of one that has its kind at its end, all but that.
    left = value.keys() <= _HEAD or (not kind and "metadata" in value)
    return "only a part of an object" if version and is_own(version) and left else ""


def _items(value: dict[str, Any], origin: Origin) -> Iterator[Object | _Passed | Unread]:
    kind = _word(value, "kind").removesuffix("List")
    named = {"kind": kind, "apiVersion": value.get("apiVersion")} if kind else {}
    lines = origin.lines["items"][1] if isinstance(origin.lines, dict) and "items" in origin.lines else ()
    for index, (item, (line, members)) in enumerate(zip(value["items"], lines, strict=True)):
        # What is empty or no word says nothing to kubectl.
        whole = (
            item | {key: one for key, one in named.items() if not _word(item, key)} if isinstance(item, dict) else item
        )
        path = (*origin.path, "items", index)
        yield from _objects(whole, msgspec.structs.replace(origin, line=line, value=whole, lines=members, path=path))
    if rest := _rest(value):
        yield _unread({"kind": kind, "apiVersion": value.get("apiVersion")}, origin, Reason.CUT_OFF, rest)


def _word(value: dict[str, Any], key: str) -> str:
    word = value.get(key)
    return word if isinstance(word, str) else ""


def _rest(value: dict[str, Any]) -> str:
    """What of a list stands on pages that are not here."""
    metadata = value.get("metadata")
    told = metadata if isinstance(metadata, dict) else {}
    return rest_of_list(told.get("continue"), told.get("remainingItemCount"))


def _unread(value: dict[str, Any], origin: Origin, reason: Reason, problem: str) -> Unread:
    """What is not there of a document that could be read: where its kind is known, it leaves open nothing else."""
    kind, version = str(value.get("kind")), str(value.get("apiVersion") or "")
    known = known_kind(kind, version) or known_kind(kind.removesuffix("List"), version)
    return Unread(Gap(origin.place, reason, problem), known.path() if known else "")
