"""Which workloads run under which service account, and which of them can be reached from outside."""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.model.meta import ObjectRef
from kscan.model.network import Ingress, Service
from kscan.model.pods import containers, service_account
from kscan.model.workloads import PodGroup, Workload
from kscan.snapshot import kinds
from kscan.views.objects import INGRESSES, SERVICES
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
    services, ingresses = source.of(SERVICES), source.of(INGRESSES)
    found: dict[Account, set[Runner]] = {}
    for workload in source.of(WORKLOADS):
        for group in workload.groups:
            account = (workload.ref.namespace, service_account(group.spec))
            runner = Runner(workload.ref, exposed(workload, group, services, ingresses))
            found.setdefault(account, set()).add(runner)
    return {account: tuple(sorted(runners)) for account, runners in found.items()}


def exposed(workload: Workload, group: PodGroup, services: Iterable[Service], ingresses: Iterable[Ingress]) -> str:
    """By what pods can be reached from outside the cluster, if by anything."""
    if group.spec.get("hostNetwork"):
        return "the node's network"
    for container in containers(group.spec):
        if any(isinstance(port, dict) and port.get("hostPort") for port in container.body.get("ports") or ()):
            return "a port of the node"
    labels = group.pod.get("metadata", {}).get("labels", {})
    for service in services:
        spec, name = service.spec, service.metadata.name
        here = service.metadata.namespace == workload.ref.namespace
        if not (here and spec.selector and spec.selector.items() <= labels.items()):
            continue
        if spec.type in _OUTSIDE or spec.external_ips:
            return f"Service {name} of type {spec.type}"
        for ingress in ingresses:
            if ingress.metadata.namespace == workload.ref.namespace and name in ingress.services:
                return f"Ingress {ingress.metadata.name}"
    return ""


RUNNING: View[Running] = View("running", (*WORKLOADS.needs, kinds.SERVICES, kinds.INGRESSES), _build)
