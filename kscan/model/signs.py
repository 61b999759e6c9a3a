"""Signs by which a cluster's platform is told: what the API server, kubelets and objects show."""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from kscan.model.nodes import Node

Labels = Mapping[str, str]
# What of a cluster may not have been read; of objects, the object itself.
VERSION, NODES, GROUPS = "version", "nodes", "groups"


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A part of the data file."""


class Sign(Strict, frozen=True, kw_only=True):
    """Something that only one platform shows; of several keys all must hold, those of nodes for every node."""

    # A pattern in the server's version.
    version: str = ""
    # KEY or KEY=VALUE.
    node_label: str = ""
    # The beginning of a name, of a provider's id, of an operating system; the end of a host name.
    node_name: str = ""
    provider_id: str = ""
    os_image: str = ""
    host_name: str = ""
    # A part of the kubelet's version.
    kubelet_version: str = ""
    # An API group that is served.
    group: str = ""
    # An object, as `DaemonSet kube-system/kube-proxy`, and a label that it has.
    object: str = ""
    label: str = ""
    # Where it is known from.
    rests: str

    @property
    def proves(self) -> bool:
        """Whether more is asked than labels of nodes and API groups, which whoever may write those can make."""
        of_nodes = self.node_name or self.provider_id or self.os_image or self.host_name or self.kubelet_version
        return bool(self.version or of_nodes or self.object)


class Seen(msgspec.Struct, frozen=True):
    """What of a cluster can be a sign, and what of that could not be read."""

    version: str = ""
    nodes: tuple[Node, ...] = ()
    groups: frozenset[str] = frozenset()
    objects: Mapping[str, Labels] = {}
    unread: frozenset[str] = frozenset()


def shown(sign: Sign, seen: Seen) -> str | None:
    """The words for a sign that shows; empty where it does not, None where what may hold it was not read."""
    words = list(_told(sign, seen))
    return "" if "" in words else None if None in words else ", ".join(filter(None, words))


def of_node(sign: Sign, node: Node) -> bool:
    """Whether a node shows the sign; one that is not about nodes, no node shows."""
    asked = list(_asked(sign, node))
    return bool(asked) and all(holds for _, holds in asked)


def _told(sign: Sign, seen: Seen) -> Iterator[str | None]:
    if sign.version:
        shows = re.search(sign.version, seen.version)
        yield f"version {seen.version}" if shows else None if VERSION in seen.unread else ""
    if sign.group:
        yield f"API group {sign.group}" if sign.group in seen.groups else None if GROUPS in seen.unread else ""
    yield from _of_nodes(sign, seen)
    if sign.object:
        labels = seen.objects.get(sign.object)
        words = f"{sign.object}, label {sign.label}" if sign.label else sign.object
        has = labels is not None and _labelled(labels, sign.label)
        yield words if has else None if sign.object in seen.unread else ""


def _of_nodes(sign: Sign, seen: Seen) -> Iterator[str | None]:
    """The words for what all nodes show: one node alone may say of itself what it likes."""
    words = [text for text, _ in _asked(sign, _NO_NODE)]
    # Windows nodes beside others run no operating system that tells of a platform.
    nodes = [node for node in seen.nodes if not sign.os_image or node.status.node_info.operating_system != "windows"]
    if not words:
        return
    if not all(of_node(sign, node) for node in nodes):
        yield ""
    elif NODES in seen.unread:
        yield None
    else:
        yield ", ".join(words) if nodes else ""


def _asked(sign: Sign, node: Node) -> Iterator[tuple[str, bool]]:
    """The words of each key about a node, and whether it holds there."""
    info = node.status.node_info
    if sign.node_label:
        yield f"node label {sign.node_label}", _labelled(node.metadata.labels, sign.node_label)
    if sign.node_name:
        yield f"nodes called {sign.node_name}…", node.metadata.name.startswith(sign.node_name)
    if sign.provider_id:
        yield f"provider id {sign.provider_id}…", node.spec.provider_id.startswith(sign.provider_id)
    if sign.os_image:
        yield f"nodes that run {sign.os_image.rstrip(' (')}", info.os_image.startswith(sign.os_image)
    if sign.kubelet_version:
        yield f"kubelets of version …{sign.kubelet_version}…", sign.kubelet_version in info.kubelet_version
    if sign.host_name:
        ends = any(name.endswith(sign.host_name) for name in _host_names(node))
        yield f"host names in {sign.host_name}", ends


_NO_NODE = msgspec.convert({"metadata": {}}, Node)


def _host_names(node: Node) -> Iterable[str]:
    return (one.address for one in node.status.addresses if one.type == "Hostname")


def _labelled(labels: Labels, wanted: str) -> bool:
    """Whether KEY or KEY=VALUE is among the labels; nothing wanted always is."""
    key, equals, value = wanted.partition("=")
    return not wanted or (key in labels and (not equals or labels[key] == value))
