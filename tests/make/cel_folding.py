"""What a default means to the expression around it, where that can be told without running it."""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.make.cel_tree import Node

Params = Mapping[str, Any]
Parents = Mapping[int, Node]

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "in": lambda left, right: left in right,
}
# What may stand between a default and what it is compared with.
_CHANGED: dict[str, Callable[[Any], Any]] = {
    "(": lambda value: value,
    "string": str,
    "lowerAscii": lambda value: value.lower(),
    "upperAscii": lambda value: value.upper(),
    "trim": lambda value: value.strip(),
}
_SEARCHED: dict[str, Callable[[str, str], bool]] = {
    "matches": lambda value, pattern: re.search(pattern, value) is not None,
    "contains": lambda value, part: part in value,
    "startsWith": lambda value, part: value.startswith(part),
    "endsWith": lambda value, part: value.endswith(part),
}


def same(default: Node, other: str, parents: Parents, params: Params) -> bool:
    """Whether another default comes to the same: `x.orValue("") == "a"` asks only that it is not "a"."""
    place = parents.get(id(default))
    if place is None or place.kind != "method" or place.word.text != "orValue":
        return False
    values = [ast.literal_eval(default.word.text), ast.literal_eval(other)]
    above = parents.get(id(place))
    while above and above.word.text in _CHANGED:
        values = [_CHANGED[above.word.text](value) for value in values]
        place, above = above, parents.get(id(above))
    decide = _decision(above, place, params) if above else None
    return decide is not None and decide(values[0]) == decide(values[1])


def _decision(above: Node, place: Node, params: Params) -> Callable[[Any], bool] | None:
    """What a comparison with a constant makes of a value that stands in its first place."""
    if above.parts[0] is not place or len(above.parts) != 2:
        return None
    constant = _constant(above.parts[1], params)
    if constant is None:
        return None
    if above.kind == "binary" and above.word.text in _COMPARED:
        return lambda value: _COMPARED[above.word.text](value, constant)
    if above.kind == "method" and above.word.text in _SEARCHED:
        return lambda value: _SEARCHED[above.word.text](value, constant)
    return None


def _constant(node: Node, params: Params) -> Any:
    if node.kind in ("string", "int", "double"):
        return ast.literal_eval(node.word.text)
    if node.kind == "list":
        values = [_constant(part, params) for part in node.parts]
        return None if None in values else values
    if node.kind == "select" and node.parts[0].word.text == "params":
        return params.get(node.word.text)
    return None
