"""Words for people. Names from a cluster are hostile: what could steer a terminal or turn text around is taken out."""

import re
from typing import Any

from kscan.judge.report import Finding

# Control characters of both sets, and those that reorder or hide text; tab and newline become a space.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """The text on one line, without characters that could do more than be read."""
    return _STEERING.sub("\ufffd", re.sub(r"[\t\n\r]+", " ", text))


def clean_all(value: Any, *, lines: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """Every text within a JSON value, cleaned; `lines` keeps line ends, for our own longer texts."""
    match value:
        case str():
            return "\n".join(map(clean, value.split("\n"))) if lines else clean(value)
        case dict():
            return {clean(key): clean_all(one, lines=key in ("why", "text", "command")) for key, one in value.items()}
        case list() | tuple():
            return [clean_all(one) for one in value]
    return value


def sentence(finding: Finding) -> str:
    """Deployment shop/web container app runs privileged."""
    container = f" container {finding.container}" if finding.container else ""
    return clean(f"{finding.object}{container} {finding.message}")


def where(finding: Finding) -> str:
    """The field and its value, and for how many pods."""
    place = " = ".join(part for part in (finding.path, finding.value) if part)
    place = ": ".join(part for part in (finding.source, place) if part)
    return clean(place + (f" ({counted(finding.pods, 'pod')})" if finding.pods > 1 else ""))


def counted(number: int, noun: str) -> str:
    """1 pod, 2 pods."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
