"""What an API server says of its own parts, check by check."""

from collections.abc import Mapping

from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import Plain
from kscan.views.view import Source, View

# A server that is not ready says so with status 500: that is its answer.
READYZ = Plain("/readyz?verbose", "text/plain", failing=True)
_MARKS = {"[+]": True, "[-]": False}


def _build(source: Source) -> Mapping[str, bool]:
    found = source.get(READYZ)
    if isinstance(found, Gap):
        return {}
    lines = [line.strip() for line in found.content.decode(errors="replace").splitlines()]
    checks = {line[3:].partition(" ")[0]: _MARKS[line[:3]] for line in lines if line[:3] in _MARKS}
    if not checks:
        source.missed(Gap(READYZ.path(), Reason.UNDECODABLE, "no list of checks came"))
    return checks


READY: View[Mapping[str, bool]] = View("readiness", (READYZ,), _build)
