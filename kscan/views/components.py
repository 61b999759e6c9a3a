"""Control-plane components, read from whichever channel exists: /flagz, static pods, kubeadm's ConfigMap."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kscan.documents import documents
from kscan.errors import SnapshotError
from kscan.model.base import decode
from kscan.model.components import Component, Instance, parse_flags
from kscan.model.meta import Metadata
from kscan.model.platform import Platform
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap
from kscan.snapshot.needs import Plain
from kscan.views.distributions import TELLING, etcd_elsewhere, from_distribution, needs_of
from kscan.views.platform import KUBEADM, PLATFORM
from kscan.views.view import Source, View

FLAGZ = Plain("/flagz", "application/json;v=v1beta1;g=config.k8s.io;as=Flagz, text/plain;q=0.5, */*;q=0.1")
_KUBEADM_KEYS = {
    "kube-apiserver": "apiServer",
    "kube-controller-manager": "controllerManager",
    "kube-scheduler": "scheduler",
}


class _Flagz(msgspec.Struct):
    flags: dict[str, str]


class _Container(msgspec.Struct):
    name: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


class _PodSpec(msgspec.Struct, rename="camel"):
    node_name: str = ""
    containers: tuple[_Container, ...] = ()


class _Pod(msgspec.Struct):
    metadata: Metadata
    spec: _PodSpec


def component(name: str) -> View[Component]:
    """The view of one component; gaps count only where no channel told its settings whole."""

    def build(source: Source) -> Component:
        platform = source.of(PLATFORM, gaps=False)
        pods = tuple(_static_pods(source, name))
        # A pod that is seen is nobody else's, whatever the signs of a platform say: labels of nodes are free to take.
        if name in platform.owned and not pods:
            source.gaps.clear()
            return Component(name, (), owner=platform.owner)
        instances = tuple(_instances(source, name, platform, pods))
        hidden = "" if instances else platform.hidden.get(name) or _elsewhere(source, name)
        # What the platform itself tells has no other channel; a flag that it does not name stays undecided.
        told = instances and not pods and platform.name in TELLING
        if hidden or told or any(instance.complete for instance in instances):
            source.gaps.clear()
        return Component(name, instances, hidden=hidden)

    needs = (*PLATFORM.needs, kinds.SYSTEM_PODS, *needs_of(name))
    return View(name, (*needs, FLAGZ) if name == "kube-apiserver" else needs, build)


def _instances(source: Source, name: str, platform: Platform, pods: tuple[Instance, ...]) -> Iterator[Instance]:
    # /flagz is what runs, but of the one server that answered: with several, their pods tell more.
    flagz = list(_flagz(source)) if name == "kube-apiserver" else []
    if flagz and len(pods) <= 1:
        yield from flagz
    elif pods:
        yield from (*pods, *flagz)
    else:
        told = tuple(from_distribution(source, platform.name, name))
        yield from told or _from_kubeadm(source, name)


def _flagz(source: Source) -> Iterator[Instance]:
    found = source.get(FLAGZ)
    if isinstance(found, Gap):
        source.missed(found)
        return
    try:
        flags = msgspec.json.decode(found.content, type=_Flagz).flags
    except msgspec.MsgspecError:
        flags = _text_flags(found.content.decode(errors="replace"))
    if flags:
        yield Instance("the API server that answered", flags, "/flagz")


def _text_flags(text: str) -> dict[str, str]:
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith(("-", "Warning", "kube-apiserver")))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _static_pods(source: Source, name: str) -> Iterator[Instance]:
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
            arguments = [*container.command, *container.args]
            if arguments and arguments[0].rpartition("/")[2] == name:
                yield _instance(name, pod.metadata.name, parse_flags(arguments[1:]))


def _instance(name: str, pod: str, flags: Mapping[str, str]) -> Instance:
    file = flags.get("config-file") if name == "etcd" else ""
    if file:
        # With a file, etcd takes no other flag.
        return Instance(pod, {}, f"its static pod, which takes all from {file}", complete=False)
    return Instance(pod, flags, "its static pod")


def _from_kubeadm(source: Source, name: str) -> Iterator[Instance]:
    """What kubeadm was told: only what it names is known, for kubeadm adds flags of its own."""
    told = _kubeadm(source).get(_KUBEADM_KEYS.get(name, ""))
    extra = told.get("extraArgs") if isinstance(told, dict) else None
    if isinstance(extra, list):
        extra = {one.get("name"): one.get("value") for one in extra if isinstance(one, dict)}
    if isinstance(extra, dict):
        flags = {str(flag): str(value) for flag, value in extra.items()}
        yield Instance(name, flags, "ConfigMap kube-system/kubeadm-config", complete=False)


def _kubeadm(source: Source) -> Mapping[str, Any]:
    """The ClusterConfiguration; empty where there is none."""
    found = source.get(KUBEADM)
    if isinstance(found, Gap):
        source.missed(found)
        return {}
    try:
        text = msgspec.json.decode(found.content, type=dict[str, Any])["data"]["ClusterConfiguration"]
        configuration = next(documents(text, "ClusterConfiguration", SnapshotError))
    except (msgspec.MsgspecError, KeyError, TypeError, StopIteration, SnapshotError):
        return {}
    return configuration if isinstance(configuration, dict) else {}


def _elsewhere(source: Source, name: str) -> str:
    """Why no copy of a component is seen, where others tell it."""
    if name != "etcd":
        return ""
    return etcd_elsewhere((one.flags for one in _static_pods(source, "kube-apiserver")), _kubeadm(source))


API_SERVER = component("kube-apiserver")
