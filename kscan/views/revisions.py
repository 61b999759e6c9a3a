"""Whether a pod was made from the template that its owner has now, by what controllers note of it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from kscan.model.base import read_json
from kscan.model.controllers import Maker, PodTemplate
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.pods import LEGACY_ANNOTATIONS

# What the controllers of stateful and of daemon sets write on pods, and the latter on the set itself.
_REVISION, _GENERATION = "controller-revision-hash", "pod-template-generation"
_GENERATION_NOW = "deprecated.daemonset.template.generation"


def is_current(pod: Metadata, owner: Maker, owners: Mapping[ObjectRef, Any]) -> bool:
    """Whether it is known that the pod is of its owner's template; a Deployment's are made by its replica sets."""
    above = pod.controller
    maker = owners.get(above.ref(pod.namespace)) if above else None
    if maker is owner and above:
        # The template of a Job never changes; nor did that of what never changed.
        return above.kind == "Job" or owner.metadata.generation == 1 or _is_noted(pod, owner)
    return isinstance(maker, Maker) and _same(maker.template, owner.template)


def _is_noted(pod: Metadata, owner: Maker) -> bool:
    revision, generation = owner.status.update_revision, owner.metadata.annotations.get(_GENERATION_NOW)
    of_revision = bool(revision) and pod.labels.get(_REVISION) == revision
    return of_revision or (bool(generation) and pod.labels.get(_GENERATION) == generation)


def _same(one: PodTemplate, other: PodTemplate) -> bool:
    return _legacy(one.metadata) == _legacy(other.metadata) and _same_spec(bytes(one.spec), bytes(other.spec))


def _legacy(metadata: Metadata) -> dict[str, str]:
    return {key: value for key, value in metadata.annotations.items() if key.startswith(LEGACY_ANNOTATIONS)}


@lru_cache(maxsize=64)
def _same_spec(one: bytes, other: bytes) -> bool:
    try:
        return one == other or read_json(one, dict[str, Any]) == read_json(other, dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return False
