"""What Kubernetes and its distributions ship, compared with what stands in a cluster.

Names and labels are free to take, so nothing is excused for its name: what is shipped is the rule that the
shipped role has, given by the shipped binding to the shipped subject. Everything else is somebody's own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from kscan.model.meta import ObjectRef
from kscan.model.rbac.aggregation import gathered
from kscan.model.rbac.escalation import atoms, beyond, uncovered
from kscan.model.rbac.identity import subject_key
from kscan.model.rbac.roles import AggregationRule, Binding, PolicyRule, Role, Subject
from kscan.model.selectors import LabelSelector


class Shipped(msgspec.Struct, frozen=True):
    """The roles and bindings that somebody else than the cluster's users made, by address."""

    roles: Mapping[ObjectRef, tuple[PolicyRule, ...]]
    bindings: Mapping[ObjectRef, tuple[Binding, ...]]
    # Which roles each of those that are shipped as aggregated gathers.
    selectors: Mapping[ObjectRef, tuple[LabelSelector, ...]] = {}

    def keys(self, binding: Binding) -> frozenset[str]:
        """Whom a binding of this name is shipped with, for the role that it binds."""
        return frozenset(
            subject_key(subject, one.metadata.namespace)
            for one in self.bindings.get(binding.ref, ())
            if one.role == binding.role
            for subject in one.subjects
        )

    def beside(self, other: "Shipped") -> "Shipped":
        """Both together."""
        return Shipped(
            _both(self.roles, other.roles), _both(self.bindings, other.bindings), _both(self.selectors, other.selectors)
        )

    def as_shipped(self, role: Role) -> Role:
        """A shipped role of a cluster, gathering what it is shipped to gather."""
        selectors = self.selectors.get(role.ref)
        return msgspec.structs.replace(role, aggregation_rule=AggregationRule(selectors) if selectors else None)


Of = TypeVar("Of")


def _both(
    one: Mapping[ObjectRef, tuple[Of, ...]], other: Mapping[ObjectRef, tuple[Of, ...]]
) -> Mapping[ObjectRef, tuple[Of, ...]]:
    return {ref: one.get(ref, ()) + other.get(ref, ()) for ref in {**one, **other}}


NOTHING = Shipped({}, {})


class Extra(msgspec.Struct, frozen=True):
    """What a shipped object has that it is not shipped with."""

    ref: ObjectRef
    message: str
    path: str
    value: str


def shipped_of(roles: Iterable[Role], bindings: Iterable[Binding]) -> Shipped:
    """What is shipped, where several distributions may ship an object of one name."""
    rules: dict[ObjectRef, tuple[PolicyRule, ...]] = {}
    selectors: dict[ObjectRef, tuple[LabelSelector, ...]] = {}
    for role in roles:
        rules[role.ref] = rules.get(role.ref, ()) + role.rules
        if role.aggregation_rule:
            selectors[role.ref] = selectors.get(role.ref, ()) + role.aggregation_rule.cluster_role_selectors
    bound: dict[ObjectRef, tuple[Binding, ...]] = {}
    for binding in bindings:
        bound[binding.ref] = (*bound.get(binding.ref, ()), binding)
    return Shipped(rules, bound, selectors)


def only_shipped(
    roles: Iterable[Role], bindings: Iterable[Binding], shipped: Shipped
) -> tuple[list[Role], list[Binding]]:
    """The part of a cluster's roles and bindings that is as it is shipped."""
    # What a shipped role gathers from others than the shipped ones is not shipped.
    return (
        [msgspec.structs.replace(role, rules=tuple(_kept(shipped.roles[role.ref], role.rules)))
         for role in roles if role.ref in shipped.roles],
        [msgspec.structs.replace(binding, subjects=tuple(_subjects(binding, shipped, known=True)))
         for binding in bindings if _same_role(binding, shipped)],
    )  # fmt: skip


def _kept(allowed: tuple[PolicyRule, ...], rules: tuple[PolicyRule, ...]) -> Iterator[PolicyRule]:
    more = set(beyond(allowed, rules))
    for rule in rules:
        if rule not in more:
            yield rule
        else:
            extra = set(uncovered(allowed, (rule,)))
            yield from (atom for atom in atoms((rule,)) if atom not in extra)


def extras(roles: Iterable[Role], bindings: Iterable[Binding], shipped: Shipped) -> Iterator[Extra]:
    """Rules, subjects and roles of bindings that shipped objects are not shipped with."""
    roles = tuple(roles)
    allowed = _allowed(roles, shipped)
    for role in roles:
        more = list(beyond(allowed[role.ref], role.rules)) if role.ref in allowed else []
        if more:
            yield Extra(role.ref, "allows more than it is shipped with", "rules", "; ".join(map(str, more)))
        elif role.ref in allowed and (strange := list(strange_selectors(role, shipped))):
            found = "; ".join(map(str, strange))
            yield Extra(role.ref, "gathers other roles than it is shipped to", "aggregationRule", found)
    for binding in bindings:
        if binding.ref not in shipped.bindings:
            continue
        if not _same_role(binding, shipped):
            yield Extra(binding.ref, "binds another role than it is shipped with", "roleRef", str(binding.role))
            continue
        strangers = list(_subjects(binding, shipped, known=False))
        if strangers:
            yield Extra(binding.ref, "binds more than it is shipped with", "subjects", ", ".join(map(str, strangers)))


def _allowed(roles: tuple[Role, ...], shipped: Shipped) -> Mapping[ObjectRef, tuple[PolicyRule, ...]]:
    """The rules that each shipped role may have; one that is shipped as aggregated may have what it gathers so."""
    gathers = gathered(shipped.as_shipped(role) if role.ref in shipped.roles else role for role in roles)
    return {ref: rules + tuple(gathers.get(ref, ())) for ref, rules in shipped.roles.items()}


def strange_selectors(role: Role, shipped: Shipped) -> Iterator[LabelSelector]:
    """What a role selects the roles by that it gathers, and is not shipped with."""
    known = shipped.selectors.get(role.ref, ())
    return (
        (one for one in role.aggregation_rule.cluster_role_selectors if one not in known)
        if role.aggregation_rule
        else iter(())
    )


def _same_role(binding: Binding, shipped: Shipped) -> bool:
    return any(one.role == binding.role for one in shipped.bindings.get(binding.ref, ()))


def _subjects(binding: Binding, shipped: Shipped, *, known: bool) -> Iterator[Subject]:
    keys = shipped.keys(binding)
    for subject in binding.subjects:
        if (subject_key(subject, binding.metadata.namespace) in keys) is known:
            yield subject
