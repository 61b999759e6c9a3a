"""The types of the fields that checks ask of objects: one with a value of another type no API server takes.

Those of pods stand apart, in pod_shape.py.
"""

import msgspec

from kscan.model.availability import Autoscaler
from kscan.model.base import Noun
from kscan.model.network import NetworkPolicy
from kscan.model.pod_shape import Location, Typed


class _ServiceSpec(Noun, frozen=True):
    type: str = ""
    selector: dict[str, str] = {}
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    external_traffic_policy: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()


class _Service(Noun, frozen=True):
    spec: _ServiceSpec | None = None


class _Tls(Noun, frozen=True):
    hosts: tuple[str, ...] = ()


class _Rule(Noun, frozen=True):
    host: str = ""


class _IngressSpec(Noun, frozen=True):
    tls: tuple[_Tls, ...] = ()
    rules: tuple[_Rule, ...] = ()


class _Ingress(Noun, frozen=True):
    spec: _IngressSpec | None = None


class _VolumeSpec(Noun, frozen=True):
    host_path: Location | None = None
    local: Location | None = None


class _PersistentVolume(Noun, frozen=True):
    spec: _VolumeSpec | None = None


class _ConfigMap(Noun, frozen=True):
    data: dict[str, str] = {}


class _ApiServiceSpec(Noun, frozen=True):
    insecure_skip_tls_verify: bool = msgspec.field(default=False, name="insecureSkipTLSVerify")


class _ApiService(Noun, frozen=True):
    spec: _ApiServiceSpec | None = None


class _AdmissionSpec(Noun, frozen=True):
    failure_policy: str = ""


class _AdmissionPolicy(Noun, frozen=True):
    spec: _AdmissionSpec | None = None


class _Client(Noun, frozen=True):
    url: str = ""


class _Webhook(Noun, frozen=True):
    name: str = ""
    failure_policy: str = ""
    client_config: _Client | None = None


class _Webhooks(Noun, frozen=True):
    webhooks: tuple[_Webhook, ...] = ()


class _StorageClass(Noun, frozen=True):
    provisioner: str = ""
    parameters: dict[str, str] = {}


class _ControllerSpec(Noun, frozen=True):
    replicas: int = 0
    suspend: bool = False
    starting_deadline_seconds: int = 0
    ttl_seconds_after_finished: int = 0
    strategy: Typed | None = None
    update_strategy: Typed | None = None


class _Controller(Noun, frozen=True):
    """What controllers of pods say of themselves."""

    spec: _ControllerSpec | None = None


class _BudgetSpec(Noun, frozen=True):
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_pod_eviction_policy: str = ""


class _Budget(Noun, frozen=True):
    spec: _BudgetSpec | None = None


CONTROLLERS = (
    "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController"
)  # fmt: skip
# By their kinds.
OTHERS: dict[str, type[Noun]] = {
    "Service": _Service,
    "Ingress": _Ingress,
    "NetworkPolicy": NetworkPolicy,
    "PodDisruptionBudget": _Budget,
    "HorizontalPodAutoscaler": Autoscaler,
    "PersistentVolume": _PersistentVolume,
    "ConfigMap": _ConfigMap,
    "APIService": _ApiService,
    "StorageClass": _StorageClass,
    "ValidatingAdmissionPolicy": _AdmissionPolicy,
    "ValidatingWebhookConfiguration": _Webhooks,
    "MutatingWebhookConfiguration": _Webhooks,
    **dict.fromkeys(CONTROLLERS, _Controller),
}
