"""Workloads: what somebody created, with the distinct pod specs that run for it."""

from functools import lru_cache
from typing import Any

import msgspec

from kscan.model.base import decode_object
from kscan.model.meta import Metadata, ObjectRef


class PodGroup(msgspec.Struct, frozen=True):
    """Pods of one owner that share one spec, or the owner's template where none runs; JSON until it is looked at."""

    body: bytes
    count: int
    template: bool = False

    @property
    def pod(self) -> dict[str, Any]:
        """One pod that stands for all of them, without its status."""
        return _decoded(self.body)

    @property
    def spec(self) -> dict[str, Any]:
        """The pod spec that they share."""
        return self.pod.get("spec", {})  # type: ignore[no-any-return]


# Decoded, a spec is ten times its JSON, and a walk looks at one at a time.
@lru_cache(maxsize=64)
def _decoded(body: bytes) -> dict[str, Any]:
    pod = decode_object(body)
    pod.pop("status", None)
    return {"apiVersion": "v1", "kind": "Pod"} | pod


class Workload(msgspec.Struct, frozen=True):
    """The top owner of pods, as people know it; with its template where pods run beside it."""

    ref: ObjectRef
    groups: tuple[PodGroup, ...]
    template: PodGroup | None = None

    @property
    def pods(self) -> int:
        """How many pods run for it."""
        return sum(group.count for group in self.groups)


class PodHead(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of each single pod: its name, labels and owner, not its spec."""

    metadata: Metadata
    status: "PodPhase" = msgspec.field(default_factory=lambda: PodPhase())


class PodPhase(msgspec.Struct, frozen=True):
    """Where a pod is in its life."""

    phase: str = ""
