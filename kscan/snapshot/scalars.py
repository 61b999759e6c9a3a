"""What the scalars of YAML mean, as Kubernetes' own reader takes them: a word without quotes, a tagged one, a key."""

import re
import struct
from base64 import b64decode
from math import isfinite
from typing import Any

import yaml

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
}
# What a tag of YAML's own makes of a word; under any other, Kubernetes' own reader takes it as it is written.
_TAG = "tag:yaml.org,2002:"
_MEANT: dict[str, tuple[type, ...]] = {
    f"{_TAG}int": (int,), f"{_TAG}float": (float, int), f"{_TAG}bool": (bool,), f"{_TAG}null": (type(None),),
}  # fmt: skip
_MERGE, _TIMESTAMP, _BINARY = f"{_TAG}merge", f"{_TAG}timestamp", f"{_TAG}binary"
_TIME = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")
_BASED = re.compile(r"[-+]?0(?:[xX][0-9a-fA-F]+|[oO]?[0-7]+|[bB][01]+)")
_REAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_DIGITS = re.compile(r"[-+]?[0-9]+")
# Go's whole numbers end there, those without a sign at twice that; beyond they are floating.
_PAST = 1 << 63
_SINGLE = struct.Struct("<f")
# The powers of ten of numbers that Go prints without one.
_LEAST, _MOST = -4, 5
# Of a number; Python takes longer for each more of them, and at last refuses.
_MOST_DIGITS = 400


class Words(dict[str, Any]):
    """What the plain words of a document mean, each looked into once."""

    def __missing__(self, text: str) -> Any:  # noqa: ANN401 - any scalar
        self[text] = found = _plain(text)
        return found


def name_of(event: Any) -> str:  # noqa: ANN401 - the parser's own events
    """The member that a key names."""
    value = tagged(event) if event.tag else event.value if event.style else _plain(event.value)
    return value if isinstance(value, str) else spoken(value, event)


def merges(event: Any) -> bool:  # noqa: ANN401
    """Whether a key that reads `<<` merges: no alias does, and one in quotes only behind the tag `!` or its own."""
    return type(event) is yaml.ScalarEvent and (event.implicit[0] or event.tag == _MERGE)


def spoken(key: Any, event: Any) -> str:  # noqa: ANN401
    """What a key that is no text is called; YAMLError where Kubernetes' own reader has none of its kind."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int) and -_PAST <= key < _PAST:
        return str(key)
    if isinstance(key, float):
        return _single(key)
    raise yaml.MarkedYAMLError(
        problem="what is no text, number or boolean stands as a key", problem_mark=event.start_mark
    )


def _single(number: float) -> str:
    """A number in the fewest digits that tell it from others of single precision, as Go prints it."""
    try:
        exact = _SINGLE.pack(number)
    except OverflowError:
        return ".inf" if number > 0 else "-.inf"
    words = (f"{number:.{places}e}" for places in range(9))
    digits, _, power = next(one for one in words if _SINGLE.pack(float(one)) == exact).partition("e")
    return f"{float(f'{digits}e{power}'):.9g}" if _LEAST <= int(power) <= _MOST else f"{digits}e{power}"


def tagged(event: Any) -> Any:  # noqa: ANN401 - any scalar
    """A word with a tag, as Kubernetes' own reader decodes it; YAMLError where that does, too."""
    text = event.value
    if event.tag == _BINARY:
        try:
            return b64decode(text.replace("\r", "").replace("\n", ""), validate=True).decode(errors="replace")
        except ValueError as error:
            raise yaml.MarkedYAMLError(
                problem="what is no base64 is tagged so", problem_mark=event.start_mark
            ) from error
    if event.tag == _TIMESTAMP and _TIME.fullmatch(text):
        return text
    meant = _MEANT.get(event.tag)
    if meant and type(value := _plain(text)) in meant:
        return value
    if meant or event.tag == _TIMESTAMP:
        raise _untrue(event)
    return text


def _untrue(event: Any) -> yaml.YAMLError:  # noqa: ANN401
    words = f"what is no {event.tag.removeprefix(_TAG)} is tagged so"
    return yaml.MarkedYAMLError(problem=words, problem_mark=event.start_mark)


def _plain(text: str) -> Any:  # noqa: ANN401 - any scalar
    """A word without quotes, as Kubernetes' own reader takes it: a time is a text."""
    if text in _WORDS:
        return _WORDS[text]
    numeral = text[0] in "-+.0123456789" and len(text) <= _MOST_DIGITS
    return _number(text, text.replace("_", "")) if numeral else text


def _number(text: str, digits: str) -> Any:  # noqa: ANN401 - any scalar
    if _BASED.fullmatch(digits):
        octal = digits.lstrip("-+")[1] in "oO01234567"
        number = int(re.sub("[oO]", "", digits), 8) if octal else int(digits, 0)
        return number if -_PAST <= number < 2 * _PAST else float(digits) if _DIGITS.fullmatch(digits) else text
    # With a nine or an eight it is no octal number.
    if _DIGITS.fullmatch(digits):
        return number if -_PAST <= (number := int(digits)) < 2 * _PAST else float(digits)
    if _REAL.fullmatch(digits):
        return float(digits) if isfinite(float(digits)) else text
    return text
