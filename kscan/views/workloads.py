"""Workloads: pods gathered under the owner that somebody created, each distinct spec once.

Pods that run are judged as they run, for admission may have changed them. Where none runs
(scaled to zero, a CronJob between runs) the owner's template stands in for them.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from kscan.model.base import decode
from kscan.model.controllers import Maker
from kscan.model.kinds import GroupKind, meant
from kscan.model.meta import Kind, Metadata, ObjectRef
from kscan.model.pod_shape import must_be_typed
from kscan.model.pods import FINISHED, LEGACY_ANNOTATIONS, MIRROR
from kscan.model.workloads import PodGroup, PodHead, Workload, pod_of
from kscan.snapshot import kinds
from kscan.snapshot.entry import Item
from kscan.snapshot.needs import Resource
from kscan.views.controllers import CONTROLLER_KINDS
from kscan.views.holders import Holder, holders
from kscan.views.revisions import is_current
from kscan.views.view import Source, View

_LEFT_BEHIND = frozenset({meant("ReplicaSet"), meant("Job"), meant("ReplicationController")})

_MAKERS = frozenset(GroupKind(one.group, one.kind) for one in CONTROLLER_KINDS)

_Owners = Mapping[ObjectRef, Maker | Holder]


class _Gathered:
    """Pods by their owner and spec, the owners of which a pod of their template was seen, and whose owner is whose."""

    def __init__(self) -> None:
        self.groups: dict[ObjectRef, dict[tuple[object, ...], list[Any]]] = {}
        self.renewed: set[ObjectRef] = set()
        self.known: dict[ObjectRef, ObjectRef] = {}


def _build(source: Source) -> tuple[Workload, ...]:
    owners: _Owners = {**dict(_controllers(source)), **holders(source)}
    gathered = _Gathered()
    # Of what was not read it is not known that it is not there; in files anybody writes any status.
    gone = None if source.about.manifests else _MAKERS if source.gaps else frozenset[GroupKind]()
    for path, item in source.items(kinds.PODS):
        head = _head(source, path, item)
        if head:
            _gather(gathered, owners, head, path, item, gone)
    groups = gathered.groups
    workloads = {
        ref: Workload(ref, idle)
        for ref, owner in owners.items()
        if ref not in groups and _stands_in(source, ref, owners, groups) and (idle := _idle(source, ref, owner))
    }
    for ref, found in groups.items():
        running = tuple(_pod_groups(source, found.values()))
        if running:
            owner = owners.get(ref)
            template = _template(ref, owner) if isinstance(owner, Maker) else None
            workloads[ref] = Workload(ref, running, template, outdated=ref not in gathered.renewed)
    return tuple(workloads[ref] for ref in sorted(workloads))


def _stands_in(source: Source, ref: ObjectRef, owners: _Owners, running: Container[ObjectRef]) -> bool:
    """Whether a template is judged: nothing runs for it, and no owner of it is judged in its stead."""
    top = top_owner(ref.group_kind, owners[ref].metadata, owners)
    if top == ref or top in running:
        return top == ref
    # In a cluster what its owner has left behind is history, where the owner is of a kind that is not read.
    return top not in owners and (source.about.manifests or ref.group_kind not in _LEFT_BEHIND)


def _head(source: Source, path: str, item: Item) -> PodHead | None:
    try:
        return decode(item.head, PodHead)
    except msgspec.MsgspecError as error:
        source.undecodable(path, item, error)
        return None


def _controllers(source: Source) -> Iterator[tuple[ObjectRef, Maker]]:
    for resource in CONTROLLER_KINDS:
        for controller in source.nouns(resource, Maker):
            yield controller.metadata.ref(resource), controller


def _gather(
    gathered: _Gathered,
    owners: _Owners,
    head: PodHead,
    path: str,
    item: Item,
    gone: frozenset[GroupKind] | None,
) -> None:
    ref = top_owner(kinds.PODS, head.metadata, owners, gathered.known)
    owner = owners.get(ref)
    # What has run for a controller is history, also where the controller was not read: its template says what comes.
    if head.status.phase in FINISHED and gone is not None and (owner or ref.group_kind in gone):
        return
    if isinstance(owner, Maker) and ref not in gathered.renewed and is_current(head.metadata, owner, owners):
        gathered.renewed.add(ref)
    legacy = tuple(sorted(pair for pair in head.metadata.annotations.items() if pair[0].startswith(LEGACY_ANNOTATIONS)))
    # The folded spec is one shared value for all pods that have it, so its identity is its hash.
    key = (id(item.spec) if item.spec else item.head, legacy)
    group = gathered.groups.setdefault(ref, {}).setdefault(key, [path, item, 0])
    group[2] += 1


def top_owner(
    kind: Kind,
    metadata: Metadata,
    owners: Mapping[ObjectRef, Any],
    known: dict[ObjectRef, ObjectRef] | None = None,
    depth: int = 8,
) -> ObjectRef:
    """The owner that somebody created; a static pod is its own, though it names its node.

    Who may make a pod may name any owner. One that names another object than is there has none.
    What was found before of owners may be `known`: many pods have the same.
    """
    owner = metadata.controller
    if owner is None or MIRROR in metadata.annotations:
        return metadata.ref(kind)
    above = owner.ref(metadata.namespace)
    if above not in owners:
        return above
    if not owner.means(owners[above].metadata):
        return metadata.ref(kind)
    if known is None:
        known = {}
    if above not in known:
        known[above] = above if depth == 1 else top_owner(above, owners[above].metadata, owners, known, depth - 1)
    return known[above]


def _pod_groups(source: Source, found: Iterable[list[Any]]) -> Iterator[PodGroup]:
    for path, item, count in found:
        group = PodGroup(item.body, count)
        try:
            must_be_typed(group.body)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        yield group


def _idle(source: Source, ref: ObjectRef, owner: Maker | Holder) -> tuple[PodGroup, ...]:
    """What stands in for the pods of an owner that has none."""
    if isinstance(owner, Holder):
        return owner.groups
    group = _template(ref, owner)
    try:
        must_be_typed(group.body)
    except msgspec.MsgspecError as error:
        resource = next(one for one in CONTROLLER_KINDS if (one.group, one.kind) == (ref.group, ref.kind))
        source.undecodable(resource.path(), Item(msgspec.json.encode({"metadata": owner.metadata})), error)
        return ()
    return (group,)


def _template(ref: ObjectRef, controller: Maker) -> PodGroup:
    return PodGroup(pod_of(ref, controller.template.metadata, controller.template.spec), 0, template=True)


def resources() -> tuple[Resource, ...]:
    """Every kind whose pods are gathered here."""
    return (kinds.PODS, *CONTROLLER_KINDS)


WORKLOADS: View[tuple[Workload, ...]] = View("workloads", resources(), _build)
