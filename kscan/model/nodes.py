"""Nodes, and the settings that programs of them run with."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kscan.model.base import Noun
from kscan.model.kinds import meant
from kscan.model.meta import Metadata, ObjectRef


class NodeAddress(Noun, frozen=True):
    """One address of a node."""

    type: str
    address: str


class NodeInfo(Noun, frozen=True):
    """What runs on a node."""

    kubelet_version: str = ""
    os_image: str = ""
    operating_system: str = ""


class DaemonEndpoint(Noun, frozen=True):
    """A port that a daemon listens on."""

    port: int = msgspec.field(default=10250, name="Port")


class DaemonEndpoints(Noun, frozen=True):
    """The daemons' ports."""

    kubelet_endpoint: DaemonEndpoint = DaemonEndpoint()


class NodeStatus(Noun, frozen=True):
    """What the node reports."""

    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()
    daemon_endpoints: DaemonEndpoints = DaemonEndpoints()


class NodeSpec(Noun, frozen=True):
    """What was asked of the node."""

    provider_id: str = msgspec.field(default="", name="providerID")


class Node(Noun, frozen=True):
    """A Node."""

    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("Node"))

    def address(self) -> str:
        """The address at which its kubelet is asked."""
        by_type = {one.type: one.address for one in self.status.addresses}
        return by_type.get("InternalIP") or by_type.get("Hostname") or by_type.get("ExternalIP") or ""


# How the answer of a kubelet came that was asked directly.
VERIFIED = "the kubelet, its certificate verified"
UNVERIFIED = "the kubelet, its certificate not verified"


class Group(msgspec.Struct, frozen=True):
    """Nodes on which a program runs with the same settings, and how these were read.

    What differs between any two nodes, as their own ids do, is not among the settings.
    """

    nodes: tuple[str, ...]
    settings: Mapping[str, Any]
    channel: str
    # The minor of the kubelets and their operating system, as v1.36 linux: others have other settings by themselves.
    build: str = ""
