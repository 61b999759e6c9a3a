"""Checks asked: expressions subject by subject, rules all at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.checks.cel import Answer, Facing, Program
from kscan.checks.check import Check
from kscan.checks.judgement import Judgement, Problem, Unsure
from kscan.errors import CheckError
from kscan.judge.plan import Plan
from kscan.judge.tally import Tally
from kscan.model.base import JsonObject
from kscan.model.cel.runtime import Erred
from kscan.model.pods import lookup
from kscan.rules import RULES
from kscan.snapshot.entry import Gap, Reason
from kscan.views.objects import NAMESPACE_OBJECTS
from kscan.views.targets import TARGETS, Part, Subject, Target
from kscan.views.view import Reading, Readings, T, View


def ask(readings: Readings, ready: Plan, scope: str = "") -> dict[str, Tally]:
    """What each check says, by its id; of all checks, or of those that judge one view."""
    said = dict(_by_expression(readings, ready, scope))
    for check in ready.checks:
        if check.file.rule and scope in ("", ready.views(check)[0].name):
            more = [readings.of(view) for view in ready.more(check)]
            said[check.id] = _by_rule(check, read(readings, ready, check), more)
    return said


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


def _by_expression(readings: Readings, ready: Plan, scope: str) -> Iterator[tuple[str, Tally]]:
    asked = [_Asked(TARGETS[name], program, _namespace_objects(readings, program))
             for name, program in ready.programs.items() if scope in ("", TARGETS[name].view.name)]  # fmt: skip
    facing = Facing()
    # Targets of one view walk it side by side, so that each thing in it is decoded once.
    for view in {one.target.view.name: one.target.view for one in asked}.values():
        beside = [one for one in asked if one.target.view.name == view.name]
        for thing in readings.of(view).value:
            for one in beside:
                for subject in one.target.walk(thing):
                    one.ask(subject, facing)
    for one in asked:
        yield from one.answers()


class _Asked:
    """A target's program on its way over all subjects."""

    def __init__(self, target: Target, program: Program, namespaces: Mapping[str, JsonObject]) -> None:
        self.target = target
        self._program = program
        self._namespaces = namespaces
        self._tallies = [Tally() for _ in program.checks]

    def ask(self, subject: Subject, facing: Facing) -> None:
        """What the checks say of the parts of one subject."""
        shared = subject.variables | {"namespaceObject": self._namespaces.get(subject.ref.namespace)}
        answers = self._program.ask(shared, [part.variables for part in subject.parts], facing)
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
        path, value = _shown_of((part.variables or subject.variables)[self.target.root], check.evidence)
        place = f"{part.place}{path}".rstrip(".")
        words = str(answer) or check.file.message or check.file.title
        return Problem(subject.ref, words, part.name, place, value, subject.pods)

    def answers(self) -> Iterator[tuple[str, Tally]]:
        """Each check with what it said."""
        return zip((check.id for check in self._program.checks), self._tallies, strict=True)


def _namespace_objects(readings: Readings, program: Program) -> dict[str, JsonObject]:
    if not any("namespaceObject" in check.file.cel for check in program.checks):
        return {}
    return {thing.ref.name: thing.body for thing in readings.of(NAMESPACE_OBJECTS).value}


def _shown_of(root: JsonObject, paths: Sequence[str]) -> tuple[str, Any]:
    """The first of the paths that is set, with its value; else the first."""
    for path in paths:
        value = lookup(root, path)
        if value is not None:
            return path, value
    return (paths[0] if paths else ""), None


def _by_rule(check: Check, found: Sequence[Reading[Any]], more: Sequence[Reading[Any]]) -> Tally:
    tally = Tally()
    if not any(reading.gaps for reading in found[1:]):
        values = [*(one.value for one in found), *(None if one.gaps else one.value for one in more)]
        try:
            for judgement in RULES[check.file.rule].run(*values, **check.file.params):
                tally.add(judgement)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            problem = f"check {check.id}: the rule {check.file.rule} does not take these params"
            raise CheckError(problem, str(error)) from error
    return tally
