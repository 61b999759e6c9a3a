"""What functions come to where only a part is known of what they are given; those that are not here may do anything."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from kscan.model.cel.equality import among, equal, unequal
from kscan.model.cel.partial import (
    ANYTHING,
    ERRS,
    SOME_VALUE,
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
    may,
    truth,
)

# Larger numbers may be more than a runtime holds. A pattern of which each engine says the same, and soon.
_MOST = 1 << 62
_PLAIN = re.compile(r"(?:[\w/:@^$|()-]|\\\.|\.[*+](?!\?)|\.){1,200}")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _added(one: Value, other: Value) -> May:
    """Two lists one after the other, two texts, the sum of two numbers."""
    if isinstance(one, Exactly) and isinstance(other, Exactly):
        left, right = one.value, other.value
        if isinstance(left, str) and isinstance(right, str):
            return may(Exactly(left + right))
        if _is_whole(left) and _is_whole(right) and abs(left + right) < _MOST:
            return exactly(left + right)
    match one, other:
        case AtLeast(least), Exactly(int(value)) if value >= 0:
            return May((AtLeast(least + value),))
    left_items, right_items = items_of(one), items_of(other)
    if left_items and right_items:
        others = [some for some in (left_items.others, right_items.others) if some]
        return may(Items((*left_items.known, *right_items.known), either(others) if others else None))
    # A list, and what may be one.
    if (left_items or right_items) and isinstance(other if left_items else one, Anything):
        items = left_items or right_items or Items()
        return may(Items(items.known, ANYTHING), errs=True)
    return ANYTHING


def _size(value: Value) -> May:
    match value:
        case Exactly(str() | list() | dict() as told):
            return exactly(len(told))
        case Items(items, others):
            return may(AtLeast(len(items))) if others else exactly(len(items))
        case Fields(always, perhaps, is_open):
            return may(AtLeast(len(always))) if is_open or perhaps else exactly(len(always))
        case Text():
            return may(AtLeast(0))
    return ANYTHING


def _compared(holds: Callable[[Any, Any], bool]) -> Callable[[Value, Value], May]:
    """A comparison of two numbers, or of two texts."""

    def compare(one: Value, other: Value) -> May:
        match one, other:
            case Exactly(left), Exactly(right):
                if type(left) is type(right) and isinstance(left, str | int):
                    return exactly(holds(left, right))
            case AtLeast(least), Exactly(int(value)) if _is_whole(value):
                ways = {holds(some, value) for some in (least, max(least, value), max(least, value) + 1)}
                return truth(yes=True in ways, no=False in ways)
            case Exactly(int(value)), AtLeast(least) if _is_whole(value):
                ways = {holds(value, some) for some in (least, max(least, value), max(least, value) + 1)}
                return truth(yes=True in ways, no=False in ways)
        return truth(yes=True, no=True, errs=True)

    return compare


def _of_texts(asked: str, say: Callable[[str, str], bool]) -> Callable[[Value, Value], May]:
    def said(one: Value, other: Value) -> May:
        match one, other:
            case Exactly(str(text)), Exactly(str(part)):
                return exactly(say(text, part))
            case Text(), Exactly(str(part)):
                known = one.says(asked, part)
                return UNSURE if known is None else exactly(known)
        return truth(yes=True, no=True, errs=True)

    return said


def _matches(one: Value, other: Value) -> May:
    """Whether a known text matches, where each engine says the same."""
    match one, other:
        case Exactly(str(text)), Exactly(str(pattern)) if _is_plain(pattern) and text.isprintable() and len(text) < 100:
            return exactly(re.search(pattern, text) is not None)
    return truth(yes=True, no=True, errs=True)


def _is_plain(pattern: str) -> bool:
    if not _PLAIN.fullmatch(pattern) or len(re.findall(r"\.[*+]", pattern)) > 1 or pattern.count("(") > 1:
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _cased(say: Callable[[str], str]) -> Callable[[Value], May]:
    def said(value: Value) -> May:
        match value:
            case Exactly(str(text)) if text.isascii():
                return exactly(say(text))
            case Text(folded=True):
                return May((value,))
        return ANYTHING

    return said


def _at(one: Value, other: Value) -> May:
    """A field by its name, or an item by its number; of what need not be there, one that need not be there."""
    if isinstance(one, Optional):
        return may(*_optional_at(one, other).values, errs=True)
    match one, other:
        case Exactly(dict() as told), Exactly(str(name)):
            return exactly(told[name]) if name in told else ERRS
        case Fields(), Exactly(str(name)):
            return one.field(name)
        case Items(items, None), Exactly(int(number)) if not isinstance(number, bool):
            return items[number] if 0 <= number < len(items) else ERRS
        case Exactly(list() as told), Exactly(int(number)) if not isinstance(number, bool):
            return exactly(told[number]) if 0 <= number < len(told) else ERRS
        case Items(items, others), _:
            found = either([*items, *([others] if others else [])])
            return may(*found.values, errs=True)
    return ANYTHING


def _optional_at(one: Value, other: Value) -> May:
    """The same where it need not be there, of what need not be there either."""
    if isinstance(one, Optional):
        if one.value is None:
            return may(Optional())
        return either(_optional_at(some, other) for some in one.value.values)
    if isinstance(one, Anything):
        return may(Optional(SOME_VALUE), Optional(), errs=True)
    found = _at(one, other)
    inner = May(found.values)
    there = (Optional(inner),) if inner.values else ()
    is_map = isinstance(one, Fields) or (isinstance(one, Exactly) and isinstance(one.value, dict))
    fits = isinstance(other, Exactly) and (isinstance(other.value, str) if is_map else _is_whole(other.value))
    return may(*there, *((Optional(),) if found.errs else ()), errs=not (fits and (is_map or items_of(one))))


def _has_value(one: Value) -> May:
    return exactly(one.value is not None) if isinstance(one, Optional) else truth(yes=True, no=True, errs=True)


def _value(one: Value) -> May:
    match one:
        case Optional(None):
            return ERRS
        case Optional(May() as inner):
            return inner
    return ANYTHING


def _there(one: Value) -> May:
    return may(Optional(May((one,))))


def _there_if_any(one: Value) -> May:
    return may(Optional(May((one,))), Optional())


FUNCTIONS: Mapping[str, Callable[..., May]] = {
    "_==_": equal,
    "_!=_": unequal,
    "@in": among,
    "_+_": _added,
    "size": _size,
    "_<_": _compared(lambda one, other: one < other),
    "_<=_": _compared(lambda one, other: one <= other),
    "_>_": _compared(lambda one, other: one > other),
    "_>=_": _compared(lambda one, other: one >= other),
    "startsWith": _of_texts("startsWith", str.startswith),
    "endsWith": _of_texts("endsWith", str.endswith),
    "contains": _of_texts("contains", str.__contains__),
    "matches": _matches,
    "lowerAscii": _cased(str.lower),
    "upperAscii": _cased(str.upper),
    "_[_]": _at,
    "_?._": _optional_at,
    "_[?_]": _optional_at,
    "hasValue": _has_value,
    "value": _value,
    "optional.of": _there,
    "optional.none": lambda: may(Optional()),
    "optional.ofNonZeroValue": _there_if_any,
    "dyn": lambda one: May((one,)),
}
