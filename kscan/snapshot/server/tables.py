"""Tables as kubectl asks for them: the columns that people know, from what the snapshot has."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from kscan.model.base import JsonObject
from kscan.model.pods import lookup

Cell = Callable[[JsonObject], object]
_NONE = "<none>"


def _at(path: str, missing: object = _NONE) -> Cell:
    def cell(one: JsonObject) -> object:
        value = lookup(one, path)
        return missing if value in (None, "") else value

    return cell


def _name(one: JsonObject) -> object:
    return lookup(one, "metadata.name")


def _age(one: JsonObject) -> object:
    try:
        created = datetime.fromisoformat(str(lookup(one, "metadata.creationTimestamp")))
    except ValueError:
        return "<unknown>"
    seconds = int((datetime.now(UTC) - created).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"


def _statuses(one: JsonObject) -> list[dict[str, Any]]:
    return lookup(one, "status.containerStatuses") or []


def _ready(one: JsonObject) -> object:
    return f"{sum(bool(status.get('ready')) for status in _statuses(one))}/{len(lookup(one, 'spec.containers') or [])}"


def _restarts(one: JsonObject) -> object:
    return sum(int(status.get("restartCount", 0)) for status in _statuses(one))


def _pod_status(one: JsonObject) -> object:
    phase = lookup(one, "status.reason") or lookup(one, "status.phase") or "Unknown"
    return "Completed" if phase == "Succeeded" else phase


def _replicas(one: JsonObject) -> object:
    return f"{lookup(one, 'status.readyReplicas') or 0}/{lookup(one, 'spec.replicas') or 0}"


def _ports(one: JsonObject) -> object:
    ports = lookup(one, "spec.ports") or []
    return ",".join(f"{port.get('port')}/{port.get('protocol', 'TCP')}" for port in ports) or _NONE


def _node_status(one: JsonObject) -> object:
    ready = [each for each in lookup(one, "status.conditions") or [] if each.get("type") == "Ready"]
    return "Ready" if ready and ready[0].get("status") == "True" else "NotReady"


def _roles(one: JsonObject) -> object:
    labels = lookup(one, "metadata.labels") or {}
    prefix = "node-role.kubernetes.io/"
    return ",".join(sorted(label[len(prefix) :] for label in labels if label.startswith(prefix))) or _NONE


def _role(one: JsonObject) -> object:
    return f"{lookup(one, 'roleRef.kind')}/{lookup(one, 'roleRef.name')}"


# A column with priority 1 is shown with `-o wide` only.
_COLUMNS: dict[str, tuple[tuple[str, Cell, int], ...]] = {
    "Pod": (("Ready", _ready, 0), ("Status", _pod_status, 0), ("Restarts", _restarts, 0), ("Age", _age, 0),
            ("IP", _at("status.podIP"), 1), ("Node", _at("spec.nodeName"), 1)),
    "Deployment": (("Ready", _replicas, 0), ("Up-to-date", _at("status.updatedReplicas", 0), 0),
                   ("Available", _at("status.availableReplicas", 0), 0), ("Age", _age, 0)),
    "StatefulSet": (("Ready", _replicas, 0), ("Age", _age, 0)),
    "ReplicaSet": (("Desired", _at("spec.replicas", 0), 0), ("Current", _at("status.replicas", 0), 0),
                   ("Ready", _at("status.readyReplicas", 0), 0), ("Age", _age, 0)),
    "DaemonSet": (("Desired", _at("status.desiredNumberScheduled", 0), 0), ("Ready", _at("status.numberReady", 0), 0),
                  ("Age", _age, 0)),
    "Job": (("Completions", _at("spec.completions"), 0), ("Age", _age, 0)),
    "CronJob": (("Schedule", _at("spec.schedule"), 0), ("Suspend", _at("spec.suspend", False), 0), ("Age", _age, 0)),
    "Service": (("Type", _at("spec.type", "ClusterIP"), 0), ("Cluster-IP", _at("spec.clusterIP"), 0),
                ("Port(s)", _ports, 0), ("Age", _age, 0)),
    "Namespace": (("Status", _at("status.phase", "Active"), 0), ("Age", _age, 0)),
    "Node": (("Status", _node_status, 0), ("Roles", _roles, 0), ("Age", _age, 0),
             ("Version", _at("status.nodeInfo.kubeletVersion"), 0)),
    "ClusterRoleBinding": (("Role", _role, 0), ("Age", _age, 0)),
    "RoleBinding": (("Role", _role, 0), ("Age", _age, 0)),
}  # fmt: skip
_PLAIN: tuple[tuple[str, Cell, int], ...] = (("Age", _age, 0),)


def table(kind: str, objects: Sequence[JsonObject], metadata: dict[str, Any]) -> dict[str, Any]:
    """A Table of objects of one kind."""
    columns = (("Name", _name, 0), *_COLUMNS.get(kind, _PLAIN))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": name,
                "type": "string",
                "format": "name" if name == "Name" else "",
                "description": "",
                "priority": at,
            }
            for name, _, at in columns
        ],
        "rows": [{"cells": [cell(one) for _, cell, _ in columns], "object": partial_metadata(one)} for one in objects],
    }


def partial_metadata(one: JsonObject) -> dict[str, Any]:
    """An object of which only the metadata is told."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one.get("metadata", {})}
