"""Every pod that does a thing, as one pod of which only that is known: what refuses it refuses each of them."""

from collections.abc import Callable, Mapping
from functools import cache

from kscan.model.admission.matching import DEBUG_POD, Request
from kscan.model.cel.partial import UNSURE, Fields, Items, May, Text, exactly, may

# The folders of a node in which people put data. In each other one there may be what takes it over: the folder of the
# kubelet, or what stands behind it, is anywhere on one system or another.
_DATA = frozenset({"data", "srv"})
# What lies elsewhere and takes over nothing.
_HARMLESS_PATHS = frozenset({
    "/etc/localtime", "/etc/machine-id", "/etc/os-release", "/etc/timezone", "/usr/share/zoneinfo",
})  # fmt: skip
# What a container may have added that takes over no node by itself.
HARMLESS = frozenset({
    "",
    "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "CHOWN", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE",
    "LINUX_IMMUTABLE", "MAC_OVERRIDE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP",
    "SETUID", "SYS_CHROOT", "SYS_NICE", "SYS_PACCT", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG",
    "WAKE_ALARM", "DAC_OVERRIDE", "MKNOD", "NET_ADMIN", "AUDIT_CONTROL", "CHECKPOINT_RESTORE", "PERFMON",
})  # fmt: skip
_Pod = Mapping[str, May]


def _is_of_node(path: str) -> bool:
    """Whether a path may be one that takes over a node, however it is written."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    is_data = bool(parts) and parts[0] in _DATA
    return not (path.startswith("/") and (is_data or f"/{'/'.join(parts)}" in _HARMLESS_PATHS))


def _is_capability(name: str) -> bool:
    """Whether a name may be that of a capability that takes over a node: runtimes take it in any letters."""
    return name.upper().removeprefix("CAP_") not in HARMLESS


# With what it begins tells nothing: whoever may write in a folder puts a link there that leads to any other.
_PATH = May((Text("a path of the node", _is_of_node),))
_CAPABILITY = may(Text("a capability that takes over the node", _is_capability, folded=True))
_YES = exactly(True)
_SOME_TEXT = may(Text("some text", lambda _: True))
_TEXTS = May((Items((), _SOME_TEXT),))
_LISTED_CAPABILITIES = {"add": _TEXTS, "drop": _TEXTS}
_CONTEXT: dict[str, May] = {
    "privileged": UNSURE, "allowPrivilegeEscalation": UNSURE, "runAsNonRoot": UNSURE, "readOnlyRootFilesystem": UNSURE,
    "capabilities": may(Fields({}, _LISTED_CAPABILITIES, open=False)),
}  # fmt: skip
_CONTAINER = may(Fields({"name": _SOME_TEXT}, {"securityContext": may(Fields({}, _CONTEXT)), "image": _SOME_TEXT}))
_VOLUME_SOURCE = may(Fields({"path": _SOME_TEXT}, {"type": _SOME_TEXT}, open=False))
_VOLUME = may(Fields({"name": _SOME_TEXT}, {"hostPath": _VOLUME_SOURCE}))
_LISTS = {"initContainers": _CONTAINER, "ephemeralContainers": _CONTAINER, "volumes": _VOLUME}


def _with(rest: Mapping[str, May], **context: May) -> May:
    """A container that says something of its security, and may say more."""
    rest = {name: value for name, value in {**_CONTEXT, **rest}.items() if name not in context}
    return may(Fields({"name": _SOME_TEXT, "securityContext": may(Fields(context, rest))}, {"image": _SOME_TEXT}))


# The API server refuses one that says as well that it may not gain privileges.
_PRIVILEGED = _with({"allowPrivilegeEscalation": _YES}, privileged=_YES)
_ADDS = Fields({"add": may(Items((_CAPABILITY,), _SOME_TEXT))}, {"drop": _TEXTS}, open=False)
_ADDING = _with({}, capabilities=may(_ADDS))
_ON_NODE = may(Fields(
    {"name": _SOME_TEXT, "hostPath": may(Fields({"path": _PATH}, {"type": _SOME_TEXT}, open=False))}, open=False
))  # fmt: skip


def _holding(field: str, item: May) -> Callable[[], _Pod]:
    """A pod with something in one of its lists."""
    others = _CONTAINER if field == "containers" else _LISTS[field]
    return lambda: {field: May((Items((item,), others),))}


def _saying(field: str) -> Callable[[], _Pod]:
    return lambda: {field: _YES}


_CREATED: Mapping[str, tuple[Callable[[], _Pod], ...]] = {
    "privileged": (_holding("containers", _PRIVILEGED),),
    "privileged-init": (_holding("initContainers", _PRIVILEGED),),
    "host-pid": (_saying("hostPID"),),
    "host-ipc": (_saying("hostIPC"),),
    "host-network": (_saying("hostNetwork"),),
    "host-path": (_holding("volumes", _ON_NODE),),
    "capability": (_holding("containers", _ADDING), _holding("initContainers", _ADDING)),
}
_ADDED: Mapping[str, tuple[Callable[[], _Pod], ...]] = {
    "privileged": (_holding("ephemeralContainers", _PRIVILEGED),),
    "capability": (_holding("ephemeralContainers", _ADDING),),
}


@cache
def deeds(name: str, request: Request) -> tuple[Fields, ...]:
    """The specs of pods that do a thing by a request, in each place where it can be done."""
    return tuple(_spec(make()) for make in (_ADDED if request == DEBUG_POD else _CREATED).get(name, ()))


def _spec(done: _Pod) -> Fields:
    lists = {field: May((Items((), one),)) for field, one in _LISTS.items()}
    flags = dict.fromkeys(("hostPID", "hostIPC", "hostNetwork"), UNSURE)
    always = {"containers": may(Items((_CONTAINER,), _CONTAINER)), **done}
    return Fields(always, {name: one for name, one in (lists | flags).items() if name not in always})


# A pod of which nothing is known but that it is one.
ANY_POD = _spec({})
