"""Durations as Go writes them: 4h0m0s, 1.5s, 0s."""

import re

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"([+-]?)((?:{_PART.pattern})+|0)")


def seconds(text: str) -> float | None:
    """The seconds of a duration; None where it is none."""
    found = _WHOLE.fullmatch(text)
    if not found:
        return None
    total = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(found[2]))
    return -total if found[1] == "-" else total
