"""The documents of a text as nodes that know where they are written, from the parser's own events."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec
import yaml

from kscan.snapshot.scalars import name_of

_LOADER = getattr(yaml, "CLoader", yaml.Loader)


class Kind(StrEnum):
    """What a node is."""

    SCALAR = "scalar"
    MAP = "map"
    LIST = "list"
    ALIAS = "alias"


class Node(msgspec.Struct, frozen=True):
    """A value in the text: from its first character to behind its last, comments and blank lines after it left out."""

    kind: Kind
    start: int
    end: int
    column: int
    # Between braces or brackets, or in lines of its own.
    flow: bool = False
    quote: str = ""
    entries: tuple["Entry", ...] = ()
    items: tuple["Node", ...] = ()
    alias: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A member of a map."""

    name: str
    key: Node
    value: Node


def trees(text: str) -> list[Node]:
    """The root of each document; YAMLError where the text is none."""
    events = iter(yaml.parse(text, Loader=_LOADER))
    return [_node(text, next(events), events) for event in events if isinstance(event, yaml.DocumentStartEvent)]


def _node(text: str, event: Any, events: Iterator[Any]) -> Node:  # noqa: ANN401 - the parser's own events
    start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
    if isinstance(event, yaml.AliasEvent):
        return Node(Kind.ALIAS, start, end, column, alias=str(event.anchor))
    if isinstance(event, yaml.ScalarEvent):
        return Node(Kind.SCALAR, start, _scalar_end(text, event), column, quote=event.style or "")
    if isinstance(event, yaml.MappingStartEvent):
        entries, after = _entries(text, events)
        # Before an anchor or a tag starts the map, its members stand in the column of the first.
        inside = entries[0].key.column if entries else column
        last = max((entry.value.end for entry in entries), default=end)
        return Node(
            Kind.MAP, start, after if event.flow_style else last, inside, bool(event.flow_style), entries=entries
        )
    items, after = _items(text, events)
    last = max((item.end for item in items), default=end)
    return Node(Kind.LIST, start, after if event.flow_style else last, column, bool(event.flow_style), items=items)


def _entries(text: str, events: Iterator[Any]) -> tuple[tuple[Entry, ...], int]:
    entries: list[Entry] = []
    for event in events:
        if type(event) is yaml.MappingEndEvent:
            return tuple(entries), _index(event.end_mark)
        name = name_of(event) if isinstance(event, yaml.ScalarEvent) else ""
        entries.append(Entry(name, _node(text, event, events), _node(text, next(events), events)))
    raise yaml.YAMLError("a map is not closed")


def _items(text: str, events: Iterator[Any]) -> tuple[tuple[Node, ...], int]:
    items: list[Node] = []
    for event in events:
        if type(event) is yaml.SequenceEndEvent:
            return tuple(items), _index(event.end_mark)
        items.append(_node(text, event, events))
    raise yaml.YAMLError("a list is not closed")


def _index(mark: Any) -> int:  # noqa: ANN401
    return int(mark.index)


def _scalar_end(text: str, event: Any) -> int:  # noqa: ANN401
    """Behind the last character; the blank lines after a block of text are its own only where it keeps them."""
    start, end = event.start_mark.index, event.end_mark.index
    if event.style not in ("|", ">") or "+" in text[start:end].partition("\n")[0].partition("#")[0]:
        return int(end)
    return int(start + len(text[start:end].rstrip()))
