"""Snapshot and checks in, results out. Only here is it decided what is unknown.

A check whose context has a gap is unknown. A gap in its scope leaves its findings standing, but
without findings it is unknown, never a pass. An empty scope is not applicable, never a pass.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from kscan.checks.cel import Answer, Erred, Program, compile_checks
from kscan.checks.check import Check
from kscan.checks.judgement import Fine, Judgement, Moot, Problem, Unsure
from kscan.errors import CheckError, nearest
from kscan.judge.report import Finding, Report, Result, Status, Undecided, fingerprint
from kscan.judge.score import score
from kscan.model.base import JsonObject
from kscan.model.pods import lookup
from kscan.rules import RULES
from kscan.rules.rule import Rule
from kscan.snapshot.entry import Gap, Listing, Reason
from kscan.snapshot.needs import Need, merged
from kscan.snapshot.redact import clean, safe
from kscan.snapshot.snapshot import Snapshot
from kscan.views.targets import TARGETS, Part, Subject, Target
from kscan.views.view import Reading, Readings, View

_MOST_FACTS = 20
_MOST_TEXT = 200
_MOST_PART = 80


class Plan(msgspec.Struct, frozen=True):
    """The checks, made ready: every name resolved, every expression compiled."""

    checks: tuple[Check, ...]
    programs: Mapping[str, Program]

    def views(self, check: Check) -> tuple[View[Any], ...]:
        """What a check reads: its scope first, then its context."""
        if check.file.rule:
            return RULES[check.file.rule].views
        context = (NAMESPACE_OBJECTS,) if "namespaceObject" in check.file.cel else ()
        return (TARGETS[check.file.target].view, *context)

    def needs(self) -> tuple[Need, ...]:
        """Everything that must be collected for these checks, and nothing else."""
        views = (view for check in self.checks for view in (*self.views(check), *self.more(check)))
        return merged(need for view in views for need in view.needs)

    def more(self, check: Check) -> tuple[View[Any], ...]:
        """What a check reads only to say more of what it finds."""
        return RULES[check.file.rule].more if check.file.rule else ()


NAMESPACE_OBJECTS = TARGETS["namespace"].view


def plan(checks: Iterable[Check]) -> Plan:
    """Resolve and compile; CheckError names the check that cannot run."""
    checks = tuple(checks)
    by_target: dict[str, list[Check]] = {}
    for check in checks:
        if check.file.rule:
            _known_rule(check)
        else:
            by_target.setdefault(_known_target(check), []).append(check)
    programs = {name: compile_checks(found, TARGETS[name].variables, TARGETS[name].own)
                for name, found in by_target.items()}  # fmt: skip
    return Plan(checks, programs)


def _known_target(check: Check) -> str:
    if check.file.target not in TARGETS:
        advice = nearest(check.file.target, TARGETS) or f"there are {', '.join(TARGETS)}"
        raise CheckError(f"check {check.id}: no target is called {check.file.target}", advice)
    return check.file.target


def _known_rule(check: Check) -> Rule:
    rule = RULES.get(check.file.rule)
    if rule is None:
        raise CheckError(f"check {check.id}: no rule is called {check.file.rule}", nearest(check.file.rule, RULES))
    return rule


def evaluate(snapshot: Snapshot, ready: Plan) -> Report:
    """Decide every check."""
    readings = Readings(snapshot)
    judged = dict(_by_expression(readings, ready))
    results = []
    for check in ready.checks:
        scope, *context = (readings.of(view) for view in ready.views(check))
        found = [scope, *(_told(one) if snapshot.about.manifests else one for one in context)]
        judgements = judged.get(check.id)
        if judgements is None:
            judgements = _by_rule(check, found, [readings.of(view) for view in ready.more(check)])
        results.append(_result(check, found, judgements, snapshot.about.uid))
    objects = sum(len(entry.items) for entry in snapshot.entries.values() if isinstance(entry, Listing))
    return Report(about=snapshot.about, results=tuple(results), score=score(results), objects=objects)


def _told(reading: Reading[Any]) -> Reading[Any]:
    """A context of which manifests hold nothing is one that they do not tell: the cluster may hold it."""
    if reading.gaps or any(one.objects != 0 for one in reading.evidence):
        return reading
    gaps = tuple(Gap(one.path, Reason.NOT_ASKED, "the manifests hold none") for one in reading.evidence)
    return msgspec.structs.replace(reading, gaps=gaps)


class _Tally:
    """What a check said of its scope; what holds is counted, not kept."""

    def __init__(self) -> None:
        self.judged = 0
        self.facts: list[str] = []
        self.moot = ""
        self.problems: dict[tuple[object, ...], Problem] = {}
        self.unsure: set[Undecided] = set()

    def add(self, judgement: Judgement) -> None:
        """Note one judgement; a problem that several pods share is one problem."""
        if isinstance(judgement, Moot):
            self.moot = judgement.reason
            return
        self.judged += 1
        match judgement:
            case Problem():
                key = (judgement.ref, judgement.container, judgement.path, judgement.message)
                pods = judgement.pods + (self.problems[key].pods if key in self.problems else 0)
                self.problems[key] = msgspec.structs.replace(judgement, pods=pods)
            case Unsure():
                self.unsure.add(Undecided(judgement.ref, safe(judgement.reason), judgement.container))
            case Fine(fact=fact) if fact and len(self.facts) < _MOST_FACTS:
                self.facts.append(f"{judgement.ref}: {fact}")


def _by_expression(readings: Readings, ready: Plan) -> Iterator[tuple[str, _Tally]]:
    asked = [_Asked(TARGETS[name], program, _namespace_objects(readings, program))
             for name, program in ready.programs.items()]  # fmt: skip
    # Targets of one view walk it side by side, so that each thing in it is decoded once.
    for view in {one.target.view.name: one.target.view for one in asked}.values():
        beside = [one for one in asked if one.target.view.name == view.name]
        for thing in readings.of(view).value:
            for one in beside:
                for subject in one.target.walk(thing):
                    one.ask(subject)
    for one in asked:
        yield from one.answers()


class _Asked:
    """A target's program on its way over all subjects."""

    def __init__(self, target: Target, program: Program, namespaces: Mapping[str, JsonObject]) -> None:
        self.target = target
        self._program = program
        self._namespaces = namespaces
        self._tallies = [_Tally() for _ in program.checks]

    def ask(self, subject: Subject) -> None:
        """What the checks say of the parts of one subject."""
        shared = subject.variables | {"namespaceObject": self._namespaces.get(subject.ref.namespace)}
        answers = self._program.ask(shared, [part.variables for part in subject.parts])
        for part, said in zip(subject.parts, answers, strict=True):
            for index, answer in enumerate(said):
                if answer is True:
                    self._tallies[index].judged += 1
                else:
                    self._tallies[index].add(self._judgement(index, answer, subject, part))

    def _judgement(self, index: int, answer: Answer, subject: Subject, part: Part) -> Judgement:
        if isinstance(answer, Erred):
            return Unsure(subject.ref, f"its expression erred: {answer.reason}", part.name)
        check = self._program.checks[index]
        path, value = _shown_of((subject.variables | part.variables)[self.target.root], check.evidence)
        place = f"{part.place}{path}".rstrip(".")
        words = str(answer) or check.file.message or check.file.title
        return Problem(subject.ref, words, part.name, place, value, subject.pods)

    def answers(self) -> Iterator[tuple[str, _Tally]]:
        """Each check with what it said."""
        return zip((check.id for check in self._program.checks), self._tallies, strict=True)


