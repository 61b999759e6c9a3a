"""Every small change of an expression in CEL.

What means the same by construction is not made: after `.?a` each `.b` is as optional as `.?b`, and another default that
is compared to a constant with the same answer is no change.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.make.cel_folding import Params, same
from tests.make.cel_tree import Node, Token
from tests.make.pattern_edits import patterns

_COMPARISONS = {"==": ("!=",), "!=": ("==",), "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<")}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"}
_METHODS = {"all": "exists", "exists": "all", "exists_one": "exists", "startsWith": "contains", "endsWith": "contains",
            "indexOf": "lastIndexOf", "lastIndexOf": "indexOf"}  # fmt: skip
_PREDICATES = ("all", "exists", "exists_one", "filter")
_OF_TEXT = ("startsWith", "endsWith", "contains", "indexOf", "lastIndexOf")
_PLAIN = ("upperAscii", "lowerAscii", "trim", "replace")


class Edit(NamedTuple):
    """A part of the text and what comes in its place; `shown` is the part of it that really changes, if less."""

    start: int
    end: int
    becomes: str
    shown: tuple[int, int, str] | None = None


def edits(tree: Node, text: str, params: Params) -> Iterator[Edit]:
    """Every small change of an expression."""
    parents = {id(part): node for node in tree.walk() for part in node.parts}
    optionals = _optional_names(tree)
    for node in tree.walk():
        for edit in _of_part(node, text, optionals):
            if node.kind not in ("int", "string") or not same(node, edit.becomes, parents, params):
                yield edit
    yield from _conditions(tree, text)


def _of_part(node: Node, text: str, optionals: frozenset[str]) -> Iterator[Edit]:
    """What can be changed of one part by itself."""
    start, end, word = node.start, node.end, node.word
    match node.kind:
        case "binary":
            yield from _operations(node, text)
        case "unary" if word.text == "!":
            yield Edit(start, node.parts[0].start, "")
        case "int" | "double":
            yield from (Edit(start, end, number) for number in _numbers(word))
        case "bool":
            yield Edit(start, end, "false" if word.text == "true" else "true")
        case "string":
            yield from (Edit(start, end, changed) for changed in ('""', f"{word.text[:-1]}~{word.text[-1]}"))
        case "list" | "map":
            yield from _shorter(node)
        case "ternary":
            condition, chosen, other = (text[part.start : part.end] for part in node.parts)
            yield Edit(start, end, f"(({condition}) ? ({other}) : ({chosen}))")
        case "select" | "index":
            yield from _paths(node, optionals)
        case "method":
            yield from _methods(node, text)
        case "call" if word.text == "has":
            yield from (Edit(start, end, truth) for truth in ("true", "false"))
        case "call" if word.text in ("string", "double", "int"):
            yield Edit(start, end, text[node.parts[0].start : node.parts[0].end])


def _operations(node: Node, text: str) -> Iterator[Edit]:
    sign, (left, right) = node.word, node.parts
    sides = [text[side.start : side.end] for side in node.parts]
    at = (sign.start, sign.end)
    if sign.text in _COMPARISONS:
        yield from (Edit(*at, other) for other in _COMPARISONS[sign.text])
    elif sign.text == "in":
        yield Edit(node.start, node.end, f"!({sides[0]} in {sides[1]})", (*at, "not in"))
    elif sign.text in ("&&", "||"):
        other = "||" if sign.text == "&&" else "&&"
        yield Edit(node.start, node.end, f"(({sides[0]}) {other} ({sides[1]}))", (*at, other))
    else:
        yield Edit(*at, _ARITHMETIC[sign.text])
    if sign.text not in _COMPARISONS and sign.text != "in":
        yield Edit(node.start, node.end, sides[1], (left.start, sign.end, ""))
        yield Edit(node.start, node.end, sides[0], (sign.start, right.end, ""))


def _numbers(number: Token) -> list[str]:
    if number.kind == "double":
        return [f"(2.0 * {number.text})", "0.0"]
    value = int(number.text.rstrip("u"), 0)
    return [str(other) if other >= 0 else f"({other})" for other in {value + 1: 0, value - 1: 0, 0: 0}]


def _shorter(node: Node) -> Iterator[Edit]:
    """A list or map without each of its parts in turn."""
    for index, part in enumerate(node.parts):
        if len(node.parts) == 1:
            yield Edit(part.start, part.end, "")
        elif index:
            yield Edit(node.parts[index - 1].end, part.end, "")
        else:
            yield Edit(part.start, node.parts[1].start, "")


def _paths(node: Node, optionals: frozenset[str]) -> Iterator[Edit]:
    """A member by another name, and one that may be absent asked for as if it were always there."""
    operand = node.parts[0]
    if node.kind == "select":
        yield Edit(node.word.start, node.word.end, f"{node.word.text}X")
    if node.optional and not _is_optional(operand, optionals):
        opening = node.word.start if node.kind == "select" else node.word.end
        mark = opening - 1 if node.kind == "select" else opening
        yield Edit(mark, mark + 1, "")


def _is_optional(node: Node, optionals: frozenset[str]) -> bool:
    if node.kind in ("select", "index"):
        return node.optional or _is_optional(node.parts[0], optionals)
    return (node.kind == "method" and node.word.text == "or") or (node.kind == "name" and node.word.text in optionals)


def _optional_names(tree: Node) -> frozenset[str]:
    """The variables that are bound to what may be absent."""
    found: set[str] = set()
    for node in tree.walk():
        if node.kind != "method":
            continue
        if node.word.text == "bind" and _is_optional(node.parts[2], frozenset(found)):
            found.add(node.parts[1].word.text)
        elif node.parts[0].kind == "list" and any(_is_optional(one, frozenset(found)) for one in node.parts[0].parts):
            found.update(one.word.text for one in node.parts[1:2])
    return frozenset(found)


def _methods(node: Node, text: str) -> Iterator[Edit]:
    name, target, arguments = node.word, node.parts[0], node.parts[1:]
    if name.text in _METHODS:
        yield Edit(name.start, name.end, _METHODS[name.text])
    if name.text in _PLAIN:
        yield Edit(target.end, node.end, "")
    if name.text == "orValue":
        yield Edit(name.start - 1, node.end, ".value()")
    if name.text == "or":
        yield Edit(target.end, node.end, "")
        yield Edit(target.start, node.end, text[arguments[0].start : arguments[0].end])
    if name.text == "hasValue":
        yield from (Edit(node.start, node.end, truth) for truth in ("true", "false"))
    if name.text in _OF_TEXT and arguments[0].kind == "string":
        yield from _narrower(arguments[0])
    if name.text == "matches" and arguments[0].kind == "string":
        pattern = arguments[0]
        for start, end, becomes in patterns(pattern.word.text):
            yield Edit(pattern.start + start, pattern.start + end, becomes)


def _narrower(text: Node) -> Iterator[Edit]:
    """A text that is looked for, without the sign that it begins or ends with."""
    word = text.word.text
    if "\\" in word:
        return
    if len(word) > 3 and not word[1].isalnum():
        yield Edit(text.start, text.end, word[0] + word[2:])
    if len(word) > 3 and not word[-2].isalnum():
        yield Edit(text.start, text.end, word[:-2] + word[-1])


def _conditions(node: Node, text: str, *, truth: bool = True) -> Iterator[Edit]:
    """What can be changed of parts that are true or false: each turned round, and each condition always the same."""
    parts = node.parts
    if truth and _is_atom(node):
        yield Edit(node.start, node.end, f"!({text[node.start : node.end]})", (node.start, node.start, "!"))
    match node.kind:
        case "ternary":
            yield from (Edit(parts[0].start, parts[0].end, always) for always in ("true", "false"))
            truths = (True, truth, truth)
        case "method" if node.word.text in _PREDICATES:
            yield from (Edit(parts[2].start, parts[2].end, always) for always in ("true", "false"))
            truths = (False, False, True)
        case "method" if node.word.text == "bind":
            truths = (False, False, False, truth)
        case "group":
            truths = (truth,)
        case "binary" | "unary":
            truths = (node.word.text in ("&&", "||", "!"),) * len(parts)
        case _:
            truths = (False,) * len(parts)
    for part, one in zip(parts, truths, strict=False):
        yield from _conditions(part, text, truth=one)


def _is_atom(node: Node) -> bool:
    """Whether turning it round is not already the change of an operator in it."""
    return node.kind in ("select", "index", "name", "call") or (node.kind == "method" and node.word.text != "bind")
