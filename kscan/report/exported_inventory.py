"""Workloads and namespaces as they leave kscan."""

from collections.abc import Iterable

from kscan.judge.report import Admitting, Held, Inventoried, Right
from kscan.model.admission.guards import Answer, Guard, words
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.modes import Mode
from kscan.report.shape import Object, Shape, object_of


class ExportedDanger(Shape, frozen=True):
    """A finding, by its check and its fingerprint."""

    check: str
    severity: str
    container: str
    message: str
    fingerprint: str


class ExportedThrough(Shape, frozen=True):
    """What a subject may do because a group that it is in may: checks."""

    group: str
    checks: tuple[str, ...]


class ExportedWorkload(Shape, frozen=True):
    """A workload with all that is known of it; null stands for what could not be read.

    `rights` are those of its account by all ways; `through_groups` tells which of them it has through a group.
    """

    object: Object
    pods: int
    score: int | None
    pod_security: str
    service_account: str
    rights: tuple[str, ...] | None
    through_groups: tuple[ExportedThrough, ...]
    exposed: str | None
    findings: tuple[ExportedDanger, ...]


class ExportedMode(Shape, frozen=True):
    """A level and the policy's version; `label` is what the namespace says, empty where it says nothing."""

    level: str
    version: str
    label: str


class ExportedGuard(Shape, frozen=True):
    """What is asked about the pods of a namespace: the `objects` that it refuses, and why there may be more."""

    kind: str
    name: str
    effect: str
    objects: tuple[str, ...]
    doubt: str
    holes: tuple[str, ...]


class ExportedNamespace(Shape, frozen=True):
    """What a namespace asks of its pods, what they meet, how many each level refuses, and what stops others."""

    name: str
    enforce: ExportedMode
    audit: ExportedMode
    warn: ExportedMode
    meets: str
    workloads: int
    refused_by_baseline: int
    refused_by_restricted: int
    safe: str | None
    privileged_pod: str
    lets_in: tuple[str, ...]
    guards: tuple[ExportedGuard, ...]


def workload(one: Inventoried) -> ExportedWorkload:
    """The exported shape of a workload."""
    return ExportedWorkload(
        object=object_of(one.workload),
        pods=one.pods,
        score=one.score,
        pod_security=one.level,
        service_account=one.account,
        rights=None if one.rights is None else tuple(dict.fromkeys(right.held.check.id for right in one.rights)),
        through_groups=tuple(_through(one.rights or ())),
        exposed=one.exposed,
        findings=tuple(map(_danger, one.dangers)),
    )


def _through(rights: Iterable[Right]) -> Iterable[ExportedThrough]:
    groups: dict[str, dict[str, None]] = {}
    for right in rights:
        if right.group:
            groups.setdefault(right.group.name, {})[right.held.check.id] = None
    return (ExportedThrough(group=name, checks=tuple(checks)) for name, checks in groups.items())


def _danger(held: Held) -> ExportedDanger:
    finding = held.finding
    return ExportedDanger(
        check=held.check.id,
        severity=finding.severity,
        container=finding.container,
        message=finding.message,
        fingerprint=finding.fingerprint,
    )


def namespace(one: Admitting) -> ExportedNamespace:
    """The exported shape of a namespace."""
    return ExportedNamespace(
        name=one.namespace,
        enforce=_mode(one.modes.enforce),
        audit=_mode(one.modes.audit),
        warn=_mode(one.modes.warn),
        meets=one.meets,
        workloads=one.workloads,
        refused_by_baseline=one.refused[Level.BASELINE],
        refused_by_restricted=one.refused[Level.RESTRICTED],
        safe=one.safe,
        privileged_pod=one.posture.privileged,
        lets_in=one.posture.all(Answer.ADMITTED),
        guards=tuple(map(_guard, one.posture.guards)),
    )


def _guard(one: Guard) -> ExportedGuard:
    return ExportedGuard(
        kind=one.kind,
        name=one.name,
        effect=one.effect,
        objects=words(one.stops),
        doubt=one.unsure or one.doubt,
        holes=one.around,
    )


def _mode(mode: Mode) -> ExportedMode:
    return ExportedMode(level=mode.level, version=f"v1.{mode.minor}", label=mode.told)
