"""Which patches mend their findings: tried, judged again, and dropped where they do not."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kscan.checks.check import Check
from kscan.judge.report import Finding
from kscan.mend.judging import NOWHERE, Found, JsonObject, Judge
from kscan.mend.places import lead_of, makes_pods, place_of
from kscan.mend.values import Place, patched_at

Edit = tuple[Place, dict[str, Any]]
# A check at a place of an object, by its number.
Key = tuple[int, str, Place]


class Step(msgspec.Struct, frozen=True):
    """A finding and the patches that mend it."""

    index: int
    check: Check
    finding: Finding
    place: Place
    edits: tuple[Edit, ...]

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.index, self.check.id, self.place


class Left(msgspec.Struct, frozen=True):
    """A finding whose patch is not applied, and why."""

    index: int
    check: Check
    finding: Finding
    reason: str


class Settled(msgspec.Struct, frozen=True):
    """The patches to apply, in their order, and what they leave."""

    steps: tuple[Step, ...]
    left: tuple[Left, ...]


NOT_RIGHT = "its patch is not right here"
NOT_ENOUGH = "its patch does not mend this"


def settle(
    judge: Judge, objects: Sequence[JsonObject], closed: Mapping[int, str], refused: Mapping[Key, str]
) -> Settled:
    """Apply what mends, until nothing more does; what is refused, and objects that are closed, are not tried."""
    values = dict(enumerate(objects))
    steps: dict[Key, Step] = {}
    tried: dict[Key, int] = {}
    left = dict(refused)
    found = list(judge.findings(values))
    while True:
        wishes = {
            wish.key: wish
            for one in found
            if one.index not in closed and (wish := _wish(one, objects, tried)) and wish.key not in left
        }
        for key in [key for key in wishes if key in steps]:
            left[key] = NOT_ENOUGH
            del wishes[key]
        if not wishes:
            return Settled(tuple(steps.values()), tuple(_left(one, objects, closed, left) for one in found))
        around = {index for index, _, _ in wishes} | {index for index in values if not makes_pods(values[index])}
        changed = {index: values[index] for index in around}
        for wish in wishes.values():
            changed[wish.index] = _patched(changed[wish.index], wish.edits)
        bad = {_key(one, objects) for one in judge.findings(changed)}
        for key, wish in wishes.items():
            if key not in bad:
                steps[key] = wish
                values[key[0]] = _patched(values[key[0]], wish.edits)
            elif tried.get(key, 0) + 1 < len(_stages(wish.check, objects[key[0]], wish.place)):
                tried[key] = tried.get(key, 0) + 1
            else:
                left[key] = NOT_ENOUGH
        found = [one for one in found if one.index not in around]
        found += judge.findings({index: values[index] for index in around})


def _patched(value: Any, edits: Sequence[Edit]) -> Any:  # noqa: ANN401
    for place, patch in edits:
        value = patched_at(value, place, patch)
    return value


def _key(one: Found, objects: Sequence[JsonObject]) -> Key | None:
    if one.index == NOWHERE:
        return None
    place = place_of(one.check, objects[one.index], one.finding)
    return None if place is None else (one.index, one.check.id, place)


def _wish(one: Found, objects: Sequence[JsonObject], tried: Mapping[Key, int]) -> Step | None:
    """What is to be tried next for a finding."""
    key = _key(one, objects)
    if key is None or not one.right:
        return None
    edits = _stages(one.check, objects[one.index], key[2])[tried.get(key, 0)]
    return Step(one.index, one.check, one.finding, key[2], edits)


def _stages(check: Check, value: JsonObject, place: Place) -> tuple[tuple[Edit, ...], ...]:
    """For the whole pod, where one setting can do; then for the container; then both."""
    own: Edit = (place, check.file.fix.patch or {})
    if check.file.fix.pod_patch is None:
        return ((own,),)
    pod: Edit = (lead_of(check, value), check.file.fix.pod_patch)
    return (pod,), (own,), (pod, own)


def _left(one: Found, objects: Sequence[JsonObject], closed: Mapping[int, str], left: Mapping[Key, str]) -> Left:
    key = _key(one, objects)
    reason = closed.get(one.index) or (left.get(key, NOT_RIGHT) if key else "its object cannot be told from others")
    return Left(one.index, one.check, one.finding, reason)
