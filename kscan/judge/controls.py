"""Frameworks answered: each control by the checks that stand for it.

One check that fails, fails its control; one that is unknown leaves it unknown. A control passes only where a check
passed, none said otherwise, all that answer it were asked of the whole cluster, and they see all that it asks. Of
manifests it passes only where its framework is about objects, and not about a cluster.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kscan.checks.check import Check
from kscan.checks.frameworks import Control, Framework, answering
from kscan.judge.report import Answer, Answered, Report, Result, Status
from kscan.judge.result import is_empty
from kscan.model.words import listed
from kscan.snapshot.snapshot import About

_MOST_FACTS = 3
_FIRST = (Status.FAIL, Status.UNKNOWN, Status.MANUAL, Status.SUPPRESSED, Status.PASS, Status.NOT_APPLICABLE)


def with_controls(report: Report, frameworks: Iterable[Framework], every: Mapping[str, Check]) -> Report:
    """The report with each control of the frameworks answered; `every` is what could have been asked."""
    found = tuple(_answered(framework, report, every) for framework in frameworks)
    return msgspec.structs.replace(report, frameworks=found)


def _answered(framework: Framework, report: Report, every: Mapping[str, Check]) -> Answered:
    by_control: dict[str, list[Result]] = {}
    for result in report.results:
        for name in result.check.file.controls:
            by_control.setdefault(name, []).append(result)
    checks: dict[str, list[Check]] = {}
    for check in every.values():
        for name in check.file.controls:
            checks.setdefault(name, []).append(check)
    part = _part(report.about, framework)
    return Answered(framework, tuple(_answer(framework, one, by_control, checks, part) for one in framework.controls))


def _part(about: About, framework: Framework) -> tuple[Status, str] | None:
    """What is said of a control of which a part of the cluster shows nothing; None where the whole was asked."""
    if about.manifests and not framework.objects:
        reason = "it is about a cluster, of which manifests are a part: nothing against it is written in them"
        return Status.NOT_APPLICABLE, reason
    return (Status.UNKNOWN, f"asked of namespace {listed(about.namespaces)} alone") if about.namespaces else None


def _answer(
    framework: Framework,
    control: Control,
    by_control: Mapping[str, list[Result]],
    checks: Mapping[str, list[Check]],
    part: tuple[Status, str] | None,
) -> Answer:
    names = framework.names(control)
    results = {result.check.id: result for name in names for result in by_control.get(name, ())}
    asked = answering(check for name in names for check in checks.get(name, ()))
    left_out = sorted({check.id for check in asked} - results.keys())
    if not results:
        reason = control.look or (_not_asked(left_out) if left_out else "no check answers it: look at it")
        return Answer(control, Status.MANUAL if control.look or not left_out else Status.UNKNOWN, reason, ())
    status = next(status for status in _FIRST if any(result.status is status for result in results.values()))
    telling = sorted((one for one in results.values() if one.status is status), key=lambda one: one.severity.rank)
    if status in (Status.PASS, Status.NOT_APPLICABLE) and left_out:
        return Answer(control, Status.UNKNOWN, _not_asked(left_out), ())
    found_nothing = status is Status.PASS or all(map(is_empty, telling))
    if found_nothing and part:
        return Answer(control, *part, ())
    if found_nothing and control.unseen:
        checks_told = ", ".join(one.check.id for one in telling)
        return Answer(control, Status.MANUAL, f"{checks_told} found nothing; {control.unseen}", ())
    return Answer(control, status, _reason(telling, control), tuple(telling))


def _not_asked(checks: Sequence[str]) -> str:
    return f"not asked: {', '.join(checks)}"


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
