"""What an expression can be aimed at: each target names its view, and walks it one subject at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from kscan.model.base import JsonObject
from kscan.model.meta import ObjectRef
from kscan.model.pods import containers
from kscan.model.workloads import Workload
from kscan.snapshot import kinds
from kscan.views.controllers import CONTROLLER_OBJECTS
from kscan.views.objects import NAMESPACE_OBJECTS, Thing, things
from kscan.views.view import View
from kscan.views.workloads import WORKLOADS

# The settings of a pod that count for each container which has none of its own.
_INHERITED = ("runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions", "seccompProfile", "appArmorProfile",
              "windowsOptions")  # fmt: skip


class Part(msgspec.Struct, frozen=True):
    """What of an object is judged by itself: a container, or the object as a whole; with the variables of its own."""

    variables: dict[str, Any] = {}
    place: str = ""
    name: str = ""
    # What counts where the part itself says nothing, and where that stands.
    inherits: JsonObject = {}
    inherits_at: str = ""


class Subject(msgspec.Struct, frozen=True):
    """One object that expressions judge, with the variables that its parts share."""

    ref: ObjectRef
    variables: dict[str, Any]
    parts: tuple[Part, ...] = (Part(),)
    pods: int = 0
    # In bytes of JSON; 0 where nobody knows.
    size: int = 0


class Target(msgspec.Struct, frozen=True):
    """A kind of subject: what people call it, the variable that paths start from, its view, the subjects of a thing."""

    name: str
    scope: str
    root: str
    view: View[Any]
    walk: Callable[[Any], Iterator[Subject]]
    variables: tuple[str, ...] = ("object",)
    own: tuple[str, ...] = ()


def _pods(workload: Workload) -> Iterator[Subject]:
    for group in workload.groups:
        yield Subject(workload.ref, {"object": group.pod}, (Part(place=group.at),), group.count, len(group.body))


def _containers(workload: Workload) -> Iterator[Subject]:
    for group in workload.groups:
        pod, at = group.pod, f"{group.at}spec."
        inherits = _inherited(group.spec)
        parts = tuple(
            Part({"container": one.body, "role": one.role}, f"{at}{one.field}[{one.name}].", one.name, inherits, at)
            for one in containers(group.spec)
        )
        yield Subject(workload.ref, {"object": pod, "pod": pod}, parts, group.count, len(group.body))


def _inherited(spec: JsonObject) -> JsonObject:
    """What a pod says for those of its containers that do not say it themselves."""
    settings = spec.get("securityContext")
    found = {key: settings[key] for key in _INHERITED if key in settings} if isinstance(settings, dict) else {}
    return {"securityContext": found} if found else {}


def _things(thing: Thing) -> Iterator[Subject]:
    yield Subject(thing.ref, {"object": thing.body})


def _webhooks(thing: Thing) -> Iterator[Subject]:
    named = ((str(one.get("name") or ""), one) for one in thing.body.get("webhooks", ()))
    parts = tuple(Part({"webhook": one}, f"webhooks[{name}].", name) for name, one in named)
    yield Subject(thing.ref, {"object": thing.body}, parts)


_WEBHOOKS = things("webhooks", kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS)

TARGETS = {
    target.name: target
    for target in (
        Target(
            "container",
            "containers",
            "container",
            WORKLOADS,
            _containers,
            ("object", "pod"),
            ("container", "role"),
        ),
        Target("pod", "workloads", "object", WORKLOADS, _pods),
        Target("webhook", "admission webhooks", "webhook", _WEBHOOKS, _webhooks, own=("webhook",)),
        Target(
            "admissionpolicy",
            "admission policies",
            "object",
            things("admission policy objects", kinds.ADMISSION_POLICIES),
            _things,
        ),
        Target("namespace", "namespaces", "object", NAMESPACE_OBJECTS, _things),
        Target("controller", "controllers", "object", CONTROLLER_OBJECTS, _things),
        Target("service", "services", "object", things("service objects", kinds.SERVICES), _things),
        Target("ingress", "ingresses", "object", things("ingress objects", kinds.INGRESSES), _things),
        Target("role", "roles", "object", things("role objects", kinds.CLUSTER_ROLES, kinds.ROLES), _things),
        Target("node", "nodes", "object", things("node objects", kinds.NODES), _things),
        Target(
            "serviceaccount",
            "service accounts",
            "object",
            things("service account objects", kinds.SERVICE_ACCOUNTS),
            _things,
        ),
        Target(
            "networkpolicy",
            "network policies",
            "object",
            things("network policy objects", kinds.NETWORK_POLICIES),
            _things,
        ),
        Target(
            "disruptionbudget",
            "pod disruption budgets",
            "object",
            things("disruption budget objects", kinds.DISRUPTION_BUDGETS),
            _things,
        ),
        Target(
            "autoscaler",
            "horizontal pod autoscalers",
            "object",
            things("autoscaler objects", kinds.HORIZONTAL_AUTOSCALERS),
            _things,
        ),
        Target("apiservice", "API services", "object", things("API service objects", kinds.API_SERVICES), _things),
        Target("configmap", "config maps", "object", things("config map objects", kinds.CONFIG_MAPS), _things),
        Target(
            "persistentvolume",
            "persistent volumes",
            "object",
            things("persistent volume objects", kinds.PERSISTENT_VOLUMES),
            _things,
        ),
        Target(
            "persistentvolumeclaim",
            "persistent volume claims",
            "object",
            things("volume claim objects", kinds.PERSISTENT_VOLUME_CLAIMS),
            _things,
        ),
        Target(
            "storageclass",
            "storage classes",
            "object",
            things("storage class objects", kinds.STORAGE_CLASSES),
            _things,
        ),
    )
}
