"""Objects judged as they are written, each by itself, also where two files name one object."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.checks.check import Check
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.report import Finding, Report
from kscan.judge.suppress import with_suppressions
from kscan.mend.places import makes_pods
from kscan.model.meta import ObjectRef
from kscan.snapshot.documents import ref_of, snapshot_of
from kscan.snapshot.snapshot import About
from kscan.views.view import Readings

_WHEN = ".fix.when"
# The index of what no object is written for, such as a user.
NOWHERE = -1
JsonObject = dict[str, Any]


class Found(msgspec.Struct, frozen=True):
    """A finding, the object that it is about, and whether the check's patch is right for it."""

    index: int
    check: Check
    finding: Finding
    right: bool = True


class Judge:
    """Checks made ready, with the conditions of their patches."""

    def __init__(self, checks: Sequence[Check], *, honour: bool = False) -> None:
        self._honour = honour
        self._checks = {check.id: check for check in checks}
        conditions = [_condition(check) for check in checks if check.file.fix.when]
        self._ready = plan([*checks, *conditions])

    def findings(self, objects: Mapping[int, JsonObject]) -> Iterator[Found]:
        """What is found of objects; those of one name are not judged together, for only one of them would be seen."""
        for batch, fresh in _batches(objects):
            about = About(manifests=True)
            readings = Readings(snapshot_of((objects[index] for index in batch.values()), about))
            report = judge(readings, self._ready)
            if self._honour:
                report = with_suppressions(report, readings)
            wrong = set(_withheld(report))
            for result in report.results:
                for finding in result.open if result.check.id in self._checks else ():
                    right = (result.check.id, finding.object, finding.container) not in wrong
                    index = batch.get(finding.object, NOWHERE)
                    if index in fresh:
                        yield Found(index, result.check, finding, right)


def _condition(check: Check) -> Check:
    """What says where a patch is right, as a check: what it finds is where it is not."""
    file = msgspec.structs.replace(
        check.file, cel=check.file.fix.when, message_expression="", message="no", evidence=()
    )
    return msgspec.structs.replace(check, id=f"{check.id}{_WHEN}", file=file)


def _withheld(report: Report) -> Iterator[tuple[str, ObjectRef, str]]:
    for result in report.results:
        if result.check.id.endswith(_WHEN):
            name = result.check.id.removesuffix(_WHEN)
            yield from ((name, one.object, one.container) for one in result.findings)
            yield from ((name, one.object, one.container) for one in result.undecided)


def _batches(objects: Mapping[int, JsonObject]) -> Iterator[tuple[dict[ObjectRef, int], set[int]]]:
    """The objects by address, as often as objects share one, and which are new in each batch.

    What makes no pods is in every batch, for it may be the context of what does.
    """
    by_ref: dict[ObjectRef, list[int]] = {}
    for index, value in objects.items():
        by_ref.setdefault(ref_of(value), []).append(index)
    for number in range(max(map(len, by_ref.values()), default=0)):
        batch = {
            ref: found[min(number, len(found) - 1)]
            for ref, found in by_ref.items()
            if number < len(found) or not makes_pods(objects[found[0]])
        }
        fresh = {found[number] for found in by_ref.values() if number < len(found)}
        yield batch, fresh if number else {*fresh, NOWHERE}
