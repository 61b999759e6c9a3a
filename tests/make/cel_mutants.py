"""The mutants of a check: its expression and its params with one small thing changed in each.

A mutant is known by its words: what stands before the place, what is changed to what, and what stands behind it. What
means the same by construction is not made: after `.?a` each `.b` is as optional as `.?b`.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.make.cel_tree import Node, parse

_COMPARISONS = {"==": ("!=",), "!=": ("==",), "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<")}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"}
_METHODS = {"all": "exists", "exists": "all", "exists_one": "exists", "startsWith": "contains", "endsWith": "contains",
            "indexOf": "lastIndexOf", "lastIndexOf": "indexOf"}  # fmt: skip
_PREDICATES = ("all", "exists", "exists_one", "filter")
_OF_TEXT = ("startsWith", "endsWith", "contains", "indexOf", "lastIndexOf")
_PLAIN = ("upperAscii", "lowerAscii", "trim", "replace")
_BEFORE, _BEHIND = 32, 20


class Mutant(NamedTuple):
    """A changed expression with its params, and the words that tell the change."""

    words: str
    expression: str
    params: dict[str, Any]


class Edit(NamedTuple):
    """A part of the text and what comes in its place; `shown` is the part of it that really changes, if less."""

    start: int
    end: int
    becomes: str
    shown: tuple[int, int, str] | None = None


def mutants(expression: str, params: dict[str, Any]) -> Iterator[Mutant]:
    """Every mutant of an expression and its params, each once."""
    known = {_spaced(expression)}
    words: dict[str, int] = {}
    tree = parse(expression)
    for edit in [*_edits(tree, expression), *_conditions(tree, expression)]:
        changed = expression[: edit.start] + edit.becomes + expression[edit.end :]
        if _spaced(changed) not in known:
            known.add(_spaced(changed))
            told = _told(expression, edit)
            words[told] = words.get(told, 0) + 1
            yield Mutant(f"{told} #{words[told]}" if words[told] > 1 else told, changed, params)
    for told, less in _params(params, expression):
        yield Mutant(told, expression, less)


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _told(text: str, edit: Edit) -> str:
    start, end, becomes = edit.shown or edit[:3]
    before, was, behind = (_spaced(f"|{part}|")[1:-1] for part in (text[:start], text[start:end], text[end:]))
    return f"{before[-_BEFORE:]}‹{_short(was)} → {_short(_spaced(becomes))}›{behind[:_BEHIND]}".strip()


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:28]} … {text[-28:]}"


def _edits(tree: Node, text: str) -> Iterator[Edit]:
    """What can be changed of each part by itself."""
    optionals = _optional_names(tree)
    for node in tree.walk():
        start, end, word = node.start, node.end, node.word
        match node.kind:
            case "binary":
                yield from _operations(node, text)
            case "unary" if word.text == "!":
                yield Edit(start, node.parts[0].start, "")
            case "int" | "double":
                yield from (Edit(start, end, number) for number in _numbers(word.text))
            case "bool":
                yield Edit(start, end, "false" if word.text == "true" else "true")
            case "string":
                yield from (Edit(start, end, changed) for changed in ('""', f'{word.text[:-1]}~{word.text[-1]}'))
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


def _numbers(text: str) -> list[str]:
    if "." in text or "e" in text.lower() and "x" not in text.lower():
        return [f"(2.0 * {text})", "0.0"]
    value = int(text.rstrip("u"), 0)
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
        elif node.parts[0].kind == "list" and len(node.parts) > 2:
            if any(_is_optional(part, frozenset(found)) for part in node.parts[0].parts):
                found.add(node.parts[1].word.text)
    return frozenset(found)


def _methods(node: Node, text: str) -> Iterator[Edit]:
    name, target, arguments = node.word, node.parts[0], node.parts[1:]
    given = text[target.start : target.end]
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
        yield from (Edit(node.start, node.end, truth, (node.start, node.end, truth)) for truth in ("true", "false"))
    if name.text in _OF_TEXT and arguments[0].kind == "string" and len(arguments[0].word.text) > 3:
        one = arguments[0]
        yield Edit(one.start, one.start + 2, '"', (one.start, one.end, f'"{one.word.text[2:]}'))
        yield Edit(one.end - 2, one.end, '"', (one.start, one.end, f'{one.word.text[:-2]}"'))
    if name.text == "matches" and arguments[0].kind == "string":
        pattern = arguments[0]
        yield from (Edit(pattern.start, pattern.end, f'"{less}"') for less in _patterns(pattern.word.text[1:-1]))
    del given


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


def _params(params: dict[str, Any], expression: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The params with one element of a list taken away, a number changed, or a pattern loosened."""
    for name, value in params.items():
        if isinstance(value, list):
            for index, one in enumerate(value):
                yield f"params.{name} without {one!r}", params | {name: value[:index] + value[index + 1 :]}
        elif isinstance(value, int) and not isinstance(value, bool):
            for other in (value + 1, value - 1, 0):
                yield f"params.{name}: {value} → {other}", params | {name: other}
        elif isinstance(value, str):
            changed = _patterns(value) if f"matches(params.{name})" in expression else [f"{value}~", ""]
            for other in changed:
                yield f"params.{name}: {value} → {other}", params | {name: other}


def _patterns(pattern: str) -> Iterator[str]:
    """A regular expression without each of its anchors and alternatives in turn, and one that never matches."""
    yield "[^\\\\s\\\\S]" if False else f"{pattern}~"
    for found in re.finditer(r"(?<![\[\\])\^|(?<!\\)\$(?=$|[|)])", pattern):
        yield pattern[: found.start()] + pattern[found.end() :]
    for start, end in _alternatives(pattern):
        if pattern[start - 1 : start] == "|":
            yield pattern[: start - 1] + pattern[end:]
        else:
            yield pattern[:start] + pattern[end + 1 :]


def _alternatives(pattern: str) -> Iterator[tuple[int, int]]:
    """Where each alternative stands, of those that are more than one."""
    opened: list[list[int]] = [[0]]
    for found in re.finditer(r"\\.|\[\^?\]?[^\]]*\]|[(|)]", pattern):
        if found.group() == "(":
            opened.append([found.end()])
        elif found.group() == "|":
            opened[-1].append(found.end())
        elif found.group() == ")":
            yield from _between(opened.pop(), found.start())
    yield from _between(opened.pop(), len(pattern))


def _between(starts: list[int], end: int) -> Iterator[tuple[int, int]]:
    if len(starts) > 1:
        yield from zip(starts, [*(start - 1 for start in starts[1:]), end], strict=True)