def _namespace_objects(readings: Readings, program: Program) -> dict[str, JsonObject]:
    if not any("namespaceObject" in check.file.cel for check in program.checks):
        return {}
    return {thing.ref.name: thing.body for thing in readings.of(NAMESPACE_OBJECTS).value}


def _shown_of(root: JsonObject, paths: Sequence[str]) -> tuple[str, Any]:
    """The first of the paths that is set, with its value; else the first."""
    shown = [(path, lookup(root, path)) for path in paths]
    return next((pair for pair in shown if pair[1] is not None), shown[0] if shown else ("", None))


def _by_rule(check: Check, found: Sequence[Reading[Any]], more: Sequence[Reading[Any]]) -> _Tally:
    tally = _Tally()
    if not any(reading.gaps for reading in found[1:]):
        values = [*(one.value for one in found), *(None if one.gaps else one.value for one in more)]
        try:
            for judgement in RULES[check.file.rule].run(*values, **check.file.params):
                tally.add(judgement)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise CheckError(
                f"check {check.id}: the rule {check.file.rule} does not take these params", str(error)
            ) from error
    return tally


def _result(check: Check, found: Sequence[Reading[Any]], tally: _Tally, cluster: str) -> Result:
    scope_gaps = found[0].gaps
    context_gaps = tuple(gap for reading in found[1:] for gap in reading.gaps)
    scope = RULES[check.file.rule].scope if check.file.rule else TARGETS[check.file.target].scope
    findings = () if context_gaps else tuple(_finding(check, one, cluster) for one in tally.problems.values())
    status, reason = _status(scope, tally, findings, scope_gaps, context_gaps)
    return Result(
        check=check,
        status=status,
        reason=reason,
        scope=scope,
        judged=0 if context_gaps else tally.judged,
        findings=tuple(sorted(findings, key=_order)),
        undecided=() if context_gaps else tuple(sorted(tally.unsure)),
        gaps=tuple(sorted({*scope_gaps, *context_gaps})),
        evidence=tuple(sorted({one for reading in found for one in reading.evidence})),
        facts=tuple(tally.facts),
    )


def _status(
    scope: str,
    tally: _Tally,
    findings: Sequence[Finding],
    scope_gaps: Sequence[Gap],
    context_gaps: Sequence[Gap],
) -> tuple[Status, str]:
    gaps = (*context_gaps, *scope_gaps)
    missing = f"{gaps[0]}" + (f" and {len(gaps) - 1} more" if len(gaps) > 1 else "") if gaps else ""
    if findings:
        return Status.FAIL, f"there may be more: {missing}" if missing else ""
    if missing:
        return Status.UNKNOWN, missing
    if tally.unsure:
        one = min(tally.unsure)
        return Status.UNKNOWN, f"{one.object}: {one.reason}"
    if not tally.judged:
        return Status.NOT_APPLICABLE, tally.moot or f"there are no {scope} here"
    return Status.PASS, ""


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
