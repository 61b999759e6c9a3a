"""The way from a subject to a right as a drawing: inline SVG, which prints, scales and can be read aloud."""

import textwrap
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from kscan.checks.judgement import Step
from kscan.report.text import clean

_WIDTH, _LINE, _GAP, _PAD, _LETTERS, _LINES = 210, 16, 46, 10, 27, 3
_TITLES = ("subject", "binding", "role", "right")


def way(steps: Sequence[Step]) -> Markup:
    """One row for each right that it takes: subject, binding, role, right."""
    rows = [_cells(step) for step in steps]
    lines = max((len(_lines(cell)) for row in rows for cell in row), default=1)
    height = _PAD * 2 + _LINE * (lines + 1)
    width = _WIDTH * 4 + _GAP * 3 + 2
    total = (height + _PAD) * len(rows)
    spoken = ". ".join(", then ".join(filter(None, row)) for row in rows)
    body = Markup("").join(_row(row, index * (height + _PAD) + 1, height) for index, row in enumerate(rows))
    return Markup('<svg class="way" role="img" viewBox="0 0 {} {}" width="{}" aria-label="{}">{}</svg>').format(
        width, total, width, spoken, body
    )


def _cells(step: Step) -> tuple[str, ...]:
    binding = step.binding or "the API server itself"
    return tuple(clean(word) for word in (step.subject, binding, step.role, step.right))


def _row(cells: Sequence[str], top: int, height: int) -> Markup:
    places = [index for index, cell in enumerate(cells) if cell]
    boxes = (_box(cells[index], _TITLES[index], index * (_WIDTH + _GAP) + 1, top, height) for index in places)
    arrows = (
        _arrow(one * (_WIDTH + _GAP) + 1 + _WIDTH, two * (_WIDTH + _GAP) + 1, top + height // 2)
        for one, two in pairwise(places)
    )
    return Markup("").join((*boxes, *arrows))


def _box(text: str, title: str, left: int, top: int, height: int) -> Markup:
    words = Markup("").join(
        Markup('<tspan x="{}" dy="{}">{}</tspan>').format(left + _PAD, _LINE, line) for line in _lines(text)
    )
    return Markup(
        '<g><title>{}</title><rect class="box {}" x="{}" y="{}" width="{}" height="{}" rx="6"/>'
        '<text class="kind" x="{}" y="{}">{}</text><text class="name" x="{}" y="{}">{}</text></g>'
    ).format(
        text, title, left, top, _WIDTH, height, left + _PAD, top + _PAD + 8, title, left + _PAD, top + _PAD + 10, words
    )


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, _LETTERS, max_lines=_LINES, placeholder=" …") or [""]


def _arrow(start: int, end: int, middle: int) -> Markup:
    tip = f"{end - 9},{middle - 5} {end - 1},{middle} {end - 9},{middle + 5}"
    return Markup('<path class="line" d="M{} {}H{}"/><polygon class="tip" points="{}"/>').format(
        start, middle, end - 8, escape(tip)
    )
