"""Pods that answer for the cluster: mirrors of static pods, and pods of the cluster's own DaemonSets, that run.

A mirror is what a kubelet shows the API of a pod that it runs from a file of its node. What it says is what runs there,
for (tried on API servers and on a kubeadm node of 1.36)

- a node can make none but mirrors, bound to itself, owned by itself with its own uid;
- nobody can make a mirror of a pod that is there, or change what a pod runs but for its images;
- whoever may create pods in kube-system can write one that looks the same, with any owner. Such a pod is Pending, and
  somebody with `pods/status` must say that it runs. The kubelet of a node deletes within seconds what is no mirror of a
  file of its node; one that takes the place of a true mirror, with its hash, stays, and stayed Pending.

So nobody with rights in other namespaces makes one. Who may do all this in kube-system runs pods as any of its
accounts, on any node: there is no telling that apart from the control plane, and nothing that it could not do.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from kscan.model.meta import Metadata, OwnerReference
from kscan.model.pods import MIRROR
from kscan.model.words import listed

SOURCE = "kubernetes.io/config.source"
# From a file, or from a server that the kubelet asks for its static pods.
_STATIC = ("file", "http")
_RUNNING = "Running"
# The uid of each node by name; None where not all nodes could be read, and asked for only where it decides.
Nodes = Callable[[], Mapping[str, str] | None]


class Place(Protocol):
    """Where a pod runs."""

    @property
    def node_name(self) -> str:
        """The node."""


class Life(Protocol):
    """How far a pod is."""

    @property
    def phase(self) -> str:
        """Pending, Running, Succeeded, Failed or Unknown; a new pod has none."""


class Pod(Protocol):
    """What must be known of a pod to say whom it speaks for."""

    @property
    def metadata(self) -> Metadata:
        """Its name and owners."""

    @property
    def spec(self) -> Place:
        """Where it runs."""

    @property
    def status(self) -> Life:
        """How far it is."""


def no_mirror(pod: Pod, nodes: Nodes) -> str:
    """Why a pod is not what a node runs by itself; nothing where it is."""
    annotations, owner, node = pod.metadata.annotations, pod.metadata.controller, pod.spec.node_name
    if MIRROR not in annotations or annotations.get(SOURCE) not in _STATIC:
        return "it is no mirror of a static pod"
    if not (owner and _is(owner, "", "Node") and node and owner.name == node):
        return "no node owns it on which it runs"
    if running := not_running(pod):
        return running
    known = nodes()
    if known is None:
        return "whether its node is there could not be read"
    return "" if _is_there(owner, known) else f"there is no node {node} that it belongs to"


def not_of_cluster(pod: Pod, nodes: Nodes) -> str:
    """The same, of a pod that may be of a DaemonSet too."""
    owner = pod.metadata.controller
    if owner and _is(owner, "apps", "DaemonSet") and MIRROR not in pod.metadata.annotations:
        return not_running(pod)
    return no_mirror(pod, nodes)


def looking_alike(strangers: Sequence[str]) -> str:
    """What is said of pods that look like a program of the cluster, and do not count."""
    return f"pods that look like one and are not counted: {listed(strangers)}"


def not_running(pod: Pod) -> str:
    """Why nothing runs of a pod; nothing where it does."""
    if not pod.spec.node_name:
        return "it is on no node"
    return "" if pod.status.phase == _RUNNING else f"it is not running, but {pod.status.phase or 'new'}"


def _is(owner: OwnerReference, group: str, kind: str) -> bool:
    found = owner.ref("").group_kind
    return (found.group, found.kind) == (group, kind)


def _is_there(owner: OwnerReference, nodes: Mapping[str, str]) -> bool:
    uid = nodes.get(owner.name)
    return uid is not None and (not uid or not owner.uid or uid == owner.uid)
