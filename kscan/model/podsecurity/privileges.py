"""What the processes of a container may do, and as whom they run."""

from collections.abc import Iterator

from kscan.model.podsecurity.pod import Fault, Pod, member, number, texts

_DEFAULTS = frozenset({"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
                       "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"})  # fmt: skip


def privileged(pod: Pod) -> Iterator[Fault]:
    """Privileged containers."""
    for container in pod.containers:
        if container.context.get("privileged") is True:
            yield container.fault("privileged", "runs privileged")


def added_capabilities(pod: Pod, allowed: frozenset[str] = _DEFAULTS) -> Iterator[Fault]:
    """Capabilities beyond those allowed; names are compared as they are written."""
    for container in pod.containers:
        if more := set(texts(member(container.context, "capabilities"), "add")) - allowed:
            yield container.fault("capabilities.add", f"adds {_listed(more)}")


def kept_capabilities(pod: Pod) -> Iterator[Fault]:
    """Containers that do not drop ALL, which can only be said so, or add more than one capability back."""
    for container in pod.containers:
        if "ALL" not in texts(member(container.context, "capabilities"), "drop"):
            yield container.fault("capabilities.drop", "does not drop ALL capabilities")
    yield from added_capabilities(pod, frozenset({"NET_BIND_SERVICE"}))


def privilege_escalation(pod: Pod) -> Iterator[Fault]:
    """Containers that do not refuse to gain privileges."""
    for container in pod.containers:
        if container.context.get("allowPrivilegeEscalation") is not False:
            yield container.fault("allowPrivilegeEscalation", "may gain more privileges than it starts with")


def root_allowed(pod: Pod) -> Iterator[Fault]:
    """Whoever allows root, and containers for which nobody forbids it."""
    for setter in pod.setters:
        if setter.context.get("runAsNonRoot") is False:
            yield setter.fault("runAsNonRoot", "allows to run as root")
    if not isinstance(pod.itself.context.get("runAsNonRoot"), bool):
        for container in pod.containers:
            if not isinstance(container.context.get("runAsNonRoot"), bool):
                yield container.fault("runAsNonRoot", "may run as root: neither it nor its pod says otherwise")


def root_chosen(pod: Pod) -> Iterator[Fault]:
    """Whoever asks for user 0."""
    for setter in pod.setters:
        if number(setter.context, "runAsUser") == 0:
            yield setter.fault("runAsUser", "asks for user 0")


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words))
