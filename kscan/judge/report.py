"""The report: one result per check, what could not be seen, the score and its coverage."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from kscan.checks.benchmarks import Benchmark
from kscan.checks.check import Check, Severity
from kscan.checks.frameworks import Control, Framework
from kscan.checks.judgement import Step
from kscan.model.admission.guards import Posture
from kscan.model.meta import ObjectRef
from kscan.model.platform import Platform
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.modes import Modes
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import FromNode
from kscan.snapshot.snapshot import About
from kscan.views.reading import Evidence


class Status(StrEnum):
    """What was decided; only the first two are decisions."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"
    SUPPRESSED = "suppressed"
    MANUAL = "manual"


_AGENTS = FromNode().root


class Suppression(msgspec.Struct, frozen=True):
    """That the owner of an object asks to pass over a finding: in which tool's words, by which key, and why."""

    tool: str
    key: str
    reason: str = ""

    def __str__(self) -> str:
        return f"suppressed by its owner, {self.key}" + (f": {self.reason}" if self.reason else ", without a reason")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One object for which a check does not hold, with the evidence."""

    object: ObjectRef
    message: str
    container: str = ""
    path: str = ""
    value: str = ""
    pods: int = 0
    fingerprint: str = ""
    severity: Severity = Severity.INFO
    proof: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    fix: str = ""
    implied_by: str = ""
    source: str = ""
    suppressed: Suppression | None = None


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
    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody asked to pass over."""
        return tuple(one for one in self.findings if not one.suppressed)

    @property
    def severity(self) -> Severity:
        """How bad a failure is: as bad as its worst finding."""
        return min((one.severity for one in self.open), key=lambda one: one.rank, default=self.check.file.severity)

    @property
    def own(self) -> tuple[Finding, ...]:
        """Those of them that do not follow from what another check finds."""
        return tuple(one for one in self.open if not one.implied_by)

    @property
    def implied(self) -> bool:
        """Whether everything that it finds follows from what another check finds."""
        return bool(self.open) and not self.own

    @property
    def asked(self) -> bool:
        """Whether anybody was asked; what only agents on nodes tell, is asked of nobody where none has run."""
        return not self.gaps or any(gap.reason is not Reason.NOT_ASKED or gap.path != _AGENTS for gap in self.gaps)

    @property
    def about_subjects(self) -> bool:
        """Whether its findings are what users, groups and service accounts may do."""
        return bool(self.findings) and all(one.proof for one in self.findings)


class Answer(msgspec.Struct, frozen=True):
    """What the checks of one control came to together, and why where that is no plain pass."""

    control: Control
    status: Status
    reason: str
    results: tuple[Result, ...]


class Answered(msgspec.Struct, frozen=True):
    """A framework, every control of it answered."""

    framework: Framework
    answers: tuple[Answer, ...]

    def of(self, status: Status) -> tuple[Answer, ...]:
        """The answers of one status, in the framework's order."""
        return tuple(answer for answer in self.answers if answer.status is status)


class Held(msgspec.Struct, frozen=True):
    """One danger that a subject holds."""

    check: Check
    finding: Finding


class Right(msgspec.Struct, frozen=True):
    """A danger that a workload's account holds, and the group through which it does; None by its own bindings."""

    held: Held
    group: ObjectRef | None = None


class Inventoried(msgspec.Struct, frozen=True, kw_only=True):
    """A workload with all that is known of it; None stands for what could not be read."""

    workload: ObjectRef
    pods: int
    level: Level
    account: str
    score: int | None
    dangers: tuple[Held, ...]
    rights: tuple[Right, ...] | None
    exposed: str | None

    @property
    def severity(self) -> Severity | None:
        """That of its worst finding."""
        return self.dangers[0].finding.severity if self.dangers else None


class Admitting(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace: what it asks of pods, what they meet, how many each level would refuse, and what stops others."""

    namespace: str
    modes: Modes
    meets: Level
    workloads: int
    refused: Mapping[Level, int]
    posture: Posture

    @property
    def safe(self) -> Level | None:
        """The strictest level that could be enforced without refusing what runs, where that is more than now."""
        return self.meets if self.workloads and self.meets.rank > self.modes.enforce.level.rank else None


class Unused(msgspec.Struct, frozen=True, order=True):
    """A key of kscan's own that asks to pass over what is not there."""

    object: ObjectRef
    key: str
    reason: str


class Score(msgspec.Struct, frozen=True):
    """Of 100: the weight of the checks that hold over that of those decided, and of all asked; how much was decided."""

    value: int | None
    lower: int
    coverage: int
    decided: int
    undecided: int


class MissedPath(msgspec.Struct, frozen=True):
    """A gap with the checks that it left undecided."""

    gap: Gap
    checks: tuple[str, ...]


class Configuration(msgspec.Struct, frozen=True):
    """A file that decided how this report was made, and each option that it decided."""

    path: str
    options: tuple[tuple[str, str], ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a format needs."""

    about: About
    results: tuple[Result, ...]
    score: Score
    objects: int = 0
    # What rules and views raised on: kscan's own faults.
    faults: tuple[Gap, ...] = ()
    workloads: tuple[Inventoried, ...] = ()
    namespaces: tuple[Admitting, ...] = ()
    unused: tuple[Unused, ...] = ()
    frameworks: tuple[Answered, ...] = ()
    platform: Platform = Platform()
    benchmark: Benchmark = Benchmark()
    configuration: Configuration | None = None

    def of(self, status: Status) -> tuple[Result, ...]:
        """The results of one status, worst first: by severity, then by how many findings."""
        found = (result for result in self.results if result.status is status)
        return tuple(sorted(found, key=lambda result: (result.severity.rank, -len(result.findings))))

    def gaps(self) -> tuple[MissedPath, ...]:
        """Each path that was missing for some check, once."""
        by_gap: dict[Gap, list[str]] = {one.gap: [] for one in self.about.unread}
        for result in self.results:
            for gap in result.gaps:
                by_gap.setdefault(gap, []).append(result.check.id)
        return tuple(MissedPath(gap, tuple(sorted(ids))) for gap, ids in sorted(by_gap.items()))


def fingerprint(check: str, cluster: str, ref: ObjectRef, container: str, path: str) -> str:
    """A name for a finding that is the same in each scan, whatever the pods are called."""
    parts = (check, cluster, ref.group, ref.kind, ref.namespace, ref.name, container, path)
    words = "\0".join((*parts, ref.source) if ref.source else parts)
    return hashlib.sha256(words.encode()).hexdigest()[:24]
