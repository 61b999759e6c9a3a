"""Nodes and the configuration that their kubelets run with."""

from typing import Any

import msgspec

from kscan.model.base import Noun
from kscan.model.meta import Metadata


class NodeAddress(Noun, frozen=True):
    """One address of a node."""

    type: str
    address: str


class NodeInfo(Noun, frozen=True):
    """What runs on a node."""

    kubelet_version: str = ""
    os_image: str = ""


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

    def address(self) -> str:
        """The address at which its kubelet is asked."""
        by_type = {one.type: one.address for one in self.status.addresses}
        return by_type.get("InternalIP") or by_type.get("Hostname") or by_type.get("ExternalIP") or ""


class Kubelet(msgspec.Struct, frozen=True):
    """The configuration in force on one node, and how it was read."""

    node: str
    configuration: dict[str, Any]
    channel: str
