"""What an API server says of its own parts, check by check."""

from collections.abc import Mapping

from kscan.snapshot.needs import Plain
from kscan.views.answers import TEXT, Question, UnlikeError
from kscan.views.view import Source, View

# A server that is not ready says so with status 500: that is its answer.
READYZ = Plain("/readyz?verbose", "text/plain", failing=True)
_ENDS = ("readyz check passed", "readyz check failed")
_MARKS = {"[+]": True, "[-]": False}


def _checks(content: bytes) -> Mapping[str, bool]:
    *lines, last = [line.strip() for line in content.decode().splitlines() if line.strip()] or [""]
    if not lines or last not in _ENDS or not all(line[:3] in _MARKS for line in lines):
        raise UnlikeError("no whole list of checks came")
    return {line[3:].partition(" ")[0]: _MARKS[line[:3]] for line in lines}


_ASKED = Question(READYZ, {TEXT: _checks})


def _build(source: Source) -> Mapping[str, bool]:
    return source.answer(_ASKED) or {}


READY: View[Mapping[str, bool]] = View("readiness", (READYZ,), _build)
