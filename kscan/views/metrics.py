"""What an API server counts: its /metrics, read once for all views, its samples found by the metric's name."""

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import NamedTuple

import msgspec

from kscan.snapshot.needs import Plain
from kscan.views.answers import TEXT, Question, UnlikeError
from kscan.views.view import Source, View

METRICS_PATH = Plain("/metrics", "text/plain")
# A quoted value may hold anything, braces too; the parts exclude each other, so that no line is slow to read.
_LABELS = rb'\{((?:[^"{}\n]|"(?:[^"\\\n]|\\.)*")*)\}'
# After the value may come a time and, behind #, an exemplar.
_REST = re.compile(rb"(?:[ \t]*" + _LABELS + rb"[ \t]*|[ \t]+)([^\s{#]+)")
_LABEL = re.compile(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(rb"# (?:HELP|TYPE|EOF)\b")
# A server writes its metrics in order of their names. Behind all that is asked for stand those of its queues, which
# every API server has (seen on 1.36 and 1.37, which know of no other sign of an end): a text without them is cut.
_LAST = b"workqueue_"
_SAMPLE = re.compile(rb"[a-zA-Z_:][\w:]*" + _REST.pattern + rb"(?:[ \t].*)?")


_CUT = "metrics came that are cut off"


class Sample(NamedTuple):
    """One number that was counted, and of what."""

    labels: Mapping[str, str]
    value: float


class Metrics(msgspec.Struct, frozen=True):
    """A Prometheus text; `told` where there is one."""

    content: bytes = b""
    told: bool = False

    def samples(self, name: str) -> Iterator[Sample]:
        """Every sample of one metric; a line that is none is passed over. UnlikeError where one is no number."""
        wanted = name.encode()
        at = self.content.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if at == 0 or self.content[at - 1] == 10:
                found = _REST.match(self.content, end)
                sample = _sample(found[1] or b"", found[2]) if found else None
                if sample and not isfinite(sample.value):
                    raise UnlikeError(f"{name} counts {sample.value:g}")
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


def _read(content: bytes) -> Metrics:
    """The text, whole: its first and its last line are what lines of metrics are. Not all: there are a million."""
    if not content.endswith(b"\n"):
        raise UnlikeError(_CUT if content else "no metrics came")
    text = content.strip()
    first, last = text.partition(b"\n")[0], text.rpartition(b"\n")[2]
    if not all(_COMMENT.match(line) or _is_sample(line) for line in (first, last)):
        raise UnlikeError("no metrics came")
    if not last.startswith(_LAST):
        raise UnlikeError(_CUT)
    return Metrics(content, told=True)


def _is_sample(line: bytes) -> bool:
    found = _SAMPLE.fullmatch(line)
    return bool(found and _sample(b"", found[2]))


_ASKED = Question(METRICS_PATH, {TEXT: _read})


def _build(source: Source) -> Metrics:
    return source.answer(_ASKED) or Metrics()


METRICS: View[Metrics] = View("metrics", (METRICS_PATH,), _build)
