"""Roles by themselves: what they allow without saying it, without need, or beyond what they are shipped with."""

from collections.abc import Callable, Iterable

from kscan.checks.judgement import Fine, Judgements, Problem, Unsure
from kscan.model.bounds import MOST_ITEMS, MOST_VALUES
from kscan.model.rbac.aggregation import gathered
from kscan.model.rbac.baseline import Origin
from kscan.model.rbac.escalation import beyond, count, idle
from kscan.model.rbac.roles import Binding, PolicyRule, Role, few
from kscan.model.rbac.shipped import extras
from kscan.model.served import Resource, is_of_kubernetes
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.rights import RBAC, Rights
from kscan.views.server import MANIFESTS

_READING = frozenset({"get", "list", "watch"})
# Groups whose kinds are made while the cluster runs, from templates: no role can name them before.
_MADE_LATER = frozenset({"constraints.gatekeeper.sh"})
_AGGREGATES = "rbac.authorization.k8s.io/aggregate-to-"
# The verb of a node's right to tokens for an audience, which stands where a resource does.
_AUDIENCE = "request-serviceaccounts-token-audience"
_GATHERS = "it may gather what it holds from roles that could not be read"


@rule("roles.shipped_changed", "roles and role bindings", RBAC, of_cluster=True)
def shipped_changed(rights: Rights) -> Judgements:
    """Shipped roles and bindings that give more than they are shipped with."""
    known, most = rights.baseline.known, rights.baseline.known.beside(rights.baseline.perhaps)
    things = (rights.full.roles.values(), rights.full.bindings)
    beyond_known, beyond_all = ({one.ref: one for one in extras(*things, shipped)} for shipped in (known, most))
    shown: list[Role | Binding] = [*rights.full.roles.values(), *rights.full.bindings]
    for thing in shown:
        extra = beyond_all.get(thing.ref)
        if extra and not rights.all_roles and thing.ref in most.selectors and extra.path == "rules":
            yield Unsure(thing.ref, _GATHERS)
        elif extra and _is_shipped(rights, thing):
            yield Problem(thing.ref, extra.message, path=extra.path, value=extra.value)
        elif extra or thing.ref in beyond_known:
            yield Unsure(thing.ref, rights.baseline.why)
        else:
            yield Fine(thing.ref)


def _is_shipped(rights: Rights, thing: Role | Binding) -> bool:
    """Whether what is more in it is surely not shipped: of a minor that is not known, a role may be larger."""
    ships = rights.baseline
    if isinstance(thing, Role):
        return thing.ref in ships.roles and not ships.open
    strange = any(ships.of_subject(thing, one) is Origin.OWN for one in thing.subjects)
    return thing.ref in ships.bindings and strange


@rule("roles.aggregation_changed", "aggregated roles", RBAC)
def aggregation_changed(rights: Rights) -> Judgements:
    """Aggregated roles that hold what no role that they gather holds; the controller takes it out again."""
    for ref, rules in gathered(rights.full.roles.values()).items():
        more = list(beyond(rules, rights.full.roles[ref].rules))
        if more and not rights.all_roles:
            yield Unsure(ref, _GATHERS)
        elif more:
            yield Problem(ref, "holds what it gathers from no role", path="rules", value="; ".join(map(str, more)))
        else:
            yield Fine(ref)


@rule("roles.wildcards", "roles", RBAC)
def wildcards(rights: Rights) -> Judgements:
    """Roles that allow every verb, resource or group instead of naming them."""
    for role in rights.full.roles.values():
        wild = [one for one in _own_rules(rights, role) if _is_wild(one)]
        if wild and _may_be_shipped(rights, role):
            yield Unsure(role.ref, rights.baseline.why)
        elif wild:
            yield Problem(
                role.ref,
                f"allows {listed(list(map(_spoken, wild)), '; ')}",
                path="rules",
                value="; ".join(map(str, wild)),
            )
        else:
            yield Fine(role.ref)


def _is_wild(one: PolicyRule) -> bool:
    """Whether a rule has an asterisk where names could stand."""
    unnamed = bool(one.api_groups) and _MADE_LATER.issuperset(one.api_groups) and _READING.issuperset(one.verbs)
    return "*" in (*one.verbs, *one.resources, *one.api_groups) and not unnamed


@rule("roles.unused", "roles", RBAC)
def unused(rights: Rights) -> Judgements:
    """Roles of one's own that no binding names and no aggregated role gathers."""
    bound = {binding.role for binding in rights.full.bindings}
    for role in rights.full.roles.values():
        gathers = any(label.startswith(_AGGREGATES) for label in role.metadata.labels)
        if role.ref in bound or gathers or role.ref in rights.baseline.roles or _is_gathered(rights, role):
            yield Fine(role.ref)
        elif _may_be_shipped(rights, role):
            yield Unsure(role.ref, rights.baseline.why)
        elif not rights.all_bindings:
            yield Unsure(role.ref, "it may be bound by what could not be read")
        else:
            yield Problem(role.ref, "is bound to nobody")


