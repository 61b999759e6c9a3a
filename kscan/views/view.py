"""What a view is: its name, what it is made from, and the function that makes it.

A view is built from a `Source`, which notes every path that was read and every gap that was met,
and which hands out nothing that the view did not declare.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from kscan.model.base import decode
from kscan.snapshot.entry import Body, Gap, Item, Listing, Reason
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.named import named
from kscan.snapshot.needs import Brought, FromNode, Named, Need, PerNode, Plain, Resource, split_path
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.answers import Question
from kscan.views.called import name_of
from kscan.views.reading import Evidence, Reading, Weighed

_BY_NAME = frozenset((resource.group, resource.plural) for resource in KNOWN)
T = TypeVar("T")
A = TypeVar("A")
N = TypeVar("N")
Met = TypeVar("Met", "Evidence", Gap, "Weighed")


class View(msgspec.Struct, Generic[T], frozen=True):
    """A reading that can be made of any snapshot."""

    name: str
    needs: tuple[Need, ...]
    build: Callable[["Source"], T]


class Source:
    """A snapshot, limited to what a view declared. A gap that is met stays, unless it is weighed away with a reason."""

    def __init__(self, readings: "Readings", needs: tuple[Need, ...]) -> None:
        self._readings = readings
        self._snapshot = readings.snapshot
        self._needs = needs
        self.evidence: list[Evidence] = []
        self._gaps: list[Gap] = []
        self._weighed: list[Weighed] = []
        self.rests_on: list[Callable[[str], bool]] = [need.stands_at for need in needs]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was missed so far."""
        return tuple(self._gaps)

    @property
    def outweighed(self) -> tuple[Weighed, ...]:
        """What was missing so far and leaves nothing open."""
        return tuple(self._weighed)

    @property
    def about(self) -> About:
        """Which cluster, by whom, when."""
        return self._snapshot.about

    def items(self, resource: Resource) -> Iterator[tuple[str, Item]]:
        """Every object of a resource with the path of its list."""
        self._declared(resource)
        self._gaps += self._snapshot.unread(resource)
        for path, entry in self._snapshot.listings(resource):
            if isinstance(entry, Gap):
                if not (resource.optional and entry.reason is Reason.NOT_SERVED):
                    self._gaps.append(entry)
                continue
            self.evidence.append(Evidence(path, len(entry.items)))
            if entry.gap:
                self._gaps.append(entry.gap)
            for item in entry.items:
                yield path, item

    def everything(self) -> Iterator[tuple[tuple[str, str], str, Listing]]:
        """Group and plural, path and objects of every list that happens to be there."""
        self.rests_on.append(bool)
        yield from self._lists()

    def _lists(self) -> Iterator[tuple[tuple[str, str], str, Listing]]:
        for path, entry in self._snapshot.entries.items():
            parts = split_path(path)
            if isinstance(entry, Listing) and parts:
                yield (parts[0], parts[3]), path, entry

    def here(self, resource: Resource) -> Iterator[Item]:
        """The objects of a resource that happen to be there, where nobody has to ask for them."""
        self.rests_on.append(resource.stands_at)
        for name, _, entry in self._lists():
            if name == (resource.group, resource.plural):
                yield from entry.items

    def others(self) -> Iterator[tuple[str, str, str, Item]]:
        """Group, kind, path and object of all that happens to be there of kinds that no view asks for by name."""
        self.rests_on.append(_is_other)
        for resource, path, entry in self._lists():
            if resource not in _BY_NAME:
                for item in entry.items:
                    yield resource[0], entry.kind, path, item

    def used(self, path: str) -> None:
        """Note that a list of another kind was of use."""
        entry = self._snapshot.at(path)
        self.evidence.append(Evidence(path, len(entry.items) if isinstance(entry, Listing) else None))

    def nouns(self, resource: Resource, noun: type[N]) -> Iterator[N]:
        """Every object of a resource, decoded; one that cannot be is a gap that names it."""
        for path, item in self.items(resource):
            try:
                yield decode(item.body, noun)
            except msgspec.MsgspecError as error:
                self.undecodable(path, item, error)

    def undecodable(self, path: str, item: Item, error: Exception) -> None:
        """Note an object that is not shaped as its kind is."""
        self._gaps.append(Gap(f"{path}/{name_of(item)}", Reason.UNDECODABLE, str(error)))

    def get(self, need: Named, *, because: str = "", only: tuple[Reason, ...] = ()) -> Body | Gap:
        """One object. A gap is missed, unless a reason is given why none is, or none of these kinds."""
        self._declared(need)
        found = named(need, self._snapshot.get(need))
        self._noted(need, found, because, only)
        return found

    def answer(self, question: Question[A], *, because: str = "", only: tuple[Reason, ...] = ()) -> A | None:
        """What one path answers; None where that is missing, which is noted in the same way."""
        need = question.need
        if not isinstance(need, Plain | Brought):
            raise LookupError(f"{need} is asked of each node")
        self._declared(need)
        found = question.read(need.path(), self._snapshot.get(need))
        self._noted(need, found, because, only)
        return None if isinstance(found, Gap) else found

    def asked(self, need: Plain | Brought) -> bool:
        """Whether anybody asked for a path, whatever came of it."""
        self._declared(need)
        found = self._snapshot.get(need)
        return not isinstance(found, Gap) or found.reason is not Reason.NOT_ASKED

    def told_by(self, need: Plain) -> str:
        """How an answer came, where it was not the whole one of the API server."""
        found = self._snapshot.get(need)
        return found.via if isinstance(found, Body) else ""

    def _noted(self, need: Plain | Named | Brought, found: object, because: str, only: tuple[Reason, ...]) -> None:
        if not isinstance(found, Gap):
            self.evidence.append(Evidence(need.path()))
        elif because and (not only or found.reason in only):
            self._weighed.append(Weighed(found, because))
        else:
            self._gaps.append(found)

    def of(self, view: View[T]) -> T:
        """Another view, built once for all that lean on it; what it missed is missed here too."""
        reading = self._leaned_on(view)
        self._gaps += reading.gaps
        return reading.value

    def weighed(self, view: View[T], *, because: str) -> T:
        """Another view, of which what it missed leaves nothing open here, for a reason."""
        reading = self._leaned_on(view)
        self._weighed += [Weighed(gap, because) for gap in reading.gaps]
        return reading.value

    def weigh(self, *gaps: Gap, because: str) -> None:
        """Pass over gaps that were met, for a reason."""
        passed_over = set(gaps)
        self._gaps = [gap for gap in self._gaps if gap not in passed_over]
        self._weighed += [Weighed(gap, because) for gap in gaps]

    def _leaned_on(self, view: View[T]) -> Reading[T]:
        for need in view.needs:
            self._declared(need)
        reading = self._readings.of(view)
        self.evidence += reading.evidence
        self._weighed += reading.weighed
        self.rests_on += reading.rests_on
        return reading

    def whole(self, view: View[T]) -> bool:
        """Whether another view was read without gaps."""
        return not self.missing(view)

    def missing(self, view: View[T]) -> tuple[Gap, ...]:
        """What another view missed."""
        reading = self._readings.of(view)
        self.rests_on += reading.rests_on
        return reading.gaps

    def nodes_told(self, need: FromNode) -> tuple[str, ...]:
        """The nodes of which there is a document, or a gap in its place."""
        self._declared(need)
        return tuple(node for path in self._snapshot.entries if (node := need.node(path)))

    def unread(self, need: FromNode) -> Iterator[Gap]:
        """What was not read of the documents, and of which node is not known."""
        self._declared(need)
        return self._snapshot.unread(need)

    def of_node(self, need: PerNode | FromNode, node: str) -> Body | Gap:
        """What one node answered."""
        self._declared(need)
        found = self._snapshot.at(need.path(node))
        return Gap(need.path(node), Reason.UNDECODABLE, "a list stands there") if isinstance(found, Listing) else found

    def missed(self, *gaps: Gap) -> None:
        """Note gaps that leave the reading incomplete."""
        self._gaps.extend(gaps)

    def _declared(self, need: Need) -> None:
        if need not in self._needs:
            raise LookupError(f"a view reads {need} without declaring it")


