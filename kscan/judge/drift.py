"""Drift: what pods do that the template of their owner does not say, and the other way round.

Pods are judged as they run. Where they differ from their template, the template is judged as well, so that each
finding can say whether to look for it in the manifest or in what came after: admission, an injector, a person.
A template that is worse than what runs is a finding where no pod is made from it yet: the next one will be. Where
pods say that they are made from it, and do not what it says, something on the way has mended them, or they are not its
own: whoever may make a pod may make one that a controller adopts. So it is a finding, too, where nothing is seen that
could have mended them, and undecided where something is. What the API server itself gives to pods is only told.
"""

from collections.abc import Collection, Mapping

import msgspec

from kscan.checks.judgement import Problem, Unsure
from kscan.judge.ask import Said, of_scope
from kscan.judge.guard import Guard
from kscan.judge.plan import Plan
from kscan.judge.tally import Tally
from kscan.model.admission.matching import CREATE_POD, asked
from kscan.model.admission.telling import sees_pods
from kscan.model.meta import ObjectRef
from kscan.model.words import listed
from kscan.model.workloads import Workload
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap
from kscan.snapshot.needs import split_path
from kscan.snapshot.redact import safe
from kscan.views.controllers import CONTROLLER_KINDS
from kscan.views.policies import CHANGES, HOOKS
from kscan.views.templates import TEMPLATES
from kscan.views.view import Readings
from kscan.views.workloads import WORKLOADS

ADDED = "drift: not so in its template; it was added or changed after"
NEXT = "template: what runs is of an earlier one; its next pod will be so"
UNSEEN = "template: its pods could not all be seen, and what changes them on the way is not known"
NOT_MENDED = "template: what runs is not so, and nothing is seen that mends it; its next pod may be so"
# What a LimitRange and the API server's own plugins give to every pod of a template.
_GIVEN = ("resources", "imagePullPolicy")


class _Written(msgspec.Struct, frozen=True):
    """Templates that are not what runs, and what each check says of them; or why that is not known."""

    templates: tuple[Workload, ...] = ()
    said: Mapping[str, Tally] = {}
    # What may have mended pods on their way; empty where nothing does.
    mends: str = ""
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
        _compare(said[check].tally, tally, owners, outdated, written.mends)


def _mark_unseen(said: Said) -> None:
    """Say of a problem of no pod that it is its template's, where pods, or whose they are, could not all be read."""
    if any(_of_pods(gap) for gap in said.found[0].gaps):
        problems = said.tally.problems
        for key, problem in problems.items():
            if not problem.pods:
                problems[key] = msgspec.structs.replace(problem, notes=(*problem.notes, UNSEEN))


def _of_pods(gap: Gap) -> bool:
    parts = split_path(gap.path)
    return parts is not None and any(one.covers(parts[0], parts[3]) for one in (kinds.PODS, *CONTROLLER_KINDS))


def _written(readings: Readings, ready: Plan) -> _Written:
    templates = readings.of(TEMPLATES).value
    if not templates:
        return _Written()
    said = of_scope(readings.given(WORKLOADS, templates), ready, WORKLOADS.name)
    return _Written(templates, said, _mends(readings))


def _mends(readings: Readings) -> str:
    """What there is that may change pods on their way; but for what is known to add its own parts alone."""
    hooks, changes = readings.of(HOOKS), readings.of(CHANGES)
    names = sorted({
        *(one.ref.name for one in hooks.value
          if one.mutating and not one.only_changes and asked(one.webhook.rules, CREATE_POD)),
        *(one.policy.metadata.name for one in changes.value if sees_pods(one.matches)),
    })  # fmt: skip
    if names:
        return f"{listed(names)} may have mended it"
    gap = next(iter((*hooks.gaps, *changes.gaps)), None)
    return f"whether anything mends it is not known ({gap})" if gap else ""


def _open(said: Said, fault: Gap) -> Said:
    """What a check said, while it is not known what templates would add to it."""
    scope = said.found[0]
    return Said(said.tally, (msgspec.structs.replace(scope, gaps=(*scope.gaps, fault)), *said.found[1:]))


def _compare(
    running: Tally, written: Tally, owners: Collection[ObjectRef], outdated: Collection[ObjectRef], mends: str
) -> None:
    found = {_key(one) for one in running.problems.values()}
    _mark_added(running, {_key(one) for one in written.problems.values()}, owners)
    for problem in written.problems.values():
        if _key(problem) not in found:
            _note_template(running, problem, mends, outdated)
    running.unsure |= {one for one in written.unsure if one.object in outdated}


def _mark_added(running: Tally, written: Collection[object], owners: Collection[ObjectRef]) -> None:
    for key, problem in running.problems.items():
        if problem.ref in owners and _key(problem) not in written:
            running.problems[key] = msgspec.structs.replace(problem, notes=(*problem.notes, ADDED))


def _note_template(running: Tally, problem: Problem, mends: str, outdated: Collection[ObjectRef]) -> None:
    """What only the template does: a problem, undecided where pods may have been mended, a fact where they are."""
    if problem.ref in outdated:
        running.add(msgspec.structs.replace(problem, notes=(*problem.notes, NEXT)))
    elif problem.path.rpartition("].")[2].startswith(_GIVEN):
        running.tell(problem.ref, safe(f"its template {problem.message}, but what runs does not"))
    elif mends:
        words = f"its template {problem.message}, but what runs does not: {mends}, or its pods are not its own"
        running.add(Unsure(problem.ref, words, problem.container))
    else:
        running.add(msgspec.structs.replace(problem, notes=(*problem.notes, NOT_MENDED)))


def _key(problem: Problem) -> tuple[object, ...]:
    return problem.ref, problem.container, problem.path
