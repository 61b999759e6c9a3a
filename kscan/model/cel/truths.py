"""Truths of which it may not be known which they are: both, either, and what is not."""

from kscan.model.cel.partial import FALSE, TRUE, Anything, Exactly, May, truth


def are_truths(found: May) -> bool:
    """Whether it is known to be true or false, if it does not err."""
    return all(one.key in (TRUE.key, FALSE.key) for one in found.values)


def may_be(found: May, value: Exactly) -> bool:
    """Whether it may come to a value."""
    return any(one.key == value.key for one in found.values)


def both(one: May, other: May) -> May:
    """Both: what is false decides, whatever the other one comes to."""
    first, second = _ways(one), _ways(other)
    found = {_and(left, right) for left in first for right in second}
    return truth(yes=True in found, no=False in found, errs=None in found)


def _ways(found: May) -> set[bool | None]:
    """True, false, or None for an error."""
    ways: set[bool | None] = {None} if found.errs else set()
    for one in found.values:
        if one.key in (TRUE.key, FALSE.key):
            ways.add(one.key == TRUE.key)
        else:
            # What is no truth errs; what may be anything may be one.
            ways |= {True, False, None} if isinstance(one, Anything) else {None}
    return ways


def _and(one: bool | None, other: bool | None) -> bool | None:
    return False if one is False or other is False else None if one is None or other is None else True


def negated(found: May) -> May:
    """What is not."""
    ways = _ways(found)
    return truth(yes=False in ways, no=True in ways, errs=None in ways)
