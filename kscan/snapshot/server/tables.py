"""Lists as `kubectl get` shows them: the columns that the API server would send, as far as a snapshot knows."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from kscan.snapshot.server import cells
from kscan.snapshot.server.cells import at, joined, number, size, text

Read = Callable[[Mapping[str, Any], datetime], Any]


class Column(msgspec.Struct, frozen=True):
    """A column; a wide one is shown with -o wide only."""

    name: str
    read: Read
    wide: bool = False
    type: str = "string"


def _of(name: str, read: Callable[[Mapping[str, Any]], Any], *, wide: bool = False) -> Column:
    return Column(name, lambda one, _: read(one), wide)


def _text(name: str, path: str, *, wide: bool = False, otherwise: str = cells.NONE) -> Column:
    return _of(name, lambda one: text(one, path, otherwise), wide=wide)


def _number(name: str, path: str) -> Column:
    return Column(name, lambda one, _: number(one, path), type="integer")


def _ratio(name: str, part: str, whole: str) -> Column:
    return _of(name, lambda one: f"{number(one, part)}/{number(one, whole)}")


def _template(path: str, *, chosen_by: str = "spec.selector") -> tuple[Column, ...]:
    columns = (
        _of("Containers", partial(cells.containers, path=path), wide=True),
        _of("Images", partial(cells.images, path=path), wide=True),
    )
    if not chosen_by:
        return columns
    return (*columns, _of("Selector", partial(cells.selector, path=chosen_by), wide=True))


def _subjects(name: str, kind: str) -> Column:
    return _of(name, partial(cells.subjects, kind=kind), wide=True)


def _address(name: str, kind: str) -> Column:
    return _of(name, partial(cells.address, kind=kind), wide=True)


NAME = Column("Name", lambda one, _: cells.plain_name(one))
AGE = Column("Age", lambda one, now: cells.since(at(one, "metadata.creationTimestamp"), now))
CREATED = _text("Created At", "metadata.creationTimestamp", otherwise=cells.UNKNOWN)
_TEMPLATE = "spec.template.spec"
_REPLICAS = (
    NAME, _number("Desired", "spec.replicas"), _number("Current", "status.replicas"),
    _number("Ready", "status.readyReplicas"), AGE,
)  # fmt: skip
_BINDING = (
    NAME, _of("Role", lambda one: f"{text(one, 'roleRef.kind')}/{text(one, 'roleRef.name')}"), AGE,
    _subjects("Users", "User"), _subjects("Groups", "Group"), _subjects("ServiceAccounts", "ServiceAccount"),
)  # fmt: skip
_WEBHOOKS = (NAME, Column("Webhooks", lambda one, _: size(one, "webhooks"), type="integer"), AGE)

COLUMNS: Mapping[tuple[str, str], tuple[Column, ...]] = {
    ("", "Pod"): (
        NAME, _of("Ready", cells.pod_ready), _of("Status", cells.pod_status), _of("Restarts", cells.pod_restarts), AGE,
        _text("IP", "status.podIP", wide=True), _text("Node", "spec.nodeName", wide=True),
        _text("Nominated Node", "status.nominatedNodeName", wide=True),
        _of("Readiness Gates", lambda one: size(one, "spec.readinessGates") or cells.NONE, wide=True),
    ),
    ("apps", "Deployment"): (
        NAME, _ratio("Ready", "status.readyReplicas", "spec.replicas"),
        _number("Up-to-date", "status.updatedReplicas"), _number("Available", "status.availableReplicas"), AGE,
        *_template(_TEMPLATE),
    ),
    ("apps", "ReplicaSet"): (*_REPLICAS, *_template(_TEMPLATE)),
    ("", "ReplicationController"): (
        *_REPLICAS, *_template(_TEMPLATE, chosen_by=""),
        _of("Selector", lambda one: cells.pairs(one, "spec.selector"), wide=True),
    ),
    ("apps", "DaemonSet"): (
        NAME, _number("Desired", "status.desiredNumberScheduled"), _number("Current", "status.currentNumberScheduled"),
        _number("Ready", "status.numberReady"), _number("Up-to-date", "status.updatedNumberScheduled"),
        _number("Available", "status.numberAvailable"),
        _of("Node Selector", lambda one: cells.pairs(one, "spec.template.spec.nodeSelector")), AGE,
        *_template(_TEMPLATE),
    ),
    ("apps", "StatefulSet"): (
        NAME, _ratio("Ready", "status.readyReplicas", "spec.replicas"), AGE, *_template(_TEMPLATE, chosen_by=""),
    ),
    ("batch", "Job"): (
        NAME, _of("Status", cells.job_status),
        _of("Completions", lambda one: f"{number(one, 'status.succeeded')}/{text(one, 'spec.completions', '1')}"),
        Column("Duration", cells.job_duration), AGE, *_template(_TEMPLATE),
    ),
    ("batch", "CronJob"): (
        NAME, _text("Schedule", "spec.schedule"), _text("Timezone", "spec.timeZone"),
        _text("Suspend", "spec.suspend", otherwise="False"),
        Column("Active", lambda one, _: size(one, "status.active"), type="integer"),
        Column("Last Schedule", lambda one, now: _last(at(one, "status.lastScheduleTime"), now)), AGE,
        *_template("spec.jobTemplate.spec.template.spec", chosen_by="spec.jobTemplate.spec.selector"),
    ),
    ("", "Service"): (
        NAME, _text("Type", "spec.type", otherwise="ClusterIP"), _text("Cluster-IP", "spec.clusterIP"),
        _of("External-IP", cells.external), _of("Port(s)", cells.ports), AGE,
        _of("Selector", lambda one: cells.pairs(one, "spec.selector"), wide=True),
    ),
    ("", "Node"): (
        NAME, _of("Status", cells.node_status), _of("Roles", cells.node_roles), AGE,
        _text("Version", "status.nodeInfo.kubeletVersion", otherwise=""),
        _address("Internal-IP", "InternalIP"), _address("External-IP", "ExternalIP"),
        _text("OS-Image", "status.nodeInfo.osImage", wide=True, otherwise=cells.UNKNOWN),
        _text("Kernel-Version", "status.nodeInfo.kernelVersion", wide=True, otherwise=cells.UNKNOWN),
        _text("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", wide=True, otherwise=cells.UNKNOWN),
    ),
    ("", "Namespace"): (NAME, _text("Status", "status.phase", otherwise="Active"), AGE),
    ("", "ServiceAccount"): (NAME, AGE),
    ("", "ConfigMap"): (
        NAME, Column("Data", lambda one, _: size(one, "data") + size(one, "binaryData"), type="integer"), AGE,
    ),
    ("networking.k8s.io", "NetworkPolicy"): (
        NAME, _of("Pod-Selector", lambda one: cells.selector(one, "spec.podSelector")), AGE,
    ),
    ("networking.k8s.io", "Ingress"): (
        NAME, _text("Class", "spec.ingressClassName"),
        _of("Hosts", lambda one: joined(rule.get("host", "*") for rule in cells.members(one, "spec.rules"))),
        AGE,
    ),
    ("rbac.authorization.k8s.io", "Role"): (NAME, CREATED),
    ("rbac.authorization.k8s.io", "ClusterRole"): (NAME, CREATED),
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _WEBHOOKS,
}  # fmt: skip


def _last(stamp: Any, now: datetime) -> str:  # noqa: ANN401 - any JSON value
    return cells.since(stamp, now) if stamp else cells.NONE


def table(
    group: str,
    kind: str,
    objects: Iterable[Mapping[str, Any]],
    now: datetime,
    metadata: Mapping[str, str],
    include: str,
) -> bytes:
    """A Table of objects, each row with what the client wants of its object."""
    columns = COLUMNS.get((group, kind), (NAME, AGE))
    definitions = [
        {"name": one.name, "type": one.type, "format": "name" if one is NAME else "", "description": "",
         "priority": int(one.wide)}
        for one in columns
    ]  # fmt: skip
    rows = [
        {"cells": [column.read(one, now) for column in columns], "object": _included(one, include)} for one in objects
    ]
    lead = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return msgspec.json.encode(lead | {"columnDefinitions": definitions, "rows": rows})


def _included(one: Mapping[str, Any], include: str) -> Mapping[str, Any] | None:
    if include == "Object":
        return one
    return None if include == "None" else partial_metadata(one)


def partial_metadata(one: Mapping[str, Any]) -> dict[str, Any]:
    """An object's metadata alone."""
    metadata = one.get("metadata")
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata if isinstance(metadata, dict) else {},
    }
