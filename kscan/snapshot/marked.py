"""YAML and JSON with the line of everything, from the parser's own events: as fast as it reads, without its nodes."""

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from kscan.snapshot.parts import parts, readable
from kscan.snapshot.scalars import Words, merges, spoken, tagged

_LOADER = getattr(yaml, "CLoader", yaml.Loader)
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


class _Anchored(msgspec.Struct):
    """What an anchor stands for, and of how many nodes it is; of none as long as it is not closed."""

    value: Any = None
    lines: Lines = None
    size: int = 0


class _Reader:
    """Values made of events. Most of a file are plain members of maps, so those are read without a call each."""

    def __init__(self, text: str, before: int) -> None:
        self._next = _LOADER(readable(text)).get_event
        self._first = before + 1
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._words = Words()

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
        anchored = _Anchored()
        if event.anchor:
            # From here on it means this node, and none that began before.
            self._anchors[event.anchor] = anchored
        if kind is yaml.ScalarEvent:
            value, lines = self._scalar(event), None
        elif kind is yaml.MappingStartEvent:
            value, lines = self._mapping()
        else:
            value, lines = self._sequence()
        anchored.value, anchored.lines, anchored.size = value, lines, self._nodes - before
        return value, lines

    def _alias(self, event: Any) -> tuple[Any, Lines]:  # noqa: ANN401
        found = self._anchors.get(event.anchor)
        if not found or not found.size:
            words = "it holds itself, by the anchor" if found else "no anchor is called"
            raise yaml.MarkedYAMLError(problem=f"{words} {event.anchor}", problem_mark=event.start_mark)
        self._count(found.size)
        return found.value, found.lines

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
            if key == "<<" and merges(event):
                merged += _merge(values, lines, member, value, inner)
                continue
            name = key if type(key) is str else spoken(key, event)
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
            return tagged(event)
        # The parser in C says of a plain word that it has the empty style, the other that it has none.
        return event.value if event.style else self._words[event.value]


def _merge(values: dict[str, Any], lines: dict[str, tuple[int, Any]], event: Any, value: Any, inner: Lines) -> int:  # noqa: ANN401
    """What `<<` brings, and how much: as Kubernetes' own reader takes it, also over what is written out before it."""
    # Several stand in a list, and behind no alias; the first of them counts most.
    several = type(event) is yaml.SequenceStartEvent
    pairs = [(one, lines) for one, (_, lines) in zip(value, inner or (), strict=True)] if several else [(value, inner)]
    for one, members in reversed(pairs):
        if not isinstance(one, dict) or not isinstance(members, dict):
            raise yaml.MarkedYAMLError(problem="what is no map is to be merged", problem_mark=event.start_mark)
        values.update(one)
        lines.update(members)
    return sum(len(one) for one, _ in pairs)
