"""Just enough of Rego to read tests: the values that are written out, and where a test gives them as its input."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_RAW = re.compile(r"`([^`]*)`")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z_][\w.]*")
_WORDS = {"true": True, "false": False, "null": None}
_RULE = re.compile(r"^(test_\w+)\s*(?:if\s*)?\{", re.MULTILINE)
_INPUT = re.compile(r"with\s+input\s+as\s+")
_DATA = re.compile(r"with\s+data\.")
_COUNTED = re.compile(r"count\(\s*\w+\s*\)\s*(==|>=|>|!=)\s*(\d+)")
_ASKED = re.compile(r"count\(\s*deny\s*\)\s*(==|>=|>|!=)\s*(\d+)")


class Inexact(Exception):
    """It is no value that is written out."""


class Written(NamedTuple):
    """A test: its input and whether something is to be denied; or why that cannot be told."""

    name: str
    input: Any = None
    denied: bool = False
    problem: str = ""


def written_tests(text: str) -> Iterator[Written]:
    """Every test of a file."""
    for rule in _RULE.finditer(text):
        body = text[rule.end() : _closing(text, rule.end())]
        try:
            yield _test(rule[1], body, text)
        except Inexact as error:
            yield Written(rule[1], problem=str(error))


def _test(name: str, body: str, text: str) -> Written:
    inputs = list(_INPUT.finditer(body))
    if len(inputs) != 1:
        raise Inexact(f"it has {len(inputs)} inputs")
    if _DATA.search(body):
        raise Inexact("it has settings of its own")
    value, end = _value(body, inputs[0].end(), text)
    counted = _COUNTED.findall(_ASKED.sub("", body[: inputs[0].start()] + "deny" + body[end:]))
    if len(counted) != 1:
        raise Inexact("it does not count what is denied")
    operator, number = counted[0]
    return Written(name, value, operator in (">", "!=") or int(number) > 0)


def _value(text: str, at: int, whole: str) -> tuple[Any, int]:
    """The value at a place, and where it ends; a name means what the text says that it means."""
    word = _WORD.match(text, at)
    if word and word[0] not in _WORDS:
        for place in (text, whole):
            said = re.search(rf"\b{re.escape(word[0])}\s*:?=(?!=)\s*", place)
            if said:
                return value(place, said.end())[0], word.end()
        raise Inexact(f"{word[0]} is not written out")
    return value(text, at)


def value(text: str, at: int = 0) -> tuple[Any, int]:
    """The value that is written at a place, and where it ends."""
    at = _after_space(text, at)
    if text[at] in "{[":
        return _object(text, at + 1) if text[at] == "{" else _array(text, at + 1)
    for pattern, read in ((_STRING, json.loads), (_NUMBER, json.loads), (_RAW, lambda raw: raw[1:-1])):
        found = pattern.match(text, at)
        if found:
            return read(found[0]), found.end()
    word = _WORD.match(text, at)
    if word and word[0] in _WORDS:
        return _WORDS[word[0]], word.end()
    raise Inexact(f"{text[at : at + 20].split(maxsplit=1)[0]} is no value that is written out")


def _object(text: str, at: int) -> tuple[dict[str, Any], int]:
    found = {}
    while text[at := _after_space(text, at)] != "}":
        key, at = value(text, at)
        at = _after_space(text, at)
        if text[at] != ":":
            raise Inexact("a set, or a comprehension")
        found[key], at = value(text, at + 1)
        at = _after_comma(text, at, "}")
    return found, at + 1


def _array(text: str, at: int) -> tuple[list[Any], int]:
    found = []
    while text[at := _after_space(text, at)] != "]":
        one, at = value(text, at)
        found.append(one)
        at = _after_comma(text, at, "]")
    return found, at + 1


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _after_comma(text: str, at: int, closing: str) -> int:
    at = _after_space(text, at)
    if text[at] == ",":
        return at + 1
    if text[at] != closing:
        raise Inexact("an expression")
    return at


def _closing(text: str, at: int) -> int:
    """Where the brace closes that was opened before a place."""
    depth = 1
    while depth:
        for pattern in (_STRING, _RAW):
            found = pattern.match(text, at)
            if found:
                at = found.end()
                break
        else:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at = text.find("\n", at) if text[at] == "#" else at + 1
    return at - 1
