"""Which workloads run under which service account, and which of them can be reached from outside."""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.model.meta import ObjectRef
from kscan.model.network import Service
from kscan.model.pods import containers, service_account
from kscan.model.workloads import PodGroup, Workload
from kscan.snapshot import kinds
from kscan.views.objects import SERVICES
from kscan.views.view import Source, View
from kscan.views.workloads import WORKLOADS

Account = tuple[str, str]
_OUTSIDE = ("NodePort", "LoadBalancer")


class Runner(msgspec.Struct, frozen=True, order=True):
    """A workload, and by what it is exposed; empty where nothing exposes it."""

    workload: ObjectRef
    exposed: str = ""

    def __str__(self) -> str:
        return f"{self.workload}" + (f", exposed by {self.exposed}" if self.exposed else "")


Running = Mapping[Account, tuple[Runner, ...]]


def _build(source: Source) -> Running:
    services = SERVICES.build(source)
    found: dict[Account, set[Runner]] = {}
    for workload in WORKLOADS.build(source):
        for group in workload.groups:
            account = (workload.ref.namespace, service_account(group.spec))
            runner = Runner(workload.ref, exposed(workload, group, services))
            found.setdefault(account, set()).add(runner)
    return {account: tuple(sorted(runners)) for account, runners in found.items()}


def exposed(workload: Workload, group: PodGroup, services: Iterable[Service]) -> str:
    """By what pods can be reached from outside the cluster, if by anything."""
    if group.spec.get("hostNetwork"):
        return "the node's network"
    for container in containers(group.spec):
        if any(isinstance(port, dict) and port.get("hostPort") for port in container.body.get("ports") or ()):
            return "a port of the node"
    labels = group.pod.get("metadata", {}).get("labels", {})
    for service in services:
        spec = service.spec
        if (
            service.metadata.namespace == workload.ref.namespace
            and (spec.type in _OUTSIDE or spec.external_ips)
            and spec.selector
            and spec.selector.items() <= labels.items()
        ):
            return f"Service {service.metadata.name} of type {spec.type}"
    return ""


RUNNING: View[Running] = View("running", (*WORKLOADS.needs, kinds.SERVICES), _build)
