"""JSON as YAML would have it: what JSON allows in a text and no reader of YAML takes is written otherwise."""

import json
import re

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# Every escape is looked at, so that of two backslashes the second begins none.
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)"
)
# Also what breaks a line to YAML, and not to JSON.
_UNPRINTED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_REPLACED = "\ufffd"
_VALUE = json.JSONDecoder()


def as_yaml(text: str) -> str:
    """The same text, line for line; what does not begin with JSON stays as it is, for its own reader to refuse."""
    if not (_SURROGATE.search(text) or _UNPRINTED.search(text)):
        return text
    try:
        _, end = _VALUE.raw_decode(text)
    except (ValueError, RecursionError):
        return text
    value = _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", _ESCAPE.sub(_character, text[:end]))
    return value + text[end:]


def _character(escape: re.Match[str]) -> str:
    """The character that two escapes make together; half of one is none, as Kubernetes' own reader has it."""
    if escape[1]:
        return chr(0x10000 + ((int(escape[1], 16) - 0xD800) << 10) + int(escape[2], 16) - 0xDC00)
    return _REPLACED if _SURROGATE.match(escape[0]) else escape[0]
