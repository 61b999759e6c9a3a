"""YAML and JSON with the line of everything, from the parser's own events: as fast as it reads, without its nodes."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from itertools import pairwise
from math import isfinite
from typing import Any

import msgspec
import yaml

from kscan.snapshot.json_text import as_yaml

_LOADER = getattr(yaml, "CLoader", yaml.Loader)
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
# Where the first value of a part begins that is JSON, and what stands between two of them.
_JSON = re.compile(r"(?:---)?\s*(?=\{)")
_SPACE = re.compile(r"\s*")
_VALUE = json.JSONDecoder()
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
}
# What a tag of YAML's own makes of a word; under any other, Kubernetes' own reader takes it as it is written.
_TAG = "tag:yaml.org,2002:"
_MEANT: dict[str, tuple[type, ...]] = {
    f"{_TAG}int": (int,), f"{_TAG}float": (float, int), f"{_TAG}bool": (bool,), f"{_TAG}null": (type(None),),
}  # fmt: skip
_MERGE, _TIMESTAMP, _BINARY = f"{_TAG}merge", f"{_TAG}timestamp", f"{_TAG}binary"
_TIME = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"[-+]?0(?:x[0-9a-fA-F]+|o?[0-7]+|b[01]+)")
_REAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_DIGITS = re.compile(r"[-+]?[0-9]+")
# Of a number; Python takes longer for each more of them, and at last refuses.
_MOST_DIGITS = 400
_MOST_NODES = 2_000_000
# Where each member stands: {key: (line, members)}, [(line, members)], or None for a plain value.
Lines = dict[str, tuple[int, Any]] | list[tuple[int, Any]] | None


class Marked(msgspec.Struct, frozen=True):
    """One document, the lines of its members, from 1, and which document of which part of the text it is."""

    value: Any
    line: int
    lines: Lines
    part: int = 0
    index: int = 0


class Broken(msgspec.Struct, frozen=True):
    """A document that is no YAML, and where."""

    line: int
    column: int
    problem: str


def marked(text: str) -> Iterator[Marked | Broken]:
    """Each document of a text; one that is broken costs only itself. Empty ones are left out."""
    before = 0
    for number, part in enumerate(parts(text)):
        if part.strip():
            yield from _document(part, before, number)
        before += part.count("\n")


def parts(text: str) -> list[str]:
    """A text cut before each line of `---` and between JSON objects; put together they are the text again."""
    starts = [0, *(found.start() for found in _SEPARATOR.finditer(text)), len(text)]
    return [one for start, end in pairwise(starts) for one in _stream(text[start:end])]


def _stream(part: str) -> Iterator[str]:
    """A part cut between the JSON objects that follow one another in it, as other tools write them."""
    first, found = 0, _JSON.match(part)
    while found:
        try:
            _, end = _VALUE.raw_decode(part, found.end())
        except (ValueError, RecursionError):
            break
        found = _SPACE.match(part, end)
        if not found or not part.startswith("{", found.end()):
            break
        yield part[first : found.end()]
        first = found.end()
    yield part[first:]


def values(part: str) -> list[Any]:
    """Every document of a part, the empty ones too; YAMLError where it is none."""
    return [found.value for found in _Reader(part, 0).documents()]


def _document(text: str, before: int, part: int) -> Iterator[Marked | Broken]:
    try:
        for index, found in enumerate(_Reader(text, before).documents()):
            if found.value is not None:
                yield msgspec.structs.replace(found, part=part, index=index) if part or index else found
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        details = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        line, column = (mark.line, mark.column) if mark else (0, 0)
        # What is never closed is missed at the end, which may be the line after the last.
        line = min(line, text.rstrip().count("\n"))
        yield Broken(before + line + 1, column + 1, " ".join(str(details).split()))
    except RecursionError:
        yield Broken(before + 1, 1, "it is nested too deep")


class _Reader:
    """Values made of events. Most of a file are plain members of maps, so those are read without a call each."""

    def __init__(self, text: str, before: int) -> None:
        # A tab at the end of a stream's part is white space to JSON, and none to YAML.
        self._next = _LOADER(as_yaml(text.rstrip(" \t"))).get_event
        self._first = before + 1
        self._anchors: dict[str, tuple[Any, Lines, int]] = {}
        self._nodes = 0
        self._words = _Words()

    def documents(self) -> Iterator[Marked]:
        while (event := self._next()) is not None and type(event) is not yaml.StreamEndEvent:
            if type(event) is yaml.DocumentStartEvent:
                first = self._next()
                value, lines = self._node(first)
                yield Marked(value, self._line(first), lines)

    def _line(self, event: Any) -> int:  # noqa: ANN401 - the parser's own events
        return int(self._first + event.start_mark.line)

    def _node(self, event: Any) -> tuple[Any, Lines]:  # noqa: ANN401
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        before = self._nodes
        self._count(1)
        if kind is yaml.ScalarEvent:
            value, lines = self._scalar(event), None
        elif kind is yaml.MappingStartEvent:
            value, lines = self._mapping()
        else:
            value, lines = self._sequence()
        if event.anchor:
            self._anchors[event.anchor] = value, lines, self._nodes - before
        return value, lines

    def _alias(self, event: Any) -> tuple[Any, Lines]:  # noqa: ANN401
        if event.anchor not in self._anchors:
            raise yaml.MarkedYAMLError(problem=f"no anchor is called {event.anchor}", problem_mark=event.start_mark)
        value, lines, size = self._anchors[event.anchor]
        self._count(size)
        return value, lines

    def _count(self, nodes: int) -> None:
        """Aliases of aliases grow without end in a few lines."""
        self._nodes += nodes
        if self._nodes > _MOST_NODES:
            raise yaml.YAMLError("it holds too much, or its aliases do")

    def _mapping(self) -> tuple[dict[str, Any], Lines]:
        values: dict[str, Any] = {}
        lines: dict[str, tuple[int, Any]] = {}
        merged = 0
        following, first, scalar = self._next, self._first, yaml.ScalarEvent
        while type(event := following()) is not yaml.MappingEndEvent:
            key = self._scalar(event) if type(event) is scalar and not event.anchor else self._node(event)[0]
            member = following()
            if type(member) is scalar and not member.anchor:
                value, inner = self._scalar(member), None
            else:
                value, inner = self._node(member)
            if key == "<<" and _merges(event):
                merged += _merge(values, lines, value, inner)
                continue
            name = key if type(key) is str else _spoken(key)
            values[name], lines[name] = value, (first + event.start_mark.line, inner)
        self._count(len(values) + merged)
        return values, lines

    def _sequence(self) -> tuple[list[Any], Lines]:
        values: list[Any] = []
        lines: list[tuple[int, Any]] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            value, inner = self._node(event)
            values.append(value)
            lines.append((self._line(event), inner))
        return values, lines

    def _scalar(self, event: Any) -> Any:  # noqa: ANN401
        if event.tag:
            return _tagged(event)
        # The parser in C says of a plain word that it has the empty style, the other that it has none.
        return event.value if event.style else self._words[event.value]


class _Words(dict[str, Any]):
    """What the plain words of a document mean, each looked into once."""

    def __missing__(self, text: str) -> Any:  # noqa: ANN401 - any scalar
        self[text] = found = _plain(text)
        return found


def _merge(values: dict[str, Any], lines: dict[str, tuple[int, Any]], value: Any, inner: Lines) -> int:  # noqa: ANN401
    """What `<<` brings, and how much: as Kubernetes' own reader takes it, also over what is written out before it."""
    if isinstance(value, list) and isinstance(inner, list):
        # The first of several counts most.
        pairs = zip(reversed(value), reversed(inner), strict=True)
        return sum(_merge(values, lines, one, members) for one, (_, members) in pairs)
    if isinstance(value, dict) and isinstance(inner, dict):
        values.update(value)
        lines.update(inner)
        return len(value)
    return 0


