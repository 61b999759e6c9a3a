"""Kyverno's patterns, as far as its Pod Security policies use them; of what else they say nothing is claimed."""

import re
from typing import Any

_ANCHOR = re.compile(r"(=|X)\((.*)\)")
_WORDS = {"true": True, "false": False}


class UnknownPatternError(Exception):
    """A pattern that is not read here."""


def meets(pattern: Any, value: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a value meets a pattern."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_member(key, part, value) for key, part in pattern.items())
    if isinstance(pattern, list):
        if len(pattern) != 1:
            raise UnknownPatternError
        return isinstance(value, list) and all(meets(pattern[0], one) for one in value)
    return _scalar(pattern, value)


def _member(key: str, pattern: Any, value: dict[str, Any]) -> bool:  # noqa: ANN401 - JSON
    anchor = _ANCHOR.fullmatch(key)
    if anchor and anchor[1] == "X":
        return anchor[2] not in value
    if anchor:
        return anchor[2] not in value or meets(pattern, value[anchor[2]])
    if not re.fullmatch(r"[\w./-]+", key):
        raise UnknownPatternError
    return key in value and meets(pattern, value[key])


def _scalar(pattern: Any, value: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return all(_scalar(pattern, one) for one in value)
    if isinstance(pattern, str):
        if pattern in _WORDS and not isinstance(value, str):
            return value is _WORDS[pattern]
        # Whatever is no text it is written as one, and space around a pattern is cut away.
        if re.search(r"[*?|&!<>{}\s-]", pattern) or not isinstance(value, str):
            raise UnknownPatternError
    return bool(pattern == value)
