"""Objects of other kinds than Kubernetes' own that hold pod templates: Rollouts, Knative Services and the like."""

from collections.abc import Iterator

import msgspec

from kscan.model.base import decode, decode_object
from kscan.model.kinds import GroupKind
from kscan.model.meta import Meta, Metadata, ObjectRef
from kscan.model.templates import may_hold_templates, path_to, pod_templates
from kscan.model.workloads import PodGroup, must_be_pod, pod_of
from kscan.snapshot.entry import Item
from kscan.views.view import Source


class Holder(msgspec.Struct, frozen=True):
    """Such an object: who owns it, and its templates as groups of no pods."""

    metadata: Metadata
    groups: tuple[PodGroup, ...]


def holders(source: Source) -> dict[ObjectRef, Holder]:
    """Those of a snapshot or of manifests; a live scan asks for none."""
    return dict(_holders(source))


def _holders(source: Source) -> Iterator[tuple[ObjectRef, Holder]]:
    for group, kind, path, item in source.others():
        if not may_hold_templates(group, kind) or b'"containers"' not in item.body:
            continue
        try:
            metadata = decode(item.body, Meta).metadata
            ref = metadata.ref(GroupKind(group, kind))
            groups = tuple(_groups(ref, item))
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        if groups:
            source.used(path)
            yield ref, Holder(metadata, groups)


def _groups(ref: ObjectRef, item: Item) -> Iterator[PodGroup]:
    for place, template in pod_templates(decode_object(item.body)):
        metadata = msgspec.convert(template.get("metadata") or {}, Metadata)
        body = pod_of(ref, metadata, template["spec"])
        must_be_pod(body)
        yield PodGroup(body, 0, template=True, at=f"{path_to(place)}.")