def name_of(event: Any) -> str:  # noqa: ANN401 - the parser's own events
    """The member that a key names."""
    value = _tagged(event) if event.tag else event.value if event.style else _plain(event.value)
    return value if isinstance(value, str) else _spoken(value)


def _merges(event: Any) -> bool:  # noqa: ANN401
    return event.tag == _MERGE if event.tag else not event.style


def _tagged(event: Any) -> Any:  # noqa: ANN401
    """A word with a tag, as Kubernetes' own reader decodes it; YAMLError where that does, too."""
    text = event.value
    if event.tag == _BINARY:
        try:
            return b64decode(text.replace("\r", "").replace("\n", ""), validate=True).decode(errors="replace")
        except ValueError as error:
            raise yaml.MarkedYAMLError(
                problem="what is no base64 is tagged so", problem_mark=event.start_mark
            ) from error
    if event.tag == _TIMESTAMP and _TIME.fullmatch(text):
        return text
    meant = _MEANT.get(event.tag)
    if meant and type(value := _plain(text)) in meant:
        return value
    if meant or event.tag == _TIMESTAMP:
        raise _untrue(event)
    return text


def _untrue(event: Any) -> yaml.YAMLError:  # noqa: ANN401
    words = f"what is no {event.tag.removeprefix(_TAG)} is tagged so"
    return yaml.MarkedYAMLError(problem=words, problem_mark=event.start_mark)


def _plain(text: str) -> Any:  # noqa: ANN401 - any scalar
    """A word without quotes, as Kubernetes' own reader takes it: a time is a text."""
    if text in _WORDS:
        return _WORDS[text]
    numeral = text[0] in "-+.0123456789" and len(text) <= _MOST_DIGITS
    return _number(text, text.replace("_", "")) if numeral else text


def _number(text: str, digits: str) -> Any:  # noqa: ANN401 - any scalar
    if _WHOLE.fullmatch(digits):
        return int(digits)
    if _BASED.fullmatch(digits):
        return int(digits.replace("o", ""), 8) if digits.lstrip("-+")[1] in "o01234567" else int(digits, 0)
    if _REAL.fullmatch(digits):
        return float(digits) if isfinite(float(digits)) else text
    # With a nine or an eight it is no octal number.
    return int(digits) if _DIGITS.fullmatch(digits) else text


def _spoken(key: Any) -> str:  # noqa: ANN401 - any scalar
    """A key that is no text, as JSON would have it."""
    return msgspec.json.encode(key).decode() if isinstance(key, bool | int | float | None) else str(key)
