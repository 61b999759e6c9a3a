"""Pods to try guards with, as the API server would show them: harmless ones, and the same with one thing added.

A guard refuses the thing, and not just every pod, if it lets the harmless pod in and not the other. It refuses it
however it is done: in a pod that says much and in one that says little, beside harmless containers, with other things.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from kscan.model.admission.matching import DEBUG_POD, Request
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import violations

Pod = dict[str, Any]
Change = Callable[[Pod], None]
# What takes over a node by itself, whatever else the pod does.
PRIVILEGED = ("privileged", "privileged-init")
# Folders of a node whose owner takes it over.
NODE_PATHS = (
    "/", "/etc", "/var/lib/kubelet", "/var", "/var/lib", "/var/run", "/run", "/run/containerd", "/proc", "/sys", "/dev",
    "/root", "/home", "/usr", "/opt",
)  # fmt: skip
# Some of them as they may be written besides.
_ODD_PATHS = ("//", "//etc", "//var/lib/kubelet", "/etc/", "/etc/kubernetes")
# What takes over a node as well as SYS_ADMIN; container runtimes take small letters too, and some the prefix.
_CAPABILITIES = (
    "ALL", "sys_admin", "all", "CAP_SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF",
    "sys_module",
)  # fmt: skip
# The fields by which somebody may tell one path, or capability, from another.
OF_PATHS, OF_CAPABILITIES = frozenset({"path", "hostPath"}), frozenset({"add", "capabilities"})


class Trying(msgspec.Struct, frozen=True):
    """A pod that does something, and the harmless one that it is held against."""

    plain: Pod
    pod: Pod
    # Who looks at none of these fields cannot tell it from the first; nothing where everybody may.
    fields: frozenset[str] = frozenset()


class Probe(msgspec.Struct, frozen=True):
    """One thing that a pod may do, what people call it, and pods that do it."""

    name: str
    words: str
    created: tuple[Trying, ...]
    # Where it is done by adding a debug container to a pod that runs.
    debug: tuple[Trying, ...] = ()

    @property
    def pod(self) -> Pod:
        """The pod that does it and nothing else that anybody forbids."""
        return self.created[0].pod

    def by(self, request: Request) -> tuple[Trying, ...]:
        """The pods that do it by a request; none where it cannot be done so."""
        return self.debug if request == DEBUG_POD else self.created


def _container(name: str) -> Pod:
    """A container that does nothing which anybody forbids, and says so."""
    return _bare_container(name) | {
        "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
    }


def _bare_container(name: str) -> Pod:
    return {
        "name": name,
        "image": "registry.example/probe:1.0",
        "imagePullPolicy": "IfNotPresent",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def _three(name: str) -> list[Pod]:
    """Containers of which one says that it does nothing."""
    stated = _container(f"{name}-stated")
    stated["securityContext"]["privileged"] = False
    return [_bare_container(name), stated, _bare_container(f"{name}-last")]


def _toleration(what: str) -> Pod:
    key = f"node.kubernetes.io/{what}"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}


def _bare(*changes: Change) -> Pod:
    """A pod that says as little as it can, but for one of its three containers: what is done is done in the last."""
    spec: Pod = {
        "containers": _three("app"),
        "securityContext": {},
        "serviceAccount": "default",
        "serviceAccountName": "default",
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
        "enableServiceLinks": True,
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
        "tolerations": [_toleration("not-ready"), _toleration("unreachable")],
    }
    return _made(spec, {}, changes)


def _pod(*changes: Change) -> Pod:
    """A pod that does nothing which anybody forbids, and says so."""
    spec = _bare()["spec"] | {
        "automountServiceAccountToken": False,
        "containers": [_container("app")],
        "initContainers": [_container("setup")],
        "volumes": [{"name": "data", "emptyDir": {}}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return _made(spec, {"labels": {"app": "probe"}}, changes)


def _made(spec: Pod, metadata: Pod, changes: tuple[Change, ...]) -> Pod:
    for change in changes:
        change(spec)
    known = {"name": "probe", "namespace": "default", "uid": "0", "creationTimestamp": "2026-01-01T00:00:00Z"}
    status = {"phase": "Pending", "qosClass": "Guaranteed"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": known | metadata, "spec": spec, "status": status}


def _contexts(spec: Pod, field: str, *, every: bool) -> Iterator[Pod]:
    """What the last container of a kind may do, or each of them."""
    if field not in spec:
        spec[field] = _three("setup")
    for container in spec[field] if every else spec[field][-1:]:
        yield container.setdefault("securityContext", {})


def _privileged(field: str, *, every: bool = False) -> Change:
    def change(spec: Pod) -> None:
        for context in _contexts(spec, field, every=every):
            # The API server refuses a privileged container that says that it may not gain privileges.
            context.pop("allowPrivilegeEscalation", None)
            context["privileged"] = True

    return change


def _set(name: str) -> Change:
    return lambda spec: spec.update({name: True})


def _host_path(path: str) -> Change:
    def change(spec: Pod) -> None:
        if "volumes" not in spec:
            spec["volumes"] = [{"name": name, "emptyDir": {}} for name in ("data", "more")]
        spec["volumes"].append({"name": "node", "hostPath": {"path": path, "type": ""}})
        spec["containers"][-1]["volumeMounts"] = [{"name": "node", "mountPath": "/node"}]

    return change


def _capability(name: str, field: str = "containers", *, every: bool = False) -> Change:
    def change(spec: Pod) -> None:
        for context in _contexts(spec, field, every=every):
            if name.startswith("CAP_"):
                # So written, the API server refuses it where privileges may not be gained.
                context.pop("allowPrivilegeEscalation", None)
            context.setdefault("capabilities", {})["add"] = [name]

    return change


def _debugging(*changes: Change) -> Pod:
    """A harmless pod to which containers are added while it runs."""

    def add(spec: Pod) -> None:
        spec["ephemeralContainers"] = [_bare_container("debug"), _bare_container("more-debug")]

    return _pod(add, *changes)


# Each thing by its name: what people call it, and how it is done.
_THINGS: dict[str, tuple[str, Change]] = {
    "privileged": ("privileged containers", _privileged("containers")),
    "privileged-init": ("privileged init containers", _privileged("initContainers")),
    "host-pid": ("hostPID", _set("hostPID")),
    "host-ipc": ("hostIPC", _set("hostIPC")),
    "host-network": ("hostNetwork", _set("hostNetwork")),
    "host-path": ("hostPath volumes", _host_path(NODE_PATHS[0])),
    "capability": ("capabilities such as SYS_ADMIN", _capability("SYS_ADMIN")),
}
_Else = tuple[Change, frozenset[str]]
_DEBUG: dict[str, tuple[_Else, ...]] = {
    "privileged": ((_privileged("ephemeralContainers"), frozenset()),),
    "capability": (
        (_capability("SYS_ADMIN", "ephemeralContainers"), frozenset()),
        *((_capability(one, "ephemeralContainers"), OF_CAPABILITIES) for one in _CAPABILITIES),
    ),
}
# How else it is done, and who may tell that from how it was.
_ELSE: dict[str, tuple[_Else, ...]] = {
    "host-path": tuple((_host_path(one), OF_PATHS) for one in (*NODE_PATHS[1:], *_ODD_PATHS)),
    "capability": (
        (_capability("SYS_ADMIN", "initContainers"), frozenset()),
        *((_capability(one), OF_CAPABILITIES) for one in _CAPABILITIES),
    ),
}
# In every container at once.
_EVERYWHERE: dict[str, tuple[Change]] = {
    "privileged": (_privileged("containers", every=True),),
    "privileged-init": (_privileged("initContainers", every=True),),
    "capability": (_capability("SYS_ADMIN", every=True),),
}
PLAIN = _pod()
_BARE = _bare()
_DEBUGGED = _debugging()
# Some guards let in what does one thing because it does another one too.
_ALL_AT_ONCE = _pod(*(change for _, change in _THINGS.values()))


def let_in(pod: Pod, fields: frozenset[str] = frozenset()) -> Trying:
    """A pod of which only that it is let in tells anything: beside itself no pod is stopped for what it does."""
    return Trying(pod, pod, fields)


def _probe(name: str) -> Probe:
    words, change = _THINGS[name]
    created = (
        Trying(PLAIN, _pod(change)),
        Trying(_BARE, _bare(change)),
        Trying(PLAIN, _ALL_AT_ONCE),
        *(Trying(PLAIN, _pod(one), fields) for one, fields in _ELSE.get(name, ())),
        *(let_in(_bare(one)) for one in _EVERYWHERE.get(name, ())),
    )
    debug = tuple(Trying(_DEBUGGED, _debugging(one), fields) for one, fields in _DEBUG.get(name, ()))
    return Probe(name, words, created, debug)


PROBES = tuple(map(_probe, _THINGS))
WORDS = {one.name: one.words for one in PROBES}
EVERY = frozenset(WORDS)


def with_others(name: str, others: Iterable[str]) -> Trying:
    """One thing beside others."""
    return let_in(_several(frozenset({name, *others})))


@lru_cache
def _several(names: frozenset[str]) -> Pod:
    return _pod(*(change for name, (_, change) in _THINGS.items() if name in names))


def beside(name: str, change: Change) -> Trying:
    """One thing in a pod of which something else is changed."""
    return let_in(_pod(_THINGS[name][1], change))


def debugged_beside(name: str, change: Change) -> Trying:
    """The same of a container that is added to a pod that runs."""
    return let_in(_debugging(_DEBUG[name][0][0], change))


def on_node(path: str) -> Trying:
    """A pod that gets at a folder of its node."""
    return let_in(_pod(_host_path(path)))


def placed(pod: Pod, namespace: str) -> Pod:
    """The pod in a namespace."""
    pod = copy.copy(pod)
    pod["metadata"] = pod["metadata"] | {"namespace": namespace}
    return pod


@lru_cache
def stopped_at(level: Level, minor: int) -> frozenset[str]:
    """The probes that a level of the Pod Security Standards forbids, however they are done."""
    return frozenset(
        probe.name
        for probe in PROBES
        if all(violations(one.pod, level, minor) for one in (*probe.created, *probe.debug))
    )
