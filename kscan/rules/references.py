"""Names of objects that are not there: pods that cannot start, or that somebody else can give what they wait for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

from kscan.checks.judgement import Fine, Judgement, Judgements, Problem, Unsure
from kscan.model.availability import Autoscaler
from kscan.model.base import JsonObject
from kscan.model.controllers import Controller
from kscan.model.kinds import meant
from kscan.model.meta import Meta, ObjectRef
from kscan.model.namespaces import ServiceAccount
from kscan.model.network import BackendService, Ingress, Service
from kscan.model.pods import MIRROR, containers, lookup, objects, service_account
from kscan.model.words import listed
from kscan.model.workloads import Workload
from kscan.rules.rule import rule
from kscan.views.controllers import CONTROLLERS
from kscan.views.objects import (
    AUTOSCALERS,
    CLAIMS,
    CONFIG_MAPS,
    INGRESSES,
    PRIORITY_CLASSES,
    SERVICE_ACCOUNTS,
    SERVICES,
    ConfigKeys,
)
from kscan.views.server import MANIFESTS
from kscan.views.workloads import WORKLOADS

_SCALED = ("Deployment", "StatefulSet", "ReplicationController")
_SCALED_GROUPS = ("", "apps", "extensions")
# Kubernetes makes them: the classes once, the map in every namespace.
_OWN_CLASSES = ("system-cluster-critical", "system-node-critical")
_OWN_MAP = "kube-root-ca.crt"


def _missing(ref: ObjectRef, what: str, path: str, value: str, manifests: bool, pods: int = 0) -> Judgement:
    if manifests:
        return Unsure(ref, f"{what} is not in the manifests; it may be in the cluster")
    return Problem(ref, f"{what} does not exist", path=path, value=value, pods=pods)


@rule("references.service_account", "workloads", WORKLOADS, SERVICE_ACCOUNTS, MANIFESTS)
def account(workloads: Iterable[Workload], accounts: Iterable[ServiceAccount], manifests: bool) -> Judgements:
    """Workloads of an account that is not there; every namespace is given a default one, static pods use none."""
    known = {(one.metadata.namespace, one.metadata.name) for one in accounts}
    for workload in workloads:
        for group in workload.groups:
            name = service_account(group.spec)
            static = MIRROR in group.pod.get("metadata", {}).get("annotations", {})
            if name == "default" or static or (workload.ref.namespace, name) in known:
                yield Fine(workload.ref)
            else:
                what = f"runs as ServiceAccount {name}, which"
                yield _missing(workload.ref, what, "spec.serviceAccountName", name, manifests, group.count)


@rule("references.config_map", "workloads", WORKLOADS, CONFIG_MAPS, MANIFESTS)
def config_map(workloads: Iterable[Workload], found: Iterable[ConfigKeys], manifests: bool) -> Judgements:
    """Workloads that need a config map, or a key of one, that is not there."""
    keys = {(one.metadata.namespace, one.metadata.name): one.keys for one in found}
    for workload in workloads:
        for group in workload.groups:
            clean = True
            for path, container, name, wanted in _wanted(group.spec):
                held = keys.get((workload.ref.namespace, name))
                absent = [key for key in wanted if held is not None and key not in held]
                if held is not None and not absent:
                    continue
                clean = False
                what = f"key {listed(absent)} of ConfigMap {name}" if absent else f"ConfigMap {name}"
                if manifests:
                    yield Unsure(workload.ref, f"{what} is not in the manifests; it may be in the cluster", container)
                else:
                    yield Problem(
                        workload.ref, f"needs {what}, which does not exist", container, path, name, group.count
                    )
            if clean:
                yield Fine(workload.ref)


def _wanted(spec: JsonObject) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """The path, the container, the config map and the keys of each reference that a pod cannot do without."""
    for container in containers(spec):
        place = f"spec.{container.field}[{container.name}]"
        for variable in objects(container.body, "env"):
            one = lookup(variable, "valueFrom.configMapKeyRef")
            if _needed(one):
                path = f"{place}.env[{variable.get('name', '')}]"
                yield path, container.name, str(one.get("name", "")), (str(one.get("key", "")),)
        for source in objects(container.body, "envFrom"):
            one = source.get("configMapRef")
            if _needed(one):
                yield f"{place}.envFrom", container.name, str(one.get("name", "")), ()
    for volume in objects(spec, "volumes"):
        projected = volume.get("projected")
        sources = objects(projected, "sources") if isinstance(projected, dict) else []
        for one in (volume.get("configMap"), *(source.get("configMap") for source in sources)):
            if _needed(one):
                wanted = tuple(str(item.get("key", "")) for item in objects(one, "items"))
                yield f"spec.volumes[{volume.get('name', '')}]", "", str(one.get("name", "")), wanted


def _needed(reference: Any) -> TypeGuard[JsonObject]:  # noqa: ANN401 - any JSON value
    return isinstance(reference, dict) and not reference.get("optional") and reference.get("name") != _OWN_MAP


@rule("references.claim", "workloads", WORKLOADS, CLAIMS, MANIFESTS, more=(CONTROLLERS,))
def claim(
    workloads: Iterable[Workload],
    claims: Iterable[Meta],
    manifests: bool,
    controllers: Mapping[ObjectRef, Controller] | None,
) -> Judgements:
    """Workloads that mount a claim that is not there; a volume of a claim template gets one with each pod."""
    known = {(one.metadata.namespace, one.metadata.name) for one in claims}
    for workload in workloads:
        controller = (controllers or {}).get(workload.ref)
        own = {one.metadata.name for one in controller.spec.volume_claim_templates} if controller else set()
        if controllers is None and workload.ref.group_kind == meant("StatefulSet"):
            yield Unsure(workload.ref, "which claims it makes itself could not be read")
            continue
        for group in workload.groups:
            clean = True
            for volume in objects(group.spec, "volumes"):
                name = (
                    ""
                    if str(volume.get("name")) in own
                    else str(lookup(volume, "persistentVolumeClaim.claimName") or "")
                )
                if name and (workload.ref.namespace, name) not in known:
                    clean = False
                    what = f"mounts PersistentVolumeClaim {name}, which"
                    path = f"spec.volumes[{volume.get('name', '')}]"
                    yield _missing(workload.ref, what, path, name, manifests, group.count)
            if clean:
                yield Fine(workload.ref)


@rule("references.priority_class", "workloads", WORKLOADS, PRIORITY_CLASSES, MANIFESTS)
def priority_class(workloads: Iterable[Workload], classes: Iterable[Meta], manifests: bool) -> Judgements:
    """Workloads of a priority that nobody defined: no pod of theirs is let in."""
    known = {*_OWN_CLASSES, "", *(one.metadata.name for one in classes)}
    for workload in workloads:
        for group in workload.groups:
            name = str(group.spec.get("priorityClassName") or "")
            if name in known:
                yield Fine(workload.ref)
            else:
                what = f"has the priority of PriorityClass {name}, which"
                yield _missing(workload.ref, what, "spec.priorityClassName", name, manifests, group.count)


@rule("references.scale_target", "horizontal pod autoscalers", AUTOSCALERS, CONTROLLERS, MANIFESTS)
def scale_target(
    autoscalers: Iterable[Autoscaler], controllers: Mapping[ObjectRef, Controller], manifests: bool
) -> Judgements:
    """Autoscalers of what is not there; what custom resources scale is not asked for."""
    for one in autoscalers:
        group = one.spec.scale_target_ref.api_version.rpartition("/")[0]
        if one.target.kind not in _SCALED or group not in _SCALED_GROUPS or one.target in controllers:
            yield Fine(one.ref)
        else:
            yield _missing(
                one.ref, f"scales {one.target}, which", "spec.scaleTargetRef.name", one.target.name, manifests
            )


@rule("references.ingress_backend", "ingresses", INGRESSES, SERVICES, MANIFESTS)
def ingress_backend(ingresses: Iterable[Ingress], services: Iterable[Service], manifests: bool) -> Judgements:
    """Ingresses that lead to a service, or to a port of one, that is not there."""
    known = {(one.metadata.namespace, one.metadata.name): one for one in services}
    for ingress in ingresses:
        ref = ingress.ref
        clean = True
        for backend in dict.fromkeys(ingress.backends):
            service = known.get((ref.namespace, backend.name))
            if service is not None and _offers(service, backend):
                continue
            clean = False
            if service is None:
                what = f"leads to Service {backend.name}, which"
                yield _missing(ref, what, "spec.rules", backend.name, manifests)
            else:
                port = backend.port.name or backend.port.number
                yield Problem(ref, f"leads to port {port} of Service {backend.name}, which has no such port",
                              path="spec.rules", value=str(port))  # fmt: skip
        if clean:
            yield Fine(ref)


def _offers(service: Service, backend: BackendService) -> bool:
    """Whether a service has the port that is meant; annotations of load balancers name ports that are none."""
    if backend.port.name == "use-annotation" or service.spec.type == "ExternalName":
        return True
    if backend.port.name:
        return any(one.name == backend.port.name for one in service.spec.ports)
    return any(one.port == backend.port.number for one in service.spec.ports)
