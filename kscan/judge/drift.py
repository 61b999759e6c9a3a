"""Drift: what pods do that the template of their owner does not say, and the other way round.

Pods are judged as they run. Where they differ from their template, the template is judged as well, so that each
finding can say whether to look for it in the manifest or in what came after: admission, an injector, a person.
"""

from collections.abc import Mapping

import msgspec

from kscan.checks.judgement import Problem
from kscan.judge.ask import Said, of_scope
from kscan.judge.guard import Guard
from kscan.judge.plan import Plan
from kscan.judge.tally import Tally
from kscan.model.meta import ObjectRef
from kscan.snapshot.redact import safe
from kscan.views.templates import TEMPLATES
from kscan.views.view import Readings
from kscan.views.workloads import WORKLOADS

ADDED = "drift: not so in its template; it was added or changed after"


def note_drift(guard: Guard, ready: Plan, said: Mapping[str, Said]) -> None:
    """Mark the problems of pods that their templates do not have."""
    if all(ready.views(check)[0].name != WORKLOADS.name for check in ready.checks):
        return
    owners, written = guard.ask("the view templates", lambda readings: _written(readings, ready), lambda _: (set(), {}))
    for check, tally in written.items():
        _compare(said[check].tally, {_key(one): one for one in tally.problems.values()}, owners)


def _written(readings: Readings, ready: Plan) -> tuple[set[ObjectRef], Mapping[str, Tally]]:
    """The owners whose templates are not what runs, and what is said of these."""
    templates = readings.of(TEMPLATES).value
    if not templates:
        return set(), {}
    return {one.ref for one in templates}, of_scope(readings.given(WORKLOADS, templates), ready, WORKLOADS.name)


def _compare(running: Tally, written: Mapping[object, Problem], owners: set[ObjectRef]) -> None:
    found = {_key(one) for one in running.problems.values()}
    for key, problem in running.problems.items():
        if problem.ref in owners and _key(problem) not in written:
            running.problems[key] = msgspec.structs.replace(problem, notes=(*problem.notes, ADDED))
    for where, problem in written.items():
        if where not in found:
            running.tell(problem.ref, safe(f"its template {problem.message}, but what runs does not"))


def _key(problem: Problem) -> tuple[object, ...]:
    return problem.ref, problem.container, problem.path
