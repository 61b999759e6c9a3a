"""Services, ingresses and network policies."""

import msgspec

from kscan.model.base import Noun
from kscan.model.kinds import meant
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.selectors import LabelSelector


class PolicyPeer(Noun, frozen=True):
    """Whom a rule lets through: pods, pods of namespaces, or addresses."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: dict[str, str | list[str]] | None = None


class PolicyRule(Noun, frozen=True):
    """One rule of a policy, either way; nobody named is everybody, no port named is every port."""

    peers_from: tuple[PolicyPeer, ...] = msgspec.field(default=(), name="from")
    peers_to: tuple[PolicyPeer, ...] = msgspec.field(default=(), name="to")
    ports: tuple[dict[str, object], ...] = ()


class NetworkPolicySpec(Noun, frozen=True):
    """What a policy selects, and which directions it limits."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[PolicyRule, ...] = ()
    egress: tuple[PolicyRule, ...] = ()


class NetworkPolicy(Noun, frozen=True):
    """A NetworkPolicy."""

    metadata: Metadata
    spec: NetworkPolicySpec = NetworkPolicySpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("NetworkPolicy"))

    @property
    def directions(self) -> frozenset[str]:
        """The directions it limits: always Ingress unless types say otherwise, Egress where rules for it stand."""
        if self.spec.policy_types:
            return frozenset(self.spec.policy_types)
        return frozenset({"Ingress", "Egress"} if self.spec.egress else {"Ingress"})


class BackendPort(Noun, frozen=True):
    """The port of a service, by number or by name."""

    number: int = 0
    name: str = ""


class BackendService(Noun, frozen=True):
    """The service that an ingress sends requests to."""

    name: str = ""
    port: BackendPort = BackendPort()


class IngressBackend(Noun, frozen=True):
    """Where an ingress sends requests."""

    service: BackendService | None = None


class _Path(Noun, frozen=True):
    backend: IngressBackend = IngressBackend()


class _Http(Noun, frozen=True):
    paths: tuple[_Path, ...] = ()


class _IngressRule(Noun, frozen=True):
    http: _Http | None = None


class IngressSpec(Noun, frozen=True):
    """The rules of an ingress."""

    default_backend: IngressBackend | None = None
    rules: tuple[_IngressRule, ...] = ()


class Ingress(Noun, frozen=True):
    """An Ingress."""

    metadata: Metadata
    spec: IngressSpec = IngressSpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("Ingress"))

    @property
    def backends(self) -> tuple[BackendService, ...]:
        """The services that it sends requests to, each with the port that is meant."""
        paths = (path.backend for rule in self.spec.rules if rule.http for path in rule.http.paths)
        backends = (*paths, *([self.spec.default_backend] if self.spec.default_backend else []))
        return tuple(one.service for one in backends if one.service)

    @property
    def services(self) -> frozenset[str]:
        """The services that it sends requests to, by name."""
        return frozenset(one.name for one in self.backends)


class ServicePort(Noun, frozen=True):
    """A port of a service, and the port of its pods that it stands for."""

    port: int = 0
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None


class ServiceSpec(Noun, frozen=True):
    """How a service is reached."""

    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    cluster_ip: str = msgspec.field(default="", name="clusterIP")


class Service(Noun, frozen=True):
    """A Service."""

    metadata: Metadata
    spec: ServiceSpec = ServiceSpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("Service"))
