"""Readings of one cluster, taken again with other things seen: what comes out as before need not be worked out anew."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kscan.snapshot.snapshot import Snapshot
from kscan.views.reading import Reading
from kscan.views.view import Readings, Source, T, View


class _Known:
    """Every value that came out so far, and what was made of them; kept, so that none takes another's place."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {}
        self.made: dict[Hashable, tuple[Sequence[object], Any]] = {}


class Retaken(Readings):
    """Readings that know those before them: two values of a view that are equal are one."""

    def __init__(self, snapshot: Snapshot, before: "Retaken | None" = None) -> None:
        super().__init__(snapshot, before._unchanged(snapshot) if before else {})
        self._known: _Known = before._known if before else _Known()

    def _unchanged(self, snapshot: Snapshot) -> Mapping[str, Reading[Any]]:
        """What rests on nothing that is another entry now; what was not read of files is told beside all of them."""
        if snapshot.about != self.snapshot.about:
            return {}
        before, after = self.snapshot.entries, snapshot.entries
        changed = [path for path in before.keys() | after.keys() if before.get(path) is not after.get(path)]
        return {
            name: one
            for name, one in self._built.items()
            if not any(rests_on(path) for path in changed for rests_on in one.rests_on)
        }

    def _value(self, view: View[T], source: Source) -> T:
        value = super()._value(view, source)
        known = self._known.values.setdefault(view.name, [])
        same: T | None = next((one for one in known if one == value), None)
        if same is None:
            same = _with_parts(value, known)
            known.append(same)
        return same

    def made(self, of: Hashable, values: Sequence[object], make: Callable[[], Iterable[T]]) -> Iterable[T]:
        """The same as before, where it was made of the very same values."""
        key = of, tuple(map(id, values))
        if key not in self._known.made:
            self._known.made[key] = values, tuple(make())
        found: tuple[T, ...] = self._known.made[key][1]
        return found


def _with_parts(value: T, known: Sequence[T]) -> T:
    """The same, with those of its parts that are equal to one of before."""
    if not isinstance(value, msgspec.Struct):
        return value
    parts = {}
    for one in (one for one in known if type(one) is type(value)):
        # What is noted beside them belongs to the value that it was noted of.
        for name in (field for field in value.__struct_fields__ if not field.startswith("_")):
            before, now = getattr(one, name), getattr(value, name)
            if name not in parts and before is not now and before == now:
                parts[name] = before
    return msgspec.structs.replace(value, **parts)
