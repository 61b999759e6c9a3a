"""The RBAC authorizer: who may do what, with the binding, the role and the rule that say so."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from kscan.model.meta import ObjectRef
from kscan.model.rbac.identity import (
    MASTERS,
    SERVICE_ACCOUNTS,
    Identity,
    group_key,
    identity_of,
    subject_key,
    subject_of,
)
from kscan.model.rbac.roles import Ask, Binding, PolicyRule, Role, Subject
from kscan.model.rbac.rules import RuleIndex


class Grant(msgspec.Struct, frozen=True):
    """A role that a binding gives to a subject, everywhere or in the binding's namespace."""

    key: str
    binding: Binding
    role: Role

    @property
    def namespace(self) -> str:
        """Where it holds; empty is everywhere."""
        return self.binding.metadata.namespace


class Proof(msgspec.Struct, frozen=True):
    """Why somebody may: the subject as the binding names it, the binding, the role and the rule.

    The API server lets `system:masters` do everything before it looks at any binding.
    """

    subject: Subject
    binding: ObjectRef | None = None
    role: ObjectRef | None = None
    rule: PolicyRule | None = None

    def __str__(self) -> str:
        if self.binding is None:
            return f"{self.subject}: the API server allows it everything, before any binding"
        return f"{self.subject} ← {self.binding} ← {self.role}: {self.rule}"


Scopes = frozenset[str]
EVERYWHERE = ""


