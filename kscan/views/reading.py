"""What comes of a view: its value, the evidence it rests on, and what was missing."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from kscan.snapshot.entry import Gap

T = TypeVar("T")


class Evidence(msgspec.Struct, frozen=True, order=True):
    """A path that was read, and how many objects it held."""

    path: str
    objects: int | None = None


class Weighed(msgspec.Struct, frozen=True, order=True):
    """A gap that leaves nothing open, and why."""

    gap: Gap
    because: str


class Reading(msgspec.Struct, Generic[T], frozen=True):
    """A view's value, with the evidence it rests on, what was missing, and what was missed by nobody."""

    value: T
    evidence: tuple[Evidence, ...]
    gaps: tuple[Gap, ...]
    weighed: tuple[Weighed, ...] = ()
    # What tells whether it rests on a path: as long as only others change, it is the same.
    rests_on: tuple[Callable[[str], bool], ...] = ()
