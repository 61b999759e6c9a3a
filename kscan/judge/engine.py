"""Snapshot and checks in, a report out."""

from kscan.checks.check import Check
from kscan.judge.ask import Said, ask, nothing
from kscan.judge.drift import note_drift
from kscan.judge.guard import Guard
from kscan.judge.implied import without_unfounded
from kscan.judge.plan import Plan
from kscan.judge.report import Report, Result
from kscan.judge.result import result_of
from kscan.judge.score import score
from kscan.judge.tally import Tally
from kscan.snapshot.entry import Listing
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.view import Readings


def evaluate(snapshot: Snapshot, ready: Plan) -> Report:
    """Decide every check."""
    return judge(Readings(snapshot), ready)


def judge(readings: Readings, ready: Plan) -> Report:
    """Decide every check on readings, some of which may be given by hand."""
    return judged(Guard(readings), ready)


def judged(guard: Guard, ready: Plan) -> Report:
    """Decide every check under guard."""
    snapshot = guard.readings.snapshot
    said = ask(guard, ready)
    note_drift(guard, ready, said)
    results = without_unfounded(_result(guard, check, said[check.id], snapshot.about) for check in ready.checks)
    objects = sum(len(entry.items) for entry in snapshot.entries.values() if isinstance(entry, Listing))
    scored = score(results, unread=bool(snapshot.about.unread))
    return Report(about=snapshot.about, results=results, score=scored, objects=objects, faults=tuple(guard.faults))


def _result(guard: Guard, check: Check, said: Said, about: About) -> Result:
    return guard.ask(
        f"the check {check.id}",
        lambda _: result_of(check, said.found, said.tally, about),
        lambda gap: result_of(check, nothing(gap).found, Tally(), about),
    )
