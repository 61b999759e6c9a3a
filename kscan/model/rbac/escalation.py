"""The guards against escalation: nobody writes a role, or binds one, that holds more than they have."""

from collections.abc import Iterable, Iterator, Sequence

from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import Authorizer
from kscan.model.rbac.identity import MASTERS, Identity
from kscan.model.rbac.roles import Ask, PolicyRule, matches_url

_GROUP = "rbac.authorization.k8s.io"


def atoms(rules: Iterable[PolicyRule]) -> Iterator[PolicyRule]:
    """The smallest rules that say the same: one verb on one resource, of one group, by one name."""
    for rule in rules:
        for verb in rule.verbs:
            for url in rule.non_resource_urls:
                yield PolicyRule(verbs=(verb,), non_resource_urls=(url,))
            for group in rule.api_groups:
                for resource in rule.resources:
                    for name in rule.resource_names or (None,):
                        yield PolicyRule(
                            verbs=(verb,), api_groups=(group,), resources=(resource,),
                            resource_names=() if name is None else (name,),
                        )  # fmt: skip


def count(rules: Iterable[PolicyRule]) -> int:
    """How many atoms rules have."""
    return sum(
        len(rule.verbs)
        * (len(rule.non_resource_urls) + len(rule.api_groups) * len(rule.resources) * max(1, len(rule.resource_names)))
        for rule in rules
    )


class Holdings:
    """Rules, ready to be asked which of them holds an atom; each rule answers for itself."""

    def __init__(self, rules: Iterable[PolicyRule]) -> None:
        self._resources: dict[tuple[str, str, str], list[tuple[int, frozenset[str]]]] = {}
        self._urls: dict[str, list[tuple[int, str]]] = {}
        for index, rule in enumerate(rules):
            names = frozenset(rule.resource_names)
            for verb in set(rule.verbs):
                self._urls.setdefault(verb, []).extend((index, url) for url in rule.non_resource_urls)
                for group in set(rule.api_groups):
                    for resource in set(rule.resources):
                        self._resources.setdefault((verb, group, resource), []).append((index, names))

    def holders(self, atom: PolicyRule) -> Iterator[int]:
        """The rules that hold an atom; no listing of what there is makes an asterisk."""
        for verb in dict.fromkeys((atom.verbs[0], "*")):
            if atom.non_resource_urls:
                url = atom.non_resource_urls[0]
                yield from (index for index, pattern in self._urls.get(verb, ()) if matches_url(pattern, url))
                continue
            for group in dict.fromkeys((atom.api_groups[0], "*")):
                for resource in _wider(atom.resources[0]):
                    for index, names in self._resources.get((verb, group, resource), ()):
                        # Without a name the atom is of all objects, which no rule with names holds.
                        if not names or (atom.resource_names and names.issuperset(atom.resource_names)):
                            yield index


def _wider(resource: str) -> Iterator[str]:
    """What a rule may say to mean a resource."""
    _, slash, part = resource.partition("/")
    yield from dict.fromkeys((resource, f"*/{part}" if slash else resource, "*"))


def uncovered(own: Iterable[PolicyRule], wanted: Iterable[PolicyRule]) -> Iterator[PolicyRule]:
    """The atoms of the wanted rules that no own rule holds by itself."""
    holdings = Holdings(own)
    return (atom for atom in atoms(wanted) if next(holdings.holders(atom), None) is None)


def beyond(own: Iterable[PolicyRule], wanted: Iterable[PolicyRule]) -> Iterator[PolicyRule]:
    """The wanted rules of which some atom is held by no own rule."""
    own = tuple(own)
    same = set(own)
    holdings = Holdings(own)
    for rule in wanted:
        if rule not in same and any(next(holdings.holders(atom), None) is None for atom in atoms((rule,))):
            yield rule


def covers(own: Iterable[PolicyRule], wanted: Iterable[PolicyRule]) -> bool:
    """Whether every atom of the wanted rules is held by some own rule."""
    return next(uncovered(own, wanted), None) is None


def idle(rules: Sequence[PolicyRule]) -> Iterator[PolicyRule]:
    """Rules that allow nothing that the others do not; of two that say the same, the later one."""
    holdings = Holdings(rules)
    gone: set[int] = set()
    for index in reversed(range(len(rules))):
        others = gone | {index}
        found = list(atoms((rules[index],)))
        if found and all(any(one not in others for one in holdings.holders(atom)) for atom in found):
            gone.add(index)
            yield rules[index]


def held(authorizer: Authorizer, identity: Identity, namespace: str) -> tuple[PolicyRule, ...]:
    """Every rule that counts for somebody in a namespace; only those that count everywhere where it is empty."""
    return tuple(
        rule for grant in authorizer.grants(identity) if grant.namespace in ("", namespace) for rule in grant.role.rules
    )


def may_write_role(
    authorizer: Authorizer, identity: Identity, role: ObjectRef, rules: Iterable[PolicyRule], *, verb: str = "create"
) -> bool:
    """Whether somebody may give a role these rules: it must be held already, or `escalate` allowed."""
    resource = "clusterroles" if role.kind == "ClusterRole" else "roles"
    # The name of what is created stands in its body, which authorization does not look at.
    name = "" if verb == "create" else role.name
    if not _may(authorizer, identity, Ask(verb, resource, _GROUP, name, role.namespace)):
        return False
    escalate = Ask("escalate", resource, _GROUP, name, role.namespace)
    if MASTERS in identity.groups or _may(authorizer, identity, escalate):
        return True
    return covers(held(authorizer, identity, role.namespace), rules)


def may_bind(
    authorizer: Authorizer, identity: Identity, binding: ObjectRef, role: ObjectRef, *, verb: str = "create"
) -> bool:
    """Whether somebody may bind a role: it must be held already, or `bind` allowed where the binding is."""
    resource = "clusterrolebindings" if binding.kind == "ClusterRoleBinding" else "rolebindings"
    name = "" if verb == "create" else binding.name
    if not _may(authorizer, identity, Ask(verb, resource, _GROUP, name, binding.namespace)):
        return False
    bound = "clusterroles" if role.kind == "ClusterRole" else "roles"
    bind = Ask("bind", bound, _GROUP, role.name, binding.namespace)
    if MASTERS in identity.groups or _may(authorizer, identity, bind):
        return True
    found = authorizer.roles.get(role)
    return found is not None and covers(held(authorizer, identity, binding.namespace), found.rules)


def _may(authorizer: Authorizer, identity: Identity, ask: Ask) -> bool:
    return authorizer.why(identity, ask) is not None
