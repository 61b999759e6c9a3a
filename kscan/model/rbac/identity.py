"""Who somebody is to the API server: a user name and groups, with those that it adds by itself."""

from functools import lru_cache

import msgspec

from kscan.model.rbac.roles import Subject

MASTERS = "system:masters"
ANONYMOUS = "system:anonymous"
UNAUTHENTICATED = "system:unauthenticated"
AUTHENTICATED = "system:authenticated"
SERVICE_ACCOUNTS = "system:serviceaccounts"
NODES = "system:nodes"
_ACCOUNT = "system:serviceaccount:"
NODE_USERS = "system:node:"
_USER, _GROUP, _SERVICE_ACCOUNT = "User", "Group", "ServiceAccount"
_KINDS = {
    "user": _USER, "group": _GROUP, "serviceaccount": _SERVICE_ACCOUNT, "sa": _SERVICE_ACCOUNT,
}  # fmt: skip


class Identity(msgspec.Struct, frozen=True):
    """A user and its groups; without a user, somebody of whom only the groups are known."""

    user: str = ""
    groups: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What bindings may name to mean this identity."""
        return _keys(self)

    @property
    def of_groups(self) -> "Identity":
        """What is left of this identity without the name by which a binding means it alone."""
        return Identity(groups=self.groups if self.user else self.groups[1:])


@lru_cache(maxsize=65536)
def _keys(identity: Identity) -> tuple[str, ...]:
    own = (user_key(identity.user),) if identity.user else ()
    return own + tuple(group_key(group) for group in identity.groups)


def user_key(name: str) -> str:
    """The key of a user; a service account is one too."""
    return f"user {name}"


def account_key(namespace: str, name: str) -> str:
    """The key of a service account."""
    return user_key(f"{_ACCOUNT}{namespace}:{name}")


def group_key(name: str) -> str:
    """The key of a group."""
    return f"group {name}"


def subject_key(subject: Subject, namespace: str) -> str:
    """The key that a subject of a binding in a namespace stands for; empty where it can mean nobody."""
    match subject.kind:
        case "User":
            return user_key(subject.name)
        case "Group":
            return group_key(subject.name)
        case "ServiceAccount":
            place = subject.namespace or namespace
            return account_key(place, subject.name) if place else ""
    return ""


@lru_cache(maxsize=65536)
def subject_of(key: str) -> Subject:
    """The subject that a key stands for; a service account is known by its user name, which has exactly these parts."""
    kind, _, name = key.partition(" ")
    if kind == "group":
        return Subject(kind=_GROUP, name=name)
    namespace, _, account = name.removeprefix(_ACCOUNT).partition(":")
    if name.startswith(_ACCOUNT) and namespace and account and ":" not in account:
        return Subject(kind=_SERVICE_ACCOUNT, name=account, namespace=namespace)
    return Subject(kind=_USER, name=name)


@lru_cache(maxsize=65536)
def identity_of(subject: Subject) -> Identity:
    """A subject with the groups that the API server adds to it."""
    if subject.kind == _GROUP:
        return Identity(groups=(subject.name, *_groups_of_group(subject.name)))
    if subject.kind == _SERVICE_ACCOUNT:
        return identity_of_user(f"{_ACCOUNT}{subject.namespace}:{subject.name}")
    return identity_of_user(subject.name)


def identity_of_user(name: str) -> Identity:
    """A user with the groups that follow from the name."""
    if name == ANONYMOUS:
        return Identity(name, (UNAUTHENTICATED,))
    account = subject_of(user_key(name))
    if account.kind == _SERVICE_ACCOUNT:
        return Identity(name, (SERVICE_ACCOUNTS, f"{SERVICE_ACCOUNTS}:{account.namespace}", AUTHENTICATED))
    return Identity(name, (NODES, AUTHENTICATED) if name.startswith(NODE_USERS) else (AUTHENTICATED,))


def is_node(identity: Identity) -> bool:
    """Whether the authorizer of nodes takes somebody for one."""
    return identity.user.startswith(NODE_USERS) and NODES in identity.groups


def without_nodes(identity: Identity) -> Identity:
    """Who acts as a user of this name: nobody adds the group of nodes to one."""
    if not identity.user:
        return identity
    return Identity(identity.user, tuple(group for group in identity.groups if group != NODES))


def _groups_of_group(name: str) -> tuple[str, ...]:
    """The groups of whoever is in this one."""
    if name in (AUTHENTICATED, UNAUTHENTICATED):
        return ()
    if name.startswith(f"{SERVICE_ACCOUNTS}:"):
        return (SERVICE_ACCOUNTS, AUTHENTICATED)
    return (AUTHENTICATED,)


def parse_subject(text: str) -> Subject | None:
    """A subject as people write it; None where it is none.

    `jane`, `user:jane`, `group:developers`, `sa:shop/web`, `serviceaccount:shop:web`,
    `system:serviceaccount:shop:web`
    """
    prefix, colon, rest = text.partition(":")
    kind = _KINDS.get(prefix.lower(), "") if colon else ""
    if kind == _SERVICE_ACCOUNT:
        namespace, separator, name = rest.partition("/" if "/" in rest else ":")
        return Subject(kind=kind, name=name, namespace=namespace) if separator and namespace and name else None
    if kind:
        return Subject(kind=kind, name=rest) if rest else None
    return subject_of(user_key(text)) if text.strip() else None
