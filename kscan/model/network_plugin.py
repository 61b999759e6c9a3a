"""Network plugins: which of them do what network policies say, and by which signs each is known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from kscan.model.releases import release


class Enforces(StrEnum):
    """Whether policies are enforced."""

    YES = "enforces network policies"
    NO = "does not enforce network policies"
    UNTOLD = "may enforce network policies or not"


class Agent(msgspec.Struct, frozen=True):
    """A DaemonSet of the cluster: its name, and the image and the words of each of its containers."""

    name: str
    namespace: str
    containers: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @property
    def images(self) -> tuple[str, ...]:
        """The image of each container."""
        return tuple(image for _, image, _ in self.containers)


class Sign(msgspec.Struct, frozen=True, order=True):
    """A plugin that was recognised, by what, and whether it enforces policies."""

    plugin: str
    seen: str
    enforces: Enforces


_BY_NAME: Mapping[str, str] = {
    "calico-node": "Calico",
    "canal": "Canal",
    "rke2-canal": "Canal",
    "anetd": "GKE Dataplane V2",
    "antrea-agent": "Antrea",
    "ovnkube-node": "OVN-Kubernetes",
    "sdn": "OpenShift SDN",
    "weave-net": "Weave Net",
    "azure-npm": "Azure network policy manager",
    "kube-network-policies": "kube-network-policies",
    "kube-ovn-cni": "Kube-OVN",
    "romana-agent": "Romana",
}
# Where plugins are installed. In a namespace of somebody's own anybody who may edit it can make what looks like one.
_HOMES = frozenset({
    "kube-system", "calico-system", "canal", "cilium", "kube-flannel", "kube-router", "openshift-ovn-kubernetes",
    "openshift-sdn", "ovn-kubernetes", "kube-ovn", "antrea", "weave", "tigera-operator",
})  # fmt: skip
# The images of kind 0.24 and of kind 0.23; of those between nothing is known.
_KINDNET_WITH, _KINDNET_WITHOUT = "20240813", "20240513"
# A DaemonSet of this name may be anybody's: only where its image says the same.
_ANYBODYS = frozenset({"sdn", "canal"})
_IMAGES = {"sdn": ("sdn",), "canal": ("calico/node", "calico-node")}


# Plugins of the CNI project, which connect pods and know nothing of policies.
_PLAIN = frozenset({
    "bandwidth", "bridge", "firewall", "flannel", "host-local", "ipvlan", "loopback", "macvlan", "portmap", "ptp",
    "sbr", "tuning", "vlan", "vrf",
})  # fmt: skip


def plain(nodes: Iterable[Sequence[str]]) -> Sign | None:
    """That all nodes connect their pods by plugins that know nothing of policies, if that is so."""
    found = list(nodes)
    kinds = sorted({kind for one in found for kind in one})
    if not found or not all(found) or not _PLAIN.issuperset(kinds):
        return None
    return Sign(f"CNI plugin {' with '.join(kinds)}", "the nodes' own configuration, told by their agents", Enforces.NO)


def signs(agents: Iterable[Agent], cilium: Mapping[str, str], k3s: Iterable[str]) -> Iterator[Sign]:
    """Every sign: of the DaemonSets, of Cilium's configuration, of the arguments of k3s servers where there are any."""
    for agent in agents:
        found = _of(agent, cilium)
        if found and agent.namespace in _HOMES:
            yield found
    arguments = list(k3s)
    off = [one for one in arguments if "--disable-network-policy" in one]
    if off:
        yield Sign("k3s", "its server was started with --disable-network-policy", Enforces.NO)
    elif arguments:
        yield Sign("k3s", "its servers run a network policy controller", Enforces.YES)


def _of(agent: Agent, cilium: Mapping[str, str]) -> Sign | None:
    seen = f"DaemonSet {agent.namespace}/{agent.name}"
    match agent.name:
        case "cilium" | "rke2-cilium":
            return _cilium(seen, cilium)
        case "aws-node":
            return _aws(agent, seen)
        case "kube-router":
            return _kube_router(agent, seen)
        case "kindnet":
            return _kindnet(agent, seen)
        case name if "flannel" in name:
            return _flannel(agent, seen)
        case name if name in _BY_NAME and (name not in _ANYBODYS or _has_image(agent, _IMAGES[name])):
            return Sign(_BY_NAME[name], seen, Enforces.YES)
    return None


def _has_image(agent: Agent, parts: Iterable[str]) -> bool:
    return any(part in image for image in agent.images for part in parts)


def _cilium(seen: str, settings: Mapping[str, str]) -> Sign:
    mode = settings.get("enable-policy", "")
    if mode == "never":
        return Sign("Cilium", f"{seen}, with enable-policy never", Enforces.NO)
    if settings.get("enable-k8s-networkpolicy", "true") == "false":
        return Sign("Cilium", f"{seen}, with enable-k8s-networkpolicy false", Enforces.NO)
    return Sign("Cilium", seen + (f", with enable-policy {mode}" if mode else ""), Enforces.YES)


def _aws(agent: Agent, seen: str) -> Sign:
    """The agent for policies stands beside the plugin even where it is off."""
    words = [word for _, image, words in agent.containers if "network-policy-agent" in image for word in words]
    on = any(word in ("--enable-network-policy", "--enable-network-policy=true") for word in words)
    shown = "with --enable-network-policy" if on else "without --enable-network-policy=true"
    return Sign("Amazon VPC CNI", f"{seen}, {shown}", _told(on))


def _kube_router(agent: Agent, seen: str) -> Sign:
    off = any(word == "--run-firewall=false" for _, _, words in agent.containers for word in words)
    return Sign("kube-router", f"{seen}, with --run-firewall=false" if off else seen, _told(not off))


def _kindnet(agent: Agent, seen: str) -> Sign:
    """Kind names its images by their day and enforces since 0.24; kindnet by itself since 1.3."""
    for image in agent.images:
        tag = image.rpartition(":")[2].removeprefix("v")
        by_day = tag[:8].isdecimal() and len(tag[:8]) == 8
        found = release(tag)
        if by_day and (tag[:8] >= _KINDNET_WITH or tag[:8] <= _KINDNET_WITHOUT):
            return Sign("kindnet", f"{seen}, of {tag[:8]}", _told(tag[:8] >= _KINDNET_WITH))
        if found and not by_day:
            return Sign("kindnet", f"{seen}, {tag}", _told(found.number >= (1, 3, 0)))
    return Sign("kindnet", seen, Enforces.UNTOLD)


def _told(enforces: bool) -> Enforces:
    return Enforces.YES if enforces else Enforces.NO


def _flannel(agent: Agent, seen: str) -> Sign:
    policies = any("kube-network-policies" in image or "netpol" in name for name, image, _ in agent.containers)
    if policies or _has_image(agent, ("calico/node", "calico-node")):
        return Sign("flannel", f"{seen}, with a container for policies", Enforces.YES)
    return Sign("flannel", seen, Enforces.NO)


def weighed(found: Iterable[Sign]) -> Sign | None:
    """The sign that counts: one that enforces, whatever else carries packets; else one that may; else any."""
    order = (Enforces.YES, Enforces.UNTOLD, Enforces.NO)
    return min(found, key=lambda one: (order.index(one.enforces), one), default=None)
