"""Which checks run: by id, by severity, by framework."""

from collections.abc import Collection, Mapping

import msgspec

from kscan.checks.check import Check, Severity
from kscan.checks.frameworks import Framework, checks_of, known_framework
from kscan.errors import ConfigError, nearest

# Stands for the CIS benchmark that fits the cluster's platform and version.
FITTING = "cis"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; nothing asked means every check but those that have to be asked for."""

    check: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    severity: Severity = Severity.INFO
    framework: tuple[str, ...] = ()
    every: bool = False


def select(checks: Mapping[str, Check], frameworks: Mapping[str, Framework], selection: Selection) -> tuple[Check, ...]:
    """The checks that are asked for, worst first; unknown names are errors."""
    for name in (*selection.check, *selection.skip):
        known_check(name, checks)
    asked = [one for name in selection.framework for one in named(name, frameworks)]
    answering = {name for one in asked for name in checks_of(one, checks.values(), every=selection.every)}
    chosen = (
        check
        for check in checks.values()
        if (not selection.check or check.id in selection.check)
        and check.id not in selection.skip
        and (selection.every or not check.file.opt_in or check.id in selection.check or check.id in answering)
        and check.file.severity.rank <= selection.severity.rank
        and (not asked or check.id in answering)
    )
    found = tuple(sorted(chosen, key=lambda check: (check.file.severity.rank, check.id)))
    if not found:
        raise ConfigError("no check is left to run", "widen --check, --severity or --framework, or drop --skip")
    return found


def named(name: str, frameworks: Mapping[str, Framework]) -> tuple[Framework, ...]:
    """The framework of a name; for the benchmark that fits the cluster, all that may turn out to."""
    if name == FITTING:
        return tuple(one for one in frameworks.values() if one.family)
    return (frameworks[known_framework(name, [*frameworks, FITTING])],)


def known_check(name: str, checks: Collection[str]) -> str:
    """The id, if it is one; else an error that suggests the nearest."""
    if name not in checks:
        raise ConfigError(f"no check is called {name}", nearest(name, checks) or "see `kscan checks list`")
    return name
