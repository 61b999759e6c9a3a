"""Rules, roles and bindings."""

from collections.abc import Sequence

import msgspec

from kscan.model.base import Noun
from kscan.model.bounds import MOST_LETTERS, MOST_WORDS
from kscan.model.kinds import meant
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.selectors import LabelSelector

_GROUP = "rbac.authorization.k8s.io"


class Ask(msgspec.Struct, frozen=True):
    """One question as the API server puts it: a verb on a resource (`pods/exec`, say) or on a URL."""

    verb: str
    resource: str = ""
    group: str = ""
    name: str = ""
    namespace: str = ""
    url: str = ""

    def within(self, namespace: str) -> "Ask":
        """The same question in a namespace; empty asks for the whole cluster."""
        return msgspec.structs.replace(self, namespace=namespace)

    def of(self, name: str) -> "Ask":
        """The same question about an object by its name."""
        return msgspec.structs.replace(self, name=name)

    def __str__(self) -> str:
        verb = "every verb on" if self.verb == "*" else self.verb
        resource, slash, sub = self.resource.partition("/")
        group = f".{self.group}" if self.group else ""
        thing = "every resource" if (self.resource, self.group) == ("*", "*") else f"{resource}{group}{slash}{sub}"
        return f"{verb} {self.url or thing} {self.name}".rstrip()


class PolicyRule(Noun, frozen=True):
    """What is allowed: verbs on resources or on URLs."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(default=(), name="nonResourceURLs")

    def allows(self, ask: Ask) -> bool:
        """Whether this rule alone says yes; exactly the authorizer's own comparison."""
        if ask.verb not in self.verbs and "*" not in self.verbs:
            return False
        if ask.url:
            return any(matches_url(pattern, ask.url) for pattern in self.non_resource_urls)
        return (
            (ask.group in self.api_groups or "*" in self.api_groups)
            and _resource(self.resources, ask.resource)
            and (not self.resource_names or ask.name in self.resource_names)
        )

    def allows_some(self, ask: Ask) -> bool:
        """The same, of the object that is asked for or of any that this rule names."""
        return self.allows(ask) or any(self.allows(ask.of(name)) for name in self.resource_names[:1])

    @property
    def is_everything(self) -> bool:
        """Whether it alone is every verb on every object."""
        return "*" in self.verbs and "*" in self.api_groups and "*" in self.resources and not self.resource_names

    def __str__(self) -> str:
        what = few(self.non_resource_urls) if self.non_resource_urls else _resources(self)
        names = f" named {few(self.resource_names)}" if self.resource_names else ""
        return f"{few(self.verbs)} on {what}{names}"


def few(words: Sequence[str], empty: str = "") -> str:
    """Words of a rule as they are shown, of which it may name thousands, and one may be as long as an object."""
    text = ", ".join(word or empty for word in words[:MOST_WORDS])
    more = f" and {len(words) - MOST_WORDS:,} more" if len(words) > MOST_WORDS else ""
    return f"{text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + '…'}{more}"


def matches_url(pattern: str, url: str) -> bool:
    """Only asterisks at the end are wild: `/a/*` is everything that begins with `/a/`."""
    return pattern == url or (pattern.endswith("*") and url.startswith(pattern.rstrip("*")))


def _resource(resources: tuple[str, ...], resource: str) -> bool:
    """`*` is every resource and subresource, `*/scale` that subresource of any; nothing else is wild."""
    if resource in resources or "*" in resources:
        return True
    _, slash, sub = resource.partition("/")
    return bool(slash) and f"*/{sub}" in resources


def _resources(rule: PolicyRule) -> str:
    groups = "" if rule.api_groups == ("",) else f" of {few(rule.api_groups, 'core')}"
    return f"{few(rule.resources)}{groups}"


class Subject(Noun, frozen=True):
    """Who: a user, a group or a service account."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return str(self.ref)

    @property
    def ref(self) -> ObjectRef:
        """Its address; users and groups, which are no objects, are of the API group that bindings name them with."""
        return ObjectRef(self.kind, self.name, self.namespace, group=meant(self.kind).group)


class RoleRef(Noun, frozen=True):
    """The role that a binding grants."""

    kind: str
    name: str


class AggregationRule(Noun, frozen=True):
    """Which ClusterRoles a controller gathers into this one."""

    cluster_role_selectors: tuple[LabelSelector, ...] = ()


class Role(Noun, frozen=True):
    """A Role, or a ClusterRole where it has no namespace."""

    metadata: Metadata
    rules: tuple[PolicyRule, ...] = ()
    aggregation_rule: AggregationRule | None = None

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return _ref("Role", self.metadata)


class Binding(Noun, frozen=True):
    """A RoleBinding, or a ClusterRoleBinding where it has no namespace."""

    metadata: Metadata
    role_ref: RoleRef
    subjects: tuple[Subject, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return _ref("RoleBinding", self.metadata)

    @property
    def role(self) -> ObjectRef:
        """The address of the role; a Role is looked for in the binding's own namespace."""
        namespace = "" if self.role_ref.kind == "ClusterRole" else self.metadata.namespace
        return ObjectRef(self.role_ref.kind, self.role_ref.name, namespace, group=_GROUP)


def _ref(kind: str, metadata: Metadata) -> ObjectRef:
    kind = kind if metadata.namespace else f"Cluster{kind}"
    return ObjectRef(kind, metadata.name, metadata.namespace, group=_GROUP)
