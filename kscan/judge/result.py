"""From what a check said to its result. Only here is it decided what is unknown.

A check whose context has a gap is unknown. A gap in its scope leaves its findings standing, but
without findings it is unknown, never a pass. An empty scope is not applicable, never a pass.
"""

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from kscan.checks.check import Check
from kscan.checks.judgement import Problem
from kscan.judge.report import Finding, Result, Status, fingerprint
from kscan.judge.tally import Tally
from kscan.rules import RULES
from kscan.rules.rule import Rule
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import FromNode
from kscan.snapshot.redact import clean, safe
from kscan.snapshot.snapshot import About
from kscan.views.reading import Evidence, Reading
from kscan.views.targets import TARGETS

_MOST_TEXT = 200
_MOST_PART = 80
# Why manifests do not decide what only a cluster can, and what only a cluster as a whole can.
_RUNNING = "manifests do not tell it: only a running cluster does"
_WHOLE = "it is about the whole cluster, of which manifests are a part: nothing against it is written in them"
# Why a path is missing from manifests that no manifest could hold.
_NEVER_WRITTEN = {Reason.NOT_ASKED, Reason.NOT_SERVED}
_OF_NODES = FromNode().root


def result_of(check: Check, found: Sequence[Reading[Any]], tally: Tally, about: About) -> Result:
    """The result of one check, from what it was judged on and what it said."""
    scope_gaps = found[0].gaps
    context_gaps = tuple(gap for reading in found[1:] for gap in reading.gaps)
    rule = RULES.get(check.file.rule)
    scope = rule.scope if rule else TARGETS[check.file.target].scope
    if moot := _moot(rule, scope, found[0], tally, about):
        evidence = _evidence(found) if moot == tally.moot else ()
        return Result(check=check, status=Status.NOT_APPLICABLE, reason=moot, scope=scope, evidence=evidence)
    findings = () if context_gaps else tuple(_finding(check, one, about.uid) for one in tally.problems.values())
    status, reason = _status(scope, tally, findings, scope_gaps, context_gaps)
    if about.manifests and rule and rule.of_cluster and status in (Status.PASS, Status.MANUAL):
        # What is written down can show that it does not hold, and never that it does.
        status, reason = Status.NOT_APPLICABLE, _WHOLE
    return Result(
        check=check,
        status=status,
        reason=reason,
        scope=scope,
        judged=0 if context_gaps else tally.judged,
        findings=tuple(sorted(findings, key=_order)),
        undecided=() if context_gaps else tuple(sorted(tally.unsure)),
        gaps=tuple(sorted({*scope_gaps, *context_gaps})),
        evidence=_evidence(found),
        facts=tuple(tally.facts),
    )


def _evidence(found: Sequence[Reading[Any]]) -> tuple[Evidence, ...]:
    return tuple(sorted({one for reading in found for one in reading.evidence}))


def _moot(rule: Rule | None, scope: str, first: Reading[Any], tally: Tally, about: About) -> str:
    """Why a check says nothing here, whatever else is missing; empty where it may."""
    if tally.surely_moot and not tally.judged:
        return tally.moot
    if not about.manifests:
        return ""
    undecided = not tally.judged or (rule is not None and rule.of_cluster and not tally.problems)
    never = bool(first.gaps) and {gap.reason for gap in first.gaps} <= _NEVER_WRITTEN
    if undecided and (never or (rule and rule.of_running and not _lost_of_nodes(first.gaps, about))):
        return _RUNNING
    # What it is about is not among them; then nothing else that it needs is missing.
    return nothing_of(scope) if not first.gaps and first.value == () else ""


def _lost_of_nodes(gaps: Sequence[Gap], about: About) -> bool:
    """Whether what nodes told, and was brought beside manifests, could not be read whole."""
    lost = {one.gap for one in about.unread if one.path == _OF_NODES}
    return any(gap in lost or (gap.path.startswith(_OF_NODES) and gap.reason not in _NEVER_WRITTEN) for gap in gaps)


def _status(
    scope: str,
    tally: Tally,
    findings: Sequence[Finding],
    scope_gaps: Sequence[Gap],
    context_gaps: Sequence[Gap],
) -> tuple[Status, str]:
    # What was refused, or could not be read, tells more than what nobody could have read.
    gaps = sorted((*context_gaps, *scope_gaps), key=lambda gap: gap.reason in _NEVER_WRITTEN)
    missing = f"{gaps[0]}" + (f" and {len(gaps) - 1} more" if len(gaps) > 1 else "") if gaps else ""
    if findings:
        return Status.FAIL, f"there may be more: {missing}" if missing else ""
    if gaps and all(gap.reason is Reason.OUTSIDE for gap in gaps) and not tally.unsure:
        return Status.MANUAL, f"it holds by what the cluster tells; {gaps[0].detail}"
    if missing:
        return Status.UNKNOWN, missing
    if tally.unsure:
        one = min(tally.unsure)
        return Status.UNKNOWN, f"{one.object}: {one.reason}"
    if tally.reviews:
        return Status.MANUAL, "a person must decide it" + (", by these facts" if tally.facts else "")
    if not tally.judged:
        return Status.NOT_APPLICABLE, tally.moot or nothing_of(scope)
    return Status.PASS, ""


def nothing_of(scope: str) -> str:
    """Why a check whose scope is empty is not applicable."""
    return f"there are no {scope} here"


def is_empty(result: Result) -> bool:
    """Whether there was nothing to be judged: no object that it is about, or no cluster."""
    return result.status is Status.NOT_APPLICABLE and result.reason in (nothing_of(result.scope), _RUNNING)


def _order(one: Finding) -> tuple[object, ...]:
    return one.severity.rank, one.object, one.container, one.path, one.message


_rank = attrgetter("rank")
# Many objects are told the same.
_said = lru_cache(maxsize=1024)(safe)


def _finding(check: Check, problem: Problem, cluster: str) -> Finding:
    return Finding(
        object=problem.ref,
        message=_said(problem.message),
        container=problem.container,
        path=problem.path,
        value=_shown(problem.value, problem.path.rpartition(".")[2])
        if problem.path or problem.value is not None
        else "",
        pods=problem.pods,
        severity=max(check.file.severity, problem.severity, key=_rank) if problem.severity else check.file.severity,
        proof=problem.proof,
        notes=tuple(map(_said, problem.notes)),
        fix=problem.fix,
        implied_by=problem.implied_by,
        fingerprint=fingerprint(check.id, cluster, problem.ref, problem.container, problem.path),
    )


def _shown(value: object, key: str) -> str:
    """A value as a report shows it: short, and without credentials."""
    if value is None:
        return "not set"
    if isinstance(value, str):
        text = _said(value)
        return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + "…"
    text = msgspec.json.encode(clean(value, key)).decode()
    # A list or map that does not fit says less than the message; its path says where to look.
    return text if len(text) <= _MOST_PART else ""
