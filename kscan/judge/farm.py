"""The farm: every check's examples as tests, for the shipped checks and for a user's own.

In a failing example the objects to be found are named bad…, and so are subjects whom a binding names; where
that cannot be, the example's first document says `expect: [Kind/name, …]`. Of their containers and webhooks those
named bad… are to be found, or all where none is so named. What is found must be exactly that.
A first document that says `manifests: true` makes the others what somebody wrote down, not what a cluster holds.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kscan.checks.check import Check
from kscan.checks.examples import Example, Expected, examples
from kscan.errors import KscanError
from kscan.judge.engine import judge
from kscan.judge.plan import Plan, plan
from kscan.judge.refusals import of_example, refused, worse
from kscan.judge.report import Result, Status
from kscan.snapshot.documents import Document, snapshot_of
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.retaken import Retaken
from kscan.views.targets import TARGETS
from kscan.views.view import Readings

_STATUS = {
    "fail": Status.FAIL,
    "pass": Status.PASS,
    "misses": Status.PASS,
    "unknown": Status.UNKNOWN,
    "manual": Status.MANUAL,
    "not applicable": Status.NOT_APPLICABLE,
}
# Keys of a document that says something of the example itself.
_HEADS = {"expect", "manifests", "taken"}


class Outcome(msgspec.Struct, frozen=True):
    """Whether one example, or one property of a check, holds."""

    check: str
    name: str
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether it holds."""
        return not self.problem

    def __str__(self) -> str:
        return f"{self.check}: {self.name}: {self.problem or 'ok'}"


def run_examples(checks: Sequence[Check]) -> Iterator[Outcome]:
    """Every example of every check, and what must hold for each check besides."""
    for check in checks:
        ready = plan([check], strict=True)
        yield Outcome(check.id, "has a failing and a passing example", _incomplete(check))
        for example in examples(check):
            yield Outcome(check.id, f"{example.expected}: {example.name}", run_example(ready, example))
        yield from run_refusals(ready, check)


def _incomplete(check: Check) -> str:
    told = check.file.examples
    # What no tool decides has nothing to fail: its facts are the example.
    wanted = () if told.manual else (("fail", told.fail), ("pass", told.pass_))
    missing = [kind for kind, texts in wanted if not texts]
    return f"there is no example under {' and '.join(missing)}" if missing else ""


class Case(msgspec.Struct, frozen=True):
    """An example made ready: what must come of it, and readings that serve every form of its check."""

    expected: Expected
    found: frozenset[str]
    readings: Readings


def run_example(ready: Plan, example: Example) -> str:
    """What is wrong with an example, or nothing."""
    try:
        return wrong(ready, case(example))
    except KscanError as error:
        return str(error)


def case(example: Example) -> Case:
    """An example with what is to be found in it."""
    documents = example.documents()
    readings = Readings(snapshot_of_example(example))
    names = {str(name) for one in documents for name in one.get("expect", ())}
    names |= {f"{kind}/{name}" for one in documents for kind, name in _named(one) if name.startswith("bad")}
    parts = _parts(example.check, readings)
    found = (_part(name, part) for name in names for part in _to_be_found(parts.get(name, set())))
    return Case(example.expected, frozenset(found) if example.expected == "fail" else frozenset(), readings)


def _parts(check: Check, readings: Readings) -> dict[str, set[str]]:
    """The names of the containers or webhooks that an expression is asked of, by their object."""
    parts: dict[str, set[str]] = {}
    if check.file.target:
        target = TARGETS[check.file.target]
        for subject in (one for thing in readings.of(target.view).value for one in target.walk(thing)):
            names = parts.setdefault(f"{subject.ref.kind}/{subject.ref.name}", set())
            names.update(part.name for part in subject.parts)
    return parts


def _to_be_found(parts: set[str]) -> set[str]:
    return {part for part in parts if part.startswith("bad")} or parts or {""}


def _part(name: str, part: str) -> str:
    return f"{name} {part}".strip()


def wrong(ready: Plan, one: Case) -> str:
    """What is wrong with what is found, or nothing."""
    result = judge(one.readings, ready).results[0]
    whole = bool(result.check.file.rule)
    found = {_part(f"{it.object.kind}/{it.object.name}", "" if whole else it.container) for it in result.findings}
    if one.expected == "fail" and found != one.found:
        return f"found {_listed(found)} where {_listed(one.found)} was to be found"
    wanted = _STATUS[one.expected]
    return "" if result.status is wanted else f"{result.status} ({result.reason or _listed(found)}), not {wanted}"


def snapshot_of_example(example: Example) -> Snapshot:
    """What an example shows: a cluster that holds its objects, or manifests."""
    documents = example.documents()
    heads = [one for one in documents if _HEADS & one.keys()]
    taken = next((str(one["taken"]) for one in heads if "taken" in one), "")
    about = About(manifests=any(one.get("manifests") is True for one in heads), taken=taken)
    return snapshot_of((one for one in documents if not _HEADS & one.keys()), about)


def _named(document: Document) -> Iterator[tuple[str, str]]:
    """The object of a document, and the subjects whom a binding names."""
    yield str(document.get("kind", "")), str(document.get("metadata", {}).get("name", ""))
    for subject in document.get("subjects") or ():
        yield str(subject["kind"]), str(subject["name"])


def _verdict(ready: Plan, readings: Readings) -> Result:
    return judge(readings, ready).results[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def run_refusals(ready: Plan, check: Check) -> Iterator[Outcome]:
    """Whether a check keeps the property of refusals with each thing that it needs, in all its examples."""
    shown = [(example, Retaken(snapshot_of_example(example))) for example in examples(check)]
    try:
        before = {example.name: _verdict(ready, readings) for example, readings in shown}
    except KscanError:
        # The example itself says so.
        return
    for need in ready.needs():
        problems = (
            f"{refusal.reason} in {example.name!r}: {found}"
            for example, readings in shown
            for refusal in of_example(readings.snapshot, need)
            for less in [Retaken(refused(readings.snapshot, refusal), readings)]
            if (found := worse(before[example.name], _verdict(ready, less)))
        )
        yield Outcome(check.id, f"without {need}", next(problems, ""))
