"""A text of documents, changed so that it means other values: what is not about the change stays as it is, to the byte.

Nothing is written anew. The differences of the values are looked up where they stand, and only these places
are cut out or filled in. What comes of it is read again, and refused unless it means what was wanted.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from kscan.mend.style import Style, indent_of, style_in, style_of
from kscan.mend.tree import Entry, Kind, Node, trees
from kscan.mend.values import same
from kscan.snapshot.marked import values

# In a pod's spec these are long, and what is new is better seen before them.
_LONG = ("initContainers", "containers")
_COMMA = re.compile(r"\s*,")


class Refused(Exception):
    """Why a text cannot be changed without guessing."""


def rewritten(text: str, old: Sequence[Any], new: Sequence[Any]) -> str:
    """The text of documents with these values, changed to mean those; Refused says why it cannot be."""
    roots = trees(text)
    editor = _Editor(text, style_of(text, roots))
    for root, before, after in zip(roots, old, new, strict=True):
        if not same(before, after) and not editor.become(root, before, after):
            raise Refused("nothing of the document would stay")
    result = editor.result()
    try:
        right = same(values(result), list(new))
    except (yaml.YAMLError, RecursionError):
        right = False
    if not right:
        raise Refused("it is written in a way that cannot be changed in this place alone")
    return result


class _Editor:
    """Collects what is cut out of a text and filled in."""

    def __init__(self, text: str, style: Style) -> None:
        self._text = text
        self._style = style
        self._splices: list[tuple[int, int, str]] = []
        # How much is cut off the beginning.
        self._head = 0

    def result(self) -> str:
        """The text with all changes."""
        parts, place = [], 0
        for start, end, new in sorted(self._splices, key=lambda one: one[:2]):
            if start < place:
                raise Refused("two changes meet in one place")
            parts += [self._text[place:start], new]
            place = end
        return "".join([*parts, self._text[place:]])

    def become(self, node: Node, old: Any, new: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Change a node within; false where it has to be replaced whole."""
        if node.kind is Kind.ALIAS:
            raise Refused(f"it stands behind the alias *{node.alias}")
        if node.kind is Kind.MAP and isinstance(old, dict) and isinstance(new, dict):
            return self._map(node, old, new)
        if node.kind is Kind.LIST and isinstance(old, list) and isinstance(new, list) and old and new:
            return self._list(node, old, new)
        return False

    def _map(self, node: Node, old: dict[str, Any], new: dict[str, Any]) -> bool:
        names = [entry.name for entry in node.entries]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Refused(f"the key {twice} stands there twice")
        for name, value in old.items():
            if name not in names and (name not in new or not same(value, new[name])):
                raise Refused("it comes by a merge key")
        kept = [entry for entry in node.entries if entry.name in new or entry.name == "<<"]
        if not kept:
            return False
        for entry in kept:
            if entry.name != "<<" and not same(old[entry.name], new[entry.name]):
                self._member(node, entry, old[entry.name], new[entry.name])
        if len(kept) < len(node.entries):
            self._remove(node, kept)
        added = {name: value for name, value in new.items() if name not in old}
        if added:
            self._add(node, kept, added)
        return True

    def _member(self, inside: Node, entry: Entry, old: Any, new: Any) -> None:  # noqa: ANN401
        if self.become(entry.value, old, new):
            return
        style, value = style_in(self._style, self._text, inside), entry.value
        colon = self._text.find(":", entry.key.end, max(value.start, entry.key.end + 1)) + 1
        if not colon:
            raise Refused("a key stands there without a value")
        if not inside.flow and isinstance(new, Mapping) and new:
            self._cut(colon, value.end)
            self._lines_after(value.end, list(style.block(new, " " * inside.column + style.step)))
        else:
            indent = indent_of(self._text, entry.key.start)
            spread = inside.flow and style.quoted and indent is not None
            words = style.spread(new, indent or "") if spread else style.inline(new)
            beside = value.end > value.start and "\n" not in self._text[colon : value.start]
            start = value.start if beside else colon
            self._splices.append((start, value.end, words if beside else f" {words}"))

    def _cut(self, start: int, end: int) -> None:
        """Take something out, with the spaces that would be left at the end of the line."""
        rest = self._text[end : self._line_end(end)]
        self._splices.append((start, end + (0 if rest.strip() else len(rest)), ""))

    def _line_end(self, place: int) -> int:
        """Before the line break that follows, which may have two characters."""
        found = self._text.find("\n", place)
        if found < 0:
            return len(self._text)
        return found - 1 if found and self._text[found - 1] == "\r" else found

    def _lines_after(self, place: int, lines: Sequence[str]) -> None:
        newline = self._style.newline
        if self._text[place - 1 : place] == "\n":
            self._splices.append((place, place, "".join(line + newline for line in lines)))
        else:
            end = self._line_end(place)
            self._splices.append((end, end, "".join(newline + line for line in lines)))

    def _add(self, node: Node, kept: Sequence[Entry], added: Mapping[str, Any]) -> None:
        before = next((entry for entry in kept if entry.name in _LONG), None)
        if node.flow:
            self._add_between(node, before or kept[-1], added, behind=before is None)
            return
        style = style_in(self._style, self._text, node)
        lines = list(style.block(added, " " * node.column))
        if before is None or indent_of(self._text, before.key.start) is None:
            self._lines_after(kept[-1].value.end, lines)
        else:
            ends = (one.value.end for one in kept if one.key.start < before.key.start)
            place = self._above(before.key.start, max(ends, default=0))
            self._splices.append((place, place, "".join(line + style.newline for line in lines)))

    def _add_between(self, node: Node, beside: Entry, added: Mapping[str, Any], *, behind: bool) -> None:
        """Add members between braces, beside one that is there; on lines of their own where that one is."""
        style = style_in(self._style, self._text, node)
        indent = indent_of(self._text, beside.key.start)
        gap = ("" if style.compact else " ") if indent is None else style.newline + indent
        place = beside.value.end if behind else beside.key.start
        for key, value in added.items():
            words = style.inline(value) if indent is None or not style.quoted else style.spread(value, indent)
            member = f"{style.scalar(key)}{style.colon}{words}"
            self._splices.append((place, place, f",{gap}{member}" if behind else f"{member},{gap}"))

    def _above(self, place: int, least: int) -> int:
        """The start of the line, or of the comments that stand right above it."""
        start = self._text.rfind("\n", 0, place) + 1
        while True:
            earlier = self._text.rfind("\n", 0, max(start - 1, 0)) + 1
            if start == 0 or earlier < least or not self._text[earlier:start].lstrip().startswith("#"):
                return start
            start = earlier

    def _remove(self, node: Node, kept: Sequence[Entry]) -> None:
        spans = [(entry.key.start, entry.value.end, entry in kept) for entry in node.entries]
        self._take_out(spans, flow=node.flow)

    def _take_out(self, spans: Sequence[tuple[int, int, bool]], *, flow: bool) -> None:
        """Remove members, each from its start to its end; at least one stays."""
        first = next(index for index, (_, _, stays) in enumerate(spans) if stays)
        together = flow or indent_of(self._text, spans[0][0]) is None
        for index, (start, end, stays) in enumerate(spans):
            if stays or (together and 0 < index < first):
                continue
            if not flow and (index or not together):
                self._take_lines(start, end)
            elif index == 0:
                self._take_first(start, spans[first - 1][1], spans[first][0], flow=flow)
            else:
                self._splices.append((spans[index - 1][1], end, ""))

    def _take_first(self, start: int, end: int, after: int, *, flow: bool) -> None:
        """Remove what stands behind a dash or brace, up to the next member; comments before that stay."""
        between = self._text[end:after]
        comma = _COMMA.match(between)
        if "#" not in between.partition("\n")[2]:
            self._splices.append((start, after, ""))
        elif not flow:
            dash = len(self._text[:start].rstrip())
            self._splices.append((dash, self._line_end(end), ""))
        elif comma:
            self._splices.append((start, end + comma.end(), ""))
        else:
            raise Refused("a comment stands between what goes and what stays")

    def _take_lines(self, start: int, end: int) -> None:
        """Remove whole lines, with the line end before them: so the last line may go, and others be added behind it."""
        first = self._text.rfind("\n", 0, start) + 1
        last = self._line_end(end - 1 if self._text[end - 1 : end] == "\n" else end)
        if first > self._head:
            self._splices.append((self._line_end(first - 1), last, ""))
        else:
            self._head = self._text.find("\n", last) + 1 or last
            self._splices.append((first, self._head, ""))

    def _list(self, node: Node, old: list[Any], new: list[Any]) -> bool:
        style = self._style
        for item, before, after in zip(node.items, old, new, strict=False):
            if not same(before, after) and not self.become(item, before, after):
                words = style.inline(after)
                self._splices.append((item.start, item.end, words if item.end > item.start else f" {words}"))
        if len(new) < len(old):
            dash = (lambda item: item.start) if node.flow else self._dash
            self._take_out(
                [(dash(one), one.end, index < len(new)) for index, one in enumerate(node.items)], flow=node.flow
            )
        for value in new[len(old) :]:
            last = node.items[-1]
            if node.flow:
                self._splices.append((last.end, last.end, f", {style.inline(value)}"))
            else:
                start = self._dash(last)
                column = start - self._text.rfind("\n", 0, start) - 1
                self._lines_after(last.end, [" " * column + f"- {style.inline(value)}"])
        return True

    def _dash(self, item: Node) -> int:
        return self._text.rfind("-", 0, item.start)
