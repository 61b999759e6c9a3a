"""What the API server counts of itself: its metrics, as text that is decoded once."""

import re
from collections.abc import Iterator

import msgspec

from kscan.snapshot.entry import Gap
from kscan.snapshot.needs import Plain
from kscan.views.view import Source, View

METRICS = Plain("/metrics", "text/plain")
_REST = re.compile(r"(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Sample = tuple[dict[str, str], float]


class Counters(msgspec.Struct, frozen=True):
    """The text of all metrics; `told` is false where they could not be read."""

    text: str = ""
    told: bool = False

    def samples(self, metric: str) -> Iterator[Sample]:
        """The labels and value of each sample of one metric."""
        return samples(self.text, metric)

    def total(self, metric: str, **labels: str) -> float:
        """The sum of the samples with these labels."""
        return sum(value for found, value in self.samples(metric) if labels.items() <= found.items())


def samples(text: str, metric: str) -> Iterator[Sample]:
    """The labels and value of each sample of one metric in a Prometheus text."""
    at = text.find(metric)
    while at >= 0:
        found = _REST.match(text, at + len(metric))
        if found and (at == 0 or text[at - 1] == "\n"):
            yield dict(_LABEL.findall(found[1] or "")), float(found[2])
        at = text.find(metric, at + 1)


def _build(source: Source) -> Counters:
    found = source.get(METRICS)
    if isinstance(found, Gap):
        source.missed(found)
        return Counters()
    return Counters(found.content.decode(errors="replace"), told=True)


COUNTERS: View[Counters] = View("counters", (METRICS,), _build)
