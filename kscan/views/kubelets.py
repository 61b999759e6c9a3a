"""Kubelets: the configuration in force on each node, and the flags that they were started with.

`configz` is what a kubelet runs with: defaults, configuration file, drop-in folder, flags and feature gates, merged in
the kubelet's own order. So no file of a node has to be found, and none can hide another. What a kubelet does not keep
in its configuration, as its own name, only `/flagz` tells (Kubernetes 1.36; before behind the gate ComponentFlagz).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from kscan.model.components import version
from kscan.model.nodes import Group, Node
from kscan.model.words import listed
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import PerNode
from kscan.views.platform import PLATFORM
from kscan.views.view import Evidence, Source, View

CONFIGZ = PerNode("configz")
# A kubelet asks for the right to nodes/configz there too.
FLAGZ_OF_NODES = PerNode("flagz", "application/json;v=v1beta1;g=config.k8s.io;as=Flagz, text/plain;q=0.5", "configz")
_OF_ONE_NODE = ("providerID", "podCIDR", "address")
_FLAGS_OF_ONE_NODE = ("node-ip", "provider-id", "pod-cidr", "address")
_FLAG_LINE = re.compile(r"([a-z][a-z0-9-]*)[:= ] ?(.*)")


class _Configz(msgspec.Struct):
    kubeletconfig: dict[str, object]


class _Flagz(msgspec.Struct):
    flags: dict[str, str]


def _configuration(content: bytes) -> Mapping[str, Any]:
    told = msgspec.json.decode(content, type=_Configz).kubeletconfig
    return {field: value for field, value in told.items() if field not in _OF_ONE_NODE}


def _flags(content: bytes) -> Mapping[str, Any]:
    try:
        told = msgspec.json.decode(content, type=_Flagz).flags
    except msgspec.MsgspecError:
        found = map(_FLAG_LINE.fullmatch, content.decode(errors="replace").splitlines())
        told = {one[1]: one[2].strip() for one in found if one}
        if "config" not in told:
            raise
    return {flag: value for flag, value in told.items() if flag not in _FLAGS_OF_ONE_NODE}


def _view(
    name: str, need: PerNode, channel: str, read: Callable[[bytes], Mapping[str, Any]]
) -> View[tuple[Group, ...]]:
    def build(source: Source) -> tuple[Group, ...]:
        # Many kubelets answer the same, byte for byte: that is read once.
        seen: dict[bytes, tuple[bytes, Mapping[str, Any]]] = {}
        groups: dict[tuple[bytes, str, str], tuple[Mapping[str, Any], list[str]]] = {}
        gaps: list[tuple[str, Gap]] = []
        answers = 0
        provided = source.of(PLATFORM, gaps=False).provided
        for node in source.nouns(kinds.NODES, Node):
            answer = source.of_node(need, node.metadata.name)
            if isinstance(answer, Gap):
                # Where it answers, it is judged all the same: labels of nodes are free to take.
                if node.metadata.name not in provided:
                    gaps.append((node.metadata.name, answer))
                continue
            try:
                if answer.content not in seen:
                    settings = read(answer.content)
                    seen[answer.content] = msgspec.json.encode(settings, order="deterministic"), settings
            except msgspec.MsgspecError as error:
                gap = Gap(need.path(node.metadata.name), Reason.UNDECODABLE, str(error))
                gaps.append((node.metadata.name, gap))
                continue
            key, settings = seen[answer.content]
            told = f"{channel} of {answer.via}" if answer.via else channel
            groups.setdefault((key, told, _build(node)), (settings, []))[1].append(node.metadata.name)
            answers += 1
        source.missed(*_folded(need, gaps))
        if answers:
            source.evidence.append(Evidence(need.path("*"), answers))
        return tuple(
            Group(tuple(sorted(nodes)), settings, told, build) for (_, told, build), (settings, nodes) in groups.items()
        )

    return View(name, (*PLATFORM.needs, need), build)


def _build(node: Node) -> str:
    info = node.status.node_info
    return f"v{version(info.kubelet_version) or '?'} {info.operating_system}".rstrip()


def _folded(need: PerNode, gaps: Iterable[tuple[str, Gap]]) -> Iterable[Gap]:
    """Gaps of one reason as one: of the node, or of all nodes of which it is true."""
    by_reason: dict[tuple[Reason, str], list[tuple[str, Gap]]] = {}
    for node, gap in gaps:
        by_reason.setdefault((gap.reason, gap.detail), []).append((node, gap))
    for (reason, detail), found in by_reason.items():
        if len(found) == 1:
            yield found[0][1]
        else:
            words = f"{len(found):,} nodes: {listed(sorted(node for node, _ in found))}"
            yield Gap(need.path("*"), reason, f"{words}; {detail}" if detail else words)


KUBELETS = _view("kubelets", CONFIGZ, "configz", _configuration)
KUBELET_FLAGS = _view("kubelet flags", FLAGZ_OF_NODES, "flagz", _flags)
