"""Whether values are the same, or one among others, where only a part of them is known."""

from collections.abc import Iterable
from typing import Any

from kscan.model.cel.partial import (
    UNSURE,
    Anything,
    AtLeast,
    Exactly,
    Fields,
    Items,
    May,
    Optional,
    Text,
    Value,
    either,
    exactly,
    items_of,
    truth,
)


def equal(one: Value, other: Value) -> May:
    """Whether two values are the same."""
    for left, right in ((one, other), (other, one)):
        match left, right:
            case Anything(), _:
                return truth(yes=True, no=True, errs=False)
            case Text(), Exactly(value):
                return truth(yes=isinstance(value, str) and left.equals(value), no=True)
            case Fields(always), Exactly(value):
                return truth(yes=isinstance(value, dict) and set(always) <= set(value), no=True)
            case Items(), Items() | Exactly(list()) if (listed := _plain(right)) and not _plain(left):
                return truth(yes=_may_be(left, listed.value), no=True)
            case AtLeast(least), Exactly(value):
                return truth(yes=is_number(value) and value >= least, no=True)
    first, second = _plain(one), _plain(other)
    if first and second:
        same = _same(first.value, second.value)
        return UNSURE if same is None else exactly(same)
    return (
        UNSURE
        if type(one) is type(other) or isinstance(one, Optional) or isinstance(other, Optional)
        else exactly(False)
    )


def _may_be(items: Items, listed: list[Any]) -> bool:
    """Whether a list of which some items are known may be this one."""
    fits = len(items.known) <= len(listed) if items.others else len(items.known) == len(listed)
    return fits and all(any(not _equals(item, one).only(False, errs=True) for one in listed) for item in items.known)


def _equals(one: May, value: Any) -> May:  # noqa: ANN401 - JSON
    return either(equal(some, Exactly(value)) for some in one.values)


def _plain(value: Value) -> Exactly | None:
    """A value that is known as a whole."""
    if isinstance(value, Exactly):
        return value
    if isinstance(value, Items) and value.others is None:
        items = [_plain(one.values[0]) if len(one.values) == 1 and not one.errs else None for one in value.known]
        return None if None in items else Exactly([one.value for one in items if one])
    return None


def _same(one: Any, other: Any) -> bool | None:  # noqa: ANN401 - JSON
    """Whether two values are the same to CEL, to which true is no number; None of a whole number and a broken one."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and _all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and _all(_same(one[key], other[key]) for key in one)
    if type(one) is type(other):
        return bool(one == other)
    return None if is_number(one) and is_number(other) else False


def _all(every: Iterable[bool | None]) -> bool | None:
    found = set(every)
    return False if False in found else None if None in found else True


def is_number(value: object) -> bool:
    """Whether a value is a number: true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def unequal(one: Value, other: Value) -> May:
    """Whether they are not."""
    found = equal(one, other)
    return truth(yes=any(some.key == Exactly(False).key for some in found.values),
                 no=any(some.key == Exactly(True).key for some in found.values))  # fmt: skip


def among(one: Value, other: Value) -> May:
    """Whether something is an item of a list, or the name of a map's entry."""
    match other:
        case Exactly(dict() as told):
            return either(equal(one, Exactly(name)) for name in told) if told else exactly(False)
        case Fields():
            name = one.value if isinstance(one, Exactly) else None
            has = other.has(name) if isinstance(name, str) else None
            return truth(yes=has is not False, no=has is not True)
    items = items_of(other)
    if items:
        return _among_items(one, items)
    return truth(yes=True, no=True, errs=True)


def _among_items(one: Value, other: Items) -> May:
    surely = perhaps = False
    if other.others:
        perhaps = not either(equal(one, value) for value in other.others.values).only(False, errs=False)
    for item in other.known:
        found = either(equal(one, value) for value in item.values)
        perhaps = perhaps or not found.only(False, errs=False)
        surely = surely or (bool(found.values) and found.only(True, errs=False))
    return truth(yes=surely or perhaps, no=not surely)
