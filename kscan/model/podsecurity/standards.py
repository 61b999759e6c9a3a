"""What a pod does against a level, and the strictest level that it meets."""

import msgspec

from kscan.model.base import JsonObject
from kscan.model.podsecurity.controls import CONTROLS, LATEST
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.pod import read_pod


class Violation(msgspec.Struct, frozen=True):
    """One field of a pod that a control does not allow; `reason` ends a sentence about the pod, or the container."""

    control: str
    reason: str
    path: str
    container: str = ""


def violations(pod: JsonObject, level: Level, minor: int = LATEST) -> tuple[Violation, ...]:
    """All that a pod does against a level, as the policy of that minor version has it."""
    read = read_pod(pod)
    forms = ((control.id, form) for control in CONTROLS if (form := control.form(level, minor)))
    return tuple(
        Violation(control, fault.reason, fault.path, fault.container) for control, form in forms for fault in form(read)
    )


def meets(pod: JsonObject, minor: int = LATEST) -> Level:
    """The strictest level that a pod meets."""
    return next(level for level in reversed(Level) if not violations(pod, level, minor))
