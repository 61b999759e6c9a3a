"""Workloads: what somebody created, with the distinct pod specs that run for it."""

from functools import lru_cache
from typing import Annotated, Any

import msgspec

from kscan.model.base import Reader, decode_object
from kscan.model.meta import Metadata, ObjectRef


class PodGroup(msgspec.Struct, frozen=True):
    """Pods of one owner that share one spec, or the owner's template where none runs; JSON until it is looked at.

    `at` leads the paths of findings, where the owner is of a kind whose template could stand anywhere.
    """

    body: bytes
    count: int
    template: bool = False
    at: str = ""

    @property
    def pod(self) -> dict[str, Any]:
        """One pod that stands for all of them, without its status."""
        return _decoded(self.body)

    @property
    def spec(self) -> dict[str, Any]:
        """The pod spec that they share."""
        return self.pod.get("spec", {})  # type: ignore[no-any-return]


def pod_of(ref: ObjectRef, template: Metadata, spec: object) -> bytes:
    """The pod that a template makes, called like its owner."""
    metadata = {"name": ref.name, "namespace": ref.namespace, "labels": template.labels,
                "annotations": template.annotations}  # fmt: skip
    return msgspec.json.encode({"metadata": metadata, "spec": spec})


_Maps = list[dict[str, msgspec.Raw]]


class _Spec(msgspec.Struct, rename="camel"):
    containers: Annotated[_Maps, msgspec.Meta(min_length=1)]
    init_containers: _Maps | None = None
    ephemeral_containers: _Maps | None = None
    volumes: _Maps | None = None
    security_context: dict[str, msgspec.Raw] | None = None


class _Shape(msgspec.Struct):
    spec: _Spec


_SHAPE = Reader(_Shape)


def must_be_pod(body: bytes) -> None:
    """The lists that every check walks over must be lists of maps; raises msgspec.MsgspecError where one is not."""
    _SHAPE.decode(body)


# Decoded, a spec is ten times its JSON, and a walk looks at one at a time.
@lru_cache(maxsize=64)
def _decoded(body: bytes) -> dict[str, Any]:
    pod = decode_object(body)
    pod.pop("status", None)
    return {"apiVersion": "v1", "kind": "Pod"} | pod


class Workload(msgspec.Struct, frozen=True):
    """The top owner of pods, as people know it; with its template where pods run beside it.

    It is `outdated` where none of them is known to be made from the template as that is now.
    """

    ref: ObjectRef
    groups: tuple[PodGroup, ...]
    template: PodGroup | None = None
    outdated: bool = False

    @property
    def pods(self) -> int:
        """How many pods run for it."""
        return sum(group.count for group in self.groups)


class PodHead(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of each single pod: its name, labels and owner, not its spec."""

    metadata: Metadata
    status: "PodPhase" = msgspec.field(default_factory=lambda: PodPhase())


class PodPhase(msgspec.Struct, frozen=True, rename="camel"):
    """Where a pod is in its life."""

    phase: str = ""


class PodCondition(msgspec.Struct, frozen=True):
    """What a pod says of itself, and whether it is so."""

    type: str = ""
    status: str = ""


class PodStatus(PodPhase, frozen=True):
    """All that is judged of a pod's status: pages keep this and what is shown of it, and nothing else."""

    conditions: tuple[PodCondition, ...] | None = None

    @property
    def ready(self) -> bool:
        """Whether it answers, by what it says of itself."""
        return any((one.type, one.status) == ("Ready", "True") for one in self.conditions or ())
