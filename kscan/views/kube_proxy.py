"""kube-proxy: the configuration that its pods run with, from their flags or from the ConfigMap that they mount.

With `--config` kube-proxy passes over most of its other flags. On a node where it is a process beside the pods (k3s,
MicroK8s) the API tells nothing of it; where Cilium stands in for it, its own ConfigMap says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.documents import documents
from kscan.errors import SnapshotError
from kscan.model.base import read_json
from kscan.model.command_line import arguments_of, behind_shell, parse_flags
from kscan.model.meta import Metadata
from kscan.model.mirrors import not_of_cluster
from kscan.model.nodes import Group
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import Named
from kscan.views.system_pods import NEEDS, Status, system_pods
from kscan.views.view import Source, View

# As kubeadm and as Amazon EKS call it.
_CONFIG_MAPS = tuple(Named(kinds.CONFIG_MAPS, name, "kube-system") for name in ("kube-proxy", "kube-proxy-config"))
_CILIUM = Named(kinds.CONFIG_MAPS, "cilium-config", "kube-system")
_PROGRAM = "kube-proxy"
_REPLACED = "kube-proxy-replacement"
_NO_POD = "no pod of kube-system runs it; it may be a process of the nodes, which the API does not show"
_FIELDS = {"metrics-bind-address": "metricsBindAddress", "profiling": "enableProfiling"}


class KubeProxies(msgspec.Struct, frozen=True):
    """The nodes that run kube-proxy, by its settings; what stands in for it; what of it no API shows, and why.

    And the pods that only look like one, each with why.
    """

    groups: tuple[Group, ...] = ()
    instead: str = ""
    unseen: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()


class _Mount(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    mount_path: str = ""
    sub_path: str = ""


class _Container(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    volume_mounts: tuple[_Mount, ...] = ()


class _Item(msgspec.Struct, frozen=True):
    key: str = ""
    path: str = ""


class _ConfigMapVolume(msgspec.Struct, frozen=True):
    name: str = ""
    items: tuple[_Item, ...] = ()


class _Volume(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    config_map: _ConfigMapVolume | None = None


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    node_name: str = ""
    containers: tuple[_Container, ...] = ()
    volumes: tuple[_Volume, ...] = ()


class _Pod(msgspec.Struct, frozen=True):
    metadata: Metadata
    spec: _Spec = _Spec()
    status: Status = Status()


def _build(source: Source) -> KubeProxies:
    found: dict[tuple[bytes, str], tuple[Mapping[str, Any], list[str]]] = {}
    # Many pods mount the same.
    files: dict[tuple[Named, str], Mapping[str, Any] | None] = {}
    seen, unseen, strangers = False, set(), []
    for pod, container, flags, why in _pods(source):
        if why:
            strangers.append(f"{pod.metadata.name} ({why})")
            continue
        seen = True
        told = _settings(source, pod, container, flags, files)
        if isinstance(told, str):
            unseen.add(told)
        elif told:
            settings, channel = told
            key = msgspec.json.encode(settings, order="deterministic"), channel
            found.setdefault(key, (settings, []))[1].append(pod.spec.node_name or pod.metadata.name)
    cilium = source.get(_CILIUM, because="whether it stands in is told only where it is there")
    if not seen and not isinstance(cilium, Gap) and _data(cilium.content).get(_REPLACED) in ("true", "strict"):
        return KubeProxies(instead=f"{_REPLACED} in ConfigMap kube-system/cilium-config")
    if not seen and not source.gaps and not source.about.manifests:
        unseen.add(_NO_POD)
    groups = (Group(tuple(sorted(nodes)), settings, told) for (_, told), (settings, nodes) in found.items())
    return KubeProxies(tuple(groups), unseen=frozenset(unseen), strangers=tuple(sorted(strangers)))


def _pods(source: Source) -> Iterator[tuple[_Pod, _Container, Mapping[str, str], str]]:
    for pod, why in system_pods(source, _Pod, (_PROGRAM,), not_of_cluster):
        for container in pod.spec.containers:
            flags = _flags(container)
            if flags is not None:
                yield pod, container, flags, why


def _flags(container: _Container) -> Mapping[str, str] | None:
    """The flags of kube-proxy, also within a plain line of a shell; None where it is another program."""
    words = (*container.command, *container.args)
    if container.name == _PROGRAM and words and words[0].startswith("-"):
        return parse_flags(words)
    if behind_shell(_PROGRAM, words):
        return parse_flags(_after_program(words) or ())
    arguments = arguments_of(_PROGRAM, words)
    return None if arguments is None else parse_flags(arguments)


def _after_program(words: Sequence[str]) -> Sequence[str] | None:
    """What a shell's line says after the program; None where a script makes it up, so that nobody can tell."""
    line = words[-1].split()
    names = [word.rpartition("/")[2] for word in line]
    plain = _PROGRAM in names and not any(sign in words[-1] for sign in "$`;&|")
    return line[names.index(_PROGRAM) + 1 :] if plain else None


def _settings(
    source: Source,
    pod: _Pod,
    container: _Container,
    flags: Mapping[str, str],
    files: dict[tuple[Named, str], Mapping[str, Any] | None],
) -> tuple[Mapping[str, Any], str] | str | None:
    """What one pod runs with, and the channel; why no API shows it; or None, and a gap, where it could not be read."""
    words = (*container.command, *container.args)
    if behind_shell(_PROGRAM, words) and _after_program(words) is None:
        return "a shell script makes up its flags"
    file = flags.get("config", "")
    if not file:
        return {field: flags[flag] for flag, field in _FIELDS.items() if flag in flags}, "the flags of its pods"
    need, key = _mounted(pod, container, file)
    if need is None:
        return f"it reads {file}, which is not in a ConfigMap that kscan reads"
    if (need, key) not in files:
        files[need, key] = _read(source, need, key)
    settings = files[need, key]
    return None if settings is None else (settings, f"ConfigMap kube-system/{need.name}")


def _read(source: Source, need: Named, key: str) -> Mapping[str, Any] | None:
    content = source.get(need)
    if isinstance(content, Gap):
        return None
    try:
        told = next(documents(_data(content.content).get(key, ""), need.name, SnapshotError))
        # What is empty there is left to its default.
        return {field: told[field] for field in _FIELDS.values() if told.get(field)}
    except (StopIteration, SnapshotError, AttributeError) as error:
        source.missed(Gap(need.path(), Reason.UNDECODABLE, f"{key}: {error or 'nothing is there'}"))
        return None


def _mounted(pod: _Pod, container: _Container, file: str) -> tuple[Named | None, str]:
    """The ConfigMap behind a path in a container, and the key, where it is one that is read."""
    mounts = [one for one in container.volume_mounts if file.startswith(f"{one.mount_path.rstrip('/')}/")]
    for mount in sorted(mounts, key=lambda one: -len(one.mount_path)):
        rest = file[len(mount.mount_path.rstrip("/")) + 1 :]
        for volume in pod.spec.volumes:
            if volume.name == mount.name and volume.config_map:
                keys = {one.path: one.key for one in volume.config_map.items} or {rest: rest}
                need = next((one for one in _CONFIG_MAPS if one.name == volume.config_map.name), None)
                return need, keys.get(rest, rest)
    return None, ""


def _data(content: bytes) -> Mapping[str, str]:
    try:
        found = read_json(content, dict[str, Any]).get("data")
    except msgspec.MsgspecError:
        return {}
    return {key: text for key, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}


KUBE_PROXIES: View[KubeProxies] = View("kube-proxies", (*NEEDS, *_CONFIG_MAPS, _CILIUM), _build)
