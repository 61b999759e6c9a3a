"""Rights that are limited to names: whose names give as much as a right over all of them."""

from collections.abc import Iterator, Mapping, Sequence

from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Scopes
from kscan.model.rbac.identity import SERVICE_ACCOUNTS, account_key, group_key, identity_of, subject_of, user_key
from kscan.model.rbac.power import Powers
from kscan.model.rbac.roles import Ask

_RBAC = "rbac.authorization.k8s.io"
_OF_NAMESPACE = group_key(f"{SERVICE_ACCOUNTS}:")


def powerful(authorizer: Authorizer, powers: Powers, ask: Ask, *, inside: bool) -> Iterator[Ask]:
    """The question of each name that some rule is limited to and that means somebody, or a role, that is powerful.

    A question of a service account or of a Role carries its namespace, for only there the name means it.
    """
    for name, scopes in sorted(_scopes(authorizer, ask).items()):
        match ask.resource.partition("/")[0]:
            case "users" | "groups":
                key = user_key(name) if ask.resource == "users" else group_key(name)
                # The API server asks about a service account as one, also where it is called by its user name.
                if subject_of(key).kind != "ServiceAccount" and powers.somebody(identity_of(subject_of(key))):
                    yield ask.of(name)
            case "serviceaccounts":
                for place in sorted(_places(scopes, _with_accounts(authorizer, name))):
                    if powers.somebody(identity_of(subject_of(account_key(place, name)))):
                        yield ask.of(name).within(place)
            case "clusterroles":
                if powers.role(ObjectRef("ClusterRole", name, group=_RBAC), inside=inside):
                    yield ask.of(name)
            case "roles":
                for place in sorted(_places(scopes, _with_roles(authorizer, name))):
                    if powers.role(ObjectRef("Role", name, place, group=_RBAC), inside=True):
                        yield ask.of(name).within(place)


def _scopes(authorizer: Authorizer, ask: Ask) -> Mapping[str, Scopes]:
    """The names that rules are limited to, and where."""
    found: dict[str, Scopes] = {}
    for names in authorizer.limited(ask).values():
        for name, scopes in names.items():
            found[name] = found.get(name, frozenset()) | scopes
    return {name: scopes for name, scopes in found.items() if name}


def _places(scopes: Scopes, known: set[str]) -> set[str]:
    return known | (scopes - {EVERYWHERE}) if EVERYWHERE in scopes else set(scopes)


def _with_accounts(authorizer: Authorizer, name: str) -> set[str]:
    """The namespaces in which an account of this name may be given something."""
    accounts = (one for one in map(subject_of, authorizer.keys) if one.kind == "ServiceAccount" and one.name == name)
    groups = (key.removeprefix(_OF_NAMESPACE) for key in authorizer.keys if key.startswith(_OF_NAMESPACE))
    return {*(one.namespace for one in accounts), *groups}


def _with_roles(authorizer: Authorizer, name: str) -> set[str]:
    return {ref.namespace for ref in authorizer.roles if ref.kind == "Role" and ref.name == name}


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
