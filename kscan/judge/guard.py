"""The guard around rules and views: what raises is kscan's own fault, and costs the object that it raised on.

A view or rule that raises is asked again without some objects, until the one is found that it raises on. That
object becomes a gap, as one that does not decode is. Where none is found, the check as a whole is undecided.
"""

import logging
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from kscan.errors import KscanError
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason
from kscan.snapshot.snapshot import Snapshot
from kscan.views.answers import UnlikeError
from kscan.views.called import name_of
from kscan.views.view import Readings

T = TypeVar("T")
_HOME = Path(__file__).parents[1]
_LOG = logging.getLogger("kscan.faults")
_MISSHAPEN = (msgspec.MsgspecError, UnlikeError)
# After so many objects, or so many seconds of looking for them, a check that raises is undecided as a whole.
_MOST_OBJECTS, _MOST_SECONDS = 8, 20.0


class Unit(msgspec.Struct, frozen=True, order=True):
    """What is taken away by itself: an object of a list by its number, or a whole answer."""

    path: str
    index: int = -1


class Guard:
    """Readings under guard: every view and rule is asked through it."""

    def __init__(self, readings: Readings) -> None:
        self.readings = readings
        self._sound: Readings | None = None
        self._left_out: dict[Unit, Gap] = {}
        # Where something raised for which no object was found.
        self._given_up: set[str] = set()
        self._seconds = _MOST_SECONDS
        self.faults: dict[Gap, None] = {}

    def ask(self, name: str, call: Callable[[Readings], T], otherwise: Callable[[Gap], T]) -> T:
        """What a call gives; where it raises, what it gives without the objects that it raises on."""
        try:
            return call(self.readings)
        except KscanError:
            raise
        except Exception as error:  # noqa: BLE001 - what raises here must not end the scan
            if not isinstance(error, _MISSHAPEN):
                _LOG.debug("%s raised", name, exc_info=error)
            return self._again(name, call, otherwise, error)

    def _again(self, name: str, call: Callable[[Readings], T], otherwise: Callable[[Gap], T], error: Exception) -> T:
        for _ in range(_MOST_OBJECTS + 1):
            if self._sound:
                try:
                    found = call(self._sound)
                except Exception as again:  # noqa: BLE001
                    error = again
                else:
                    self._note(*self._left_out.values())
                    return found
            if not self._leave_out(call, error):
                break
        fault = _gap(name, error)
        self._note(fault)
        return otherwise(fault)

    def _note(self, *gaps: Gap) -> None:
        self.faults.update(dict.fromkeys(gap for gap in gaps if gap.reason is Reason.FAULT))

    def _leave_out(self, call: Callable[[Readings], object], error: Exception) -> bool:
        """Find one more object that a call raises on; false where there is none, or no time."""
        place = _place(error)
        if place in self._given_up or len(self._left_out) >= _MOST_OBJECTS:
            return False
        started = time.monotonic()
        unit = self._culprit(call, started + self._seconds)
        self._seconds -= time.monotonic() - started
        if unit is None:
            self._given_up.add(place)
            return False
        self._left_out[unit] = _gap(_path(self.readings.snapshot, unit), error)
        self._sound = self.readings.over(_without(self.readings.snapshot, self._left_out))
        return True

    def _culprit(self, call: Callable[[Readings], object], until: float) -> Unit | None:
        """The object without which, and without all after it, the call no longer raises: halved until it is found."""
        units = [unit for unit in _units(self.readings.snapshot) if unit not in self._left_out]
        fails, holds = len(units), -1
        while fails - holds > 1:
            if time.monotonic() > until:
                return None
            middle = (fails + holds) // 2 if holds >= 0 else 0
            away = self._left_out | {one: Gap(one.path, Reason.FAULT) for one in units[middle:]}
            try:
                call(self.readings.over(_without(self.readings.snapshot, away)))
            except Exception:  # noqa: BLE001
                if middle == 0:
                    return None
                fails = middle
            else:
                holds = middle
        return units[fails - 1] if units else None


def _units(snapshot: Snapshot) -> list[Unit]:
    found: list[Unit] = []
    for path, entry in snapshot.entries.items():
        if isinstance(entry, Listing):
            found += [Unit(path, index) for index in range(len(entry.items))]
        elif isinstance(entry, Body):
            found.append(Unit(path))
    return found


def _without(snapshot: Snapshot, away: Mapping[Unit, Gap]) -> Snapshot:
    """The snapshot with gaps in the place of some of what it holds."""
    by_path: dict[str, dict[int, Gap]] = {}
    for unit, gap in away.items():
        by_path.setdefault(unit.path, {})[unit.index] = gap
    entries = {path: _less(entry, by_path.get(path, {})) for path, entry in snapshot.entries.items()}
    return Snapshot(snapshot.about, entries)


def _less(entry: Entry, away: Mapping[int, Gap]) -> Entry:
    if not away or isinstance(entry, Gap):
        return entry
    first = min(away.items())[1]
    if isinstance(entry, Body):
        return first
    items = tuple(item for index, item in enumerate(entry.items) if index not in away)
    return msgspec.structs.replace(entry, items=items, gap=entry.gap or first)


def _path(snapshot: Snapshot, unit: Unit) -> str:
    entry = snapshot.entries[unit.path]
    return f"{unit.path}/{name_of(entry.items[unit.index])}" if isinstance(entry, Listing) else unit.path


def _gap(path: str, error: Exception) -> Gap:
    """What is not shaped as it should be is no fault of kscan's."""
    if isinstance(error, _MISSHAPEN):
        return Gap(path, Reason.UNDECODABLE, str(error))
    return Gap(path, Reason.FAULT, _place(error))


def _place(error: Exception) -> str:
    """What was raised, and where in kscan; without its words, which may hold what the object holds."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_HOME)]
    where = f" at {Path(ours[-1].filename).relative_to(_HOME.parent).as_posix()}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"
