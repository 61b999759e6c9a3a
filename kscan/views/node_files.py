"""What agents told of the nodes: one document each, and which nodes have none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from kscan.model.base import read_json
from kscan.model.node_facts import API_VERSION, KIND, NodeFacts
from kscan.model.nodes import Node
from kscan.model.words import listed
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.named import JSON
from kscan.snapshot.needs import FromNode
from kscan.views.answers import Question, UnlikeError
from kscan.views.platform import PLATFORM
from kscan.views.reading import Evidence
from kscan.views.view import Source, View

NODE_FACTS = FromNode()
NO_RESULTS = "only files on nodes tell it: `kscan deploy node` prints how to read them, --node-results takes them"
_OLD = timedelta(days=30)
# As far as clocks that nobody has set wrong are apart, and as long as a scan may take after the time that it bears.
_AHEAD = timedelta(hours=1)
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


class NodeFiles(msgspec.Struct, frozen=True):
    """One node as its agent told it, and whether the cluster calls it a control plane."""

    facts: NodeFacts
    labelled: bool = False


class Told(msgspec.Struct, frozen=True):
    """The nodes that told of their files; or why nobody can, where somebody else keeps them."""

    nodes: tuple[NodeFiles, ...] = ()
    moot: str = ""


def _build(source: Source) -> Told:
    provided = source.weighed(PLATFORM, because="a node that nobody is known to provide has to tell itself").provided
    nodes = {node.metadata.name: node.metadata.labels for node in source.nouns(kinds.NODES, Node)}
    told = source.nodes_told(NODE_FACTS)
    names = sorted(nodes) if nodes or not source.gaps else told
    source.missed(*source.unread(NODE_FACTS))
    if told and isinstance(cut := source.of_node(NODE_FACTS, ""), Gap) and cut.reason is not Reason.NOT_ASKED:
        source.missed(cut)
    found = []
    for name in (name for name in names if name in told):
        facts = _facts(source, name)
        if facts:
            labelled = any(label in nodes.get(name, {}) for label in _CONTROL_PLANE)
            found.append(NodeFiles(facts, labelled))
    # No agent runs on the nodes of a provider; one that did is judged all the same: labels of nodes are free to take.
    missing = [name for name in names if name not in told and name not in provided]
    source.missed(*_missing(missing, told, source))
    kept = listed(sorted(set(provided.values())))
    return Told(tuple(found), f"the nodes are those of {kept}, on which no agent runs" if kept and not found else "")


def _missing(missing: list[str], told: tuple[str, ...], source: Source) -> Iterator[Gap]:
    """One gap for all nodes that told nothing: where nobody was asked, that is said once."""
    if missing and told:
        yield Gap(NODE_FACTS.path(missing[0]), Reason.NOT_ASKED, f"no node results of {listed(missing)}")
    elif missing:
        refused = source.of_node(NODE_FACTS, "")
        yield (
            refused
            if isinstance(refused, Gap) and refused.detail
            else Gap(NODE_FACTS.root, Reason.NOT_ASKED, NO_RESULTS)
        )


def _facts(source: Source, name: str) -> NodeFacts | None:
    facts = document(NODE_FACTS.path(name), source.of_node(NODE_FACTS, name))
    if isinstance(facts, NodeFacts) and (problem := _problem(facts, name, source.about.taken)):
        facts = Gap(NODE_FACTS.path(name), Reason.UNDECODABLE, problem)
    if isinstance(facts, Gap):
        source.missed(facts)
        return None
    source.evidence.append(Evidence(NODE_FACTS.path(name)))
    return facts


class _Head(msgspec.Struct, rename="camel"):
    kind: str
    api_version: str


def _decoded(content: bytes) -> NodeFacts:
    head = read_json(content, _Head)
    if (head.kind, head.api_version) != (KIND, API_VERSION):
        raise UnlikeError(f"it is {head.kind} of {head.api_version}: this kscan reads {KIND} of {API_VERSION}")
    return read_json(content, NodeFacts)


_DOCUMENT = Question(NODE_FACTS, {JSON: _decoded})


def document(path: str, found: Body | Gap) -> NodeFacts | Gap:
    """What stands at a node's path; or why that is no document of an agent."""
    return _DOCUMENT.read(path, found)


def _problem(facts: NodeFacts, name: str, scanned: str) -> str:
    """Why a document does not count: it is of another node, or of no time that is near enough to that of the scan."""
    if facts.node != name:
        return f"it is of node {facts.node}"
    # What is only written down, as an example is, was looked at at no time.
    return untimely(facts.taken, scanned) if time_of(scanned) else ""


def untimely(text: str, scanned: str) -> str:
    """Why the time of a document is not one of which a scan can say something."""
    taken, now = time_of(text), time_of(scanned)
    if taken is None:
        return f"it is of {text!r}, which is no time" if text else "it does not tell when it was made"
    if now and taken - now > _AHEAD:
        return f"it is of {text}, after the scan: set the node's clock, and run the agent again"
    if now and now - taken > _OLD:
        return f"it is of {text}, {(now - taken).days} days before the scan: run the agent again"
    return ""


def time_of(text: str) -> datetime | None:
    """A time as documents and snapshots bear it; None where it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _control_plane(source: Source) -> Told:
    platform = source.weighed(
        PLATFORM, because="where nobody is known to run the control plane, its nodes have to tell"
    )
    if "kube-apiserver" in platform.owned:
        return Told(moot=f"run by {platform.owner}")
    return source.of(NODE_FILES)


NODE_FILES: View[Told] = View("node files", (*PLATFORM.needs, NODE_FACTS), _build)
# The same for what only a control plane has: where a provider runs that, no user has its nodes.
CONTROL_PLANE_FILES: View[Told] = View("control plane files", NODE_FILES.needs, _control_plane)
