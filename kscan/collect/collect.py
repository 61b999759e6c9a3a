"""From needs to a snapshot: who am I, what is served, then everything that is needed, several at a time."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import msgspec

from kscan import __version__, clock
from kscan.collect.credentials import load
from kscan.collect.discovery import Served, discover
from kscan.collect.endless import Kept
from kscan.collect.identity import identify
from kscan.collect.kubelets import Asker, nodes_of
from kscan.collect.lists import Progress, read_list
from kscan.collect.request import CLUSTER_IDENTITY, Access, KubeletAccess, Options
from kscan.collect.wire import Answer, Deadline, Wire
from kscan.collect.workers import run_all
from kscan.errors import ConfigError
from kscan.model.base import decode
from kscan.model.meta import Meta
from kscan.model.nodes import Node
from kscan.model.words import listed
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason
from kscan.snapshot.kinds import NAMESPACES, NODES
from kscan.snapshot.named import named
from kscan.snapshot.needs import Named, Need, PerNode, Plain, Resource
from kscan.snapshot.pages import keep
from kscan.snapshot.snapshot import About, Snapshot

Task = Callable[[], None]


def _nothing(_kind: str, _objects: int, _bytes: int) -> None:
    """Progress that nobody watches."""


def collect(access: Access, needs: Iterable[Need], options: Options, progress: Progress = _nothing) -> Snapshot:
    """Read what is needed; ConnectError where the cluster cannot be spoken to at all."""
    deadline = Deadline(options.timeout)
    credentials = load(access, deadline.left())
    wire = Wire(credentials, access, deadline, options.parallel)
    kubelets = options.kubelets
    if kubelets is KubeletAccess.AUTO:
        kubelets = KubeletAccess.DIRECT if credentials.in_cluster else KubeletAccess.NONE
    identity = identify(wire)
    _known_namespaces(wire, options.namespaces)
    asked = tuple(needs)
    served = discover(wire, [need for need in asked if isinstance(need, Resource)])
    known = served.bodies | {"/version": identity.version_body}
    asked = tuple(need for need in asked if not (isinstance(need, Plain) and need.url in known))
    gathering = _Gathering(wire, served, msgspec.structs.replace(options, kubelets=kubelets), progress)
    entries = known | gathering.read(asked)
    about = About(
        name=credentials.name,
        server=wire.base,
        version=identity.version,
        uid=gathering.cluster_uid(),
        user=identity.user,
        groups=identity.groups,
        taken=clock.stamp(),
        namespaces=options.namespaces,
        kscan=__version__,
    )
    return Snapshot(about, entries)


def _known_namespaces(wire: Wire, names: Iterable[str]) -> None:
    """ConfigError where the cluster says that there is no such namespace: its lists would all be empty."""
    missing = [name for name in names if _is_missing(wire.get(Named(NAMESPACES, name).path()))]
    if missing:
        advice = "`kubectl get namespaces` lists what there is"
        raise ConfigError(f"the cluster has no namespace {listed(missing)}", advice)


def _is_missing(answer: Answer | Gap) -> bool:
    return isinstance(answer, Gap) and answer.reason is Reason.NOT_SERVED


class _Gathering:
    """One collection under way: the entries found so far, written by several threads, each its own paths."""

    def __init__(self, wire: Wire, served: Served, options: Options, progress: Progress) -> None:
        self._wire, self._served, self._options = wire, served, options
        self._progress = _locked(progress)
        self._entries: dict[str, Entry] = {}
        self._specs: dict[bytes, bytes] = {}
        self._kept = Kept()
        self._uid = ""

    def read(self, needs: tuple[Need, ...]) -> dict[str, Entry]:
        """Every entry that the needs name."""
        run_all([self._read_uid, *self._tasks(needs)], self._options.parallel, self._wire.stopped)
        self._ask_nodes([need for need in needs if isinstance(need, PerNode)])
        return self._entries

    def cluster_uid(self) -> str:
        """The uid of kube-system, which names a cluster whatever it is called."""
        return self._uid

    def _read_uid(self) -> None:
        if self._options.namespaces:
            return
        answer = self._wire.get(CLUSTER_IDENTITY.path())
        if not isinstance(answer, Gap):
            try:
                self._uid = decode(answer.content, Meta).metadata.uid
            except msgspec.MsgspecError:
                return

    def _tasks(self, needs: Iterable[Need]) -> Iterator[Task]:
        for need in needs:
            match need:
                case Resource():
                    yield from self._list_tasks(need)
                case Named() | Plain():
                    yield partial(self._get, need)

    def _list_tasks(self, resource: Resource) -> Iterator[Task]:
        if resource.whole_group:
            kinds, rest = self._served.kinds(resource)
            if rest:
                self._entries[rest.path] = rest
            for kind in kinds:
                yield from self._kind_tasks(kind)
        else:
            yield from self._kind_tasks(resource)

    def _kind_tasks(self, resource: Resource) -> Iterator[Task]:
        versions = self._served.versions(resource)
        if isinstance(versions, Gap):
            self._entries[versions.path] = versions
        elif resource.metadata_only and not self._options.secret_metadata:
            return
        elif not self._options.namespaces:
            yield partial(self._list, resource, versions)
        elif resource.within and resource.within not in self._options.namespaces:
            self._out_of_scope(resource.path(versions[0]))
        elif resource.namespaced:
            for namespace in [resource.within] if resource.within else self._options.namespaces:
                yield partial(self._list, resource, versions, namespace)
        elif resource == NAMESPACES:
            yield self._namespaces
        else:
            self._out_of_scope(resource.path(versions[0]))

    def _out_of_scope(self, path: str) -> None:
        self._entries[path] = Gap(path, Reason.OUT_OF_SCOPE)

    def _list(self, resource: Resource, versions: Sequence[str], namespace: str = "") -> None:
        """The list of the first version in which it is found."""
        missing = []
        for version in versions:
            path = resource.path(version, namespace)
            found = read_list(self._wire, resource, path, self._specs, self._progress, self._kept)
            if not isinstance(found, Gap) or found.reason is not Reason.NOT_SERVED:
                self._entries[path] = found
                return
            missing.append(found)
        self._entries[missing[0].path] = self._served.not_found(resource, missing[0])

    def _namespaces(self) -> None:
        """The namespaces asked for, one by one, for an account that may not list them all."""
        items, gap = [], None
        for name in self._options.namespaces:
            need = Named(NAMESPACES, name)
            answer = self._wire.get(need.path())
            found = answer if isinstance(answer, Gap) else named(need, Body(answer.content, answer.media_type))
            if isinstance(found, Gap):
                gap = found
            else:
                items.append(keep(msgspec.Raw(found.content), self._specs, pod=False))
        path = NAMESPACES.path()
        self._entries[path] = (
            Listing("Namespace", "v1", tuple(items), gap=gap) if items else gap or Gap(path, Reason.NOT_ASKED)
        )

    def _get(self, need: Named | Plain) -> None:
        path = need.path()
        namespace = need.namespace if isinstance(need, Named) else ""
        if self._options.namespaces and namespace not in self._options.namespaces:
            self._entries[path] = Gap(path, Reason.OUT_OF_SCOPE)
            return
        accept = need.accept if isinstance(need, Plain) else "application/json"
        good = (200, 500) if isinstance(need, Plain) and need.failing else (200,)
        answer = self._wire.get(path, accept=accept, good=good)
        if isinstance(answer, Gap):
            self._entries[path] = answer
        else:
            self._entries[path] = Body(answer.content, answer.media_type)
            self._progress(path, 1, len(answer.content))

    def _ask_nodes(self, needs: list[PerNode]) -> None:
        nodes = nodes_of(self._entries.get(NODES.path(), Gap("", Reason.NOT_ASKED))) if needs else []
        asker = Asker(self._wire, self._options, len(nodes))
        run_all([partial(self._ask_node, asker, node, needs) for node in nodes], asker.parallel, self._wire.stopped)

    def _ask_node(self, asker: Asker, node: Node, needs: list[PerNode]) -> None:
        self._entries.update(asker.ask(node, needs))
        for need in needs:
            self._progress(str(need), 1, 0)


def _locked(progress: Progress) -> Progress:
    lock = threading.Lock()

    def report(kind: str, objects: int, size: int) -> None:
        with lock:
            progress(kind, objects, size)

    return report
