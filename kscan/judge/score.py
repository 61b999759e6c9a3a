"""The score: only what was decided counts, weighted by severity, and coverage stands beside it.

score    = 100 x weight of checks that pass / weight of checks that pass or fail
           a failure that only follows from that of another check weighs nothing
coverage = 100 x weight of checks that pass or fail / the same and those unknown, but for those that only agents on
           nodes could answer where none has run
"""

from collections.abc import Iterable

from kscan.checks.check import Severity
from kscan.judge.report import Result, Score, Status

WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 7, Severity.MEDIUM: 4, Severity.LOW: 2, Severity.INFO: 0}


def score(results: Iterable[Result]) -> Score:
    """Weigh the results; nothing decided is no score, not a good one."""
    weights = dict.fromkeys(Status, 0)
    counts = dict.fromkeys(Status, 0)
    for result in results:
        # What only follows from another failure is not counted twice.
        weights[result.status] += 0 if result.implied or not result.asked else WEIGHTS[result.severity]
        counts[result.status] += 1
    decided = weights[Status.PASS] + weights[Status.FAIL]
    asked = decided + weights[Status.UNKNOWN]
    return Score(
        # Rounded down: 100 is said only where everything decided holds.
        value=100 * weights[Status.PASS] // decided if decided else None,
        coverage=100 * decided // asked if asked else 0,
        decided=counts[Status.PASS] + counts[Status.FAIL],
        undecided=counts[Status.UNKNOWN],
    )
