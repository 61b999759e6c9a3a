"""The network plugin, as DaemonSets, nodes and its own configuration tell it."""

from collections.abc import Iterator

import msgspec

from kscan.model.base import Noun, read_json
from kscan.model.meta import Metadata
from kscan.model.network_plugin import Agent, Sign, plain, signs, weighed
from kscan.model.nodes import Node
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import Named
from kscan.views.node_files import NODE_FILES
from kscan.views.view import Source, View

CILIUM = Named(kinds.CONFIG_MAPS, "cilium-config", "kube-system")
_K3S = "k3s.io/node-args"


class NetworkPlugin(msgspec.Struct, frozen=True):
    """The sign that counts, what else was looked at, and how many policies wait for it."""

    sign: Sign | None = None
    # Whether everything was seen that may enforce policies beside it.
    whole: bool = True
    daemon_sets: tuple[str, ...] = ()
    policies: int = 0


class _Container(Noun, frozen=True):
    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


class _PodSpec(Noun, frozen=True):
    containers: tuple[_Container, ...] = ()


class _Template(Noun, frozen=True):
    spec: _PodSpec = _PodSpec()


class _Spec(Noun, frozen=True):
    template: _Template = _Template()


class _DaemonSet(Noun, frozen=True):
    metadata: Metadata
    spec: _Spec = _Spec()


class _ConfigMap(Noun, frozen=True):
    data: dict[str, str] = {}


def _build(source: Source) -> NetworkPlugin:
    agents = [_agent(one) for one in source.nouns(kinds.DAEMON_SETS, _DaemonSet)]
    cilium = _cilium(source) if any(one.name.endswith("cilium") for one in agents) else {}
    found = weighed(signs(agents, cilium, _k3s(source))) or _from_agents(source)
    whole = not source.gaps and not source.about.namespaces
    policies = sum(1 for _ in source.items(kinds.NETWORK_POLICIES))
    return NetworkPlugin(found, whole, tuple(sorted(f"{one.namespace}/{one.name}" for one in agents)), policies)


def _agent(one: _DaemonSet) -> Agent:
    containers = ((each.name, each.image, (*each.command, *each.args)) for each in one.spec.template.spec.containers)
    return Agent(one.metadata.name, one.metadata.namespace, tuple(containers))


def _cilium(source: Source) -> dict[str, str]:
    absent = "where it is not there, Cilium runs with its defaults, or elsewhere"
    found = source.get(CILIUM, because=absent, only=(Reason.NOT_SERVED,))
    if isinstance(found, Gap):
        return {}
    try:
        return read_json(found.content, _ConfigMap).data
    except msgspec.MsgspecError as error:
        source.missed(Gap(CILIUM.path(), Reason.UNDECODABLE, str(error)))
        return {}


def _from_agents(source: Source) -> Sign | None:
    """What the agents of all nodes tell of plugins that only connect pods, where no other sign shows."""
    told = [one.facts for one in source.weighed(NODE_FILES, because="they count only where every node has told").nodes]
    nodes = sum(1 for _ in source.items(kinds.NODES))
    return plain([one.network_plugins for one in told]) if told and len(told) == nodes else None


def _k3s(source: Source) -> Iterator[str]:
    """The arguments of each k3s server; an agent decides nothing."""
    for node in source.nouns(kinds.NODES, Node):
        arguments = node.metadata.annotations.get(_K3S, "")
        if "+k3s" in node.status.node_info.kubelet_version and not arguments.startswith('["agent"'):
            yield arguments


NETWORK_PLUGIN: View[NetworkPlugin] = View(
    "network plugin", (kinds.DAEMON_SETS, kinds.NODES, kinds.NETWORK_POLICIES, CILIUM, *NODE_FILES.needs), _build
)
