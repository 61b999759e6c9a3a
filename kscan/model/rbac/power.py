"""Who and what is powerful: whoever holds one of the grave dangers comes to what others have, or to all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain

import msgspec

from kscan.model.meta import Metadata, ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Scopes
from kscan.model.rbac.identity import AUTHENTICATED, SERVICE_ACCOUNTS, Identity, is_node, subject_of
from kscan.model.rbac.reach import NOWHERE, Reach
from kscan.model.rbac.roles import Binding, RoleRef, Subject

# Whoever has power there has the cluster: what runs it stands there.
_SYSTEM: Scopes = frozenset({"kube-system"})
# No name that an API server takes: a namespace like any other, and the beginning of who stands in for a role.
_ANY = "\0"
Holding = tuple[Reach, Scopes]


class Becoming(msgspec.Struct, frozen=True):
    """Who may become somebody powerful, by key, and where; and in which namespaces powerful accounts stand.

    The empty name is every namespace.
    """

    who: Mapping[str, Scopes] = {}
    seats: Scopes = _SYSTEM


class Powers:
    """The powerful of a cluster: by what they hold, or by whom they may become.

    What is held counts in the places that are given with it; none given is everywhere.
    """

    def __init__(
        self,
        held: Sequence[Holding] = (),
        become: Becoming | None = None,
        base: "Powers | None" = None,
        named: Sequence[Reach] = (),
    ) -> None:
        self.held = held
        self._become = become or Becoming()
        self._base = base
        # Power over some things by their names alone: it counts where a powerful account stands.
        self._named: Sequence[Reach] = base._named if base else named
        self._known: dict[Identity, Scopes] = {}

    def beside(self, held: Sequence[Holding], become: Becoming) -> "Powers":
        """The same with more that is held, and with whom they may become; what is known of these is kept."""
        return Powers(held, become, self)

    def places(self, identity: Identity) -> Scopes:
        """Where somebody is powerful."""
        if identity not in self._known:
            found = [self._become.who.get(key, NOWHERE) for key in identity.keys]
            found += [self._base.places(identity)] if self._base else []
            for reach, places in self.held:
                scopes = reach.of(identity)
                found.append(scopes & {EVERYWHERE, *places} if places else scopes)
            self._known[identity] = NOWHERE.union(*found)
        return self._known[identity]

    @property
    def seats(self) -> Scopes:
        """In which namespaces powerful accounts stand; the empty name is every namespace."""
        return self._become.seats

    def near(self, identity: Identity) -> Scopes:
        """Where somebody has power, be it over some things by their names."""
        return self.places(identity).union(*(reach.of(identity) for reach in self._named))

    def somebody(self, identity: Identity) -> bool:
        """Whether somebody is powerful in the whole cluster, or may become somebody who is.

        So is who has power in a namespace where such an account stands: pods, tokens and roles of it are within reach.
        A node is given the tokens and secrets of the pods that run there.
        """
        if any(key in self._become.who for key in identity.keys) or is_node(identity):
            return True
        places, seats = self.near(identity), self._become.seats
        return bool(places) if EVERYWHERE in seats else EVERYWHERE in places or not seats.isdisjoint(places)

    def role(self, ref: ObjectRef) -> bool:
        """Whether a ClusterRole makes powerful by itself where it is bound for the cluster."""
        return bool(self.places(Identity(_stand_in(ref, EVERYWHERE))))

    def inside(self, ref: ObjectRef) -> Scopes:
        """In which namespaces a role makes powerful by itself; the empty name is any."""
        places = self.places(Identity(_stand_in(ref, ref.namespace or _ANY)))
        return frozenset({EVERYWHERE}) if _ANY in places else places


def standing_in(authorizer: Authorizer, roles: Mapping[ObjectRef, Iterable[str]]) -> Authorizer:
    """The same, with somebody for each of these roles who has nothing else, so that a role is asked as people are.

    A ClusterRole is bound for the cluster, to one, and to another in a namespace like any other, in that of what runs
    the cluster, and in those that are given with it.
    """
    more = [_bound(ref, place, place) for ref in roles for place in [ref.namespace]]
    more += [_bound(ref, _ANY, place) for ref, places in roles.items() if not ref.namespace
             for place in {_ANY, *_SYSTEM, *places}]  # fmt: skip
    return Authorizer(authorizer.roles.values(), (*authorizer.bindings, *more))


def _bound(ref: ObjectRef, who: str, place: str) -> Binding:
    return Binding(
        metadata=Metadata(name=f"{_ANY}{ref.name}", namespace=place),
        role_ref=RoleRef(kind=ref.kind, name=ref.name),
        subjects=(Subject(kind="User", name=_stand_in(ref, who)),),
    )


def _stand_in(ref: ObjectRef, place: str) -> str:
    return f"{_ANY}{place}/{ref}"


def becoming(
    authorizer: Authorizer, powers: Powers, targets: Mapping[Identity, Set[tuple[ObjectRef, str]]]
) -> Becoming:
    """Who may become somebody powerful, however many others they become between, and where they may.

    Of each of whom somebody may become: the roles that allow it, and in which namespace.
    """
    world = _World(powers, dict.fromkeys((*targets, *_standing(authorizer))))
    found: dict[str, Scopes] = {}
    seats, asked = set(_SYSTEM), set[tuple[ObjectRef, str]]()
    pending = [identity for identity in world.known if powers.somebody(identity)]
    done = set(pending)
    while pending:
        identity = pending.pop()
        new = _seats(identity) - seats
        seats |= new
        more = [one for seat in new for one in world.within(seat)]
        fresh = targets.get(identity, set()) - asked
        asked |= fresh
        for role, place in fresh:
            for grant in (one for one in authorizer.given(role) if one.namespace in (EVERYWHERE, place)):
                more += () if grant.key in found else world.of_key.get(grant.key, ())
                found[grant.key] = found.get(grant.key, NOWHERE) | {grant.namespace}
        pending += [one for one in dict.fromkeys(more) if one not in done]
        done.update(more)
    return Becoming(found, frozenset(seats))


def _standing(authorizer: Authorizer) -> Iterator[Identity]:
    """Service accounts and groups of them; of those alike one, as they have power over the same."""
    alike: set[object] = set()
    for key, identity in zip(authorizer.keys, authorizer.identities, strict=True):
        if _seats(identity):
            held = identity.groups, tuple(id(grant.binding) for grant in authorizer.granted(key))
            if held not in alike:
                alike.add(held)
                yield identity


class _World:
    """Those who may come to be powerful, by what binds them, and by where they have power."""

    def __init__(self, powers: Powers, known: Iterable[Identity]) -> None:
        self.known = tuple(known)
        self.of_key: dict[str, list[Identity]] = {}
        alike: dict[Scopes, list[Identity]] = {}
        for identity in self.known:
            alike.setdefault(powers.near(identity), []).append(identity)
            for key in identity.keys:
                self.of_key.setdefault(key, []).append(identity)
        # Many have power in the same places: these are gone through once for all of them.
        self._within: dict[str, list[list[Identity]]] = {}
        for scopes, found in alike.items():
            for place in scopes:
                self._within.setdefault(place, []).append(found)

    def within(self, seat: str) -> Iterator[Identity]:
        """Who has power in a namespace."""
        return chain.from_iterable(self._within.get(seat, ()))


def _seats(identity: Identity) -> Scopes:
    """The namespace of a service account, or of a group of them; the empty name is every namespace."""
    subject = subject_of(identity.keys[0])
    if subject.kind == "ServiceAccount":
        return frozenset({subject.namespace})
    if subject.kind == "Group" and subject.name in (SERVICE_ACCOUNTS, AUTHENTICATED):
        return frozenset({EVERYWHERE})
    of_accounts = subject.kind == "Group" and subject.name.startswith(f"{SERVICE_ACCOUNTS}:")
    return frozenset({subject.name.removeprefix(f"{SERVICE_ACCOUNTS}:")}) if of_accounts else NOWHERE
