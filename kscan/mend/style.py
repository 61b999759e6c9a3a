"""How values are written, so that what is new looks like what stands around it."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.mend.tree import Kind, Node

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
# What YAML 1.1 reads as something else than a text.
_OTHER = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


class Style(msgspec.Struct, frozen=True):
    """One way of writing: quotes as JSON has them, no spaces, how far members stand in, how lines end."""

    quoted: bool = False
    compact: bool = False
    step: str = "  "
    newline: str = "\n"

    def scalar(self, value: object) -> str:
        """A text, number, truth or nothing."""
        plain = isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _OTHER
        return str(value) if plain and not self.quoted else json.dumps(value, ensure_ascii=False)

    def inline(self, value: Any) -> str:  # noqa: ANN401 - any JSON value
        """A value on one line."""
        comma = "," if self.compact else ", "
        if isinstance(value, Mapping):
            return (
                "{"
                + comma.join(f"{self.scalar(key)}{self.colon}{self.inline(one)}" for key, one in value.items())
                + "}"
            )
        if isinstance(value, list | tuple):
            return "[" + comma.join(map(self.inline, value)) + "]"
        return self.scalar(value)

    @property
    def colon(self) -> str:
        """What stands between a key and its value."""
        return ":" if self.compact else ": "

    def spread(self, value: Any, indent: str) -> str:  # noqa: ANN401
        """A value between braces, each member of a map on a line of its own."""
        if not isinstance(value, Mapping) or not value:
            return self.inline(value)
        inner = indent + self.step
        lines = (f"{inner}{self.scalar(key)}{self.colon}{self.spread(one, inner)}" for key, one in value.items())
        return "{" + self.newline + f",{self.newline}".join(lines) + f"{self.newline}{indent}}}"

    def block(self, members: Mapping[str, Any], indent: str) -> Iterator[str]:
        """The lines of a map's members, without braces."""
        for key, value in members.items():
            if isinstance(value, Mapping) and value:
                yield f"{indent}{self.scalar(key)}:"
                yield from self.block(value, indent + self.step)
            else:
                yield f"{indent}{self.scalar(key)}: {self.inline(value)}"


def style_of(text: str, roots: Sequence[Node]) -> Style:
    """How a text is mostly written."""
    first = text.find("\n")
    newline = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
    steps = Counter(step for root in roots for step in _steps(text, root))
    return Style(step=steps.most_common(1)[0][0] if steps else "  ", newline=newline)


def _steps(text: str, node: Node) -> Iterator[str]:
    """How much further members of members stand in."""
    own = indent_of(text, node.entries[0].key.start) if node.entries else None
    for entry in node.entries:
        inner = indent_of(text, entry.value.entries[0].key.start) if entry.value.entries else None
        if own is not None and inner and len(inner) > len(own) and inner.startswith(own):
            yield inner[len(own) :]
        yield from _steps(text, entry.value)
    for item in node.items:
        yield from _steps(text, item)


def indent_of(text: str, at: int) -> str | None:
    """What stands before a character that is the first of its line; None where it is not."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return before if not before.strip() else None


def style_in(style: Style, text: str, node: Node) -> Style:
    """How the members of one map are written."""
    first = next((entry for entry in node.entries if entry.key.kind is Kind.SCALAR), None)
    if first is None or first.key.quote != '"':
        return style
    between = text[first.key.end : first.value.start]
    return msgspec.structs.replace(style, quoted=True, compact=node.flow and between == ":")