class Readings:
    """The views of one snapshot, each built when it is first asked for."""

    def __init__(self, snapshot: Snapshot, built: Mapping[str, Reading[Any]] | None = None) -> None:
        self.snapshot = snapshot
        self._built = dict(built or {})
        self._given: Mapping[str, Reading[Any]] = {}
        self._raised: dict[str, Exception] = {}

    def given(self, view: View[T], value: T) -> "Readings":
        """The same readings, with another value of one view; what was built of it before stays."""
        reading = {view.name: msgspec.structs.replace(self.of(view), value=value)}
        readings = Readings(self.snapshot, self._built | reading)
        readings._given = {**self._given, **reading}
        return readings

    def over(self, snapshot: Snapshot) -> "Readings":
        """Another snapshot with the same values given."""
        readings = Readings(snapshot, self._given)
        readings._given = self._given
        return readings

    def of(self, view: View[T]) -> Reading[T]:
        """The reading of one view; one that raised once raises again, and is not built anew."""
        if view.name in self._raised:
            raise self._raised[view.name]
        if view.name not in self._built:
            source = Source(self, view.needs)
            try:
                value = self._value(view, source)
            except Exception as error:
                self._raised[view.name] = error
                raise
            self._built[view.name] = Reading(
                value,
                _each(source.evidence),
                _each(source.gaps),
                _each(source.outweighed),
                tuple(dict.fromkeys(source.rests_on)),
            )
        return self._built[view.name]

    def _value(self, view: View[T], source: Source) -> T:
        return view.build(source)

    def made(self, of: Hashable, values: Sequence[object], make: Callable[[], Iterable[T]]) -> Iterable[T]:
        """What is made of values of views, by a name: where many readings are compared it may be there already."""
        return make()


def _is_other(path: str) -> bool:
    parts = split_path(path)
    return parts is not None and (parts[0], parts[3]) not in _BY_NAME


def _each(found: Iterable[Met]) -> tuple[Met, ...]:
    """Each once, in order."""
    return tuple(sorted(set(found)))
