"""Where findings are written: the file and the line of the member that each is about."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from kscan.judge.report import Finding, Report
from kscan.model.base import JsonObject
from kscan.model.kinds import of_version
from kscan.model.meta import ObjectRef
from kscan.model.pods import objects
from kscan.snapshot.documents import path_of, ref_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.written import Origin

_TOKEN = re.compile(r"[^.\[\]]+|\[[^\]]*\]")
# A workload is judged by the pods that it makes: there their spec stands. The longest way first.
_Place = tuple[int, int, Any, Any]
TEMPLATES = (("spec", "jobTemplate", "spec", "template"), ("spec", "template"), ())


def located(report: Report, origins: Mapping[ObjectRef, Origin]) -> Report:
    """The report with the place of each finding in its manifest, and of each object that could not be read."""
    if not origins:
        return report
    places = _Places(origins)
    results = (
        msgspec.structs.replace(
            result,
            findings=tuple(_located(one, places.of(one.object)) for one in result.findings),
            gaps=tuple(map(places.told, result.gaps)),
        )
        for result in report.results
    )
    return msgspec.structs.replace(report, results=tuple(results))


class _Places:
    """Where objects are written: by their address, and those that a view could not read by their path."""

    def __init__(self, origins: Mapping[ObjectRef, Origin]) -> None:
        self._origins = origins
        self._starts: dict[ObjectRef, _Start | None] = {}

    def of(self, ref: ObjectRef) -> "_Start | None":
        """Where an object is written; of an owner that is not, something that it owns."""
        if ref not in self._starts:
            origin = self._origins.get(ref) or self._by_owner.get(ref)
            self._starts[ref] = _Start(origin) if origin else None
        return self._starts[ref]

    @cached_property
    def _by_owner(self) -> Mapping[ObjectRef, Origin]:
        owned = ((owner, origin) for origin in self._origins.values() for owner in _owners(origin.value))
        return dict(reversed(list(owned)))

    @cached_property
    def _by_path(self) -> Mapping[str, str]:
        return {path_of(one.value) + (f" in {ref.source}" if ref.source else ""): one.place
                for ref, one in self._origins.items()}  # fmt: skip

    def told(self, gap: Gap) -> Gap:
        """The gap with that place, where it is about an object."""
        if gap.reason is not Reason.UNDECODABLE or gap.path not in self._by_path:
            return gap
        return msgspec.structs.replace(gap, detail=f"{gap.detail}, in {self._by_path[gap.path]}")


def _owners(value: JsonObject) -> Iterator[ObjectRef]:
    metadata = value["metadata"]
    for one in objects(metadata, "ownerReferences"):
        kind = of_version(str(one.get("apiVersion") or ""), str(one.get("kind")))
        yield ObjectRef(kind.kind, str(one.get("name")), ref_of(value).namespace, group=kind.group)


def _located(finding: Finding, start: "_Start | None") -> Finding:
    if start is None:
        return finding
    origin = start.origin
    place = origin.place if origin.rendered else f"{origin.file}:{start.line(_tokens(finding.path))}"
    return msgspec.structs.replace(finding, source=place)


class _Start:
    """An object as it is written, and where in it the pods that it makes are."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        whole = (0, origin.line, origin.value, origin.lines)
        leads = (_walked(whole, lead) for lead in TEMPLATES)
        self._starts = [found for found, lead in zip(leads, TEMPLATES, strict=True) if found[0] == len(lead)]

    def line(self, tokens: tuple[str, ...]) -> int:
        """The line of what a path leads to, of the object or of the pods that it makes; else as near as it comes."""
        furthest = (0, self.origin.line)
        for start in self._starts:
            steps, line, *_ = _walked(start, tokens)
            if steps == start[0] + len(tokens):
                return line
            furthest = max(furthest, (steps, line))
        return furthest[1]


@lru_cache(maxsize=4096)
def _tokens(path: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(path))


def _walked(start: _Place, tokens: tuple[str, ...]) -> _Place:
    """As far as a path leads from a place: how many steps there are to it, its line, what stands there."""
    steps, line, value, lines = start
    for token in tokens:
        if isinstance(lines, dict) and token in lines:
            value, (line, lines) = value[token], lines[token]
        elif token[0] == "[" and isinstance(value, list) and isinstance(lines, list):
            index = _named(value, token[1:-1])
            if index < 0:
                break
            value, (line, lines) = value[index], lines[index]
        else:
            break
        steps += 1
    return steps, line, value, lines


def _named(values: list[object], name: str) -> int:
    """Which member of a list bears a name, or stands at that place; -1 where none does."""
    found = (index for index, one in enumerate(values) if isinstance(one, dict) and one.get("name") == name)
    place = int(name) if name.isdecimal() and int(name) < len(values) else -1
    return next(found, place)
