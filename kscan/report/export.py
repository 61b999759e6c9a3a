"""The report as it leaves kscan: a shape of its own, versioned, apart from the internal types.

JSON is this shape written down; templates, ours and a user's, are given it.
"""

from collections.abc import Callable
from typing import Any

from kscan import __version__
from kscan.checks.check import Fix
from kscan.judge.report import Configuration, Finding, MissedPath, Report, Result, Suppression, Undecided, Unused
from kscan.report.exported_frameworks import (
    ExportedBenchmark,
    ExportedFramework,
    ExportedPlatform,
    benchmark,
    framework,
    platform,
)
from kscan.report.exported_inventory import ExportedNamespace, ExportedWorkload, namespace, workload
from kscan.report.shape import Object, Shape, object_of, word

SCHEMA = "kscan/report/v1"


class Cluster(Shape, frozen=True):
    """Which cluster, by whom, when."""

    name: str
    server: str
    version: str
    uid: str
    user: str
    groups: tuple[str, ...]
    taken: str
    namespaces: tuple[str, ...]
    platform: ExportedPlatform
    benchmark: ExportedBenchmark


class ExportedStep(Shape, frozen=True):
    """One right of a subject, and the binding, role and rule that give it."""

    right: str
    subject: str
    binding: str
    role: str
    rule: str


class ExportedSuppression(Shape, frozen=True):
    """That the owner of the object asks to pass over a finding."""

    tool: str
    key: str
    reason: str


class ExportedFinding(Shape, frozen=True):
    """One object for which a check does not hold."""

    object: Object
    container: str
    path: str
    value: str
    message: str
    pods: int
    fingerprint: str
    severity: str
    proof: tuple[ExportedStep, ...]
    notes: tuple[str, ...]
    fix: str
    implied_by: str
    source: str
    suppressed: ExportedSuppression | None


class ExportedUndecided(Shape, frozen=True):
    """One object for which a check could not be decided."""

    object: Object
    container: str
    reason: str


class ExportedEvidence(Shape, frozen=True):
    """A path that was read; `objects` is null where it is no list."""

    path: str
    objects: int | None


class ExportedFix(Shape, frozen=True):
    """What mends it; the pod's patch is tried first, and what a patch may break is said."""

    text: str
    patch: dict[str, Any] | None
    pod_patch: dict[str, Any] | None
    breaks: str
    command: str


class ExportedResult(Shape, frozen=True):
    """What one check came to."""

    check: str
    title: str
    status: str
    severity: str
    layer: str
    controls: tuple[str, ...]
    reason: str
    scope: str
    judged: int
    evidence: tuple[ExportedEvidence, ...]
    facts: tuple[str, ...]
    findings: tuple[ExportedFinding, ...]
    undecided: tuple[ExportedUndecided, ...]
    why: str
    fix: ExportedFix
    references: tuple[str, ...]


class ExportedGap(Shape, frozen=True):
    """A path that was not read, and the checks that it left open."""

    path: str
    reason: str
    detail: str
    checks: tuple[str, ...]


class ExportedUnused(Shape, frozen=True):
    """A suppression that nothing answers to."""

    object: Object
    key: str
    reason: str


class ExportedConfiguration(Shape, frozen=True):
    """The file that decided how the report was made, and each option that it decided."""

    path: str
    options: dict[str, str]


class Exported(Shape, frozen=True):
    """The whole report."""

    schema: str
    kscan: str
    cluster: Cluster
    objects: int
    score: int | None
    score_lower_bound: int
    coverage: int
    results: tuple[ExportedResult, ...]
    gaps: tuple[ExportedGap, ...]
    workloads: tuple[ExportedWorkload, ...]
    namespaces: tuple[ExportedNamespace, ...]
    unused_suppressions: tuple[ExportedUnused, ...]
    frameworks: tuple[ExportedFramework, ...]
    configuration: ExportedConfiguration | None


def export(report: Report, write: Callable[[Any], Any] = lambda part: part) -> Exported:
    """The exported shape of a report; each result, the bulk of it, may be written as soon as it is made."""
    about = report.about
    return Exported(
        schema=SCHEMA,
        kscan=__version__,
        cluster=Cluster(
            name=about.name,
            server=about.server,
            version=about.version,
            uid=about.uid,
            user=about.user,
            groups=about.groups,
            taken=about.taken,
            namespaces=about.namespaces,
            platform=platform(report.platform),
            benchmark=benchmark(report.benchmark),
        ),
        objects=report.objects,
        score=report.score.value,
        score_lower_bound=report.score.lower,
        coverage=report.score.coverage,
        results=tuple(write(_result(one)) for one in report.results),
        gaps=tuple(map(_gap, report.gaps())),
        workloads=tuple(map(workload, report.workloads)),
        namespaces=tuple(map(namespace, report.namespaces)),
        unused_suppressions=tuple(map(_unused, report.unused)),
        frameworks=tuple(map(framework, report.frameworks)),
        configuration=_configuration(report.configuration),
    )


def _configuration(one: Configuration | None) -> ExportedConfiguration | None:
    return ExportedConfiguration(path=one.path, options=dict(one.options)) if one else None


def _result(result: Result) -> ExportedResult:
    file = result.check.file
    return ExportedResult(
        check=result.check.id,
        title=file.title,
        status=word(result.status),
        severity=result.severity,
        layer=file.layer,
        controls=file.controls,
        reason=result.reason,
        scope=result.scope,
        judged=result.judged,
        evidence=tuple(ExportedEvidence(path=one.path, objects=one.objects) for one in result.evidence),
        facts=result.facts,
        findings=tuple(map(_finding, result.findings)),
        undecided=tuple(map(_undecided, result.undecided)),
        why=file.why.strip(),
        fix=_fix(file.fix),
        references=file.references,
    )


def _fix(one: Fix) -> ExportedFix:
    return ExportedFix(
        text=one.text.strip(),
        patch=one.patch,
        pod_patch=one.pod_patch,
        breaks=one.breaks.strip(),
        command=one.command,
    )


def _finding(finding: Finding) -> ExportedFinding:
    return ExportedFinding(
        object=object_of(finding.object),
        container=finding.container,
        path=finding.path,
        value=finding.value,
        message=finding.message,
        pods=finding.pods,
        fingerprint=finding.fingerprint,
        severity=finding.severity,
        proof=tuple(
            ExportedStep(right=one.right, subject=one.subject, binding=one.binding, role=one.role, rule=one.rule)
            for one in finding.proof
        ),
        notes=finding.notes,
        fix=finding.fix,
        implied_by=finding.implied_by,
        source=finding.source,
        suppressed=_suppression(finding.suppressed),
    )


def _suppression(one: Suppression | None) -> ExportedSuppression | None:
    return ExportedSuppression(tool=one.tool, key=one.key, reason=one.reason) if one else None


def _undecided(one: Undecided) -> ExportedUndecided:
    return ExportedUndecided(object=object_of(one.object), container=one.container, reason=one.reason)


def _unused(one: Unused) -> ExportedUnused:
    return ExportedUnused(object=object_of(one.object), key=one.key, reason=one.reason)


def _gap(missed: MissedPath) -> ExportedGap:
    gap = missed.gap
    return ExportedGap(path=gap.path, reason=gap.reason, detail=gap.detail, checks=missed.checks)
