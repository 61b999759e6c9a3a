"""Checks asked: expressions subject by subject, rules all at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from kscan.checks.cel import Answer, Facing, Program
from kscan.checks.check import Check
from kscan.checks.judgement import Judgement, Problem, Unsure
from kscan.judge.guard import Guard
from kscan.judge.plan import Plan
from kscan.judge.tally import Tally
from kscan.model.base import JsonObject
from kscan.model.bounds import SMALL, too_much
from kscan.model.cel.runtime import Erred
from kscan.model.pods import lookup
from kscan.rules import RULES
from kscan.snapshot.entry import Gap, Reason
from kscan.views.objects import NAMESPACE_OBJECTS
from kscan.views.reading import Reading
from kscan.views.targets import TARGETS, Part, Subject, Target
from kscan.views.view import Readings, T, View


class Said(msgspec.Struct, frozen=True):
    """What a check said, and the readings on which it said it: its scope first, then its context."""

    tally: Tally
    found: tuple[Reading[Any], ...]


def ask(guard: Guard, ready: Plan) -> dict[str, Said]:
    """What each check says, by its id."""
    said: dict[str, Said] = {}
    for scope in {TARGETS[name].view.name: None for name in ready.programs}:
        checks = [check for check in ready.checks if not check.file.rule and ready.views(check)[0].name == scope]
        call = partial(_of_expressions, ready=ready, scope=scope, checks=checks)
        said |= guard.ask(f"the view {scope}", call, partial(_none_of, checks))
    for check in ready.checks:
        if check.file.rule:
            said[check.id] = guard.ask(
                f"the rule {check.file.rule}", partial(_of_rule, ready=ready, check=check), nothing
            )
    return said


def of_scope(readings: Readings, ready: Plan, scope: str) -> dict[str, Tally]:
    """What the checks say that judge one view, by their ids; not under guard."""
    rules = [check for check in ready.checks if check.file.rule and ready.views(check)[0].name == scope]
    said = {check.id: _of_rule(readings, ready, check).tally for check in rules}
    return by_expression(readings, ready, scope) | said


def _none_of(checks: Iterable[Check], gap: Gap) -> dict[str, Said]:
    return {check.id: nothing(gap) for check in checks}


def nothing(gap: Gap) -> Said:
    """What a check says that could not be asked."""
    return Said(Tally(), (Reading((), (), (gap,)),))


def _of_expressions(readings: Readings, ready: Plan, scope: str, checks: Iterable[Check]) -> dict[str, Said]:
    tallies = by_expression(readings, ready, scope)
    return {check.id: Said(tallies[check.id], read(readings, ready, check)) for check in checks}


def _of_rule(readings: Readings, ready: Plan, check: Check) -> Said:
    more = [readings.of(view) for view in ready.more(check)]
    found = read(readings, ready, check)
    return Said(_by_rule(readings, check, found, more), found)


def read(readings: Readings, ready: Plan, check: Check) -> tuple[Reading[Any], ...]:
    """What a check is judged on: its scope first, then its context."""
    scope, *context = ready.views(check)
    return (readings.of(scope), *(told(readings, view) for view in context))


def told(readings: Readings, view: View[T]) -> Reading[T]:
    """A context; one of which manifests hold nothing is one that they do not tell: the cluster may hold it."""
    reading = readings.of(view)
    if not readings.snapshot.about.manifests or reading.gaps or any(one.objects != 0 for one in reading.evidence):
        return reading
    gaps = tuple(Gap(one.path, Reason.NOT_ASKED, "the manifests hold none") for one in reading.evidence)
    return msgspec.structs.replace(reading, gaps=gaps)


def by_expression(readings: Readings, ready: Plan, scope: str) -> dict[str, Tally]:
    """What the expressions say that judge one view, by the ids of their checks."""
    asked = [_Asked(TARGETS[name], program, _namespace_objects(readings, program))
             for name, program in ready.programs.items() if TARGETS[name].view.name == scope]  # fmt: skip
    facing = Facing()
    # Targets of one view walk it side by side, so that each thing in it is decoded once.
    for thing in readings.of(asked[0].target.view).value if asked else ():
        for one in asked:
            for subject in one.target.walk(thing):
                one.ask(subject, facing)
    return dict(answer for one in asked for answer in one.answers())


class _Asked:
    """A target's program on its way over all subjects."""

    def __init__(self, target: Target, program: Program, namespaces: Mapping[str, JsonObject]) -> None:
        self.target = target
        self._program = program
        self._namespaces = namespaces
        self._tallies = [Tally() for _ in program.checks]

    def ask(self, subject: Subject, facing: Facing) -> None:
        """What the checks say of the parts of one subject."""
        if not 0 < subject.size <= SMALL and (more := too_much(subject.variables["object"])):
            for tally in self._tallies:
                tally.add(Unsure(subject.ref, more))
            return
        shared = subject.variables | {"namespaceObject": self._namespaces.get(subject.ref.namespace)}
        answers = self._program.ask(shared, [part.variables for part in subject.parts], facing)
        for part, said in zip(subject.parts, answers, strict=True):
            for index, answer in enumerate(said):
                if answer is True:
                    self._tallies[index].judged += 1
                else:
                    judgement = self._judgement(index, answer, subject, part)
                    if isinstance(judgement, Problem) and self._program.is_milder(
                        index, shared, part.variables, facing
                    ):
                        judgement = _milder(judgement, self._program.checks[index])
                    self._tallies[index].add(judgement)

    def _judgement(self, index: int, answer: Answer, subject: Subject, part: Part) -> Judgement:
        if isinstance(answer, Erred):
            return Unsure(subject.ref, f"its expression erred: {answer.reason}", part.name)
        check = self._program.checks[index]
        place, value = _shown_of((part.variables or subject.variables)[self.target.root], part, check.evidence)
        words = str(answer) or check.file.message or check.file.title
        return Problem(subject.ref, words, part.name, place.rstrip("."), value, subject.pods)

    def answers(self) -> Iterator[tuple[str, Tally]]:
        """Each check with what it said."""
        return zip((check.id for check in self._program.checks), self._tallies, strict=True)


def _namespace_objects(readings: Readings, program: Program) -> dict[str, JsonObject]:
    if not any("namespaceObject" in check.file.cel for check in program.checks):
        return {}
    return {thing.ref.name: thing.body for thing in readings.of(NAMESPACE_OBJECTS).value}


def _milder(problem: Problem, check: Check) -> Problem:
    mild = check.file.milder
    return (
        msgspec.structs.replace(problem, severity=mild.severity, notes=(*problem.notes, mild.note)) if mild else problem
    )


def _shown_of(root: JsonObject, part: Part, paths: Sequence[str]) -> tuple[str, Any]:
    """Where the first of the paths is set, with its value, in the part or in what it inherits; else the first."""
    for path in paths:
        # A setting of its own, however empty, counts before what is inherited.
        own = lookup(root, ".".join(path.split(".")[:2])) is not None
        found, at = (root, part.place) if own else (part.inherits, part.inherits_at)
        if (value := lookup(found, path)) is not None:
            return f"{at}{path}", value
    return f"{part.place}{paths[0] if paths else ''}", None


def _by_rule(readings: Readings, check: Check, found: Sequence[Reading[Any]], more: Sequence[Reading[Any]]) -> Tally:
    tally = Tally()
    if not any(reading.gaps for reading in found[1:]):
        values = [*(one.value for one in found), *(None if one.gaps else one.value for one in more)]
        rule = RULES[check.file.rule]
        for judgement in readings.made(check.id, values, lambda: rule.run(*values, **check.file.params)):
            tally.add(judgement)
    return tally
