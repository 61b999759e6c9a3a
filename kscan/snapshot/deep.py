"""Pages with an object that is nested deeper than decoders follow: it is left out, and the others are read."""

import re
from collections.abc import Iterator

import msgspec

from kscan.model.base import read_json

# The page, its items, and an object of them.
_OBJECT = 3
_MOST_DEPTH = 300
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{\]}]', re.DOTALL)


class _Name(msgspec.Struct):
    name: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}".lstrip("/") or "(an object without a readable name)"


def without_deep(content: bytes) -> tuple[bytes, list[str]]:
    """The page without such objects, and their names."""
    kept, names, end = [], [], 0
    for start, stop, metadata in _deep(content):
        names.append(str(_named(metadata)))
        # With the comma before it, or where it is the first the one after it.
        before = content[end:start].rstrip()
        comma = before.endswith(b",")
        kept.append(before[:-1] if comma else before)
        rest = content[stop : stop + 64].lstrip()
        end = stop if comma or not rest.startswith(b",") else content.index(b",", stop) + 1
    return b"".join((*kept, content[end:])), names


def _deep(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each such object begins and ends, and its metadata."""
    depth = deepest = start = begun = 0
    metadata, named = b"", False
    for found in _TOKEN.finditer(content):
        token = found[0]
        if token in b"{[":
            depth += 1
            deepest = max(deepest, depth)
            if depth == _OBJECT:
                start, deepest, metadata = found.start(), depth, b""
            elif depth == _OBJECT + 1 and named:
                begun = found.start()
        elif token in b"}]":
            if depth == _OBJECT + 1 and begun:
                metadata, begun = content[begun : found.end()], 0
            if depth == _OBJECT and deepest > _MOST_DEPTH:
                yield start, found.end(), metadata
            depth -= 1
        named = depth == _OBJECT and token == b'"metadata"'


def _named(metadata: bytes) -> _Name:
    try:
        return read_json(metadata, _Name)
    except (msgspec.MsgspecError, RecursionError):
        return _Name()
