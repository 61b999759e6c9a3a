"""Frameworks: control ids with our own short titles; which checks answer them stands on the checks."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from kscan.checks.check import Check
from kscan.documents import documents_in
from kscan.errors import CheckError, ConfigError, nearest


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a framework."""

    id: str
    title: str
    manual: bool = False


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of controls; its name is its file's."""

    title: str
    controls: tuple[Control, ...]
    name: str = ""


def read_frameworks(folder: Path) -> dict[str, Framework]:
    """Every framework of a folder of checks, by name."""
    return {path.stem: _read(path) for path in sorted((folder / "frameworks").glob("*.yaml"))}


def _read(path: Path) -> Framework:
    try:
        framework = msgspec.convert(next(documents_in(path, CheckError), None), Framework)
    except msgspec.ValidationError as error:
        raise CheckError(f"{path}: {error}") from error
    return msgspec.structs.replace(framework, name=path.stem)


def checks_of(framework: str, checks: Iterable[Check]) -> frozenset[str]:
    """The ids of the checks that answer a control of the framework."""
    return frozenset(
        check.id for check in checks if any(control.startswith(f"{framework}/") for control in check.file.controls)
    )


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
