"""Who and what is powerful: whoever holds one of the grave dangers comes to what others have, or to all."""

from collections.abc import Iterable, Mapping, Sequence, Set

from kscan.model.meta import Metadata, ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Scopes
from kscan.model.rbac.identity import Identity
from kscan.model.rbac.reach import NOWHERE, Reach
from kscan.model.rbac.roles import Binding, RoleRef, Subject

# Whoever has power there has the cluster: what runs it stands there.
_SYSTEM = "kube-system"
# No name that an API server takes: a namespace like any other, and the beginning of who stands in for a role.
_ANY = "\0"
Holding = tuple[Reach, Scopes]


class Powers:
    """The powerful of a cluster: by what they hold, or by whom they may become.

    What is held counts in the places that are given with it; none given is everywhere.
    """

    def __init__(self, held: Sequence[Holding] = (), become: Mapping[str, Scopes] | None = None) -> None:
        self.held = held
        self._become = become or {}
        self._known: dict[Identity, Scopes] = {}

    def places(self, identity: Identity) -> Scopes:
        """Where somebody is powerful."""
        if identity not in self._known:
            found = [self._become.get(key, NOWHERE) for key in identity.keys]
            for reach, places in self.held:
                scopes = reach.of(identity)
                found.append(scopes & {EVERYWHERE, *places} if places else scopes)
            self._known[identity] = NOWHERE.union(*found)
        return self._known[identity]

    def somebody(self, identity: Identity) -> bool:
        """Whether somebody is powerful in the whole cluster, or may become somebody who is."""
        becomes = any(key in self._become for key in identity.keys)
        return becomes or not self.places(identity).isdisjoint({EVERYWHERE, _SYSTEM})

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
             for place in {_ANY, _SYSTEM, *places}]  # fmt: skip
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
) -> Mapping[str, Scopes]:
    """Who may become somebody powerful, however many others they become between, and where they may.

    Of each of whom somebody may become: the roles that allow it, and in which namespace.
    """
    of_key: dict[str, list[Identity]] = {}
    for identity in targets:
        for key in identity.keys:
            of_key.setdefault(key, []).append(identity)
    found: dict[str, Scopes] = {}
    pending = [identity for identity in targets if powers.somebody(identity)]
    done, asked = set(pending), set[tuple[ObjectRef, str]]()
    while pending:
        fresh = targets[pending.pop()] - asked
        asked |= fresh
        for role, place in fresh:
            for grant in (one for one in authorizer.given(role) if one.namespace in (EVERYWHERE, place)):
                more = [one for one in of_key.get(grant.key, ()) if grant.key not in found and one not in done]
                found[grant.key] = found.get(grant.key, NOWHERE) | {grant.namespace}
                done.update(more)
                pending += more
    return found
