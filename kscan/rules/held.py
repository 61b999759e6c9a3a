"""Where subjects hold a danger by bindings of their own, beyond what Kubernetes ships them with."""

from collections.abc import Iterable, Iterator, Sequence

from kscan.model.rbac.authorizer import EVERYWHERE, Scopes
from kscan.model.rbac.identity import Identity
from kscan.model.rbac.reach import NOWHERE, Danger, Reach, common
from kscan.views.rights import Rights


class Found:
    """Where subjects are to be told of a danger, of all objects or of names that are enough; asked once for all."""

    def __init__(self, rights: Rights, dangers: Sequence[Danger]) -> None:
        self._dangers = [
            (one, Reach(rights.full, one), Reach(rights.shipped, one), Reach(rights.undecided, one)) for one in dangers
        ]

    def of(self, identity: Identity, namespaces: Sequence[str] = ()) -> Scopes:
        """Where somebody holds it by bindings of their own, who is not shipped with it."""
        return _union(_beyond(full, shipped, identity, namespaces) for _, full, shipped, _ in self._dangers)

    def surely(self, identity: Identity, namespaces: Sequence[str] = ()) -> Scopes:
        """The same, without what may be shipped."""
        return _union(_beyond(full, undecided, identity, namespaces) for _, full, _, undecided in self._dangers)

    def reach(self, danger: Danger) -> Reach:
        """Who holds one of these dangers."""
        return next(full for one, full, _, _ in self._dangers if one is danger)

    def held(self, identity: Identity, places: Scopes) -> Iterator[tuple[Danger, Scopes]]:
        """The dangers that somebody surely holds in some of these places, that of all objects first, and in which."""
        for one, full, _, undecided in self._dangers:
            if mine := common(places, _beyond(full, undecided, identity)):
                yield one, mine

    def at(self, identity: Identity, place: str) -> list[Danger]:
        """The dangers that somebody surely holds in a place, that of all objects first."""
        return [one for one, full, _, undecided in self._dangers
                if not {EVERYWHERE, place}.isdisjoint(_beyond(full, undecided, identity))]  # fmt: skip


def _union(places: Iterable[Scopes]) -> Scopes:
    found = NOWHERE.union(*places)
    return frozenset({EVERYWHERE}) if EVERYWHERE in found else found


def _beyond(full: Reach, known: Reach, identity: Identity, namespaces: Sequence[str] = ()) -> Scopes:
    """Where somebody holds a danger by bindings of their own, beyond what is known to be shipped."""
    places = full.own(identity)
    if namespaces:
        places &= {EVERYWHERE, *namespaces}
    if not places:
        return places
    shipped = known.of(identity)
    if EVERYWHERE in shipped:
        return NOWHERE
    return frozenset({EVERYWHERE}) if EVERYWHERE in places else places - shipped
