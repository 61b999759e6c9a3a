"""Rights that are limited to names: whose names give as much as a right over all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set

from kscan.model.bounds import MOST_NAMES
from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Scopes
from kscan.model.rbac.identity import (
    SERVICE_ACCOUNTS,
    Identity,
    account_key,
    group_key,
    identity_of,
    subject_of,
    user_key,
)
from kscan.model.rbac.power import Powers
from kscan.model.rbac.reach import NOWHERE, Reach, common
from kscan.model.rbac.roles import Ask

_RBAC = "rbac.authorization.k8s.io"
_OF_NAMESPACE = group_key(f"{SERVICE_ACCOUNTS}:")


def powerful(authorizer: Authorizer, powers: Powers, ask: Ask, *, inside: bool) -> Iterator[Ask]:
    """The question of each name that some rule is limited to and that means somebody, or a role, that is powerful.

    A question of a service account or of a Role carries its namespace, for only there the name means it.
    """
    accounts, roles = _with_accounts(authorizer), _with_roles(authorizer)
    for name, scopes in sorted(_scopes(authorizer, ask).items()):
        match ask.resource.partition("/")[0]:
            case "users" | "groups":
                key = user_key(name) if ask.resource == "users" else group_key(name)
                # The API server asks about a service account as one, also where it is called by its user name.
                if subject_of(key).kind != "ServiceAccount" and powers.somebody(identity_of(subject_of(key))):
                    yield ask.of(name)
            case "serviceaccounts":
                for place in sorted(_places(scopes, accounts(name))):
                    if powers.somebody(identity_of(subject_of(account_key(place, name)))):
                        yield ask.of(name).within(place)
            case "clusterroles":
                if powers.role(ObjectRef("ClusterRole", name, group=_RBAC), inside=inside):
                    yield ask.of(name)
            case "roles":
                for place in sorted(_places(scopes, roles(name))):
                    if powers.role(ObjectRef("Role", name, place, group=_RBAC), inside=True):
                        yield ask.of(name).within(place)


def _scopes(authorizer: Authorizer, ask: Ask) -> Mapping[str, Scopes]:
    """The names that rules are limited to, and where."""
    found: dict[str, Scopes] = {}
    for role, names in authorizer.limited(ask).items():
        scopes = authorizer.bound_in(role)
        for name in names:
            found[name] = found.get(name, frozenset()) | scopes
    return {name: scopes for name, scopes in found.items() if name}


def _places(scopes: Scopes, known: Set[str]) -> Set[str]:
    return known | (scopes - {EVERYWHERE}) if EVERYWHERE in scopes else scopes


def _with_accounts(authorizer: Authorizer) -> Callable[[str], Set[str]]:
    """The namespaces in which an account of a name may be given something."""
    accounts: dict[str, set[str]] = {}
    for one in map(subject_of, authorizer.keys):
        if one.kind == "ServiceAccount":
            accounts.setdefault(one.name, set()).add(one.namespace)
    groups = {key.removeprefix(_OF_NAMESPACE) for key in authorizer.keys if key.startswith(_OF_NAMESPACE)}
    return lambda name: accounts.get(name, set()) | groups


def _with_roles(authorizer: Authorizer) -> Callable[[str], Set[str]]:
    """The namespaces in which there is a Role of a name."""
    roles: dict[str, set[str]] = {}
    for ref in authorizer.roles:
        if ref.kind == "Role":
            roles.setdefault(ref.name, set()).add(ref.namespace)
    return lambda name: roles.get(name, set())


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
    creating = _places_of(authorizer, [ask for ask in writes if ask.verb == "create"])
    writing = _places_of(authorizer, [ask for ask in writes if ask.verb != "create"])
    standing: dict[str, set[str]] = {}
    for binding in authorizer.bindings:
        if any(f"{binding.ref.kind.lower()}s" == ask.resource for ask in writes):
            standing.setdefault(binding.metadata.name, set()).add(binding.metadata.namespace)
    found: set[tuple[str, str]] = set()
    for identity in (identity_of(subject_of(key)) for key in authorizer.keys):
        names = _both(creating, writing, identity) if binders.of(identity) else {}
        found |= {(name, place) for place, name in _free(names, standing).items()}
    return frozenset(found)


def _places_of(authorizer: Authorizer, asks: Sequence[Ask]) -> Mapping[str, Mapping[str, Scopes]]:
    found: dict[str, dict[str, Scopes]] = {}
    for ask in asks:
        for key, names in authorizer.limited(ask).items():
            mine = found.setdefault(key, {})
            mine.update({name: mine.get(name, NOWHERE) | scopes for name, scopes in names.items()})
    return found


def _both(
    one: Mapping[str, Mapping[str, Scopes]], other: Mapping[str, Mapping[str, Scopes]], identity: Identity
) -> Mapping[str, Scopes]:
    """The names that somebody holds both of, and where; a right over all objects is one over each name."""
    mine = [_united(each, identity) for each in (one, other)]
    names = sorted({*mine[0], *mine[1]} - {""})
    held = {name: common(*(each.get(name, NOWHERE) | each.get("", NOWHERE) for each in mine)) for name in names}
    return {name: scopes for name, scopes in held.items() if scopes}


def _united(held: Mapping[str, Mapping[str, Scopes]], identity: Identity) -> Mapping[str, Scopes]:
    found: dict[str, Scopes] = {}
    for names in (held[key] for key in identity.keys if key in held):
        found.update({name: found.get(name, NOWHERE) | scopes for name, scopes in names.items()})
    return found


def _free(names: Mapping[str, Scopes], standing: Mapping[str, set[str]]) -> Mapping[str, str]:
    """For each place, the first name of what does not stand there."""
    found: dict[str, str] = {}
    for name, scopes in names.items():
        taken = standing.get(name, set())
        for place in scopes:
            # Everywhere is also where nothing of that name stands; of the whole cluster there is one of each name.
            if not (taken if EVERYWHERE in taken else {place} & taken):
                found.setdefault(place, name)
    return found
