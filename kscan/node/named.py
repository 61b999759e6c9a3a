"""The files that running programs name: by their flags, and by the configuration that these lead to."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from kscan.node import roles as r
from kscan.node.files import Files
from kscan.node.flags import CONTROL_PLANE
from kscan.node.kubelet import UNIT, Kubelet
from kscan.node.root import Root, Unread
from kscan.node.running import Run
from kscan.node.units import unit
from kscan.node.written import at, text, written

# Flags that name a certificate or a key, whatever its file is called.
_PKI_FLAGS = ("ca-file", "cafile", "cert-file", "certfile", "key-file", "keyfile", "-certificate", "-client-key")
_KUBECONFIG_FLAGS = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
_KUBECONFIGS = {"kube-scheduler": r.SCHEDULER, "kube-controller-manager": r.CONTROLLER_MANAGER, "kube-proxy": r.PROXY}


def add_kubelet(root: Root, files: Files, found: Kubelet) -> None:
    """The kubelet's unit, kubeconfig, configuration and client CA."""
    started = unit(root, UNIT)
    for path in started.files if started else ():
        files.add(path, r.KUBELET_UNIT, f"unit {UNIT}", named=True)
    via = found.program.via if found.program else "the kubelet's configuration"
    flags = found.program.flags if found.program else {}
    for path in found.files:
        way = f"--config-dir of {via}" if flags.get("config") and path != flags["config"] else f"--config of {via}"
        files.add(path, r.KUBELET_CONFIG, way if flags.get("config") or flags.get("config-dir") else via, named=True)
    if flags.get("kubeconfig"):
        files.add(flags["kubeconfig"], r.KUBELET_KUBECONFIG, f"--kubeconfig of {via}", named=True)
    client_ca = found.path("client-ca-file", "authentication", "x509", "clientCAFile")
    if client_ca:
        way = f"--client-ca-file of {via}" if flags.get("client-ca-file") else "clientCAFile of its configuration"
        files.add(client_ca, r.CLIENT_CA, way, named=True)


def add_programs(root: Root, files: Files, programs: Mapping[str, Run]) -> None:
    """Kubeconfigs, certificates and keys, the data of etcd, and the networks of the container runtime."""
    for name, run in programs.items():
        if name in CONTROL_PLANE:
            flags = [flag for flag in run.program.flags if flag.endswith(_PKI_FLAGS) and "tls-sni" not in flag]
            for path, via in run.paths(*flags):
                files.add_pki(path, via)
        if name in _KUBECONFIGS:
            named = _named_in(root, run, "config", "clientConnection", "kubeconfig")
            for path, via in (*run.paths(*_KUBECONFIG_FLAGS), *named):
                files.add(path, _KUBECONFIGS[name], via, named=True)
    etcd = programs.get("etcd")
    for path, via in (*etcd.paths("data-dir"), *_named_in(root, etcd, "config-file", "data-dir")) if etcd else ():
        files.add(path, r.ETCD_DATA, via, named=True)
    for path, via in _cni(root, programs):
        files.add_tree(path, r.CNI_CONFIG, via)


def _named_in(root: Root, run: Run, flag: str, *keys: str) -> Iterator[tuple[str, str]]:
    """A path that a program's configuration file names."""
    for path, via in run.paths(flag):
        try:
            named = run.on_node(text(at(written(root, path), *keys)))
        except Unread:
            continue
        if named:
            yield named, f"{'.'.join(keys)} of {path}, {via}"


def _cni(root: Root, programs: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    """Where the container runtime looks for networks, if its configuration says so."""
    run = programs.get("containerd")
    named = [path for path, _ in run.paths("config", "c")] if run else []
    for path in named or ["/etc/containerd/config.toml"]:
        try:
            content: dict[str, Any] = tomllib.loads(root.text(path))
        except (Unread, tomllib.TOMLDecodeError, RecursionError):
            continue
        for plugin in ("io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"):
            folder = text(at(content, "plugins", plugin, "cni", "conf_dir"))
            if folder.startswith("/"):
                yield folder, f"conf_dir of {path}"
