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


class ServiceSpec(Noun, frozen=True):
    """How a service is reached."""

    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    external_ips: tuple[str, ...] = ()


class Service(Noun, frozen=True):
    """A Service."""

    metadata: Metadata
    spec: ServiceSpec = ServiceSpec()
