"""Everything that somebody may do, as a table: asterisks resolved against what the cluster serves."""

from collections.abc import Iterable, Iterator

import msgspec

from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Grant
from kscan.model.rbac.identity import MASTERS, Identity
from kscan.model.rbac.roles import PolicyRule
from kscan.model.served import Resource, Served

ALL = PolicyRule(verbs=("*",), api_groups=("*",), resources=("*",))
ALL_URLS = PolicyRule(verbs=("*",), non_resource_urls=("*",))


class Row(msgspec.Struct, frozen=True, order=True):
    """Verbs on one resource, or on some of its objects, or on a URL; `namespace` is empty for everywhere."""

    namespace: str
    resource: str
    names: tuple[str, ...]
    verbs: tuple[str, ...]
    served: bool = True


_Key = tuple[str, str, tuple[str, ...], bool]


def rows(
    authorizer: Authorizer, identity: Identity, served: Served, namespaces: Iterable[str] | None
) -> tuple[Row, ...]:
    """The table; with namespaces, only what holds everywhere or in them."""
    wanted = None if namespaces is None else {EVERYWHERE, *namespaces}
    found: dict[_Key, set[str]] = {}
    for place, rule in _rules(authorizer, identity):
        if wanted is None or place in wanted:
            for key, verbs in _resolved(place, rule, served):
                found.setdefault(key, set()).update(verbs)
    return tuple(
        sorted(Row(place, resource, names, tuple(sorted(verbs)), known)
               for (place, resource, names, known), verbs in found.items())
    )  # fmt: skip


def _rules(authorizer: Authorizer, identity: Identity) -> Iterator[tuple[str, PolicyRule]]:
    if MASTERS in identity.groups:
        yield from ((EVERYWHERE, rule) for rule in (ALL, ALL_URLS))
    grants: Iterable[Grant] = authorizer.grants(identity)
    for grant in grants:
        yield from ((grant.namespace, rule) for rule in grant.role.rules)


def _resolved(place: str, rule: PolicyRule, served: Served) -> Iterator[tuple[_Key, set[str]]]:
    if place == EVERYWHERE:
        yield from (((place, url, (), True), set(rule.verbs)) for url in rule.non_resource_urls)
    known: set[tuple[str, str]] = set()
    for one in served:
        if _names(rule, one) and (place == EVERYWHERE or one.namespaced):
            known.add((one.group, one.plural))
            verbs = _verbs(rule, one)
            if verbs:
                yield (place, str(one), rule.resource_names, True), verbs
    for group in rule.api_groups:
        for resource in rule.resources:
            if "*" not in (group, resource) and not resource.startswith("*/") and not served.has(group, resource):
                maybe = served.asked and served.may(group, resource)
                yield (place, str(Resource(group, resource, True, ())), rule.resource_names, maybe), set(rule.verbs)


def _names(rule: PolicyRule, one: Resource) -> bool:
    if one.group not in rule.api_groups and "*" not in rule.api_groups:
        return False
    _, slash, part = one.plural.partition("/")
    return "*" in rule.resources or one.plural in rule.resources or (bool(slash) and f"*/{part}" in rule.resources)


def _verbs(rule: PolicyRule, one: Resource) -> set[str]:
    """The verbs that the resource has; a named rule is no help with what has no name."""
    allowed = set(one.verbs) if "*" in rule.verbs else set(rule.verbs)
    nameless = {"create", "deletecollection"} if rule.resource_names and "/" not in one.plural else set()
    return allowed - nameless
