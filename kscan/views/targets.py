"""What an expression can be aimed at: each target names its view, and walks it one subject at a time."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from kscan.model.meta import ObjectRef
from kscan.model.pods import containers
from kscan.model.workloads import Workload
from kscan.snapshot import kinds
from kscan.views.objects import Thing, things
from kscan.views.view import View
from kscan.views.workloads import WORKLOADS


class Subject(msgspec.Struct, frozen=True):
    """One thing that an expression judges, with the variables that it sees."""

    ref: ObjectRef
    variables: dict[str, Any]
    place: str = ""
    container: str = ""
    pods: int = 0


class Target(msgspec.Struct, frozen=True):
    """A kind of subject: what people call it, the variable that paths start from, its view and its walk."""

    name: str
    scope: str
    root: str
    view: View[Any]
    walk: Callable[[Any], Iterator[Subject]]
    variables: tuple[str, ...] = ("object",)


def _pods(workloads: Iterable[Workload]) -> Iterator[Subject]:
    for workload in workloads:
        for group in workload.groups:
            yield Subject(workload.ref, {"object": group.pod}, pods=group.count)


def _containers(workloads: Iterable[Workload]) -> Iterator[Subject]:
    for workload in workloads:
        for group in workload.groups:
            for container in containers(group.spec):
                variables = {
                    "object": group.pod,
                    "pod": group.pod,
                    "container": container.body,
                    "role": container.role,
                }
                place = f"spec.{container.field}[{container.name}]."
                yield Subject(workload.ref, variables, place, container.name, group.count)


def _things(found: Iterable[Thing]) -> Iterator[Subject]:
    for thing in found:
        yield Subject(thing.ref, {"object": thing.body})


def _webhooks(found: Iterable[Thing]) -> Iterator[Subject]:
    for thing in found:
        for webhook in thing.body.get("webhooks", ()):
            name = str(webhook.get("name", ""))
            yield Subject(thing.ref, {"object": thing.body, "webhook": webhook}, f"webhooks[{name}].", name)


class _WebhookShape(msgspec.Struct):
    webhooks: list[dict[str, Any]] = []


_WEBHOOKS = things("webhooks", kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS, shape=_WebhookShape)

TARGETS = {
    target.name: target
    for target in (
        Target(
            "container",
            "containers",
            "container",
            WORKLOADS,
            _containers,
            ("object", "pod", "container", "role"),
        ),
        Target("pod", "workloads", "object", WORKLOADS, _pods),
        Target("webhook", "admission webhooks", "webhook", _WEBHOOKS, _webhooks, ("object", "webhook")),
        Target("namespace", "namespaces", "object", things("namespace objects", kinds.NAMESPACES), _things),
        Target("service", "services", "object", things("service objects", kinds.SERVICES), _things),
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
    )
}