class Authorizer:
    """All roles and bindings of a cluster, ready to be asked."""

    def __init__(self, roles: Iterable[Role], bindings: Iterable[Binding]) -> None:
        self.roles = {role.ref: role for role in roles}
        self.bindings = tuple(bindings)
        self.named = {binding.ref: binding for binding in self.bindings}
        self.uses = Counter(binding.role for binding in self.bindings)
        # What others found out of it, and need not find out again.
        self.kept: dict[Hashable, Any] = {}
        self._grants: dict[str, list[Grant]] = {}
        self._by_role: dict[ObjectRef, list[Grant]] = {}
        for grant in self._resolved():
            self._grants.setdefault(grant.key, []).append(grant)
            self._by_role.setdefault(grant.role.ref, []).append(grant)
        self._rules = RuleIndex(self.roles[ref] for ref in self._by_role)
        self._allowing: dict[Ask, Mapping[ObjectRef, PolicyRule]] = {}
        self._holders: dict[Ask, Mapping[str, Scopes]] = {}
        self._places: dict[tuple[Scopes | None, str], Scopes] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Authorizer) and (self.roles, self.bindings) == (other.roles, other.bindings)

    __hash__ = None  # type: ignore[assignment]

    def _resolved(self) -> Iterator[Grant]:
        """Each subject of each binding whose role is there; a missing role grants nothing."""
        for binding in self.bindings:
            role = self.roles.get(binding.role)
            for key in {subject_key(subject, binding.metadata.namespace): None for subject in binding.subjects}:
                if role and key:
                    yield Grant(key, binding, role)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every subject that may do anything: those whom some binding gives some role, and the masters.

        Where there is no role and no binding at all, as in manifests of workloads, it tells of nobody.
        """
        return tuple({group_key(MASTERS): None, **dict.fromkeys(self._grants)}) if self.bindings or self.roles else ()

    @cached_property
    def identities(self) -> tuple[Identity, ...]:
        """The same as they come to the API server."""
        return tuple(identity_of(subject_of(key)) for key in self.keys)

    @cached_property
    def accounts_named(self) -> Mapping[str, frozenset[str]]:
        """By name, the namespaces in which an account is given something; under no name, where every account is."""
        found: dict[str, set[str]] = {}
        for one in map(subject_of, self.keys):
            if one.kind == "ServiceAccount":
                found.setdefault(one.name, set()).add(one.namespace)
            elif one.kind == "Group" and one.name.startswith(f"{SERVICE_ACCOUNTS}:"):
                found.setdefault("", set()).add(one.name.removeprefix(f"{SERVICE_ACCOUNTS}:"))
        return {name: frozenset(places) for name, places in found.items()}

    @cached_property
    def roles_named(self) -> Mapping[str, frozenset[str]]:
        """By name, the namespaces in which there is such a Role."""
        found: dict[str, set[str]] = {}
        for ref in self.roles:
            if ref.kind == "Role":
                found.setdefault(ref.name, set()).add(ref.namespace)
        return {name: frozenset(places) for name, places in found.items()}

    def granted(self, key: str) -> Iterator[Grant]:
        """Everything that is given to one subject by name."""
        yield from self._grants.get(key, ())

    def grants(self, identity: Identity) -> Iterator[Grant]:
        """Everything that is given to somebody, by name or through a group."""
        for key in identity.keys:
            yield from self._grants.get(key, ())

    def why(self, identity: Identity, ask: Ask) -> Proof | None:
        """The proof that somebody may, or None."""
        return next(self.proofs(identity, ask), None)

    def proofs(self, identity: Identity, ask: Ask) -> Iterator[Proof]:
        """Every binding that allows it, with the first rule that does."""
        if MASTERS in identity.groups:
            yield Proof(Subject(kind="Group", name=MASTERS))
        allowing = self._roles_allowing(ask)
        for grant in self.grants(identity) if allowing else ():
            if grant.namespace and (ask.url or grant.namespace != ask.namespace):
                continue
            rule = allowing.get(grant.role.ref)
            if rule:
                yield Proof(subject_of(grant.key), grant.binding.ref, grant.role.ref, rule)

    def holders(self, ask: Ask) -> Mapping[str, Scopes]:
        """Who may, by key, and where; asked of every namespace at once."""
        ask = ask.within("")
        if ask not in self._holders:
            found: dict[str, Scopes] = {group_key(MASTERS): frozenset({EVERYWHERE})}
            for ref in self._roles_allowing(ask):
                for grant in self._by_role[ref]:
                    if not (grant.namespace and ask.url):
                        found[grant.key] = self._beside(found.get(grant.key), grant.namespace)
            self._holders[ask] = found
        return self._holders[ask]

    def _beside(self, scopes: Scopes | None, namespace: str) -> Scopes:
        """A namespace beside others: the same value for all who hold something in the same places, who may be many."""
        key = scopes, namespace
        if key not in self._places:
            self._places[key] = (scopes or frozenset()) | {namespace}
        return self._places[key]

    def _roles_allowing(self, ask: Ask) -> Mapping[ObjectRef, PolicyRule]:
        """The bound roles that allow it, each with its first rule that does; found once for all who hold them."""
        ask = ask.within("")
        if ask not in self._allowing:
            self._allowing[ask] = self._rules.allowing(ask)
        return self._allowing[ask]

    def limited(self, ask: Ask) -> Mapping[ObjectRef, frozenset[str]]:
        """The names that each bound role allows it for; the empty name is that of every object."""
        return self._rules.names(ask)

    def bound_in(self, role: ObjectRef) -> Scopes:
        """Where a role is given to anybody."""
        return frozenset(grant.namespace for grant in self._by_role.get(role, ()))

    def given(self, role: ObjectRef) -> Sequence[Grant]:
        """To whom a role is given."""
        return self._by_role.get(role, ())

    def scopes(self, identity: Identity, ask: Ask) -> Scopes:
        """Where somebody may: everywhere (the empty name), or in which namespaces."""
        holders = self.holders(ask)
        return frozenset(scope for key in identity.keys for scope in holders.get(key, ()))

    def resources(self, prefix: str) -> frozenset[str]:
        """Every resource that some rule names and that begins so."""
        return frozenset(name for name in self._rules.resources if name.startswith(prefix))

    def by_subject(self, ask: Ask) -> Iterator[tuple[Subject, Scopes]]:
        """Everybody whom some binding names and who may, by that name, and where."""
        return ((subject_of(key), scopes) for key, scopes in self.holders(ask).items())
