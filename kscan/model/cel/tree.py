"""An expression as the compiler has it: a tree in which each macro stands as what it means.

The runtime gives it as a message of protocol buffers (cel.expr.CheckedExpr). Of its few kinds of node these lines
read all; the library for any message would be larger than all else that kscan installs.
"""

import struct
from collections.abc import Iterator
from typing import Any

import msgspec

# What is deeper, or longer, is nobody's policy: nothing is told of it.
_DEEPEST, LONGEST = 120, 100_000


class Constant(msgspec.Struct, frozen=True):
    """A value that stands in the expression."""

    value: Any


class Odd(msgspec.Struct, frozen=True):
    """A value of a kind that JSON has not, of which nothing is told."""


class Name(msgspec.Struct, frozen=True):
    """A variable, of the expression or of a loop."""

    name: str


class Select(msgspec.Struct, frozen=True):
    """A field of something, or whether it has that field."""

    of: "Node"
    field: str
    has: bool = False


class Call(msgspec.Struct, frozen=True):
    """A function or an operator; what it is a method of comes first."""

    function: str
    arguments: tuple["Node", ...] = ()


class Listed(msgspec.Struct, frozen=True):
    """A list that is written out; some of its items may be left out if they are not there."""

    items: tuple["Node", ...] = ()
    optional: bool = False


class Mapped(msgspec.Struct, frozen=True):
    """A map that is written out."""

    entries: tuple[tuple["Node", "Node"], ...] = ()
    optional: bool = False


class Loop(msgspec.Struct, frozen=True):
    """Each item of something makes of a value the next, as long as a condition holds; at last something of that."""

    item: str
    over: "Node"
    value: str
    first: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Constant | Odd | Name | Select | Call | Listed | Mapped | Loop


def walk(node: Node) -> Iterator[Node]:
    """A tree's nodes, from the top."""
    left = [node]
    while left:
        one = left.pop()
        yield one
        match one:
            case Select(of):
                left.append(of)
            case Call(_, arguments):
                left += arguments
            case Listed(items):
                left += items
            case Mapped(entries):
                left += [each for entry in entries for each in entry]
            case Loop():
                left += (one.over, one.first, one.condition, one.step, one.result)


class UnreadableError(Exception):
    """It is no such message, or nothing that is told about."""


def tree_of(serialized: bytes) -> Node | None:
    """The tree of a compiled expression; none of one that is too large, or not to be read."""
    if not serialized or len(serialized) > LONGEST:
        return None
    try:
        message = _one(serialized, 2) if serialized.startswith(b"\n") and b"cel.expr.CheckedExpr" in serialized else b""
        return _node(_one(message, 4), 0)
    except (UnreadableError, IndexError, UnicodeDecodeError, struct.error):
        return None


def _node(message: bytes, depth: int) -> Node:
    if depth > _DEEPEST:
        raise UnreadableError
    for field, value in _fields(message):
        if field in _KINDS and isinstance(value, bytes):
            return _KINDS[field](value, depth + 1)
    raise UnreadableError


def _constant(message: bytes, depth: int) -> Node:
    for field, value in _fields(message):
        match field, value:
            case 1, _:
                return Constant(None)
            case 2, int():
                return Constant(bool(value))
            case 3, int():
                return Constant(value - (1 << 64) if value >> 63 else value)
            case 5, bytes():
                return Constant(struct.unpack("<d", value)[0])
            case 6, bytes():
                return Constant(value.decode())
    return Odd()


def _name(message: bytes, depth: int) -> Node:
    return Name(_text(message, 1))


def _select(message: bytes, depth: int) -> Node:
    has = any(field == 3 for field, _ in _fields(message))
    return Select(_node(_one(message, 1), depth), _text(message, 2), has)


def _call(message: bytes, depth: int) -> Node:
    targets = _many(message, 1)
    return Call(_text(message, 2), tuple(_node(one, depth) for one in (*targets, *_many(message, 3))))


def _listed(message: bytes, depth: int) -> Node:
    optional = any(field == 2 for field, _ in _fields(message))
    return Listed(tuple(_node(one, depth) for one in _many(message, 1)), optional)


def _mapped(message: bytes, depth: int) -> Node:
    if any(field == 1 for field, _ in _fields(message)):
        return Odd()
    entries = _many(message, 2)
    optional = any(field == 5 for one in entries for field, _ in _fields(one))
    return Mapped(tuple((_node(_one(one, 3), depth), _node(_one(one, 4), depth)) for one in entries), optional)


def _loop(message: bytes, depth: int) -> Node:
    if _many(message, 8):
        # Of two variables.
        return Odd()
    over, first, condition, step, result = (_node(_one(message, field), depth) for field in (2, 4, 5, 6, 7))
    return Loop(_text(message, 1), over, _text(message, 3), first, condition, step, result)


_KINDS = {3: _constant, 4: _name, 5: _select, 6: _call, 7: _listed, 8: _mapped, 9: _loop}


def _many(message: bytes, wanted: int) -> list[bytes]:
    return [value for field, value in _fields(message) if field == wanted and isinstance(value, bytes)]


def _one(message: bytes, wanted: int) -> bytes:
    found = _many(message, wanted)
    if len(found) != 1:
        raise UnreadableError
    return found[0]


def _text(message: bytes, wanted: int) -> str:
    return next(iter(_many(message, wanted)), b"").decode()


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: their numbers and values."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                value, at = _varint(message, at)
                yield key >> 3, value
            case 2:
                length, at = _varint(message, at)
                if at + length > len(message):
                    raise UnreadableError
                yield key >> 3, message[at : at + length]
                at += length
            case 1 | 5 as kind:
                width = 8 if kind == 1 else 4
                yield key >> 3, message[at : at + width]
                at += width
            case _:
                raise UnreadableError


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise UnreadableError
