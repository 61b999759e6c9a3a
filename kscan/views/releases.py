"""Which components run in which version: as the server, the nodes and the images of the cluster's own pods tell."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from kscan.model.base import Noun, decode
from kscan.model.meta import Metadata
from kscan.model.releases import Running
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.views.server import VERSION, told_version
from kscan.views.view import Source, View

SERVER = "the API server that answered"
# Of these the image's tag is the version; kubelets tell theirs themselves.
_BY_IMAGE = frozenset({"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"})


class _Info(Noun, frozen=True):
    kubelet_version: str = ""
    operating_system: str = ""


class _Status(Noun, frozen=True):
    node_info: _Info = _Info()


class _Node(Noun, frozen=True):
    metadata: Metadata
    status: _Status = _Status()


class _Container(Noun, frozen=True):
    image: str = ""


class _Spec(Noun, frozen=True):
    containers: tuple[_Container, ...] = ()


class _Pod(Noun, frozen=True):
    metadata: Metadata
    spec: _Spec = _Spec()


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
    for node in source.nouns(kinds.NODES, _Node):
        info = node.status.node_info
        if info.kubelet_version:
            yield "kubelet", info.kubelet_version, info.operating_system == "windows", node.metadata.name


def _images(source: Source) -> Iterator[_Told]:
    for path, item in source.items(kinds.SYSTEM_PODS):
        # Cheap, and safe in one direction: no component stands outside kube-system.
        if b'"kube-system"' not in item.head:
            continue
        try:
            pod = decode(item.body, _Pod)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        for container in pod.spec.containers if pod.metadata.namespace == "kube-system" else ():
            name, _, tag = container.image.rpartition("/")[2].partition("@")[0].partition(":")
            if name in _BY_IMAGE and tag:
                yield name, tag, False, pod.metadata.name


RELEASES: View[tuple[Running, ...]] = View("component versions", (VERSION, kinds.NODES, kinds.SYSTEM_PODS), _build)


def _taken(source: Source) -> datetime | None:
    try:
        taken = datetime.fromisoformat(source.about.taken)
    except ValueError:
        return None
    return taken if taken.tzinfo else taken.replace(tzinfo=UTC)


# When the cluster was looked at, which is what dates are held against; None where a snapshot does not tell.
TAKEN: View[datetime | None] = View("time of the snapshot", (), _taken)
