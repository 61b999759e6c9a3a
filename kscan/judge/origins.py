"""Where findings are written: the file and the line of the member that each is about."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from kscan.judge.report import Finding, Report
from kscan.model.meta import ObjectRef
from kscan.snapshot.entry import Gap
from kscan.snapshot.manifests import Origin

_TOKEN = re.compile(r"[^.\[\]]+|\[[^\]]*\]")
# A workload is judged by the pods that it makes: there their spec stands.
_TEMPLATES = ((), ("spec", "template"), ("spec", "jobTemplate", "spec", "template"))


def located(report: Report, origins: Mapping[ObjectRef, Origin], unread: tuple[Gap, ...]) -> Report:
    """The report with the place of each finding in its manifest."""
    results = (
        msgspec.structs.replace(result, findings=tuple(_located(one, origins) for one in result.findings))
        for result in report.results
    )
    return msgspec.structs.replace(report, results=tuple(results), unread=unread)


def _located(finding: Finding, origins: Mapping[ObjectRef, Origin]) -> Finding:
    origin = origins.get(finding.object)
    if origin is None:
        return finding
    if origin.rendered:
        return msgspec.structs.replace(finding, source=f"{origin.file} (rendered)")
    tokens = _TOKEN.findall(finding.path)
    _, line = max(_reached(origin, (*lead, *tokens)) for lead in _TEMPLATES)
    return msgspec.structs.replace(finding, source=f"{origin.file}:{line}")


def _reached(origin: Origin, tokens: tuple[str, ...]) -> tuple[int, int]:
    """How far a path leads into an object, and the line where it ends."""
    steps = list(_steps(origin, tokens))
    return (len(steps), steps[-1]) if steps else (0, origin.line)


def _steps(origin: Origin, tokens: tuple[str, ...]) -> Iterator[int]:
    value, lines = origin.value, origin.lines
    for token in tokens:
        if token.startswith("[") and isinstance(value, list) and isinstance(lines, list):
            index = _named(value, token[1:-1])
            if index < 0:
                return
            value, (line, lines) = value[index], lines[index]
        elif isinstance(value, dict) and isinstance(lines, dict) and token in value:
            value, (line, lines) = value[token], lines[token]
        else:
            return
        yield line


def _named(values: list[object], name: str) -> int:
    """Which member of a list bears a name, or stands at that place; -1 where none does."""
    found = (index for index, one in enumerate(values) if isinstance(one, dict) and one.get("name") == name)
    place = int(name) if name.isdecimal() and int(name) < len(values) else -1
    return next(found, place)
