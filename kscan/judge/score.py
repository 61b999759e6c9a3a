"""The score: only what was decided counts, each check by its own severity; beside it, its lower bound and coverage.

score       = 100 x weight of checks that pass / weight of checks that pass or fail
lower bound = 100 x weight of checks that pass / the same and those unknown: what it is if all that is unknown fails
coverage    = 100 x weight of checks that pass or fail / the same and those unknown
              but for those that only agents on nodes could answer where none has run;
              under 100 while anything that was asked for is missing

A check weighs the same whatever it finds, and a failure that follows from another weighs, too: else giving more rights,
or showing less, would raise the score.
"""

from collections.abc import Iterable

from kscan.checks.check import Severity
from kscan.judge.report import Result, Score, Status

WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 7, Severity.MEDIUM: 4, Severity.LOW: 2, Severity.INFO: 0}


def score(results: Iterable[Result], *, unread: bool = False) -> Score:
    """Weigh the results; nothing decided is no score, not a good one."""
    weights = dict.fromkeys(Status, 0)
    counts = dict.fromkeys(Status, 0)
    missing = unread
    for result in results:
        missing = missing or (result.asked and bool(result.gaps or result.status is Status.UNKNOWN))
        counts[result.status] += 1
        # What nobody was asked lowers nothing; what was found counts even so.
        if result.asked or result.status is not Status.UNKNOWN:
            weights[result.status] += WEIGHTS[result.check.file.severity]
    passed = weights[Status.PASS]
    decided = passed + weights[Status.FAIL]
    every = decided + weights[Status.UNKNOWN]
    failed = counts[Status.FAIL]
    return Score(
        value=_percent(passed, decided, whole=not failed) if decided else None,
        lower=_percent(passed, every, whole=not (failed or missing)),
        coverage=_percent(decided, every, whole=not missing),
        decided=counts[Status.PASS] + failed,
        undecided=counts[Status.UNKNOWN],
    )


def _percent(part: int, every: int, *, whole: bool) -> int:
    """Rounded down, so that 100 is all; and never 100 where it is not whole, though what is missing weighs nothing."""
    found = 100 * part // every if every else 0
    return found if whole else min(found, 99)
