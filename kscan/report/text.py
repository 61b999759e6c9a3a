"""Words for people. Names from a cluster are hostile: what could steer a terminal or turn text around is taken out."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from kscan.judge.report import Finding
from kscan.model.words import counted

# A reason that more than that have in common is told once.
_SAME = 3
# Control characters of both sets, and those that reorder or hide text; tab and newline become a space.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """The text on one line, without characters that could do more than be read."""
    # What Python calls printable is none of these; nearly every text is.
    return text if text.isprintable() else _STEERING.sub("\ufffd", re.sub(r"[\t\n\r]+", " ", text))


def clean_all(value: Any, *, lines: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """Every text within a JSON value, cleaned; `lines` keeps line ends, for our own longer texts."""
    match value:
        case str():
            return "\n".join(map(clean, value.split("\n"))) if lines and "\n" in value else clean(value)
        case dict():
            return {clean(key): clean_all(one, lines=key in ("why", "text", "command")) for key, one in value.items()}
        case list() | tuple():
            return [clean_all(one) for one in value]
    return value


def sentence(finding: Finding) -> str:
    """Deployment shop/web container app runs privileged."""
    return clean(f"{finding.object}{part(finding.object.kind, finding.container)} {finding.message}")


def part(kind: str, name: str) -> str:
    """What of an object is meant, where it is not the whole: a container, or a webhook of its configuration."""
    noun = "webhook" if kind.endswith("WebhookConfiguration") else "container"
    return f" {noun} {name}" if name else ""


def where(finding: Finding) -> str:
    """The field and its value, and for how many pods."""
    place = " = ".join(part for part in (finding.path, finding.value) if part)
    place = ": ".join(part for part in (finding.source, place) if part)
    return clean(place + (f" ({counted(finding.pods, 'pod')})" if finding.pods > 1 else ""))


def follows(finding: Finding) -> tuple[str, ...]:
    """That it follows from what another check finds, where it does: it is in no total twice."""
    return (f"follows from {finding.implied_by}",) if finding.implied_by else ()


def told_once(reasons: Sequence[tuple[str, str]]) -> list[str]:
    """The reason of each name; one that many have in common is told with the first, the others name that one."""
    often = Counter(reason for _, reason in reasons)
    first: dict[str, str] = {}
    for name, reason in reasons:
        first.setdefault(reason, name)
    return [f"as for {first[reason]}" if reason and often[reason] > _SAME and first[reason] != name else reason
            for name, reason in reasons]  # fmt: skip
