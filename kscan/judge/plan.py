"""The checks, made ready: every name resolved, every expression compiled, and what they read."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec

from kscan.checks.cel import Program, compile_checks
from kscan.checks.check import Check
from kscan.errors import CheckError, nearest
from kscan.rules import RULES
from kscan.rules.rule import Rule
from kscan.snapshot.needs import Need, merged
from kscan.views.objects import NAMESPACE_OBJECTS
from kscan.views.targets import TARGETS
from kscan.views.view import View


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


def plan(checks: Iterable[Check], *, strict: bool = False) -> Plan:
    """Resolve and compile; CheckError names the check that cannot run, and where strict, whose message errs."""
    checks = tuple(checks)
    by_target: dict[str, list[Check]] = {}
    for check in checks:
        if check.file.rule:
            _known_rule(check)
        else:
            by_target.setdefault(_known_target(check), []).append(check)
    programs = {name: compile_checks(found, TARGETS[name].variables, TARGETS[name].own, strict=strict)
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
    try:
        signature, types = _takes(rule.run)
        signature.bind(*rule.views, *rule.more, **check.file.params)
        for name, value in check.file.params.items():
            msgspec.convert(value, types.get(name, Any))
    except (TypeError, msgspec.ValidationError) as error:
        problem = f"check {check.id}: the rule {check.file.rule} does not take these params"
        raise CheckError(problem, str(error)) from error
    return rule


@cache
def _takes(run: Callable[..., object]) -> tuple[inspect.Signature, Mapping[str, Any]]:
    return inspect.signature(run), get_type_hints(run)
