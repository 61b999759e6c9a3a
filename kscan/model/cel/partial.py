"""Values of which only a part is known, and what one may be: a few such values, or that its expression errs.

Each stands for all the values that it may be; what is said of it holds for every one of them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import msgspec

# As many as one thing may be at once, and as large as it may be; what may be more may be anything.
_MOST, _LARGEST = 8, 600


class Exactly(msgspec.Struct, frozen=True, dict=True):
    """One value, as JSON has it."""

    value: Any

    @cached_property
    def size(self) -> int:
        """How many values it is made of."""
        return len(msgspec.json.encode(self.value)) // 16

    @cached_property
    def key(self) -> object:
        """What tells it from others: 1 is not true."""
        plain = isinstance(self.value, str | int | float | None)
        return (type(self.value).__name__, self.value) if plain else msgspec.json.encode(self.value)


def _not_known(asked: str, text: str) -> None:
    return None


class Text(msgspec.Struct, frozen=True, dict=True):
    """Some text, and which ones it may be."""

    name: str
    equals: Callable[[str], bool]
    # Whether the same is true of it in small letters, or in large ones.
    folded: bool = False
    # What one of startsWith, endsWith and contains says of it, or None where that is not known.
    says: Callable[[str, str], bool | None] = _not_known

    @property
    def size(self) -> int:
        """How many values it is made of."""
        return 1

    @cached_property
    def key(self) -> object:
        """What tells it from others."""
        return "text", self.name


class Items(msgspec.Struct, frozen=True, dict=True):
    """A list that surely holds some items, among others which are of one kind; of none where it holds no others."""

    known: tuple["May", ...] = ()
    others: "May | None" = None

    @cached_property
    def size(self) -> int:
        """How many values it is made of."""
        return 1 + sum(one.size for one in (*self.known, *([self.others] if self.others else [])))

    @cached_property
    def key(self) -> object:
        """What tells it from others."""
        return "items", tuple(one.key for one in self.known), self.others and self.others.key


class Fields(msgspec.Struct, frozen=True, dict=True):
    """An object with fields that it surely has, others that it may have, and any besides where it is open."""

    always: Mapping[str, "May"] = {}
    perhaps: Mapping[str, "May"] = {}
    open: bool = True

    def has(self, field: str) -> bool | None:
        """Whether it has a field; None where it may."""
        if field in self.always or field in self.perhaps:
            return True if field in self.always else None
        return None if self.open else False

    def field(self, field: str) -> "May":
        """A field, which errs where it is not there."""
        if self.has(field) is not None:
            return self.always.get(field, ERRS)
        return may(*self.perhaps[field].values, errs=True) if field in self.perhaps else ANYTHING

    @cached_property
    def size(self) -> int:
        """How many values it is made of."""
        return 1 + sum(one.size for some in (self.always, self.perhaps) for one in some.values())

    @cached_property
    def key(self) -> object:
        """What tells it from others."""
        told = (tuple((name, one.key) for name, one in sorted(some.items())) for some in (self.always, self.perhaps))
        return "fields", *told, self.open


class AtLeast(msgspec.Struct, frozen=True, dict=True):
    """A whole number, or a larger one."""

    least: int

    @property
    def size(self) -> int:
        """How many values it is made of."""
        return 1

    @cached_property
    def key(self) -> object:
        """What tells it from others."""
        return "at least", self.least


class Optional(msgspec.Struct, frozen=True, dict=True):
    """A value that may be left out: left out, or there."""

    value: "May | None" = None

    @cached_property
    def size(self) -> int:
        """How many values it is made of."""
        return 1 + (self.value.size if self.value else 0)

    @cached_property
    def key(self) -> object:
        """What tells it from others."""
        return "optional", self.value and self.value.key


class Anything(msgspec.Struct, frozen=True, dict=True):
    """A value of which nothing is known."""

    @property
    def size(self) -> int:
        """How many values it is made of."""
        return 1

    @cached_property
    def key(self) -> object:
        """What tells it from others."""
        return "anything"


Value = Exactly | Text | Items | Fields | AtLeast | Optional | Anything


class May(msgspec.Struct, frozen=True, dict=True):
    """What an expression may come to."""

    values: tuple[Value, ...] = ()
    errs: bool = False

    @cached_property
    def size(self) -> int:
        """How many values it is made of."""
        return 1 + sum(one.size for one in self.values)

    @cached_property
    def key(self) -> object:
        """What tells it from others."""
        return frozenset(one.key for one in self.values), self.errs

    def only(self, *wanted: bool, errs: bool) -> bool:
        """Whether it comes to one of these truths, or errs where that is as good."""
        return (errs or not self.errs) and all(
            isinstance(one, Exactly) and isinstance(one.value, bool) and one.value in wanted for one in self.values
        )


def may(*values: Value, errs: bool = False) -> May:
    """One of these values, or an error."""
    if any(one.size > _LARGEST for one in values):
        return May((Anything(),), errs)
    if len(values) == 1:
        return May(values, errs)
    found = {one.key: one for one in values}
    if "anything" in found or len(found) > _MOST:
        return May((Anything(),), errs)
    return May(tuple(found.values()), errs)


def exactly(value: Any) -> May:  # noqa: ANN401 - JSON
    """A value that is known."""
    return May((Exactly(value),))


TRUE, FALSE = Exactly(True), Exactly(False)
ERRS = May((), errs=True)
ANYTHING = May((Anything(),), errs=True)
# A value that is there, whatever it is; a truth that is not known.
SOME_VALUE = May((Anything(),))
UNSURE = May((TRUE, FALSE))


def either(every: Iterable[May]) -> May:
    """What it comes to that is one of several."""
    some = tuple(every)
    if len(some) == 1:
        return some[0]
    return may(*(value for one in some for value in one.values), errs=any(one.errs for one in some))


def items_of(value: Value) -> Items | None:
    """A list by its items; nothing of what is none."""
    if isinstance(value, Exactly) and isinstance(value.value, list):
        return Items(tuple(map(exactly, value.value)))
    return value if isinstance(value, Items) else None


def truth(*, yes: bool, no: bool, errs: bool = False) -> May:
    """A truth that may be so, or otherwise."""
    return May((*((TRUE,) if yes else ()), *((FALSE,) if no else ())), errs)
