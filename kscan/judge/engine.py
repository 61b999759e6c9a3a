"""Snapshot and checks in, a report out."""

from kscan.judge.ask import ask, read
from kscan.judge.drift import note_drift
from kscan.judge.plan import Plan
from kscan.judge.report import Report
from kscan.judge.result import result_of
from kscan.judge.score import score
from kscan.snapshot.entry import Listing
from kscan.snapshot.snapshot import Snapshot
from kscan.views.view import Readings


def evaluate(snapshot: Snapshot, ready: Plan) -> Report:
    """Decide every check."""
    return judge(Readings(snapshot), ready)


def judge(readings: Readings, ready: Plan) -> Report:
    """Decide every check on readings, some of which may be given by hand."""
    snapshot = readings.snapshot
    said = ask(readings, ready)
    note_drift(readings, ready, said)
    results = tuple(
        result_of(check, read(readings, ready, check), said[check.id], snapshot.about) for check in ready.checks
    )
    objects = sum(len(entry.items) for entry in snapshot.entries.values() if isinstance(entry, Listing))
    return Report(about=snapshot.about, results=results, score=score(results), objects=objects)
