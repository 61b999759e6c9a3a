"""Views that are a list of one kind."""

from collections.abc import Iterator
from typing import Any

import msgspec

from kscan.model.availability import Autoscaler, Budget
from kscan.model.base import Noun, decode_object
from kscan.model.meta import WRITTEN_IN, Meta, Metadata, ObjectRef
from kscan.model.namespaces import Namespace, ServiceAccount
from kscan.model.network import Ingress, NetworkPolicy, Service
from kscan.model.nodes import Node
from kscan.model.rbac.roles import Binding, Role
from kscan.model.shapes import OTHERS
from kscan.snapshot import kinds
from kscan.snapshot.needs import Resource
from kscan.views.view import N, Source, View


class Thing(msgspec.Struct, frozen=True):
    """An object as it came, for an expression to look at."""

    ref: ObjectRef
    body: dict[str, Any]


class ConfigKeys(Noun, frozen=True):
    """A ConfigMap by its keys; what they stand for is never decoded."""

    metadata: Metadata
    data: dict[str, msgspec.Raw] = {}
    binary_data: dict[str, msgspec.Raw] = {}

    @property
    def keys(self) -> frozenset[str]:
        """Every key."""
        return frozenset((*self.data, *self.binary_data))


def _nouns(name: str, noun: type[N], *resources: Resource) -> View[tuple[N, ...]]:
    def build(source: Source) -> tuple[N, ...]:
        return tuple(found for resource in resources for found in source.nouns(resource, noun))

    return View(name, resources, build)


def things(name: str, *resources: Resource) -> View[tuple[Thing, ...]]:
    """A view of objects as they came; one that has not the shape is a gap."""

    def build(source: Source) -> tuple[Thing, ...]:
        return tuple(thing for resource in resources for thing in _things(source, resource))

    return View(name, resources, build)


def _things(source: Source, resource: Resource) -> Iterator[Thing]:
    shape = OTHERS.get(resource.kind, dict)
    for path, item in source.items(resource):
        try:
            body = decode_object(item.body)
            msgspec.convert(body, shape)
            msgspec.convert(metadata := body["metadata"], Metadata)
            written_in = str(metadata.get(WRITTEN_IN, ""))
            namespace = str(metadata.get("namespace", ""))
            ref = ObjectRef(resource.kind, str(metadata["name"]), namespace, written_in, resource.group)
        except (msgspec.MsgspecError, KeyError, TypeError) as error:
            source.undecodable(path, item, error)
            continue
        yield Thing(ref, {"apiVersion": path.split("/", 2)[2].rpartition("/")[0], "kind": resource.kind} | body)


NAMESPACES = _nouns("namespaces", Namespace, kinds.NAMESPACES)
NAMESPACE_OBJECTS = things("namespace objects", kinds.NAMESPACES)
SERVICE_ACCOUNTS = _nouns("service accounts", ServiceAccount, kinds.SERVICE_ACCOUNTS)
NETWORK_POLICIES = _nouns("network policies", NetworkPolicy, kinds.NETWORK_POLICIES)
INGRESSES = _nouns("ingresses", Ingress, kinds.INGRESSES)
SERVICES = _nouns("services", Service, kinds.SERVICES)
NODES = _nouns("nodes", Node, kinds.NODES)
ROLES = _nouns("roles", Role, kinds.CLUSTER_ROLES, kinds.ROLES)
BINDINGS = _nouns("bindings", Binding, kinds.CLUSTER_ROLE_BINDINGS, kinds.ROLE_BINDINGS)
BUDGETS = _nouns("disruption budgets", Budget, kinds.DISRUPTION_BUDGETS)
AUTOSCALERS = _nouns("autoscalers", Autoscaler, kinds.HORIZONTAL_AUTOSCALERS)
DAEMON_SETS = _nouns("daemon sets", Meta, kinds.DAEMON_SETS)
CONFIG_MAPS = _nouns("config maps", ConfigKeys, kinds.CONFIG_MAPS)
CLAIMS = _nouns("volume claims", Meta, kinds.PERSISTENT_VOLUME_CLAIMS)
PRIORITY_CLASSES = _nouns("priority classes", Meta, kinds.PRIORITY_CLASSES)
RESOURCE_QUOTAS = _nouns("resource quotas", Meta, kinds.RESOURCE_QUOTAS)
LIMIT_RANGES = _nouns("limit ranges", Meta, kinds.LIMIT_RANGES)
