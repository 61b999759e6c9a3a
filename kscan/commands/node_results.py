"""--node-results: the documents of agents, from a folder or from the ConfigMaps that they publish, into a snapshot."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import msgspec

from kscan.errors import ConfigError
from kscan.model.base import Noun, decode, read_json
from kscan.model.meta import Meta
from kscan.model.node_facts import CONFIG_MAP_KEY, LABEL, LABEL_VALUE, NODE_NAME
from kscan.model.words import counted, listed
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason, Unread
from kscan.snapshot.kinds import CONFIG_MAPS, NODES
from kscan.snapshot.needs import Resource
from kscan.snapshot.snapshot import Snapshot
from kscan.views.node_files import NODE_FACTS, document, time_of, untimely

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


class _Published(Noun, frozen=True):
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
    unread: list[Unread] = []
    entries: dict[str, Entry] = dict(snapshot.entries)
    if results.folder:
        documents = _in_folder(results.folder)
    elif results.namespace:
        path = results.needs()[0].path()
        listing = snapshot.entries.get(path) or snapshot.at(CONFIG_MAPS.path())
        entries.pop(path, None)
        if isinstance(listing, Gap):
            advice = "`kscan permissions --node-results configmaps` prints the right"
            detail = f"ConfigMaps in {results.namespace}: {listing.reason}; {advice}"
            return Snapshot(snapshot.about, entries | {NODE_FACTS.root: Gap(NODE_FACTS.root, listing.reason, detail)})
        documents = _published(listing, results.namespace) if isinstance(listing, Listing) else iter(())
        if isinstance(listing, Listing) and listing.gap:
            entries[NODE_FACTS.root] = listing.gap
    else:
        return snapshot
    found = _newest(documents, snapshot.about.taken, tell, unread)
    unknown = sorted(found.keys() - names) if (names := _nodes(snapshot)) else []
    if unknown:
        tell(f"node results of nodes that the cluster does not have, passed over: {listed(unknown)}")
    if not found:
        tell(f"no node results in {results.folder or f'the ConfigMaps of {results.namespace}'}")
    if results.folder and not found and not unread:
        unread.append(Unread(_none(str(results.folder), "no document of `kscan node` is in it"), NODE_FACTS.root))
    _tell_age((taken for taken, _ in found.values()), snapshot.about.taken, tell)
    told = {NODE_FACTS.path(name): entry for name, (_, entry) in found.items() if name not in unknown}
    unread += (Unread(gap, path) for path, entry in told.items() if isinstance(gap := document(path, entry), Gap))
    about = msgspec.structs.replace(snapshot.about, unread=(*snapshot.about.unread, *unread))
    return Snapshot(about, entries | told)


def _newest(
    documents: Iterable[tuple[str, bytes | Gap]], scanned: str, tell: Tell, unread: list[Unread]
) -> dict[str, tuple[str, Body]]:
    """One document for each node: the newest of those whose time can be believed, each with that time."""
    found: dict[str, tuple[str, Body]] = {}
    for place, content in documents:
        head = content if isinstance(content, Gap) else _head(place, content)
        if isinstance(head, Gap) or isinstance(content, Gap):
            # Of which node it is nobody knows.
            unread.append(Unread(cast("Gap", head), NODE_FACTS.root))
            continue
        if head.node in found:
            tell(f"{place} is one more document of node {head.node}: the newest counts")
        taken = "" if untimely(head.taken, scanned) else head.taken
        if head.node not in found or taken > found[head.node][0]:
            found[head.node] = taken, Body(content.strip(), via=place)
    return found


def _head(place: str, content: bytes) -> _Head | Gap:
    """Whose a document is; or that it is none."""
    try:
        head = read_json(content, _Head)
    except msgspec.MsgspecError as error:
        return _none(place, f"no document of `kscan node`: {_short(error)}")
    return head if NODE_NAME.fullmatch(head.node) else _none(place, f"{head.node[:80]!r} is no name of a node")


def _none(place: str, words: str) -> Gap:
    return Gap(place, Reason.UNDECODABLE, words)


def _tell_age(times: Iterable[str], scanned: str, tell: Tell) -> None:
    """Say how old the documents are, where that is days: what they tell may have been mended since."""
    oldest, now = time_of(min((one for one in times if one), default="")), time_of(scanned)
    if oldest and now and now - oldest >= timedelta(days=1):
        tell(f"node results are up to {counted((now - oldest).days, 'day')} old: what they tell may have changed since")


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes | Gap]]:
    files = [path for path in sorted(folder.iterdir()) if path.suffix == ".json" and path.is_file()]
    for path in files[:_MOST_FILES]:
        try:
            with path.open("rb") as file:
                yield str(path), file.read(_MOST_BYTES)
        except OSError as error:
            raise ConfigError(f"cannot read {path}", error.strerror or str(error)) from error
    if more := files[_MOST_FILES:]:
        yield str(more[0]), _none(str(more[0]), f"{counted(len(more), 'file')} more than are read")


def _published(listing: Listing, namespace: str) -> Iterator[tuple[str, bytes | Gap]]:
    """The documents that agents publish; of other ConfigMaps nothing is asked."""
    for item in listing.items:
        try:
            metadata = decode(item.body, Meta).metadata
        except msgspec.MsgspecError:
            continue
        if metadata.namespace != namespace or metadata.labels.get(LABEL) != LABEL_VALUE:
            continue
        place = f"ConfigMap {namespace}/{metadata.name}"
        try:
            yield place, decode(item.body, _Published).data[CONFIG_MAP_KEY].encode()
        except (msgspec.MsgspecError, KeyError):
            yield place, _none(place, f"it holds no {CONFIG_MAP_KEY}")


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
