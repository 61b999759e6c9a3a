"""Every small change of a regular expression: an anchor or an alternative less, and an end that never comes."""

import re
from collections.abc import Iterator

Change = tuple[int, int, str]


def patterns(pattern: str) -> Iterator[Change]:
    """What is cut from where to where, and what comes in its place; quotes around the pattern may stand."""
    end = len(pattern) - pattern.endswith(('"', "'"))
    yield end, end, "~"
    for found in re.finditer(r"(?<![\[\\])\^|(?<!\\)\$(?=$|[|)\"'])", pattern):
        yield found.start(), found.end(), ""
    for start, stop, first in _alternatives(pattern, end):
        yield (start, stop + 1, "") if first else (start - 1, stop, "")


def _alternatives(pattern: str, end: int) -> Iterator[tuple[int, int, bool]]:
    """Where each alternative stands, of those that are more than one, and whether it is the first."""
    opened = [[int(pattern.startswith(('"', "'")))]]
    for found in re.finditer(r"\\.|\[\^?\]?[^\]]*\]|[(|)]", pattern):
        if found.group() == "(":
            opened.append([found.end()])
        elif found.group() == "|":
            opened[-1].append(found.end())
        elif found.group() == ")":
            yield from _between(opened.pop(), found.start())
    yield from _between(opened.pop(), end)


def _between(starts: list[int], end: int) -> Iterator[tuple[int, int, bool]]:
    if len(starts) > 1:
        for start, stop in zip(starts, [*(one - 1 for one in starts[1:]), end], strict=True):
            yield start, stop, start == starts[0]