@rule("roles.redundant", "roles", RBAC)
def redundant(rights: Rights) -> Judgements:
    """Rules that allow nothing that the other rules of their role do not."""
    for role in rights.full.roles.values():
        rules = [] if role.aggregation_rule or role.ref in rights.baseline.roles else list(role.rules)
        if len(rules) > MOST_ITEMS or count(rules) > MOST_VALUES:
            yield Unsure(
                role.ref, f"it has {len(rules):,} rules that allow {count(rules):,} things: too many to compare"
            )
            continue
        more = list(idle(rules))
        if more and _may_be_shipped(rights, role):
            yield Unsure(role.ref, rights.baseline.why)
        elif more:
            yield Problem(role.ref, "repeats what its other rules allow", path="rules", value="; ".join(map(str, more)))
        else:
            yield Fine(role.ref)


@rule("roles.unserved", "roles", RBAC, MANIFESTS)
def unserved(rights: Rights, manifests: bool) -> Judgements:
    """Rules about resources that this cluster does not serve: a right that waits for whoever brings them.

    Of manifests the cluster is not known: it may serve what they do not define, but for Kubernetes' own groups.
    """
    for role in rights.full.roles.values():
        rules = _own_rules(rights, role)
        things = sum(len(one.api_groups) * len(one.resources) for one in rules)
        if things > MOST_VALUES:
            yield Unsure(role.ref, f"its rules name {things:,} kinds: too many to look for each")
            continue
        names = sorted(_unknown(rules, rights.served.may if rights.served.asked else rights.served.has))
        untold = names or sorted(_unknown(rules, rights.served.has))
        if names and _may_be_shipped(rights, role):
            yield Unsure(role.ref, rights.baseline.why)
        elif untold and not names:
            yield Unsure(role.ref, f"whether the cluster serves {listed(untold)} was not told")
        elif not names:
            yield Fine(role.ref)
        elif not manifests:
            yield Problem(role.ref, f"allows what the cluster does not serve: {listed(names)}")
        elif own := [name for name in names if is_of_kubernetes(name.partition("/")[0].partition(".")[2])]:
            yield Problem(role.ref, f"allows what Kubernetes does not serve: {listed(own)}")
        else:
            yield Unsure(role.ref, f"{listed(names)}: no definition in the manifests; the cluster may serve it")


def _may_be_shipped(rights: Rights, role: Role) -> bool:
    return rights.baseline.of_role(role) is Origin.UNSURE


def _own_rules(rights: Rights, role: Role) -> list[PolicyRule]:
    """The rules that a role is not shipped with."""
    shipped = rights.baseline.roles.get(role.ref, ())
    return list(beyond(shipped, role.rules)) if shipped else list(role.rules)


def _is_gathered(rights: Rights, role: Role) -> bool:
    selectors = (
        selector
        for one in rights.full.roles.values()
        if one.aggregation_rule and one.ref != role.ref
        for selector in one.aggregation_rule.cluster_role_selectors
    )
    return not role.metadata.namespace and any(selector.matches(role.metadata.labels) for selector in selectors)


def _unknown(rules: Iterable[PolicyRule], served: Callable[[str, str], bool]) -> set[str]:
    """What rules name that is not served."""
    about = (rule for rule in rules if {*rule.verbs} != {_AUDIENCE})
    named = {(group, resource) for rule in about for group in rule.api_groups for resource in rule.resources
             if "*" not in (group, resource) and not resource.startswith("*/")}  # fmt: skip
    return {str(Resource(group, resource, True, ())) for group, resource in named if not served(group, resource)}


def _spoken(rule: PolicyRule) -> str:
    """A rule with its asterisks in words; of which groups, where an asterisk stands for all that is in them."""
    verbs = "every verb" if "*" in rule.verbs else few(rule.verbs)
    if rule.non_resource_urls:
        return f"{verbs} on {'every URL' if '*' in rule.non_resource_urls else few(rule.non_resource_urls)}"
    if "*" in rule.api_groups:
        groups = " of every group"
    else:
        groups = f" of {listed([one or 'the core group' for one in rule.api_groups])}" if "*" in rule.resources else ""
    things = "every resource" if "*" in rule.resources else few(rule.resources)
    names = f" named {listed(rule.resource_names)}" if rule.resource_names else ""
    return f"{verbs} on {things}{groups}{names}"
