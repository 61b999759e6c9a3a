"""Aggregated ClusterRoles: what the controller writes into them, for where no controller has run."""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.model.meta import ObjectRef
from kscan.model.rbac.roles import PolicyRule, Role


def gathered(roles: Iterable[Role]) -> Mapping[ObjectRef, tuple[PolicyRule, ...]]:
    """The rules that each aggregated role comes to, however long the chain; loops only add what is there."""
    cluster = {role.ref: role for role in roles if not role.metadata.namespace}
    rules = {ref: () if role.aggregation_rule else role.rules for ref, role in cluster.items()}
    sources = {ref: _sources(role, cluster) for ref, role in cluster.items() if role.aggregation_rule}
    changed = True
    while changed:
        changed = False
        for ref, found in sources.items():
            union = tuple(dict.fromkeys(rule for source in found for rule in rules[source]))
            if set(union) != set(rules[ref]):
                rules[ref], changed = union, True
    return {ref: rules[ref] for ref in sources}


def _sources(role: Role, cluster: Mapping[ObjectRef, Role]) -> list[ObjectRef]:
    selectors = role.aggregation_rule.cluster_role_selectors if role.aggregation_rule else ()
    return sorted(
        ref
        for ref, one in cluster.items()
        if ref != role.ref and any(selector.matches(one.metadata.labels) for selector in selectors)
    )


def with_gathered(roles: Iterable[Role]) -> tuple[Role, ...]:
    """The roles as the controller would leave them."""
    roles = tuple(roles)
    rules = gathered(roles)
    return tuple(msgspec.structs.replace(role, rules=rules[role.ref]) if role.ref in rules else role for role in roles)
