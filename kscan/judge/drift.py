"""Drift: what pods do that the template of their owner does not say, and the other way round.

Pods are judged as they run. Where they differ from their template, the template is judged as well, so that each
finding can say whether to look for it in the manifest or in what came after: admission, an injector, a person.
A template that is worse than what runs is a finding where no pod is made from it yet: the next one will be. Where
pods are, and do not what it says, something on the way mended them: that is told, and is no finding.
"""

from collections.abc import Collection, Mapping

import msgspec

from kscan.checks.judgement import Problem
from kscan.judge.ask import Said, of_scope
from kscan.judge.guard import Guard
from kscan.judge.plan import Plan
from kscan.judge.tally import Tally
from kscan.model.meta import ObjectRef
from kscan.model.workloads import Workload
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap
from kscan.snapshot.needs import split_path
from kscan.snapshot.redact import safe
from kscan.views.templates import TEMPLATES
from kscan.views.view import Readings
from kscan.views.workloads import WORKLOADS

ADDED = "drift: not so in its template; it was added or changed after"
NEXT = "template: what runs is of an earlier one; its next pod will be so"
UNSEEN = "template: its pods could not all be seen, and what changes them on the way is not known"


class _Written(msgspec.Struct, frozen=True):
    """Templates that are not what runs, and what each check says of them; or why that is not known."""

    templates: tuple[Workload, ...] = ()
    said: Mapping[str, Tally] = {}
    fault: Gap | None = None


def note_drift(guard: Guard, ready: Plan, said: dict[str, Said]) -> None:
    """Mark the problems of pods that their templates do not have, and add those that only templates have."""
    checks = [check.id for check in ready.checks if ready.views(check)[0].name == WORKLOADS.name]
    if not checks:
        return
    for check in checks:
        _mark_unseen(said[check])
    written = guard.ask(
        "the view templates", lambda readings: _written(readings, ready), lambda gap: _Written(fault=gap)
    )
    if written.fault:
        said |= {check: _open(said[check], written.fault) for check in checks}
    owners = {one.ref for one in written.templates}
    outdated = {one.ref for one in written.templates if one.outdated}
    for check, tally in written.said.items():
        _compare(said[check].tally, tally, owners, outdated)


def _mark_unseen(said: Said) -> None:
    """Say of a problem of no pod that it is its template's, where pods, or whose they are, could not all be read."""
    if any(_of_pods(gap) for gap in said.found[0].gaps):
        problems = said.tally.problems
        for key, problem in problems.items():
            if not problem.pods:
                problems[key] = msgspec.structs.replace(problem, notes=(*problem.notes, UNSEEN))


def _of_pods(gap: Gap) -> bool:
    parts = split_path(gap.path)
    return parts is not None and any(one.covers(parts[0], parts[3]) for one in (kinds.PODS, kinds.REPLICA_SETS))


def _written(readings: Readings, ready: Plan) -> _Written:
    templates = readings.of(TEMPLATES).value
    if not templates:
        return _Written()
    return _Written(templates, of_scope(readings.given(WORKLOADS, templates), ready, WORKLOADS.name))


def _open(said: Said, fault: Gap) -> Said:
    """What a check said, while it is not known what templates would add to it."""
    scope = said.found[0]
    return Said(said.tally, (msgspec.structs.replace(scope, gaps=(*scope.gaps, fault)), *said.found[1:]))


def _compare(running: Tally, written: Tally, owners: Collection[ObjectRef], outdated: Collection[ObjectRef]) -> None:
    found = {_key(one) for one in running.problems.values()}
    _mark_added(running, {_key(one) for one in written.problems.values()}, owners)
    for problem in written.problems.values():
        if _key(problem) not in found:
            _note_template(running, problem, pending=problem.ref in outdated)
    running.unsure |= {one for one in written.unsure if one.object in outdated}


def _mark_added(running: Tally, written: Collection[object], owners: Collection[ObjectRef]) -> None:
    for key, problem in running.problems.items():
        if problem.ref in owners and _key(problem) not in written:
            running.problems[key] = msgspec.structs.replace(problem, notes=(*problem.notes, ADDED))


def _note_template(running: Tally, problem: Problem, *, pending: bool) -> None:
    """What only the template does: a problem where pods are still to be made from it, else a fact."""
    if pending:
        running.add(msgspec.structs.replace(problem, notes=(*problem.notes, NEXT)))
    else:
        running.tell(problem.ref, safe(f"its template {problem.message}, but what runs does not"))


def _key(problem: Problem) -> tuple[object, ...]:
    return problem.ref, problem.container, problem.path
