"""Which platform runs the cluster, by signs that the API shows."""

from kscan.model.nodes import Node
from kscan.model.platform import Platform
from kscan.snapshot import kinds
from kscan.views.server import VERSION, told_version
from kscan.views.view import Source, View

_CONTROL_PLANE = frozenset({"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"})
_BY_VERSION = (("-eks-", "eks", "Amazon EKS"), ("-gke.", "gke", "Google GKE"))
_AKS_LABEL = "kubernetes.azure.com/cluster"


def _build(source: Source) -> Platform:
    told = told_version(source)
    for mark, name, title in _BY_VERSION:
        if mark in told:
            return Platform(name=name, title=title, sign=f"version {told}", owned=_CONTROL_PLANE)
    if any(_AKS_LABEL in node.metadata.labels for node in source.nouns(kinds.NODES, Node)):
        return Platform(name="aks", title="Azure AKS", sign=f"node label {_AKS_LABEL}", owned=_CONTROL_PLANE)
    return Platform()


PLATFORM: View[Platform] = View("platform", (VERSION, kinds.NODES), _build)
