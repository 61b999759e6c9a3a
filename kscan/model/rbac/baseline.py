"""What counts as shipped in one cluster, what may be, and what would be in another.

Of a Kubernetes whose roles are not written down, or of a platform that could not be seen, what looks shipped is
neither excused nor accused.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto

import msgspec

from kscan.model.meta import Metadata, ObjectRef
from kscan.model.rbac.escalation import beyond
from kscan.model.rbac.identity import ANONYMOUS, AUTHENTICATED, SERVICE_ACCOUNTS, UNAUTHENTICATED, subject_key
from kscan.model.rbac.roles import Binding, PolicyRule, Role, Subject
from kscan.model.rbac.shipped import NOTHING, Shipped, only_shipped
from kscan.model.words import listed

_LABEL, _MADE_BY_THE_SERVER = "kubernetes.io/bootstrapping", "rbac-defaults"
_OWN = "system:"
# Everybody, or every account, is in them: what is dangerous is given to none of them by Kubernetes.
_BROAD = frozenset({ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, SERVICE_ACCOUNTS})


class Origin(Enum):
    """Whose something is."""

    SHIPPED = auto()
    UNSURE = auto()
    OWN = auto()


class Baseline(msgspec.Struct, frozen=True):
    """What is shipped here, what may be, and whose it would be elsewhere."""

    known: Shipped
    # What is shipped where this is a version or a platform that it may be.
    perhaps: Shipped = NOTHING
    # Whether Kubernetes may have shipped more than is known: of a minor that is not written down.
    open: bool = False
    # Why that is not known.
    why: str = ""
    # What this is, and what others ship, by their titles.
    here: str = ""
    others: Mapping[str, Shipped] = {}

    @property
    def roles(self) -> Mapping[ObjectRef, tuple[PolicyRule, ...]]:
        """The shipped roles."""
        return self.known.roles

    @property
    def bindings(self) -> Mapping[ObjectRef, tuple[Binding, ...]]:
        """The shipped bindings."""
        return self.known.bindings

    @property
    def sure(self) -> bool:
        """Whether it is known of everything whether it is shipped."""
        return not self.why

    def of_subject(self, binding: Binding, subject: Subject) -> Origin:
        """Whether a binding is shipped with a subject."""
        key = subject_key(subject, binding.metadata.namespace)
        if key in self.known.keys(binding):
            return Origin.SHIPPED
        if key in self.perhaps.keys(binding) or (self._looks_bound(binding) and _looks_own(subject, binding)):
            return Origin.UNSURE
        return Origin.OWN

    def of_role(self, role: Role) -> Origin:
        """Whether a role is shipped with all its rules."""
        if role.ref in self.known.roles and not any(beyond(self.known.roles[role.ref], role.rules)):
            return Origin.SHIPPED
        allowed = self.perhaps.roles.get(role.ref)
        may = allowed is not None and not any(beyond(allowed, role.rules))
        return Origin.UNSURE if may or self._looks(role.ref, role.metadata, self.known.roles) else Origin.OWN

    def of_binding(self, binding: Binding) -> Origin:
        """Whether a binding of this name is shipped, whomever it names."""
        if binding.ref in self.known.bindings:
            return Origin.SHIPPED
        may = binding.ref in self.perhaps.bindings or self._looks_bound(binding)
        return Origin.UNSURE if may else Origin.OWN

    def undecided(self, roles: Iterable[Role], bindings: Iterable[Binding]) -> tuple[list[Role], list[Binding]]:
        """The part of a cluster's roles and bindings that is as it is shipped, or may be."""
        roles, bindings = tuple(roles), tuple(bindings)
        same_roles, _ = only_shipped(roles, bindings, self.known.beside(self.perhaps))
        looking = {role.ref: role for role in roles if self._looks(role.ref, role.metadata, self.known.roles)}
        given = ((one, tuple(each for each in one.subjects if self._not_own(one, each))) for one in bindings)
        return (
            [*(role for role in same_roles if role.ref not in looking), *looking.values()],
            [msgspec.structs.replace(one, subjects=subjects) for one, subjects in given if subjects],
        )

    def _not_own(self, binding: Binding, subject: Subject) -> bool:
        broad = subject.name.startswith(f"{SERVICE_ACCOUNTS}:") or subject.name in _BROAD
        origin = self.of_subject(binding, subject)
        known = subject_key(subject, binding.metadata.namespace) in self.perhaps.keys(binding)
        return origin is Origin.SHIPPED or (origin is Origin.UNSURE and (known or not broad))

    def _looks_bound(self, binding: Binding) -> bool:
        """Whether a binding looks like one of Kubernetes' own, to a role that does."""
        role = binding.role
        own_role = role in self.known.roles or role.name.startswith(_OWN)
        return own_role and self._looks(binding.ref, binding.metadata, self.known.bindings)

    def _looks(self, ref: ObjectRef, metadata: Metadata, known: Mapping[ObjectRef, object]) -> bool:
        marked = metadata.labels.get(_LABEL) == _MADE_BY_THE_SERVER and metadata.name.startswith(_OWN)
        return self.open and (marked or ref in known)

    def elsewhere(self, binding: Binding, subject: Subject) -> Iterator[str]:
        """Who else ships a binding with a subject, in a sentence; nothing where nobody does."""
        key = subject_key(subject, binding.metadata.namespace)
        titles = [title for title, shipped in self.others.items() if key in shipped.keys(binding)]
        if titles:
            this = f"this is {self.here}" if self.here else f"nothing here says that this is {_any(titles)}"
            yield f"{listed(titles)} {'ships' if len(titles) == 1 else 'ship'} this binding, but {this}"


def _any(titles: list[str]) -> str:
    return titles[0] if len(titles) == 1 else "any of them"


def _looks_own(subject: Subject, binding: Binding) -> bool:
    """Whether a subject may be a part of Kubernetes: by its name, or as an account of a controller."""
    if subject.kind == "ServiceAccount":
        return (subject.namespace or binding.metadata.namespace) == "kube-system"
    return subject.name.startswith(_OWN)
