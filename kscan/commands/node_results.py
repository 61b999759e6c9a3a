"""--node-results: the documents of agents, from a folder or from the ConfigMaps that they publish, into a snapshot."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from kscan.errors import ConfigError
from kscan.model.base import Noun, decode
from kscan.model.meta import Meta, Metadata
from kscan.model.node_facts import CONFIG_MAP_KEY, LABEL, LABEL_VALUE, NODE_NAME
from kscan.model.words import counted, listed
from kscan.snapshot.entry import Body, Entry, Gap, Listing
from kscan.snapshot.kinds import CONFIG_MAPS, NODES
from kscan.snapshot.needs import Resource
from kscan.snapshot.snapshot import Snapshot
from kscan.views.node_files import NODE_FACTS, time_of, untimely

# A namespace of its own: pods that see the node's files need one in which that is allowed.
NAMESPACE = "kscan-nodes"
_PUBLISHED = re.compile(r"configmaps(?:/([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?))?")
_MOST_BYTES = 16 << 20
_MOST_FILES = 20_000
Tell = Callable[[str], None]


class NodeResults(msgspec.Struct, frozen=True):
    """Where documents come from: a folder, a namespace, or nowhere."""

    folder: Path | None = None
    namespace: str = ""

    def needs(self) -> tuple[Resource, ...]:
        """What must be read of the cluster for them."""
        return (msgspec.structs.replace(CONFIG_MAPS, within=self.namespace),) if self.namespace else ()


class _Head(Noun, frozen=True):
    """As much of a document as tells whose it is and which of two is newer."""

    node: str
    taken: str = ""


class _ConfigMap(Noun, frozen=True):
    metadata: Metadata
    data: Mapping[str, str] = {}


def node_results(value: str) -> NodeResults:
    """The value of --node-results."""
    found = _PUBLISHED.fullmatch(value)
    if found:
        return NodeResults(namespace=found[1] or NAMESPACE)
    folder = Path(value) if value else None
    if folder and not folder.is_dir():
        advice = "name the folder that holds what `kscan node` printed, or say configmaps or configmaps/NAMESPACE"
        raise ConfigError(f"--node-results {value} is no folder", advice)
    return NodeResults(folder=folder)


def with_results(snapshot: Snapshot, results: NodeResults, tell: Tell) -> Snapshot:
    """The snapshot with the documents in it; what cannot be used is told, and is a gap where its node is known."""
    if results.folder:
        documents = _in_folder(results.folder)
        entries: dict[str, Entry] = dict(snapshot.entries)
    elif results.namespace:
        path = results.needs()[0].path()
        listing = snapshot.entries.get(path) or snapshot.at(CONFIG_MAPS.path())
        entries = {one: entry for one, entry in snapshot.entries.items() if one != path}
        if isinstance(listing, Gap):
            advice = "`kscan permissions --node-results configmaps` prints the right"
            detail = f"ConfigMaps in {results.namespace}: {listing.reason}; {advice}"
            return Snapshot(snapshot.about, entries | {NODE_FACTS.root: Gap(NODE_FACTS.root, listing.reason, detail)})
        documents = _published(listing, results.namespace) if isinstance(listing, Listing) else iter(())
    else:
        return snapshot
    found = _newest(documents, snapshot.about.taken, tell)
    unknown = sorted(found.keys() - names) if (names := _nodes(snapshot)) else []
    if unknown:
        tell(f"node results of nodes that the cluster does not have, passed over: {listed(unknown)}")
    if not found:
        tell(f"no node results in {results.folder or f'the ConfigMaps of {results.namespace}'}")
    _tell_age((taken for taken, _ in found.values()), snapshot.about.taken, tell)
    told = {NODE_FACTS.path(name): entry for name, (_, entry) in found.items() if name not in unknown}
    return Snapshot(snapshot.about, entries | told)


def _newest(documents: Iterable[tuple[str, bytes]], scanned: str, tell: Tell) -> dict[str, tuple[str, Entry]]:
    """One document for each node: the newest of those whose time can be believed, each with that time."""
    found: dict[str, tuple[str, Entry]] = {}
    for place, content in documents:
        try:
            head = msgspec.json.decode(content, type=_Head)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            tell(f"passed over {place}: it is no document of `kscan node` ({_short(error)})")
            continue
        if not NODE_NAME.fullmatch(head.node):
            tell(f"passed over {place}: {head.node[:80]!r} is no name of a node")
            continue
        if head.node in found:
            tell(f"{place} is one more document of node {head.node}: the newest counts")
        taken = "" if untimely(head.taken, scanned) else head.taken
        if head.node not in found or taken > found[head.node][0]:
            found[head.node] = taken, Body(content.strip(), via=place)
    return found


def _tell_age(times: Iterable[str], scanned: str, tell: Tell) -> None:
    """Say how old the documents are, where that is days: what they tell may have been mended since."""
    oldest, now = time_of(min((one for one in times if one), default="")), time_of(scanned)
    if oldest and now and now - oldest >= timedelta(days=1):
        tell(f"node results are up to {counted((now - oldest).days, 'day')} old: what they tell may have changed since")


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir())[:_MOST_FILES]:
        if path.suffix != ".json" or not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                yield str(path), file.read(_MOST_BYTES)
        except OSError as error:
            raise ConfigError(f"cannot read {path}", error.strerror or str(error)) from error


def _published(listing: Listing, namespace: str) -> Iterator[tuple[str, bytes]]:
    for item in listing.items:
        try:
            one = decode(item.body, _ConfigMap)
        except msgspec.MsgspecError:
            continue
        metadata = one.metadata
        if metadata.namespace == namespace and metadata.labels.get(LABEL) == LABEL_VALUE and CONFIG_MAP_KEY in one.data:
            yield f"ConfigMap {namespace}/{metadata.name}", one.data[CONFIG_MAP_KEY].encode()


def _nodes(snapshot: Snapshot) -> set[str]:
    """The names of the cluster's nodes; none where these were not read."""
    listing = snapshot.at(NODES.path())
    names = set()
    for item in listing.items if isinstance(listing, Listing) and not listing.gap else ():
        try:
            names.add(decode(item.body, Meta).metadata.name)
        except msgspec.MsgspecError:
            continue
    return names


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
