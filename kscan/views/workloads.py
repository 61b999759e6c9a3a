"""Workloads: pods gathered under the owner that somebody created, each distinct spec once.

Pods that run are judged as they run, for admission may have changed them. Where none runs
(scaled to zero, a CronJob between runs) the owner's template stands in for them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from kscan.model.base import decode
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.pods import FINISHED, LEGACY_ANNOTATIONS, MIRROR
from kscan.model.workloads import PodGroup, PodHead, Workload
from kscan.snapshot import kinds
from kscan.snapshot.entry import Item
from kscan.snapshot.needs import Resource
from kscan.views.view import Source, View

_CONTROLLERS = (
    kinds.DEPLOYMENTS,
    kinds.REPLICA_SETS,
    kinds.STATEFUL_SETS,
    kinds.DAEMON_SETS,
    kinds.JOBS,
    kinds.CRON_JOBS,
    kinds.REPLICATION_CONTROLLERS,
)


class _Template(msgspec.Struct, frozen=True):
    metadata: Metadata = Metadata()
    spec: msgspec.Raw = msgspec.Raw(b"{}")


class _JobTemplateSpec(msgspec.Struct, frozen=True):
    template: _Template = _Template()


class _JobTemplate(msgspec.Struct, frozen=True):
    spec: _JobTemplateSpec = _JobTemplateSpec()


class _ControllerSpec(msgspec.Struct, frozen=True, rename="camel"):
    template: _Template | None = None
    job_template: _JobTemplate | None = None


class _Controller(msgspec.Struct, frozen=True):
    metadata: Metadata
    spec: _ControllerSpec = _ControllerSpec()

    @property
    def template(self) -> _Template:
        if self.spec.job_template:
            return self.spec.job_template.spec.template
        return self.spec.template or _Template()


_Maps = list[dict[str, msgspec.Raw]]


class _Spec(msgspec.Struct, rename="camel"):
    containers: _Maps
    init_containers: _Maps | None = None
    ephemeral_containers: _Maps | None = None
    volumes: _Maps | None = None
    security_context: dict[str, msgspec.Raw] | None = None


class _Shape(msgspec.Struct):
    """The lists that every check walks over must be lists of maps."""

    spec: _Spec


_SHAPE = msgspec.json.Decoder(_Shape)
_Controllers = Mapping[ObjectRef, _Controller]
_Groups = dict[ObjectRef, dict[tuple[object, ...], list[Any]]]


def _build(source: Source) -> tuple[Workload, ...]:
    controllers = dict(_controllers(source))
    groups: _Groups = {}
    for path, item in source.items(kinds.PODS):
        head = _head(source, path, item)
        if head:
            _gather(groups, controllers, head, path, item)
    idle = {ref: controller for ref, controller in controllers.items()
            if ref not in groups and not controller.metadata.controller}  # fmt: skip
    workloads = {ref: Workload(ref, (group,)) for ref, one in idle.items() if (group := _idle(source, ref, one))}
    for ref, found in groups.items():
        running = tuple(_pod_groups(source, found.values()))
        if running:
            workloads[ref] = Workload(ref, running, _template(ref, controllers[ref]) if ref in controllers else None)
    return tuple(workloads[ref] for ref in sorted(workloads))


def _head(source: Source, path: str, item: Item) -> PodHead | None:
    try:
        return decode(item.head, PodHead)
    except msgspec.MsgspecError as error:
        source.undecodable(path, item, error)
        return None


def _controllers(source: Source) -> Iterator[tuple[ObjectRef, _Controller]]:
    for resource in _CONTROLLERS:
        for controller in source.nouns(resource, _Controller):
            metadata = controller.metadata
            yield ObjectRef(resource.kind, metadata.name, metadata.namespace, metadata.written_in), controller


def _gather(groups: _Groups, controllers: _Controllers, head: PodHead, path: str, item: Item) -> None:
    ref = top_owner("Pod", head.metadata, controllers)
    if head.status.phase in FINISHED and ref in controllers:
        return
    legacy = tuple(sorted(pair for pair in head.metadata.annotations.items() if pair[0].startswith(LEGACY_ANNOTATIONS)))
    # The folded spec is one shared value for all pods that have it, so its identity is its hash.
    key = (id(item.spec) if item.spec else item.head, legacy)
    group = groups.setdefault(ref, {}).setdefault(key, [path, item, 0])
    group[2] += 1


def top_owner(kind: str, metadata: Metadata, controllers: _Controllers) -> ObjectRef:
    """The owner that somebody created; a static pod is its own, though it names its node."""
    ref = ObjectRef(kind, metadata.name, metadata.namespace, metadata.written_in)
    for _ in range(8):
        owner = metadata.controller
        if owner is None or MIRROR in metadata.annotations:
            return ref
        ref = ObjectRef(owner.kind, owner.name, metadata.namespace)
        if ref not in controllers:
            return ref
        metadata = controllers[ref].metadata
    return ref


def _pod_groups(source: Source, found: Iterable[list[Any]]) -> Iterator[PodGroup]:
    for path, item, count in found:
        group = PodGroup(item.body, count)
        try:
            _SHAPE.decode(group.body)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        yield group


def _idle(source: Source, ref: ObjectRef, controller: _Controller) -> PodGroup | None:
    """What stands in for the pods of a controller that has none."""
    group = _template(ref, controller)
    try:
        _SHAPE.decode(group.body)
    except msgspec.MsgspecError as error:
        resource = next(one for one in _CONTROLLERS if one.kind == ref.kind)
        source.undecodable(resource.path(), Item(msgspec.json.encode({"metadata": controller.metadata})), error)
        return None
    return group


def _template(ref: ObjectRef, controller: _Controller) -> PodGroup:
    metadata = controller.template.metadata
    named = {"name": ref.name, "namespace": ref.namespace, "labels": metadata.labels,
             "annotations": metadata.annotations}  # fmt: skip
    return PodGroup(msgspec.json.encode({"metadata": named, "spec": controller.template.spec}), 0, template=True)


def resources() -> tuple[Resource, ...]:
    """Every kind whose pods are gathered here."""
    return (kinds.PODS, *_CONTROLLERS)


WORKLOADS: View[tuple[Workload, ...]] = View("workloads", resources(), _build)
