"""Subjects, rules, roles and bindings."""

import msgspec

from kscan.model.base import Noun
from kscan.model.meta import Metadata, ObjectRef

# The API server puts these back at each start, so a role that carries both is Kubernetes' own.
_BOOTSTRAP = ("kubernetes.io/bootstrapping", "rbac-defaults")
_AUTOUPDATE = ("rbac.authorization.kubernetes.io/autoupdate", "true")


class Subject(Noun, frozen=True):
    """Who: a user, a group or a service account."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class PolicyRule(Noun, frozen=True):
    """What: verbs on resources or on URLs."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(default=(), name="nonResourceURLs")


class RoleRef(Noun, frozen=True):
    """The role that a binding grants."""

    kind: str
    name: str


class Role(Noun, frozen=True):
    """A Role, or a ClusterRole where it has no namespace."""

    metadata: Metadata
    rules: tuple[PolicyRule, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return _ref("Role", self.metadata)

    @property
    def shipped(self) -> bool:
        """Whether the API server made it and keeps it as it is."""
        return _shipped(self.metadata)


class Binding(Noun, frozen=True):
    """A RoleBinding, or a ClusterRoleBinding where it has no namespace."""

    metadata: Metadata
    role_ref: RoleRef
    subjects: tuple[Subject, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return _ref("RoleBinding", self.metadata)


def _ref(kind: str, metadata: Metadata) -> ObjectRef:
    return ObjectRef(kind if metadata.namespace else f"Cluster{kind}", metadata.name, metadata.namespace)


def _shipped(metadata: Metadata) -> bool:
    return (
        metadata.labels.get(_BOOTSTRAP[0]) == _BOOTSTRAP[1]
        and metadata.annotations.get(_AUTOUPDATE[0]) == _AUTOUPDATE[1]
    )
