"""Kubelets: the configuration in force on each node."""

from collections.abc import Mapping

import msgspec

from kscan.model.nodes import Kubelet, Node
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import PerNode
from kscan.views.platform import PLATFORM
from kscan.views.view import Evidence, Source, View

CONFIGZ = PerNode("configz")


class _Configz(msgspec.Struct):
    kubeletconfig: dict[str, object]


def _build(source: Source) -> tuple[Kubelet, ...]:
    provided = source.of(PLATFORM, gaps=False).provided
    found = (_kubelet(source, node.metadata.name, provided) for node in source.nouns(kinds.NODES, Node))
    return tuple(kubelet for kubelet in found if kubelet)


def _kubelet(source: Source, node: str, provided: Mapping[str, str]) -> Kubelet | None:
    answer = source.of_node(CONFIGZ, node)
    if isinstance(answer, Gap):
        # Where it answers, it is judged all the same: labels of nodes are free to take.
        source.missed(*(() if node in provided else (answer,)))
        return None
    try:
        configuration = msgspec.json.decode(answer.content, type=_Configz).kubeletconfig
    except msgspec.MsgspecError as error:
        source.missed(Gap(CONFIGZ.path(node), Reason.UNDECODABLE, str(error)))
        return None
    source.evidence.append(Evidence(CONFIGZ.path(node)))
    return Kubelet(node, configuration, answer.via or "configz through the API server")


KUBELETS: View[tuple[Kubelet, ...]] = View("kubelets", (*PLATFORM.needs, CONFIGZ), _build)
