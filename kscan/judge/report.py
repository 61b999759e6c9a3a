"""The report: one result per check, what could not be seen, the score and its coverage."""

import hashlib
from enum import StrEnum

import msgspec

from kscan.checks.check import Check, Severity
from kscan.model.meta import ObjectRef
from kscan.snapshot.entry import Gap
from kscan.snapshot.snapshot import About
from kscan.views.view import Evidence


class Status(StrEnum):
    """What was decided; only the first two are decisions."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"
    MANUAL = "manual"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One object for which a check does not hold, with the evidence."""

    object: ObjectRef
    message: str
    container: str = ""
    path: str = ""
    value: str = ""
    pods: int = 0
    fingerprint: str = ""


class Undecided(msgspec.Struct, frozen=True, order=True):
    """One object for which a check could not be decided, and why."""

    object: ObjectRef
    reason: str
    container: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one check came to."""

    check: Check
    status: Status
    reason: str = ""
    scope: str = ""
    judged: int = 0
    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    gaps: tuple[Gap, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        """How bad a failure is."""
        return self.check.file.severity


class Score(msgspec.Struct, frozen=True):
    """Of 100: the weight of the checks that hold over the weight of those decided; and how much was decided."""

    value: int | None
    coverage: int
    decided: int
    undecided: int


class MissedPath(msgspec.Struct, frozen=True):
    """A gap with the checks that it left undecided."""

    gap: Gap
    checks: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a format needs."""

    about: About
    results: tuple[Result, ...]
    score: Score
    objects: int = 0

    def of(self, status: Status) -> tuple[Result, ...]:
        """The results of one status, worst first: by severity, then by how many findings."""
        found = (result for result in self.results if result.status is status)
        return tuple(sorted(found, key=lambda result: (result.severity.rank, -len(result.findings))))

    def worst(self, count: int = 5) -> tuple[Result, ...]:
        """The failures to look at first."""
        return self.of(Status.FAIL)[:count]

    def gaps(self) -> tuple[MissedPath, ...]:
        """Each path that was missing for some check, once."""
        by_gap: dict[Gap, list[str]] = {}
        for result in self.results:
            for gap in result.gaps:
                by_gap.setdefault(gap, []).append(result.check.id)
        return tuple(MissedPath(gap, tuple(sorted(ids))) for gap, ids in sorted(by_gap.items()))


def fingerprint(check: str, cluster: str, ref: ObjectRef, container: str, path: str) -> str:
    """A name for a finding that is the same in each scan, whatever the pods are called."""
    words = "\0".join((check, cluster, ref.kind, ref.namespace, ref.name, container, path))
    return hashlib.sha256(words.encode()).hexdigest()[:24]
