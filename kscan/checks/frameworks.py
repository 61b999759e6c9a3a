"""Frameworks: control ids with our own short titles; which checks answer them stands on the checks."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from kscan import data
from kscan.checks.check import Check
from kscan.documents import documents_in
from kscan.errors import CheckError, ConfigError, nearest


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a framework; `look` tells a person what to look at where no check can."""

    id: str
    title: str = ""
    manual: bool = False
    # Controls of other frameworks that ask the same: their checks answer this one too.
    same: tuple[str, ...] = ()
    look: str = ""
    # What no check can see of it: that they find nothing is then not enough, and a person looks at the rest.
    unseen: str = ""


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The Kubernetes minors, 1.x, that a benchmark is written for; without a last one, all that came since."""

    first: int
    last: int = 0

    def __str__(self) -> str:
        end = "" if self.last == self.first else f" to 1.{self.last}" if self.last else " and newer"
        return f"Kubernetes 1.{self.first}{end}"


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of controls; its name is its file's."""

    title: str
    controls: tuple[Control, ...]
    name: str = ""
    # Of benchmarks that come in versions: which one it is of, and for which clusters.
    family: str = ""
    kubernetes: Span | None = None
    # Whether it asks something of each object, so that what is written down decides it; else of a cluster.
    objects: bool = False

    def names(self, control: Control) -> tuple[str, ...]:
        """What checks call a control of this framework."""
        return (f"{self.name}/{control.id}", *control.same)


def read_frameworks(folder: Path) -> dict[str, Framework]:
    """Every framework of a folder of checks, by name."""
    read = _shipped if folder == data.folder("checks") else _read
    return {path.stem: read(path) for path in sorted((folder / "frameworks").glob("*.yaml"))}


@cache
def _shipped(path: Path) -> Framework:
    """A file of the package, which does not change while kscan runs."""
    return _read(path)


def _read(path: Path) -> Framework:
    try:
        framework = msgspec.convert(next(documents_in(path, CheckError), None), Framework)
    except msgspec.ValidationError as error:
        raise CheckError(f"{path}: {error}") from error
    return msgspec.structs.replace(framework, name=path.stem)


def titled(frameworks: dict[str, Framework]) -> dict[str, Framework]:
    """The frameworks, each control that has no title of its own with that of the one it is the same as."""
    known = {f"{name}/{one.id}": one for name, framework in frameworks.items() for one in framework.controls}

    def whole(framework: Framework, one: Control) -> Control:
        missing = [other for other in one.same if other not in known]
        if missing or not (one.title or one.same):
            problem = f"is the same as {missing[0]}, which no framework lists" if missing else "has no title"
            raise CheckError(f"framework {framework.name}: control {one.id} {problem}")
        first = known[one.same[0]] if one.same else one
        return msgspec.structs.replace(
            one,
            title=one.title or first.title,
            look=one.look or first.look,
            unseen=one.unseen or first.unseen,
        )

    return {
        name: msgspec.structs.replace(framework, controls=tuple(whole(framework, one) for one in framework.controls))
        for name, framework in frameworks.items()
    }


def checks_of(framework: Framework, checks: Iterable[Check], *, every: bool = False) -> frozenset[str]:
    """The ids of the checks that answer the framework; those that are not run unasked only where no other does."""
    checks = tuple(checks)
    found: set[str] = set()
    for control in framework.controls:
        names = framework.names(control)
        mapped = [check for check in checks if not set(names).isdisjoint(check.file.controls)]
        found.update(check.id for check in (mapped if every else answering(mapped)))
    return frozenset(found)


def answering(mapped: Iterable[Check]) -> list[Check]:
    """Of the checks that name a control, those that are asked for it."""
    mapped = list(mapped)
    return [check for check in mapped if check.file.opt_in is not True] or mapped


def unmapped(frameworks: dict[str, Framework], checks: Iterable[Check]) -> list[str]:
    """Controls that checks name and no framework lists."""
    listed = {f"{name}/{control.id}" for name, framework in frameworks.items() for control in framework.controls}
    return [f"{check.id}: {control}" for check in checks for control in check.file.controls
            if control.partition("/")[0] in frameworks and control not in listed]  # fmt: skip


def known_framework(name: str, frameworks: Iterable[str]) -> str:
    """The name, if it is one; else an error that suggests the nearest."""
    known = list(frameworks)
    if name not in known:
        raise ConfigError(f"no framework is called {name}", nearest(name, known) or f"there are {', '.join(known)}")
    return name
