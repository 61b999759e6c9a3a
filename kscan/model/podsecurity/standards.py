"""What a pod does against a level, and the strictest level that it meets."""

from functools import lru_cache

import msgspec

from kscan.model.base import JsonObject
from kscan.model.podsecurity.controls import CONTROLS, LATEST, Form
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.pod import read_pod
from kscan.model.workloads import Workload


class Violation(msgspec.Struct, frozen=True):
    """One field of a pod that a control does not allow; `reason` ends a sentence about the pod, or the container."""

    control: str
    reason: str
    path: str
    container: str = ""


@lru_cache
def _forms(level: Level, minor: int) -> tuple[tuple[str, Form], ...]:
    return tuple((control.id, form) for control in CONTROLS if (form := control.form(level, minor)))


def violations(pod: JsonObject, level: Level, minor: int = LATEST) -> tuple[Violation, ...]:
    """All that a pod does against a level, as the policy of that minor version has it."""
    read = read_pod(pod)
    return tuple(
        Violation(control, fault.reason, fault.path, fault.container)
        for control, form in _forms(level, minor)
        for fault in form(read)
    )


def meets(pod: JsonObject, minor: int = LATEST) -> Level:
    """The strictest level that a pod meets."""
    read = read_pod(pod)
    return next(level for level in reversed(Level) if not any(any(form(read)) for _, form in _forms(level, minor)))


def met_by(workload: Workload, minor: int = LATEST) -> Level:
    """The strictest level that everything which runs for a workload meets."""
    found = (meets(group.pod, minor) for group in workload.groups)
    return min(found, key=lambda one: one.rank, default=Level.RESTRICTED)
