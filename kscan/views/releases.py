"""Which components run in which version: as the server, the nodes and the images of the cluster's own pods tell."""

from collections.abc import Iterator
from datetime import UTC, datetime

from kscan.model.base import Noun
from kscan.model.meta import Metadata
from kscan.model.mirrors import not_of_cluster
from kscan.model.nodes import Node
from kscan.model.releases import Running
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.views.server import VERSION, told_version
from kscan.views.system_pods import NEEDS, Status, system_pods
from kscan.views.view import Source, View

SERVER = "the API server that answered"
# Of these the image's tag is the version; kubelets tell theirs themselves.
_BY_IMAGE = frozenset({"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"})


class _Container(Noun, frozen=True):
    image: str = ""


class _Spec(Noun, frozen=True):
    containers: tuple[_Container, ...] = ()
    node_name: str = ""


class _Pod(Noun, frozen=True):
    metadata: Metadata
    spec: _Spec = _Spec()
    status: Status = Status()


_Told = tuple[str, str, bool, str]


def _build(source: Source) -> tuple[Running, ...]:
    places: dict[tuple[str, str, bool], set[str]] = {}
    for component, version, windows, place in (*_server(source), *_kubelets(source), *_images(source)):
        places.setdefault((component, version, windows), set()).add(place)
    return tuple(
        sorted(
            Running(name, version, tuple(sorted(found)), windows) for (name, version, windows), found in places.items()
        )
    )


def _server(source: Source) -> Iterator[_Told]:
    version = told_version(source)
    if version:
        yield "kube-apiserver", version, False, SERVER
    else:
        source.missed(Gap(VERSION.path(), Reason.NOT_ASKED, "the server's version is not known"))


def _kubelets(source: Source) -> Iterator[_Told]:
    for node in source.nouns(kinds.NODES, Node):
        info = node.status.node_info
        if info.kubelet_version:
            yield "kubelet", info.kubelet_version, info.operating_system == "windows", node.metadata.name


def _images(source: Source) -> Iterator[_Told]:
    for pod, why in system_pods(source, _Pod, sorted(_BY_IMAGE), not_of_cluster):
        for container in () if why else pod.spec.containers:
            name, _, tag = container.image.rpartition("/")[2].partition("@")[0].partition(":")
            if name in _BY_IMAGE and tag:
                yield name, tag, False, pod.metadata.name


RELEASES: View[tuple[Running, ...]] = View("component versions", (VERSION, *NEEDS), _build)


def _taken(source: Source) -> datetime | None:
    try:
        taken = datetime.fromisoformat(source.about.taken)
    except ValueError:
        return None
    return taken if taken.tzinfo else taken.replace(tzinfo=UTC)


# When the cluster was looked at, which is what dates are held against; None where a snapshot does not tell.
TAKEN: View[datetime | None] = View("time of the snapshot", (), _taken)
