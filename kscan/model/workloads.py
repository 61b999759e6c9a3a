"""Workloads: what somebody created, with the distinct pod specs that run for it."""

from typing import Any

import msgspec

from kscan.model.meta import Metadata, ObjectRef


class PodGroup(msgspec.Struct, frozen=True):
    """Pods of one owner that share one spec, or the owner's template where none runs."""

    pod: dict[str, Any]
    count: int
    template: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        """The pod spec that they share."""
        return self.pod.get("spec", {})  # type: ignore[no-any-return]


class Workload(msgspec.Struct, frozen=True):
    """The top owner of pods, as people know it."""

    ref: ObjectRef
    groups: tuple[PodGroup, ...]

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
