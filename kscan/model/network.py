"""Services and network policies."""

from kscan.model.base import Noun
from kscan.model.meta import Metadata
from kscan.model.selectors import LabelSelector


class NetworkPolicySpec(Noun, frozen=True):
    """What a policy selects, and which directions it limits."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[dict[str, object], ...] = ()
    egress: tuple[dict[str, object], ...] = ()


class NetworkPolicy(Noun, frozen=True):
    """A NetworkPolicy."""

    metadata: Metadata
    spec: NetworkPolicySpec = NetworkPolicySpec()

    @property
    def directions(self) -> frozenset[str]:
        """The directions it limits: always Ingress unless types say otherwise, Egress where rules for it stand."""
        if self.spec.policy_types:
            return frozenset(self.spec.policy_types)
        return frozenset({"Ingress", "Egress"} if self.spec.egress else {"Ingress"})


class _ServiceName(Noun, frozen=True):
    name: str = ""


class IngressBackend(Noun, frozen=True):
    """Where an ingress sends requests."""

    service: _ServiceName | None = None


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
    def services(self) -> frozenset[str]:
        """The services that it sends requests to, by name."""
        paths = (path.backend for rule in self.spec.rules if rule.http for path in rule.http.paths)
        backends = (*paths, *([self.spec.default_backend] if self.spec.default_backend else []))
        return frozenset(one.service.name for one in backends if one.service)


class ServiceSpec(Noun, frozen=True):
    """How a service is reached."""

    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    external_ips: tuple[str, ...] = ()


class Service(Noun, frozen=True):
    """A Service."""

    metadata: Metadata
    spec: ServiceSpec = ServiceSpec()
