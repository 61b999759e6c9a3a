"""Rights that are limited to names: whose names give as much as a right over all of them."""

from collections.abc import Iterator, Mapping, Sequence, Set

from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Scopes
from kscan.model.rbac.identity import (
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


def named_targets(authorizer: Authorizer, ask: Ask) -> Iterator[tuple[Identity, str, Scopes]]:
    """Whom the names mean that rules are limited to, with who may do it to them, and where."""
    held = {name: list(holders) for name, holders in _holders(authorizer, ask).items()}
    for target, place, name in _meant(authorizer, ask):
        for key, scopes in held[name]:
            if counted := scopes & {EVERYWHERE, place}:
                yield target, key, counted


def _meant(authorizer: Authorizer, ask: Ask) -> Iterator[tuple[Identity, str, str]]:
    """Whom each name means that some rule is limited to: who it is, in which namespace, and the name."""
    for name, scopes in scopes_of(authorizer, ask).items():
        match ask.resource.partition("/")[0]:
            case "users" | "groups":
                key = user_key(name) if ask.resource == "users" else group_key(name)
                # The API server asks about a service account as one, also where it is called by its user name.
                if subject_of(key).kind != "ServiceAccount":
                    yield identity_of(subject_of(key)), EVERYWHERE, name
            case "serviceaccounts":
                for place in _places(scopes, accounts_named(authorizer, name)):
                    yield identity_of(subject_of(account_key(place, name))), place, name


def _holders(authorizer: Authorizer, ask: Ask) -> Mapping[str, list[tuple[str, Scopes]]]:
    found: dict[str, list[tuple[str, Scopes]]] = {}
    for key, names in authorizer.limited(ask).items():
        for name, scopes in names.items():
            found.setdefault(name, []).append((key, scopes))
    return found


def scopes_of(authorizer: Authorizer, ask: Ask) -> Mapping[str, Scopes]:
    """The names that rules are limited to, and where."""
    found = _holders(authorizer, ask)
    return {name: NOWHERE.union(*(scopes for _, scopes in held)) for name, held in found.items() if name}


def _places(scopes: Scopes, known: Set[str]) -> Set[str]:
    return known | (scopes - {EVERYWHERE}) if EVERYWHERE in scopes else scopes


def accounts_named(authorizer: Authorizer, name: str) -> Set[str]:
    """The namespaces in which an account of this name may be given something."""
    return authorizer.accounts_named.get(name, frozenset()) | authorizer.accounts_named.get("", frozenset())


def common_names(authorizer: Authorizer, needs: Sequence[Sequence[Ask]]) -> frozenset[str]:
    """The names by which somebody may hold all of these needs who does not hold them of every name."""
    allowed = [_names(authorizer, asks) for asks in needs]
    found: frozenset[str] = frozenset()
    for key in authorizer.keys:
        mine = identity_of(subject_of(key)).keys
        names = [frozenset[str]().union(*(one[each] for each in mine if each in one)) for one in allowed]
        if all(names) and not all("" in one for one in names):
            found |= frozenset().union(*names) - {""}
    return found


def _names(authorizer: Authorizer, asks: Sequence[Ask]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for ask in asks:
        for key, names in authorizer.limited(ask).items():
            found[key] = found.get(key, frozenset()) | names.keys()
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
