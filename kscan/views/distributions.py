"""Components that no static pod of kube-system tells: what k3s and OpenShift show, and why others show nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from kscan.documents import documents
from kscan.errors import SnapshotError
from kscan.model.base import read_json
from kscan.model.components import Instance
from kscan.model.nodes import Node
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap
from kscan.snapshot.needs import Named
from kscan.views.view import Source

# OpenShift's operators render the flags of a component into a ConfigMap of its namespace.
_OPENSHIFT = {
    "kube-apiserver": (Named(kinds.CONFIG_MAPS, "config", "openshift-kube-apiserver"), "apiServerArguments"),
    "kube-controller-manager": (
        Named(kinds.CONFIG_MAPS, "config", "openshift-kube-controller-manager"),
        "extendedArguments",
    ),
}
# Platforms that tell of their components in a way of their own.
TELLING = frozenset({"k3s", "openshift"})
_K3S_ARGUMENTS = "k3s.io/node-args"
_FLAG = re.compile(r"[a-z][a-z0-9-]*")
_LOOPBACK = re.compile(r"https?://(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?/?")


def needs_of(name: str) -> tuple[Named, ...]:
    """What is read of a component besides pods and kubeadm's ConfigMap."""
    return (_OPENSHIFT[name][0],) if name in _OPENSHIFT else ()


def from_distribution(source: Source, platform: str, name: str) -> Iterator[Instance]:
    """What the platform itself tells of a component; a flag that it does not name may still be given."""
    if platform == "k3s" and name != "etcd":
        yield from _from_k3s(source, name)
    elif platform == "openshift" and name in _OPENSHIFT:
        yield from _from_openshift(source, name)


def _from_k3s(source: Source, name: str) -> Iterator[Instance]:
    for node in source.nouns(kinds.NODES, Node):
        try:
            arguments = read_json(node.metadata.annotations.get(_K3S_ARGUMENTS, "[]"), list[str])
        except msgspec.MsgspecError:
            continue
        if arguments[:1] == ["server"]:
            flags = dict(_passed_on(arguments, f"--{name}-arg"))
            channel = f"annotation {_K3S_ARGUMENTS} (only what k3s was told)"
            yield Instance(f"k3s on {node.metadata.name}", flags, channel, complete=False)


def _passed_on(arguments: list[str], option: str) -> Iterator[tuple[str, str]]:
    """The flags that k3s hands on: --option name=value, or with = between; what only adds to a value is left out."""
    for index, argument in enumerate(arguments):
        given, equals, handed = argument.partition("=")
        if given == option:
            handed = handed if equals else "".join(arguments[index + 1 : index + 2])
            flag, _, value = handed.partition("=")
            if _FLAG.fullmatch(flag):
                yield flag, value


def _from_openshift(source: Source, name: str) -> Iterator[Instance]:
    need, key = _OPENSHIFT[name]
    found = source.get(need)
    if isinstance(found, Gap):
        return
    channel = f"ConfigMap {need.namespace}/{need.name}"
    try:
        text = read_json(found.content, dict[str, Any])["data"]["config.yaml"]
        arguments = next(documents(text, channel, SnapshotError))[key]
        flags = {
            str(flag): ",".join(map(str, values)) for flag, values in arguments.items() if isinstance(values, list)
        }
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, StopIteration, SnapshotError):
        return
    yield Instance(name, flags, channel, complete=False)


def etcd_elsewhere(servers: Iterable[Mapping[str, str]], kubeadm: Mapping[str, Any]) -> str:
    """Why no pod of etcd is seen, by the flags of API servers or what kubeadm was told; else empty."""
    told = next((flags["etcd-servers"] for flags in servers if flags.get("etcd-servers")), "")
    etcd = kubeadm.get("etcd")
    external = etcd.get("external") if isinstance(etcd, dict) else None
    endpoints = external.get("endpoints") if isinstance(external, dict) else None
    told = told or (",".join(map(str, endpoints)) if isinstance(endpoints, list) else "")
    if not told:
        return ""
    if all(_LOOPBACK.fullmatch(one.strip()) for one in told.split(",")):
        return f"etcd runs on the control-plane nodes, but not as a pod: --etcd-servers={told}"
    return f"etcd runs outside the cluster, where the API does not show it: --etcd-servers={told}"
