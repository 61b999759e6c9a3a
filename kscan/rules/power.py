"""The powerful of a cluster, by the checks themselves: whoever holds a critical danger, by names or of all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

import msgspec

from kscan import data
from kscan.checks.check import Severity, read_checks
from kscan.model.meta import ObjectRef
from kscan.model.rbac.identity import Identity
from kscan.model.rbac.names import accounts_named, named_targets, scopes_of
from kscan.model.rbac.power import Becoming, Holding, Powers, becoming, standing_in
from kscan.model.rbac.reach import NOWHERE, Danger, Reach
from kscan.model.rbac.roles import Ask
from kscan.model.served import Served
from kscan.rules.dangers import Needed, Ways, asks_of, by_name, of_all, of_any_name, ways_of
from kscan.views.rights import Rights

_RBAC, _HOOKS = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
# Not critical, as clusters need somebody who may, or as it takes more that many have; power to whoever may use it.
_GRAVE = frozenset({
    "node-certificate-requesters", "bootstrap-token-makers", "constrained-impersonators",
    "associated-node-impersonators", "pod-attachers", "pod-changers", "persistent-volume-creators",
})  # fmt: skip
_WRITE = ("create", "update", "patch")
# Of which any name may do.
_LIMITED = frozenset({"same", "any", "seated"})


class _Critical(msgspec.Struct, frozen=True):
    """A critical danger as its check tells it, and of which platform's clusters it is one, from which version on."""

    ways: Ways
    namespaces: Sequence[str] = ()
    platform: str = ""
    since: int = 0

    def counts(self, rights: Rights) -> bool:
        """Whether it is a danger in a cluster."""
        return self.platform in rights.version and (rights.minor is None or rights.minor >= self.since)


# What no check tells by itself, but the half of a danger whose other half many have.
_MORE = _Critical([[
    Needed(("bind", "escalate"), (f"roles.{_RBAC}", f"clusterroles.{_RBAC}")),
    Needed(("approve", "sign"), ("signers.certificates.k8s.io",)),
    Needed(_WRITE, (f"mutatingadmissionpolicies.{_HOOKS}", f"mutatingadmissionpolicybindings.{_HOOKS}"), named="any"),
]])  # fmt: skip


class _Round(msgspec.Struct):
    """What makes powerful besides what is held; it only grows."""

    become: Becoming = Becoming()
    dangers: tuple[Danger, ...] = ()


def powers_of(rights: Rights) -> Powers:
    """The powerful, found once for a cluster: whatever ships, and may ship, the same hold the same."""
    key = "powers", rights.version, rights.minor, rights.all_roles, rights.all_bindings
    known: tuple[Served, Powers] | None = rights.full.kept.get(key)
    if known is None or known[0] is not rights.served:
        known = rights.full.kept[key] = rights.served, _powers(rights)
    return known[1]


def _powers(rights: Rights) -> Powers:
    """Each round tells whom the powerful of the one before make powerful; as many as there are at most."""
    critical = [one for one in _critical() if one.counts(rights)]
    ways = [one.ways for one in critical]
    named = [one for one in ways if _kinds(one) & {"powerful", "bound"}]
    world = msgspec.structs.replace(rights, full=standing_in(rights.full, _roles(rights, named)))
    held, narrow = list[Holding](), list[Reach]()
    for one in critical:
        held.append(_holding(world, one.ways, one.namespaces))
        by_names = _by_name(world, Powers(), of_any_name(one.ways)) if _kinds(one.ways) & _LIMITED else ()
        if "seated" in _kinds(one.ways):
            narrow += [reach for reach, _ in by_names]
        else:
            held += by_names
    targets = _targets(world, (one for one in named if len(one) == 1))
    base, before, now = Powers(held, named=narrow), None, _Round()
    powers, more = base, list[Holding]()
    while now != before:
        become = becoming(world.full, powers, targets)
        known = base.beside(more, become)
        dangers = [danger for one in named if len(one) > 1 for danger in by_name(world, known, one, surely=False)]
        before, now = now, _Round(become, tuple(dangers))
        more = [(Reach(world.full, danger), NOWHERE) for danger in dangers]
        powers = base.beside(more, become)
    return powers


@cache
def _critical() -> tuple[_Critical, ...]:
    """Every check of a critical danger, and what is as grave."""
    checks = (check for check in read_checks(data.folder("checks")) if check.file.rule == "rbac.grants")
    grave = (one.file.params for one in checks if one.file.severity is Severity.CRITICAL or one.id in _GRAVE)
    told = (_Critical(ways_of(one["needs"]), one.get("namespaces", ()), one.get("platform", ""), one.get("since", 0))
            for one in grave)  # fmt: skip
    return _MORE, *told


def _kinds(ways: Ways) -> set[str]:
    return {way.named for one in ways for way in one}


def _holding(world: Rights, ways: Ways, namespaces: Iterable[str]) -> Holding:
    return Reach(world.full, of_all(world, ways, surely=False)), frozenset(namespaces)


def _by_name(world: Rights, powers: Powers, ways: Ways) -> Iterator[Holding]:
    for danger in by_name(world, powers, ways, surely=False):
        yield Reach(world.full, danger), NOWHERE


def _targets(world: Rights, single: Iterable[Ways]) -> Mapping[Identity, set[tuple[ObjectRef, str]]]:
    """Whom somebody may become by their names alone: by which roles, and where."""
    found: dict[Identity, set[tuple[ObjectRef, str]]] = {}
    for ask in (ask for ways in single for ask in _asks(world, ways, "powerful")):
        for target, role, place in named_targets(world.full, ask):
            found.setdefault(target, set()).add((role, place))
    return found


def _asks(rights: Rights, ways: Ways, named: str) -> Iterator[Ask]:
    return (ask for one in ways for way in one if way.named == named for ask in asks_of(rights, way, surely=False))


def _roles(rights: Rights, named: Iterable[Ways]) -> Mapping[ObjectRef, set[str]]:
    """The roles that somebody may bind by their names, or whose bindings somebody may write by theirs.

    Each with the namespaces of the accounts that its rules name.
    """
    bind, bindings = set[tuple[str, str]](), set[tuple[str, str]]()
    for ways in named:
        for found, word in ((bind, "powerful"), (bindings, "bound")):
            for ask in _asks(rights, ways, word):
                found |= {(ask.resource, name) for name in scopes_of(rights.full, ask)}
    refs = {one for one in rights.full.roles if (f"{one.kind.lower()}s", one.name) in bind}
    refs |= {one.role for one in rights.full.bindings if (f"{one.ref.kind.lower()}s", one.metadata.name) in bindings}
    return {ref: _places(rights, ref) for ref in refs if ref in rights.full.roles}


def _places(rights: Rights, ref: ObjectRef) -> set[str]:
    names = {name for rule in rights.full.roles[ref].rules for name in rule.resource_names
             if {"serviceaccounts", "serviceaccounts/token", "*"} & {*rule.resources}}  # fmt: skip
    return {place for name in names for place in accounts_named(rights.full, name)}
