"""The mutants of a check: its expression and its params with one small thing changed in each.

A mutant is known by its words: what stands before the place, what is changed to what, and what stands behind it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.make.cel_edits import Edit, edits
from tests.make.cel_tree import parse
from tests.make.pattern_edits import patterns

_BEFORE, _BEHIND, _CHANGED = 32, 20, 60


class Mutant(NamedTuple):
    """A changed expression with its params, and the words that tell the change."""

    words: str
    expression: str
    params: dict[str, Any]


def mutants(expression: str, params: dict[str, Any]) -> Iterator[Mutant]:
    """Every mutant of an expression and its params, each once."""
    known = {_spaced(expression)}
    times: dict[str, int] = {}
    for edit in edits(parse(expression), expression, params):
        changed = expression[: edit.start] + edit.becomes + expression[edit.end :]
        if _spaced(changed) not in known:
            known.add(_spaced(changed))
            words = _words(expression, edit)
            times[words] = times.get(words, 0) + 1
            yield Mutant(f"{words} #{times[words]}" if times[words] > 1 else words, changed, params)
    for name, value in params.items():
        for words, other in _values(name, value, is_pattern=f"matches(params.{name})" in expression):
            yield Mutant(words, expression, params | {name: other})


def _values(name: str, value: object, *, is_pattern: bool) -> Iterator[tuple[str, object]]:
    """A list with one element less, another number, another text."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield f"params.{name} without {one!r}", value[:index] + value[index + 1 :]
    elif isinstance(value, int) and not isinstance(value, bool):
        for number in sorted({value + 1, value - 1, 0} - {value}):
            yield f"params.{name}: ‹{value} → {number}›", number
    elif isinstance(value, str):
        for start, end, becomes in patterns(value) if is_pattern else [(0, len(value), ""), (len(value),) * 2 + ("~",)]:
            words = _words(value, Edit(start, end, becomes))
            yield f"params.{name}: {words}", value[:start] + becomes + value[end:]


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _words(text: str, edit: Edit) -> str:
    start, end, becomes = edit.shown or edit[:3]
    before, was, behind = (_spaced(f"|{part}|")[1:-1] for part in (text[:start], text[start:end], text[end:]))
    return f"{before[-_BEFORE:]}‹{_short(was)} → {_short(_spaced(becomes))}›{behind[:_BEHIND]}".strip()


def _short(text: str) -> str:
    half = _CHANGED // 2 - 2
    return text if len(text) <= _CHANGED else f"{text[:half]} … {text[-half:]}"
