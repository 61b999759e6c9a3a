"""The check file: one YAML document, decoded strictly, so that a misspelt key names itself."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from kscan import data
from kscan.documents import documents, documents_in
from kscan.errors import CheckError, nearest


class Severity(StrEnum):
    """How bad, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A part of a check file."""


class Fix(_Strict, frozen=True):
    """What mends it: words, and a patch or a command where one is right for everyone."""

    text: str
    patch: dict[str, Any] | None = None
    # For containers: tried first, where the pod can say it for all of them.
    pod_patch: dict[str, Any] | None = None
    # Where the patch is right, as CEL over the check's own variables; and what it may break.
    when: str = ""
    breaks: str = ""
    command: str = ""


class Milder(_Strict, frozen=True):
    """Where what is found reaches less far: when, as CEL over the check's own variables, how bad, and the reason."""

    when: str
    severity: Severity
    note: str


class Examples(_Strict, frozen=True):
    """Named examples, each a text of documents; in failing ones what is to be found is named bad…"""

    fail: dict[str, str] = {}
    pass_: dict[str, str] = msgspec.field(default={}, name="pass")
    misses: dict[str, str] = {}
    unknown: dict[str, str] = {}
    manual: dict[str, str] = {}
    not_applicable: dict[str, str] = {}


class _File(_Strict, frozen=True):
    """The keys that a check file may have."""

    title: str
    severity: Severity
    layer: Literal["cloud", "cluster", "container", "code"]
    why: str
    fix: Fix
    # Not run unasked; "frameworks" are asked with each framework that it answers.
    opt_in: bool | Literal["frameworks"] = False
    message: str = ""
    message_expression: str = ""
    controls: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    target: str = ""
    cel: str = ""
    milder: Milder | None = None
    evidence: str | tuple[str, ...] = ()
    rule: str = ""
    params: dict[str, Any] = {}
    examples: Examples = Examples()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check: its id is its file's name."""

    id: str
    family: str
    file: _File

    @property
    def evidence(self) -> tuple[str, ...]:
        """The field paths that show the problem."""
        return (self.file.evidence,) if isinstance(self.file.evidence, str) else self.file.evidence


def read_check(path: Path, text: str | None = None) -> Check:
    """Read one check file; CheckError names the file and what is wrong in it."""
    found = documents_in(path, CheckError) if text is None else documents(text, str(path), CheckError)
    return _read(path, next(found, None))


@cache
def _shipped(path: Path) -> Check:
    """A file of the package, which does not change while kscan runs."""
    return read_check(path)


def _read(path: Path, content: object) -> Check:
    try:
        file = msgspec.convert(content, _File)
    except msgspec.ValidationError as error:
        raise CheckError(f"{path}: {error}", _advice(content)) from error
    problem = _problem(file)
    if problem:
        raise CheckError(f"{path}: {problem}", "see docs/checks.md for the format")
    return Check(id=path.stem, family=path.parent.name, file=file)


def _advice(content: object) -> str:
    known = [field.encode_name for field in msgspec.structs.fields(_File)]
    unknown = [str(key) for key in content if key not in known] if isinstance(content, Mapping) else []
    return nearest(unknown[0], known) if unknown else ""


def _problem(file: _File) -> str:
    if bool(file.cel) == bool(file.rule):
        return "a check has either `cel` or `rule`"
    if file.cel and not (file.target and (file.message or file.message_expression)):
        return "a check with `cel` names its `target` and its `message`"
    if file.rule and file.target:
        return "`target` belongs to `cel`; a rule knows its own scope"
    if file.milder and not (file.target and file.milder.severity.rank > file.severity.rank):
        return "`milder` is for a `target`, and less bad than the check"
    return _problem_of_fix(file)


def _problem_of_fix(file: _File) -> str:
    fix = file.fix
    if (fix.pod_patch or fix.when or fix.breaks) and not fix.patch:
        return "`podPatch`, `when` and `breaks` belong to a `patch`"
    if fix.pod_patch and file.target != "container":
        return "`podPatch` is for the target `container`"
    return "`when` is an expression over a `target`" if fix.when and not file.target else ""


# Folders beside those of the checks, with tables of another shape.
_NO_CHECKS = ("frameworks", "peers", "shipped")


def read_checks(folder: Path) -> Iterator[Check]:
    """Every check below a folder, by id; frameworks are kept apart."""
    if not folder.is_dir():
        raise CheckError(f"{folder} is not a folder", "name the folder that holds the check files")
    read = _shipped if folder == data.folder("checks") else read_check
    for path in sorted(folder.rglob("*.yaml"), key=lambda one: one.stem):
        if path.parent.name not in _NO_CHECKS:
            yield read(path)


def by_id(checks: Iterator[Check]) -> dict[str, Check]:
    """The checks by id; one id twice is an error."""
    found: dict[str, Check] = {}
    for check in checks:
        if check.id in found:
            raise CheckError(f"two check files are called {check.id}.yaml", "rename one: the file's name is the id")
        found[check.id] = check
    return found
