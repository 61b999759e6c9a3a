"""Kubelets: the configuration in force on each node, and the flags that they were started with.

`configz` is what a kubelet runs with: defaults, configuration file, drop-in folder, flags and feature gates, merged in
the kubelet's own order. So no file of a node has to be found, and none can hide another. What a kubelet does not keep
in its configuration, as its own name, `/flagz` tells (Kubernetes 1.36; before behind the gate ComponentFlagz), or the
agent on the node.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from kscan.model.base import read_json
from kscan.model.components import version
from kscan.model.nodes import Group, Node
from kscan.model.words import listed
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.named import JSON
from kscan.snapshot.needs import Need, PerNode
from kscan.views.answers import Question, UnlikeError
from kscan.views.flagz import READERS
from kscan.views.node_files import NODE_FILES
from kscan.views.platform import PLATFORM
from kscan.views.reading import Evidence
from kscan.views.view import Source, View

CONFIGZ = PerNode("configz")
# A kubelet asks for the right to nodes/configz there too.
FLAGZ_OF_NODES = PerNode("flagz", "application/json;v=v1beta1;g=config.k8s.io;as=Flagz, text/plain;q=0.5", "configz")
_OF_ONE_NODE = ("providerID", "podCIDR", "address")
_FLAGS_OF_ONE_NODE = ("node-ip", "provider-id", "pod-cidr", "address")
# Flags that a check asks for, and that are empty where they are not given.
_FLAGS_ASKED = ("hostname-override",)
_ANOTHER_CHANNEL = "a node without a document is asked itself, and what it does not answer is missed"
_COUNTED = "it is counted how many did not answer"
_MORE_NODES = "a node that nobody is known to provide has to answer itself"
_Told = tuple[Mapping[str, Any], str]
_Settings = tuple[bytes, Mapping[str, Any], str]


class _Configz(msgspec.Struct):
    kubeletconfig: dict[str, object]


def _configuration(content: bytes) -> Mapping[str, Any]:
    told = read_json(content, _Configz).kubeletconfig
    if not told:
        raise UnlikeError("an empty configuration came")
    return {field: value for field, value in told.items() if field not in _OF_ONE_NODE}


def _flags(read: Callable[[bytes], Mapping[str, str]], content: bytes) -> Mapping[str, Any]:
    return {flag: value for flag, value in read(content).items() if flag not in _FLAGS_OF_ONE_NODE}


def _from_agents(source: Source) -> Mapping[str, _Told]:
    """The flags of kubelets as agents on the nodes told them; of a whole command line also what is not given."""
    found: dict[str, _Told] = {}
    for one in source.weighed(NODE_FILES, because=_ANOTHER_CHANNEL).nodes:
        kubelet = one.facts.program("kubelet")
        if kubelet:
            unset = dict.fromkeys(_FLAGS_ASKED, "") if kubelet.complete else {}
            flags = {flag: value for flag, value in kubelet.flags.items() if flag not in _FLAGS_OF_ONE_NODE}
            found[one.facts.node] = unset | flags, f"the agent: {kubelet.via}"
    return found


class _Reader:
    """Reads what kubelets answer; what many answer alike, byte for byte, is read once."""

    def __init__(self, channel: str, question: Question[Mapping[str, Any]]) -> None:
        self._channel, self._question = channel, question
        self._seen: dict[tuple[str, bytes], _Settings] = {}

    def settings(self, path: str, answer: Body | Gap) -> _Settings | Gap:
        """What makes settings equal, the settings, and who told them; or why nobody did."""
        if isinstance(answer, Gap):
            return answer
        key = answer.media_type, answer.content
        if key not in self._seen:
            settings = self._question.read(path, answer)
            if isinstance(settings, Gap):
                return settings
            self._seen[key] = _key(settings), settings, ""
        told = f"{self._channel} of {answer.via}" if answer.via else self._channel
        return (*self._seen[key][:2], told)


def _key(settings: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(settings, order="deterministic")


def _view(
    name: str,
    need: PerNode,
    channel: str,
    readers: Mapping[str, Callable[[bytes], Mapping[str, Any]]],
    *more: Need,
    otherwise: Callable[[Source], Mapping[str, _Told]] = lambda _: {},
) -> View[tuple[Group, ...]]:
    def build(source: Source) -> tuple[Group, ...]:
        reader, others = _Reader(channel, Question(need, readers)), otherwise(source)
        groups: dict[tuple[bytes, str, str], tuple[Mapping[str, Any], list[str]]] = {}
        gaps: list[tuple[str, Gap]] = []
        answers = 0
        provided = source.weighed(PLATFORM, because=_MORE_NODES).provided
        for node in source.nouns(kinds.NODES, Node):
            name = node.metadata.name
            found = reader.settings(need.path(name), source.of_node(need, name))
            answers += not isinstance(found, Gap)
            if isinstance(found, Gap) and name in others:
                source.weigh(found, because="the agent on the same node told it")
                found = (_key(others[name][0]), *others[name])
            if not isinstance(found, Gap):
                key, settings, told = found
                groups.setdefault((key, told, _build(node)), (settings, []))[1].append(name)
            elif name in provided and found.reason is not Reason.UNDECODABLE:
                # Where it answers, it is judged all the same: labels of nodes are free to take.
                source.weigh(found, because="a provider runs the node, whose kubelet answers nobody")
            else:
                gaps.append((name, found))
        source.missed(*_folded(need, gaps))
        if answers:
            source.evidence.append(Evidence(need.path("*"), answers))
        return tuple(
            Group(tuple(sorted(nodes)), settings, told, build) for (_, told, build), (settings, nodes) in groups.items()
        )

    return View(name, (*PLATFORM.needs, need, *more), build)


def _silent(source: Source) -> int | None:
    told = sum(len(group.nodes) for group in source.weighed(KUBELETS, because=_COUNTED))
    provided = source.weighed(PLATFORM, because=_MORE_NODES).provided
    nodes = [one.metadata.name for one in source.nouns(kinds.NODES, Node)]
    unread = tuple(source.gaps)
    source.weigh(*unread, because="where not all nodes are known, none are counted")
    return None if unread else max(0, sum(name not in provided for name in nodes) - told)


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


_READ_FLAGS = {media_type: partial(_flags, read) for media_type, read in READERS.items()}
KUBELETS = _view("kubelets", CONFIGZ, "configz", {JSON: _configuration})
KUBELET_FLAGS = _view("kubelet flags", FLAGZ_OF_NODES, "flagz", _READ_FLAGS, *NODE_FILES.needs, otherwise=_from_agents)
# How many did not answer that nobody is known to provide; None where not all nodes are known.
SILENT: View[int | None] = View("kubelets that did not answer", KUBELETS.needs, _silent)
