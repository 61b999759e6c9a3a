"""`cel.bind`, written as what every CEL runtime does right.

The runtime evaluates a bound value where it is first used. Where that is within a loop that ends early, and one
binding stands in another, it forgets to forget it: the next expression is given the last one's value. So
`cel.bind(name, value, body)` is written as `[value].map(name, body)[0]`, which says the same.
"""

import re
from collections.abc import Iterator

_QUOTES = ('"""', "'''", '"', "'")
_RAW = "|".join(f"[rR]{one}[\\s\\S]*?{one}" for one in _QUOTES)
_ESCAPED = "|".join(rf"{one}(?:\\[\s\S]|(?!{one})[^\\])*{one}" for one in _QUOTES)
# Texts and comments, in which no bracket counts.
_TEXT = re.compile(rf"{_RAW}|{_ESCAPED}|//[^\n]*")
_BIND = re.compile(r"(?<![\w.])cel\s*\.\s*bind\s*\(")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def without_bind(expression: str) -> str:
    """The expression with each `cel.bind` as a map over one value; what is no CEL is left for the compiler."""
    found: list[str] = []
    at = 0
    while at < len(expression):
        text, bind = _TEXT.match(expression, at), _BIND.match(expression, at)
        if text:
            found.append(text[0])
            at = text.end()
        elif bind and len(parts := list(_arguments(expression, bind.end()))) == 3:
            (_, name), (_, value), (end, body) = parts
            found.append(f"[{without_bind(value)}].map({name.strip()}, {without_bind(body)})[0]")
            at = end + 1
        else:
            found.append(expression[at])
            at += 1
    return "".join(found)


def _arguments(expression: str, start: int) -> Iterator[tuple[int, str]]:
    """Each argument of a call, and where it ends; the last ends at the bracket that closes the call."""
    open_brackets: list[str] = []
    at = begin = start
    while at < len(expression):
        if text := _TEXT.match(expression, at):
            at = text.end()
            continue
        sign = expression[at]
        if sign in _CLOSING:
            open_brackets.append(_CLOSING[sign])
        elif open_brackets and sign == open_brackets[-1]:
            open_brackets.pop()
        elif not open_brackets and sign in ",)":
            yield at, expression[begin:at]
            begin = at + 1
            if sign == ")":
                return
        at += 1
