"""Who and what is powerful: whoever holds one of these rights comes to what others have, or to all."""

from collections.abc import Iterable
from functools import cached_property

from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer
from kscan.model.rbac.identity import Identity
from kscan.model.rbac.reach import Danger, Need, Reach
from kscan.model.rbac.roles import Ask

_RBAC, _APPS, _HOOKS = "rbac.authorization.k8s.io", "apps", "admissionregistration.k8s.io"
# Whoever has power there has the cluster: what runs it stands there.
_SYSTEM = "kube-system"


def _asks(verbs: str, resources: str, group: str = "") -> tuple[Ask, ...]:
    return tuple(Ask(verb, resource, group) for verb in verbs.split() for resource in resources.split())


_WRITE = "create update patch"
# What a role gives also where it is bound in one namespace.
INSIDE = frozenset({
    *_asks("get list watch", "secrets"),
    *_asks("create", "pods pods/exec pods/attach serviceaccounts/token"),
    *_asks("update patch", "pods/ephemeralcontainers"),
    *_asks(_WRITE, "replicationcontrollers"),
    *_asks(_WRITE, "deployments daemonsets statefulsets replicasets", _APPS),
    *_asks(_WRITE, "jobs cronjobs", "batch"),
    *_asks("impersonate", "serviceaccounts"),
    *_asks("bind escalate", "roles", _RBAC),
    *_asks("bind", "clusterroles", _RBAC),
})  # fmt: skip
_OF_CLUSTER = frozenset({
    *_asks("impersonate", "users groups"),
    *_asks("escalate", "clusterroles", _RBAC),
    *_asks("get create", "nodes/proxy"),
    *_asks("create", "persistentvolumes"),
    *_asks(_WRITE, "mutatingwebhookconfigurations validatingwebhookconfigurations", _HOOKS),
    *_asks("approve sign", "signers", "certificates.k8s.io"),
})  # fmt: skip


class Powers:
    """The powerful of a cluster, found where they are asked for."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._roles: dict[tuple[ObjectRef, bool], bool] = {}

    @cached_property
    def _reach(self) -> Reach:
        return Reach(self._authorizer, Danger((Need(tuple(sorted(INSIDE | _OF_CLUSTER, key=str))),), INSIDE))

    def somebody(self, identity: Identity) -> bool:
        """Whether somebody is powerful in the whole cluster."""
        return not self._reach.of(identity).isdisjoint({EVERYWHERE, _SYSTEM})

    def role(self, ref: ObjectRef, *, inside: bool) -> bool:
        """Whether somebody is by a role alone: bound for the cluster, or `inside` one namespace."""
        if (ref, inside) not in self._roles:
            role = self._authorizer.roles.get(ref)
            asks: Iterable[Ask] = INSIDE if inside else INSIDE | _OF_CLUSTER
            self._roles[ref, inside] = role is not None and any(rule.allows(ask) for rule in role.rules for ask in asks)
        return self._roles[ref, inside]
