"""`cel.bind`, written as what every CEL runtime does right.

The runtime evaluates a bound value where it is first used. Where that is within a loop that ends early, and one
binding stands in another, it forgets to forget it: the next expression is given the last one's value. So
`cel.bind(name, value, body)` is written as `[value].map(name, body)[0]`, which says the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Union

_QUOTES = ('"""', "'''", '"', "'")
_RAW = "|".join(f"[rR]{one}[\\s\\S]*?{one}" for one in _QUOTES)
_ESCAPED = "|".join(rf"{one}(?:\\[\s\S]|(?!{one})[^\\])*{one}" for one in _QUOTES)
# Texts and comments, in which no bracket counts; a text that does not end; and what counts.
_WORD = re.compile(
    rf"(?P<text>{_RAW}|{_ESCAPED}|//[^\n]*)|(?P<open_text>[\"'])"
    r"|(?P<bind>(?<![\w.])cel\s*\.\s*bind\s*\()|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)"
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# Pieces of text, of which some are made of pieces: what is bound is moved without being copied.
Pieces = list[Union[str, "Pieces"]]


@dataclass
class _Bracket:
    """A bracket that is open: what closes it, how it began, and for a binding its arguments so far."""

    closing: str
    begin: str = ""
    arguments: list[Pieces] = field(default_factory=lambda: [[]])

    @property
    def pieces(self) -> Pieces:
        """All of it as it was written."""
        found: Pieces = [self.begin]
        for index, one in enumerate(self.arguments):
            found += ["," if index else "", one]
        return found


def without_bind(expression: str) -> str:
    """The expression with each `cel.bind` as a map over one value; what is no CEL is left for the compiler."""
    brackets = [_Bracket("")]
    done = 0
    for found in _WORD.finditer(expression):
        if found.lastgroup == "open_text":
            break
        brackets[-1].arguments[-1].append(expression[done : found.start()])
        done = found.end()
        _take(found, brackets)
    rest = expression[done:]
    while len(brackets) > 1:
        _into(brackets, brackets.pop().pieces)
    return "".join(_flat([*brackets[0].pieces, rest]))


def _take(found: re.Match[str], brackets: list[_Bracket]) -> None:
    """One word: it opens a bracket, closes the last, ends an argument of a binding, or stands for itself."""
    top, word = brackets[-1], found[0]
    if found.lastgroup == "bind":
        brackets.append(_Bracket(")", word))
    elif found.lastgroup == "open":
        top.arguments[-1].append(word)
        brackets.append(_Bracket(_CLOSING[word]))
    elif word == top.closing:
        brackets.pop()
        if top.begin and len(top.arguments) == 3:
            name, value, body = top.arguments
            _into(brackets, ["[", value, "].map(", name, ", ", body, ")[0]"])
        else:
            _into(brackets, [*top.pieces, word])
    elif found.lastgroup == "comma" and top.begin:
        top.arguments.append([])
    else:
        top.arguments[-1].append(word)


def _into(brackets: list[_Bracket], pieces: Pieces) -> None:
    brackets[-1].arguments[-1].append(pieces)


def _flat(pieces: Pieces) -> Iterator[str]:
    """The pieces in their order, however deep they stand in one another."""
    waiting = [iter(pieces)]
    while waiting:
        for one in waiting[-1]:
            if isinstance(one, str):
                yield one
            else:
                waiting.append(iter(one))
                break
        else:
            waiting.pop()
