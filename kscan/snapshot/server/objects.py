"""The objects of one listing, found by namespace and by name."""

from collections.abc import Sequence
from functools import cached_property

import msgspec

from kscan.model.base import Reader
from kscan.snapshot.entry import Item, Listing
from kscan.snapshot.server.query import Selection


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""


class _Identified(msgspec.Struct):
    metadata: _Meta = _Meta()


_IDENTIFIED = Reader(_Identified)


class Objects:
    """A listing with an index that is made when first needed."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        # Of two objects with one name, which no API server has, the first is found.
        names = [_identity(item) for item in self.listing.items]
        return {(meta.namespace, meta.name): place for place, meta in reversed(list(enumerate(names)))}

    @cached_property
    def _by_namespace(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, item in enumerate(self.listing.items):
            found.setdefault(_identity(item).namespace, []).append(place)
        return found

    def named(self, namespace: str, name: str) -> Item | None:
        """One object, or None."""
        place = self._places.get((namespace, name))
        return None if place is None else self.listing.items[place]

    def namespaces(self) -> list[str]:
        """The namespaces that have objects here."""
        return list(self._by_namespace)

    def page(self, namespace: str, chosen: Selection, start: int, limit: int) -> tuple[list[Item], int]:
        """At most `limit` selected objects from a position on, and where to go on; 0 at the end."""
        items = self.listing.items
        places: Sequence[int] = self._by_namespace.get(namespace, []) if namespace else range(len(items))
        most = limit or len(places)
        found: list[Item] = []
        for position in range(start, len(places)):
            if len(found) == most:
                return found, position
            item = items[places[position]]
            if not chosen or chosen.takes(item):
                found.append(item)
        return found, 0


def _identity(item: Item) -> _Meta:
    try:
        return _IDENTIFIED.decode(item.head).metadata
    except msgspec.MsgspecError:
        return _Meta()
