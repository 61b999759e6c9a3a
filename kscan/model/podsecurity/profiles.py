"""What confines the processes of a container: seccomp, AppArmor, SELinux."""

from collections.abc import Iterator

from kscan.model.pods import LEGACY_ANNOTATIONS
from kscan.model.podsecurity.pod import Fault, Pod, Setter, optional, text

_APP_ARMOR, _SECCOMP_POD, _SECCOMP_CONTAINER = LEGACY_ANNOTATIONS
_CONFINED = ("RuntimeDefault", "Localhost")
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t")


def seccomp_annotations(pod: Pod) -> Iterator[Fault]:
    """Annotations of the pod, and of containers that there are."""
    keys = {f"{_SECCOMP_POD}pod": ""} | {_SECCOMP_CONTAINER + one.container: one.container for one in pod.containers}
    for key, container in keys.items():
        value = pod.annotations.get(key)
        if value is not None and not _confines(value, "docker/default"):
            yield Fault(_annotation(key), f"has the seccomp profile {_shown(value)}", container)


def seccomp(pod: Pod) -> Iterator[Fault]:
    """Profiles that do not confine, wherever they are set."""
    for setter in pod.setters:
        yield from _unconfined(setter, "seccompProfile", "seccomp")


def seccomp_required(pod: Pod) -> Iterator[Fault]:
    """The same, and containers for which nobody sets a profile."""
    yield from seccomp(pod)
    if optional(pod.itself.context, "seccompProfile") is None:
        for container in pod.containers:
            if optional(container.context, "seccompProfile") is None:
                yield container.fault("seccompProfile.type", "has no seccomp profile, nor has its pod")


def app_armor(pod: Pod) -> Iterator[Fault]:
    """Profiles that do not confine, and annotations to the same end, also of containers that are not there."""
    for setter in pod.setters:
        yield from _unconfined(setter, "appArmorProfile", "AppArmor")
    for key, value in pod.annotations.items():
        if key.startswith(_APP_ARMOR) and not _confines(value, ""):
            yield Fault(_annotation(key), f"has the AppArmor profile {value}", key.removeprefix(_APP_ARMOR))


def selinux(pod: Pod, *more: str) -> Iterator[Fault]:
    """Types other than those of containers, and any user or role; the level is free."""
    for setter in pod.setters:
        options = optional(setter.context, "seLinuxOptions") or {}
        if (found := text(options, "type")) not in (*_SELINUX_TYPES, *more):
            yield setter.fault("seLinuxOptions.type", f"has the SELinux type {found}")
        for field in ("user", "role"):
            if found := text(options, field):
                yield setter.fault(f"seLinuxOptions.{field}", f"has the SELinux {field} {found}")


def _unconfined(setter: Setter, field: str, name: str) -> Iterator[Fault]:
    profile = optional(setter.context, field)
    if profile is not None and (found := text(profile, "type")) not in _CONFINED:
        yield setter.fault(f"{field}.type", f"has the {name} profile {_shown(found)}")


def _confines(annotation: str, other: str) -> bool:
    return annotation in ("runtime/default", other) or annotation.startswith("localhost/")


def _shown(profile: str) -> str:
    return profile or "of no type"


def _annotation(key: str) -> str:
    return f"metadata.annotations[{key}]"
