"""What stands in which namespace, and what a namespace limits."""

from collections.abc import Iterable

from kscan.checks.judgement import Fine, Judgements, Problem, Unsure
from kscan.model.meta import Meta, ObjectRef
from kscan.model.namespaces import SYSTEM, Namespace
from kscan.model.network import Service
from kscan.model.workloads import Workload
from kscan.rules.rule import rule
from kscan.views.objects import LIMIT_RANGES, NAMESPACES, RESOURCE_QUOTAS, SERVICES
from kscan.views.server import MANIFESTS
from kscan.views.workloads import WORKLOADS

_OWN = ObjectRef("Service", "kubernetes", "default")


@rule("namespaces.default", "workloads and services", WORKLOADS, SERVICES, MANIFESTS)
def default(workloads: Iterable[Workload], services: Iterable[Service], manifests: bool) -> Judgements:
    """What stands in the default namespace beside Kubernetes' own service."""
    found = [
        *(one.ref for one in workloads),
        *(one.ref for one in services),
    ]
    for ref in found:
        if ref.namespace != "default" or ref == _OWN:
            yield Fine(ref)
        elif manifests:
            yield Unsure(ref, "its namespace is the default one, or is given when it is applied")
        else:
            yield Problem(ref, "stands in the default namespace", path="metadata.namespace", value="default")


@rule("namespaces.without_quota", "namespaces", NAMESPACES, RESOURCE_QUOTAS, MANIFESTS)
def without_quota(namespaces: Iterable[Namespace], quotas: Iterable[Meta], manifests: bool) -> Judgements:
    """Namespaces of the cluster's users that may take all that the cluster has."""
    yield from _without(namespaces, quotas, "holds no resource quota", manifests)


@rule("namespaces.without_limits", "namespaces", NAMESPACES, LIMIT_RANGES, MANIFESTS)
def without_limits(namespaces: Iterable[Namespace], ranges: Iterable[Meta], manifests: bool) -> Judgements:
    """Namespaces of the cluster's users where a container that asks for nothing is given no limit."""
    yield from _without(namespaces, ranges, "holds no limit range", manifests)


def _without(namespaces: Iterable[Namespace], found: Iterable[Meta], message: str, manifests: bool) -> Judgements:
    held = {one.metadata.namespace for one in found}
    for namespace in namespaces:
        ref = ObjectRef("Namespace", namespace.metadata.name)
        if ref.name in SYSTEM or ref.name in held:
            yield Fine(ref)
        elif manifests:
            yield Unsure(ref, "the manifests hold none for it; the cluster may")
        else:
            yield Problem(ref, message)
