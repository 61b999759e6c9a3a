"""Words for people, shared by rules and reports."""

import os
from collections.abc import Sequence
from pathlib import Path

_MOST = 3


def listed(words: Sequence[str], sign: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = f" and {len(words) - _MOST:,} more" if len(words) > _MOST else ""
    return f"{sign.join(words[:_MOST])}{more}"


def shown(path: str | Path) -> str:
    """The name of a file as text: bytes of it that are none are written out, for a report is to be encoded."""
    return os.fsencode(path).decode(errors="backslashreplace")


def counted(number: int, noun: str) -> str:
    """1 pod, 2 pods."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
