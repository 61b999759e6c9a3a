"""Rights that are limited to names: whose names give as much as a right over all of them."""

from collections.abc import Iterator, Mapping, Sequence, Set

from kscan.model.bounds import MOST_NAMES
from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Scopes
from kscan.model.rbac.identity import (
    NODE_USERS,
    Identity,
    account_key,
    group_key,
    identity_of,
    identity_of_user,
    subject_of,
    user_key,
    without_nodes,
)
from kscan.model.rbac.power import Powers
from kscan.model.rbac.reach import NOWHERE, Reach, common
from kscan.model.rbac.roles import Ask

_RBAC = "rbac.authorization.k8s.io"


def powerful(authorizer: Authorizer, powers: Powers, ask: Ask, *, inside: bool) -> Iterator[Ask]:
    """The question of each name that some rule is limited to and that means somebody, or a role, that is powerful.

    A question of a service account or of a Role carries its namespace, for only there the name means it; one of a
    ClusterRole that makes powerful in some namespaces alone carries each of them.
    """
    if ask.resource not in ("clusterroles", "roles"):
        names = {(name, place) for target, place, name in _meant(authorizer, ask) if powers.somebody(target)}
        yield from (ask.of(name).within(place) for name, place in sorted(names))
        return
    for name, scopes in sorted(scopes_of(authorizer, ask).items()):
        if ask.resource == "roles":
            refs = [ObjectRef("Role", name, place, group=_RBAC)
                    for place in sorted(_places(scopes, authorizer.roles_named.get(name, frozenset())))]  # fmt: skip
            yield from (ask.of(name).within(ref.namespace) for ref in refs if powers.inside(ref))
            continue
        ref = ObjectRef("ClusterRole", name, group=_RBAC)
        places = powers.inside(ref) if inside else {EVERYWHERE} if powers.role(ref) else NOWHERE
        yield from (ask.of(name).within(place) for place in ([EVERYWHERE] if EVERYWHERE in places else sorted(places)))


def named_targets(authorizer: Authorizer, ask: Ask) -> Iterator[tuple[Identity, ObjectRef, str]]:
    """Whom the names mean that rules are limited to, with the roles that allow it for them, and where."""
    of_name: dict[str, set[ObjectRef]] = {}
    bound_in: dict[str, set[ObjectRef]] = {}
    for role, names in authorizer.limited(ask).items():
        for name in names:
            of_name.setdefault(name, set()).add(role)
        for place in authorizer.bound_in(role):
            bound_in.setdefault(place, set()).add(role)
    for target, place, name in _meant(authorizer, ask):
        for scope in {EVERYWHERE, place}:
            yield from ((target, role, place) for role in of_name[name] & bound_in.get(scope, set()))


def _meant(authorizer: Authorizer, ask: Ask) -> Iterator[tuple[Identity, str, str]]:
    """Whom each name means that some rule is limited to: who it is, in which namespace, and the name."""
    for name, scopes in scopes_of(authorizer, ask).items():
        match ask.resource.partition("/")[0]:
            case "users" | "groups":
                key = user_key(name) if ask.resource == "users" else group_key(name)
                # The API server asks about a service account as one, also where it is called by its user name.
                if subject_of(key).kind != "ServiceAccount":
                    yield without_nodes(identity_of(subject_of(key))), EVERYWHERE, name
            case "nodes":
                yield identity_of_user(f"{NODE_USERS}{name}"), EVERYWHERE, name
            case "serviceaccounts":
                for place in _places(scopes, accounts_named(authorizer, name)):
                    yield identity_of(subject_of(account_key(place, name))), place, name


def scopes_of(authorizer: Authorizer, ask: Ask) -> Mapping[str, Scopes]:
    """The names that rules are limited to, and where."""
    found: dict[str, Scopes] = {}
    for role, names in authorizer.limited(ask).items():
        scopes = authorizer.bound_in(role)
        for name in names:
            found[name] = found.get(name, NOWHERE) | scopes
    return {name: scopes for name, scopes in found.items() if name}


def _places(scopes: Scopes, known: Set[str]) -> Set[str]:
    return known | (scopes - {EVERYWHERE}) if EVERYWHERE in scopes else scopes


def accounts_named(authorizer: Authorizer, name: str) -> Set[str]:
    """The namespaces in which an account of this name may be given something."""
    return authorizer.accounts_named.get(name, frozenset()) | authorizer.accounts_named.get("", frozenset())


