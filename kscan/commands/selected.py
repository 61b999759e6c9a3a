"""The checks that a command works with: the shipped ones, the user's own, and of these the selected."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import msgspec

from kscan import data
from kscan.checks.check import Check, Severity, by_id, read_checks
from kscan.checks.frameworks import Framework, read_frameworks, titled
from kscan.checks.selection import FITTING, Selection, select


class Catalogue(msgspec.Struct, frozen=True):
    """Every check and framework there is."""

    checks: dict[str, Check]
    frameworks: dict[str, Framework]


def catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """The shipped checks and those of the user's folders."""
    every = [data.folder("checks"), *folders]
    checks = by_id(check for folder in every for check in read_checks(folder))
    frameworks: dict[str, Framework] = {}
    for folder in every:
        frameworks |= read_frameworks(folder)
    return Catalogue(checks, titled(frameworks))


def selection(
    check: Sequence[str], skip: Sequence[str], severity: str, framework: Sequence[str], *, every: bool = False
) -> Selection:
    """What the options ask for; several ids may stand in one, with commas between."""
    return Selection(
        check=split(check),
        skip=split(skip),
        severity=Severity(severity),
        framework=split(framework),
        every=every,
    )


def split(values: Sequence[str]) -> tuple[str, ...]:
    """Options that may be given several times or with commas, as single words."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def chosen(found: Catalogue, asked: Selection) -> tuple[Check, ...]:
    """The selected checks."""
    return select(found.checks, found.frameworks, known(found, asked))


def known(found: Catalogue, asked: Selection) -> Selection:
    """What is asked for, by the names as they are written: whether in capitals or not does not matter."""
    return msgspec.structs.replace(
        asked,
        check=_as_written(asked.check, found.checks),
        skip=_as_written(asked.skip, found.checks),
        framework=_as_written(asked.framework, (*found.frameworks, FITTING)),
    )


def _as_written(names: Iterable[str], there: Collection[str]) -> tuple[str, ...]:
    by_name = {name.lower(): name for name in there}
    return tuple(name if name in there else by_name.get(name.lower(), name) for name in names)
