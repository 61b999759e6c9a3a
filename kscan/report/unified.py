"""What would change in a file, as `diff -u` writes it: byte for byte for patch, in colours for a person.

The texts are mostly the same, so that what differs is found by walking both, and meeting again soon.
"""

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from rich.console import Console
from rich.text import Text

from kscan.report.text import clean

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_AROUND = 3
_ESCAPED = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}
# Old lines from and to, new lines from and to.
Difference = tuple[int, int, int, int]


def unified(name: str, before: str, after: str) -> Iterator[str]:
    """The lines of the difference, each with its end."""
    old, new = _lines(before), _lines(after)
    yield f"--- {_quoted(name)}\n"
    yield f"+++ {_quoted(name)}\n"
    for hunk in _hunks(_differences(old, new)):
        for line in _hunk(old, new, hunk):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def coloured(lines: Iterable[str], width: int) -> bytes:
    """The same for a terminal; what could steer it is taken out."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, force_terminal=True, soft_wrap=True, highlight=False)
    for line in lines:
        style = "bold" if line.startswith(("--- ", "+++ ")) else _STYLES.get(line[0], "")
        console.print(Text(clean(line.rstrip("\r\n")), style=style))
    return buffer.getvalue().encode(errors="replace")


def _quoted(name: str) -> str:
    """A name as git writes it, which patch reads: in quotes where anything in it could be more than a name."""
    if name.isascii() and name.isprintable() and not any(sign in name for sign in '"\\'):
        return name
    return '"' + "".join(map(_sign, os.fsencode(name))) + '"'


def _sign(byte: int) -> str:
    if chr(byte) in _ESCAPED:
        return f"\\{_ESCAPED[chr(byte)]}"
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _lines(text: str) -> list[str]:
    # Only a newline ends a line here, as for patch; splitlines knows many more.
    return list(io.StringIO(text, newline="\n"))


def _differences(old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    one = other = 0
    while one < len(old) or other < len(new):
        if one < len(old) and other < len(new) and old[one] == new[other]:
            one, other = one + 1, other + 1
            continue
        gone, come = _meeting(old, new, one, other)
        yield one, one + gone, other, other + come
        one, other = one + gone, other + come


def _meeting(old: Sequence[str], new: Sequence[str], one: int, other: int) -> tuple[int, int]:
    """How many lines go and come until three are the same again, or both end."""
    for total in count(1):
        for come in range(total, -1, -1):
            here, there = one + total - come, other + come
            if here <= len(old) and there <= len(new) and old[here : here + _AROUND] == new[there : there + _AROUND]:
                return total - come, come
    raise AssertionError("both end somewhere")


def _hunks(differences: Iterable[Difference]) -> Iterator[list[Difference]]:
    """Differences that are so near that the lines around them meet."""
    hunk: list[Difference] = []
    for one in differences:
        if hunk and one[0] - hunk[-1][1] > 2 * _AROUND:
            yield hunk
            hunk = []
        hunk.append(one)
    if hunk:
        yield hunk


def _hunk(old: Sequence[str], new: Sequence[str], hunk: Sequence[Difference]) -> Iterator[str]:
    first, last = hunk[0], hunk[-1]
    before = min(_AROUND, first[0])
    after = min(_AROUND, len(old) - last[1])
    yield f"@@ -{_span(first[0] - before, last[1] + after)} +{_span(first[2] - before, last[3] + after)} @@\n"
    place = first[0] - before
    for gone, gone_to, come, come_to in hunk:
        yield from (f" {line}" for line in old[place:gone])
        yield from (f"-{line}" for line in old[gone:gone_to])
        yield from (f"+{line}" for line in new[come:come_to])
        place = gone_to
    yield from (f" {line}" for line in old[place : place + after])


def _span(start: int, end: int) -> str:
    """Where a hunk is; an empty one is said to stand behind the line before it."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + (1 if length else 0)},{length}"