def common_names(authorizer: Authorizer, needs: Sequence[Sequence[Ask]]) -> frozenset[str]:
    """The names by which somebody may hold all of these needs who does not hold them of every name."""
    allowed = [_names(authorizer, asks) for asks in needs]
    limited = {role for one in allowed for role in one}
    # Who is given the same roles is allowed the same names.
    held = {
        frozenset(grant.role.ref for grant in authorizer.grants(identity_of(subject_of(key)))) & limited
        for key in authorizer.keys
    }
    found: frozenset[str] = frozenset()
    for roles in held:
        names = [frozenset[str]().union(*(one[role] for role in roles if role in one)) for one in allowed]
        if all(names) and not all("" in one for one in names):
            found |= frozenset().union(*names) - {""}
    return _some_of_each(found, allowed)


def any_names(authorizer: Authorizer, ask: Ask) -> Sequence[str]:
    """The names that some rule is limited to; where many are alike, some of these stand for them."""
    allowed = authorizer.limited(ask)
    return sorted(_some_of_each(frozenset[str]().union(*allowed.values()) - {""}, [allowed]))


def own_names(authorizer: Authorizer, ask: Ask) -> Sequence[str]:
    """The namespaces that some rule is limited to by their names and holds of: everywhere, or there."""
    return sorted(name for name, scopes in scopes_of(authorizer, ask).items() if not scopes.isdisjoint({"", name}))


def _some_of_each(names: frozenset[str], allowed: Sequence[Mapping[ObjectRef, frozenset[str]]]) -> frozenset[str]:
    """The names without those that are alike: that the same roles allow the same for. Some of these stand for them."""
    roles: dict[str, list[tuple[int, ObjectRef]]] = {name: [] for name in names}
    for at, one in enumerate(allowed):
        for role, found in one.items():
            for name in found & names:
                roles[name].append((at, role))
    alike: dict[frozenset[tuple[int, ObjectRef]], list[str]] = {}
    for name in sorted(names):
        alike.setdefault(frozenset(roles[name]), []).append(name)
    return frozenset(name for found in alike.values() for name in found[:MOST_NAMES])


def _names(authorizer: Authorizer, asks: Sequence[Ask]) -> Mapping[ObjectRef, frozenset[str]]:
    """The names that each role allows any of it for."""
    found: dict[ObjectRef, frozenset[str]] = {}
    for ask in asks:
        for role, names in authorizer.limited(ask).items():
            found[role] = found.get(role, frozenset()) | names
    return found


def makeable(authorizer: Authorizer, binders: Reach, writes: Sequence[Ask]) -> frozenset[tuple[str, str]]:
    """The names by which somebody of these may make a binding that is not there, each with the place, empty for all.

    One name for a place is enough for each of them: more would take the product of their numbers.
    """
    creating = _names(authorizer, [ask for ask in writes if ask.verb == "create"])
    writing = _names(authorizer, [ask for ask in writes if ask.verb != "create"])
    standing: dict[str, set[str]] = {}
    for binding in authorizer.bindings:
        if any(f"{binding.ref.kind.lower()}s" == ask.resource for ask in writes):
            standing.setdefault(binding.metadata.name, set()).add(binding.metadata.namespace)
    found: set[tuple[str, str]] = set()
    of_cluster = all(ask.resource == "clusterrolebindings" for ask in writes)
    # Who is given the same roles in the same places may make the same; of the whole cluster no RoleBinding gives it.
    held = {
        frozenset((grant.role.ref, grant.namespace) for grant in authorizer.grants(identity)
                  if (grant.role.ref in creating or grant.role.ref in writing) and not (of_cluster and grant.namespace))
        for identity in authorizer.identities if binders.of(identity)
    }  # fmt: skip
    for given in held:
        both = _both(_united(creating, given), _united(writing, given))
        found |= {(name, place) for place, name in _free(both, standing).items()}
    return frozenset(found)


def _united(names: Mapping[ObjectRef, frozenset[str]], given: frozenset[tuple[ObjectRef, str]]) -> Mapping[str, Scopes]:
    """Where roles that are given in some places allow it for which names."""
    found: dict[str, Scopes] = {}
    for role, place in given:
        found.update({name: found.get(name, NOWHERE) | {place} for name in names.get(role, ())})
    return found


def _both(one: Mapping[str, Scopes], other: Mapping[str, Scopes]) -> Mapping[str, Scopes]:
    """The names that both allow, and where; a right over all objects is one over each name."""
    names = sorted({*one, *other} - {""})
    held = {name: common(*(each.get(name, NOWHERE) | each.get("", NOWHERE) for each in (one, other))) for name in names}
    return {name: scopes for name, scopes in held.items() if scopes}


def _free(names: Mapping[str, Scopes], standing: Mapping[str, set[str]]) -> Mapping[str, str]:
    """For each place, the first name of what does not stand there."""
    found: dict[str, str] = {}
    for name, scopes in names.items():
        taken = standing.get(name, set())
        for place in scopes:
            # Everywhere is also where nothing of that name stands.
            if place not in taken:
                found.setdefault(place, name)
    return found
