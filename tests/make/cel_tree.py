"""CEL as a tree that knows where in the text each part stands, so that one part can be changed and the rest kept."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
    |(?P<int>0x[0-9a-fA-F]+u?|\d+u?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
# How tightly the operators between two operands bind, the loosest first.
_BINDS = {"||": 1, "&&": 2, **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3), "+": 4, "-": 4}
_BINDS |= dict.fromkeys("*/%", 5)


class Token(NamedTuple):
    """A word of the text and where it stands."""

    kind: str
    text: str
    start: int
    end: int


class Node(NamedTuple):
    """A part of an expression: what it is, where it stands, its own word (operator, name or literal) and its parts."""

    kind: str
    start: int
    end: int
    word: Token
    parts: tuple["Node", ...] = ()
    optional: bool = False

    def walk(self) -> Iterator["Node"]:
        """This part and every part of it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def tokens(text: str) -> Iterator[Token]:
    """The words of an expression."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            raise ValueError(f"no CEL: {text[place : place + 20]!r}")
        if found.lastgroup != "space":
            yield Token(str(found.lastgroup), found.group(), found.start(), found.end())
        place = found.end()


def parse(text: str) -> Node:
    """The tree of an expression that compiles."""
    reader = _Reader(text)
    tree = reader.expression()
    reader.take("")
    return tree


class _Reader:
    """Reads one expression, from the loosest binding to the tightest."""

    def __init__(self, text: str) -> None:
        self._tokens = [*tokens(text), Token("end", "", len(text), len(text))]
        self._next = 0

    @property
    def ahead(self) -> str:
        return self._tokens[self._next].text

    def take(self, *wanted: str) -> Token:
        token = self._tokens[self._next]
        if wanted and token.text not in wanted:
            raise ValueError(f"{token.text!r} stands at {token.start} where {' or '.join(wanted)} was to stand")
        self._next += 1
        return token

    def took(self, wanted: str) -> bool:
        found = self.ahead == wanted
        self._next += found
        return found

    def expression(self) -> Node:
        condition = self.operation(1)
        if self.ahead != "?":
            return condition
        mark, chosen = self.take(), self.operation(1)
        self.take(":")
        other = self.expression()
        return Node("ternary", condition.start, other.end, mark, (condition, chosen, other))

    def operation(self, least: int) -> Node:
        left = self.unary()
        while _BINDS.get(self.ahead, 0) >= least:
            operator = self.take()
            right = self.operation(_BINDS[operator.text] + 1)
            left = Node("binary", left.start, right.end, operator, (left, right))
        return left

    def unary(self) -> Node:
        if self.ahead not in ("!", "-"):
            return self.member()
        operator, operand = self.take(), self.unary()
        return Node("unary", operator.start, operand.end, operator, (operand,))

    def member(self) -> Node:
        found = self.primary()
        while self.ahead in (".", "["):
            opening = self.take()
            optional = self.took("?")
            if opening.text == "[":
                index = self.expression()
                found = Node("index", found.start, self.take("]").end, opening, (found, index), optional)
                continue
            name = self.take()
            if name.kind != "name":
                raise ValueError(f"{name.text!r} stands at {name.start} where a name was to stand")
            if self.took("("):
                arguments, end = self.several(")")
                found = Node("method", found.start, end, name, (found, *arguments))
            else:
                found = Node("select", found.start, name.end, name, (found,), optional)
        return found

    def primary(self) -> Node:
        token = self.take()
        if token.text == "(":
            inner = self.expression()
            return Node("group", token.start, self.take(")").end, token, (inner,))
        if token.text in ("[", "{"):
            parts, end = self.several("]" if token.text == "[" else "}")
            return Node("list" if token.text == "[" else "map", token.start, end, token, parts)
        if token.kind == "name" and self.took("("):
            arguments, end = self.several(")")
            return Node("call", token.start, end, token, arguments)
        if token.kind in ("sign", "end"):
            raise ValueError(f"{token.text!r} stands at {token.start} where a value was to stand")
        kind = "bool" if token.text in ("true", "false") else token.kind
        return Node(kind, token.start, token.end, token)

    def several(self, closing: str) -> tuple[tuple[Node, ...], int]:
        """The parts up to a closing bracket, and where that ends."""
        parts: list[Node] = []
        while self.ahead != closing:
            start, optional = self._tokens[self._next], self.took("?")
            part = self.expression()
            if closing == "}":
                colon, value = self.take(":"), self.expression()
                part = Node("entry", start.start, value.end, colon, (part, value), optional)
            elif optional:
                part = Node("entry", start.start, part.end, start, (part,), optional)
            parts.append(part)
            if self.ahead != closing:
                self.take(",")
        return tuple(parts), self.take(closing).end
