"""Frameworks answered: each control by the checks that stand for it.

One check that fails, fails its control; one that is unknown leaves it unknown. A control passes only where a check
passed and none said otherwise.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.checks.check import Check
from kscan.checks.frameworks import Control, Framework
from kscan.judge.report import Answer, Answered, Report, Result, Status

_MOST_FACTS = 3
_FIRST = (Status.FAIL, Status.UNKNOWN, Status.MANUAL, Status.SUPPRESSED, Status.PASS, Status.NOT_APPLICABLE)


def with_controls(report: Report, frameworks: Iterable[Framework], every: Mapping[str, Check]) -> Report:
    """The report with each control of the frameworks answered; `every` is what could have been asked."""
    found = tuple(_answered(framework, report.results, every) for framework in frameworks)
    return msgspec.structs.replace(report, frameworks=found)


def _answered(framework: Framework, results: Iterable[Result], every: Mapping[str, Check]) -> Answered:
    by_control: dict[str, list[Result]] = {}
    for result in results:
        for name in result.check.file.controls:
            by_control.setdefault(name, []).append(result)
    left_out: dict[str, list[str]] = {}
    for check in every.values():
        for name in check.file.controls:
            left_out.setdefault(name, []).append(check.id)
    return Answered(framework, tuple(_answer(framework, one, by_control, left_out) for one in framework.controls))


def _answer(
    framework: Framework, control: Control, by_control: Mapping[str, list[Result]], left_out: Mapping[str, list[str]]
) -> Answer:
    names = framework.names(control)
    results = {result.check.id: result for name in names for result in by_control.get(name, ())}
    if not results:
        others = sorted({check for name in names for check in left_out.get(name, ())})
        reason = control.look or (f"not asked: {', '.join(others)}" if others else "no check answers it: look at it")
        return Answer(control, Status.MANUAL if control.look or not others else Status.UNKNOWN, reason, ())
    status = next(status for status in _FIRST if any(result.status is status for result in results.values()))
    telling = sorted((one for one in results.values() if one.status is status), key=lambda one: one.severity.rank)
    return Answer(control, status, _reason(telling, control), tuple(telling))


def _reason(telling: list[Result], control: Control) -> str:
    """Why it came to this, by the results that say so."""
    first = telling[0]
    match first.status:
        case Status.FAIL:
            return ", ".join(f"{one.check.id} ({len(one.open)})" for one in telling)
        case Status.PASS:
            return ", ".join(one.check.id for one in telling)
        case Status.MANUAL:
            facts = (fact for one in telling for fact in one.facts[:_MOST_FACTS] or (one.reason,))
            return "; ".join(dict.fromkeys(part for part in (control.look, *facts) if part))
    return first.reason
