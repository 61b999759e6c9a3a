"""The same results by workload and by namespace: everything that is known of each, side by side."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.checks.check import Severity
from kscan.judge.ask import told
from kscan.judge.plan import Plan
from kscan.judge.report import Admitting, Held, Inventoried, Report, Result, Right, Status
from kscan.judge.score import WEIGHTS
from kscan.judge.subjects import Dangers, dangers, through
from kscan.model.admission.guards import Posture
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import Namespace
from kscan.model.pods import service_account
from kscan.model.podsecurity.controls import LATEST
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.modes import modes
from kscan.model.rbac.roles import Subject
from kscan.model.workloads import Workload
from kscan.snapshot.entry import Reason
from kscan.views.admission import ADMISSION
from kscan.views.levels import LEVELS, Levels
from kscan.views.objects import INGRESSES, NAMESPACES, SERVICES
from kscan.views.reading import Reading
from kscan.views.rights import RIGHTS
from kscan.views.running import RUNNING
from kscan.views.server import STANDARDS_MINOR
from kscan.views.view import Readings, View
from kscan.views.workloads import WORKLOADS

VIEWS: tuple[View[Any], ...] = (WORKLOADS, RUNNING, NAMESPACES, STANDARDS_MINOR, ADMISSION)


class _Known(msgspec.Struct, frozen=True):
    """What the report says of every object, ready to be asked for one workload."""

    judging: tuple[Result, ...]
    findings: Mapping[ObjectRef, list[Held]]
    undecided: Mapping[ObjectRef, set[str]]
    rights: Dangers | None
    exposed: Mapping[ObjectRef, str]
    exposure_whole: bool
    minor: int
    levels: Levels


def with_inventory(report: Report, readings: Readings, ready: Plan) -> Report:
    """The report with its workloads and namespaces, as far as they were read."""
    if not _was_read(readings.of(WORKLOADS)):
        return report
    known = _known(report, readings, ready)
    rows = (_inventoried(workload, known) for workload in readings.of(WORKLOADS).value)
    namespaces = tuple(_namespaces(readings)) if _was_read(readings.of(NAMESPACES)) else ()
    return msgspec.structs.replace(report, workloads=tuple(sorted(rows, key=_order)), namespaces=namespaces)


def _was_read(reading: Reading[Any]) -> bool:
    return not any(gap.reason is Reason.NOT_ASKED for gap in reading.gaps)


def _known(report: Report, readings: Readings, ready: Plan) -> _Known:
    judging = tuple(result for result in report.results if ready.views(result.check)[0].name == WORKLOADS.name)
    findings: dict[ObjectRef, list[Held]] = {}
    undecided: dict[ObjectRef, set[str]] = {}
    for result in report.results:
        for finding in result.findings:
            if finding.suppressed:
                undecided.setdefault(finding.object, set()).add(result.check.id)
            else:
                findings.setdefault(finding.object, []).append(Held(result.check, finding))
        for one in result.undecided:
            undecided.setdefault(one.object, set()).add(result.check.id)
    running = readings.of(RUNNING)
    exposure_whole = not (running.gaps or told(readings, SERVICES).gaps or told(readings, INGRESSES).gaps)
    exposed = {runner.workload: runner.exposed for runners in running.value.values() for runner in runners}
    minor = readings.of(STANDARDS_MINOR).value or LATEST
    return _Known(
        judging, findings, undecided, _rights(report, ready), exposed, exposure_whole, minor, readings.of(LEVELS).value
    )


def _rights(report: Report, ready: Plan) -> Dangers | None:
    """The dangerous rights of each subject; None where they were not asked for or not all readable."""
    asked = [result for result in report.results if ready.views(result.check)[0].name == RIGHTS.name]
    return dangers(report) if asked and not any(result.gaps for result in asked) else None


def _every_right(accounts: Iterable[ObjectRef], found: Dangers) -> Iterator[Right]:
    """What accounts are granted themselves and through their groups, without what follows from it."""
    own = [(None, found.get(one, ())) for one in accounts]
    by_group = {one.group: one.dangers for account in accounts for one in through(account, found)}
    for group, held in (*own, *by_group.items()):
        yield from (Right(one, group) for one in held if not one.finding.implied_by)


def _inventoried(workload: Workload, known: _Known) -> Inventoried:
    ref = workload.ref
    accounts = sorted({service_account(group.spec) for group in workload.groups})
    subjects = [Subject(kind="ServiceAccount", name=name, namespace=ref.namespace).ref for name in accounts]
    found = tuple(sorted(known.findings.get(ref, ()), key=_worst_first))
    return Inventoried(
        workload=ref,
        pods=workload.pods,
        level=known.levels.of(workload, known.minor),
        account=", ".join(accounts),
        score=_score(known.judging, {one.check.id for one in found}, known.undecided.get(ref, set())),
        dangers=found,
        rights=None if known.rights is None else tuple(_every_right(subjects, known.rights)),
        exposed=known.exposed.get(ref, "") or ("" if known.exposure_whole else None),
    )  # fmt: skip


def _worst_first(one: Held) -> tuple[object, ...]:
    return one.finding.severity.rank, one.check.id, one.finding.container


def _order(one: Inventoried) -> tuple[object, ...]:
    worst = len(Severity) if one.severity is None else one.severity.rank
    return worst, 101 if one.score is None else one.score, one.workload


def _score(judging: Sequence[Result], failed: set[str], undecided: set[str]) -> int | None:
    """The score of the report, of one workload: every check that could be decided for it."""
    decided = [result.check for result in judging
               if result.status in (Status.PASS, Status.FAIL) and result.check.id not in undecided]  # fmt: skip
    weight = sum(WEIGHTS[check.file.severity] for check in decided)
    lost = sum(WEIGHTS[check.file.severity] for check in decided if check.id in failed)
    # Rounded down: 100 is said only where everything decided holds.
    return 100 * (weight - lost) // weight if weight else None


def _namespaces(readings: Readings) -> Iterator[Admitting]:
    latest = readings.of(STANDARDS_MINOR).value or LATEST
    levels = readings.of(LEVELS).value
    running: dict[str, list[Workload]] = {}
    for workload in readings.of(WORKLOADS).value:
        running.setdefault(workload.ref.namespace, []).append(workload)
    postures = {one.namespace: one for one in readings.of(ADMISSION).value}
    for namespace in sorted(readings.of(NAMESPACES).value, key=lambda one: one.metadata.name):
        name = namespace.metadata.name
        if name in postures:
            yield _admitting(namespace, running.get(name, []), postures[name], latest, levels)


def _admitting(
    namespace: Namespace, workloads: Sequence[Workload], posture: Posture, latest: int, levels: Levels
) -> Admitting:
    asked = modes(namespace.metadata.labels, latest=latest)
    counts = Counter(levels.of(workload, asked.enforce.minor) for workload in workloads)
    return Admitting(
        namespace=namespace.metadata.name,
        modes=asked,
        meets=min(counts, key=lambda level: level.rank, default=Level.RESTRICTED),
        workloads=len(workloads),
        refused={level: sum(counts[one] for one in Level if one.rank < level.rank) for level in Level},
        posture=posture,
    )
