"""What an API server counts: its /metrics, read once for all views, its samples found by the metric's name."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import Plain
from kscan.views.view import Source, View

METRICS_PATH = Plain("/metrics", "text/plain")
# A quoted value may hold anything, braces too; the parts exclude each other, so that no line is slow to read.
_LABELS = rb'\{((?:[^"{}\n]|"(?:[^"\\\n]|\\.)*")*)\}'
# After the value may come a time and, behind #, an exemplar.
_REST = re.compile(rb"(?:[ \t]*" + _LABELS + rb"[ \t]*|[ \t]+)([^\s{#]+)")
_LABEL = re.compile(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FIRST = re.compile(rb"\s*(?:#|[a-zA-Z_:][\w:]*[{ \t])")


class Sample(NamedTuple):
    """One number that was counted, and of what."""

    labels: Mapping[str, str]
    value: float


class Metrics(msgspec.Struct, frozen=True):
    """A Prometheus text; `told` where there is one."""

    content: bytes = b""
    told: bool = False

    def samples(self, name: str) -> Iterator[Sample]:
        """Every sample of one metric; a line that is none is passed over."""
        wanted = name.encode()
        at = self.content.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if at == 0 or self.content[at - 1] == 10:
                found = _REST.match(self.content, end)
                sample = _sample(found[1] or b"", found[2]) if found else None
                if sample:
                    yield sample
            at = self.content.find(wanted, end)

    def total(self, name: str, /, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        return sum(one.value for one in self.samples(name) if labels.items() <= one.labels.items())


def _sample(labels: bytes, value: bytes) -> Sample | None:
    try:
        number = float(value)
    except ValueError:
        return None
    found = _LABEL.findall(labels.decode(errors="replace")) if labels else ()
    return Sample({key: _ESCAPED.sub(_unescaped, text) if "\\" in text else text for key, text in found}, number)


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


def _build(source: Source) -> Metrics:
    found = source.get(METRICS_PATH)
    if isinstance(found, Gap):
        return Metrics()
    if not _FIRST.match(found.content):
        # A page to log in at, of a proxy, is no server that counts nothing.
        source.missed(Gap(METRICS_PATH.path(), Reason.UNDECODABLE, "no metrics came"))
        return Metrics()
    return Metrics(found.content, told=True)


METRICS: View[Metrics] = View("metrics", (METRICS_PATH,), _build)
