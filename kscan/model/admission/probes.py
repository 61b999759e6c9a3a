"""Pods to try guards with, as the API server would show them: harmless ones, and the same with one thing added.

A guard refuses the thing, and not just every pod, if it lets the harmless pod in and not the other. It refuses it
however it is done: in a pod that says much and in one that says little, beside harmless containers, with other things.
"""

import copy
from collections.abc import Callable
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
NODE_PATHS = ("/", "/etc", "/var/lib/kubelet")


class Trying(msgspec.Struct, frozen=True):
    """A pod that does something, and the harmless one that it is held against."""

    plain: Pod
    pod: Pod


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


def _toleration(what: str) -> Pod:
    key = f"node.kubernetes.io/{what}"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}


def _bare(*changes: Change) -> Pod:
    """A pod that says as little as it can, with two containers: what is done is done in the last."""
    spec: Pod = {
        "containers": [_bare_container("app"), _bare_container("more")],
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


def _context(container: Pod) -> Pod:
    context: Pod = container.setdefault("securityContext", {})
    # The API server refuses a privileged container that says that it may not gain privileges.
    context.pop("allowPrivilegeEscalation", None)
    return context


def _privileged(field: str) -> Change:
    def change(spec: Pod) -> None:
        _context(spec.setdefault(field, [_bare_container("setup")])[-1])["privileged"] = True

    return change


def _set(name: str) -> Change:
    return lambda spec: spec.update({name: True})


def _host_path(path: str) -> Change:
    def change(spec: Pod) -> None:
        spec.setdefault("volumes", []).append({"name": "node", "hostPath": {"path": path, "type": ""}})
        spec["containers"][-1]["volumeMounts"] = [{"name": "node", "mountPath": "/node"}]

    return change


def _capability(name: str, field: str = "containers") -> Change:
    def change(spec: Pod) -> None:
        _context(spec.setdefault(field, [_bare_container("setup")])[-1]).setdefault("capabilities", {})["add"] = [name]

    return change


def _debugging(change: Change | None = None) -> Pod:
    """A harmless pod to which a container is added while it runs."""
    container = _bare_container("debug")

    def add(spec: Pod) -> None:
        spec["ephemeralContainers"] = [container]
        if change:
            change(spec)

    return _pod(add)


# Each thing by its name: what people call it, how it is done, and how else.
_THINGS: dict[str, tuple[str, Change, tuple[Change, ...]]] = {
    "privileged": ("privileged containers", _privileged("containers"), ()),
    "privileged-init": ("privileged init containers", _privileged("initContainers"), ()),
    "host-pid": ("hostPID", _set("hostPID"), ()),
    "host-ipc": ("hostIPC", _set("hostIPC"), ()),
    "host-network": ("hostNetwork", _set("hostNetwork"), ()),
    "host-path": ("hostPath volumes", _host_path(NODE_PATHS[0]), tuple(map(_host_path, NODE_PATHS[1:]))),
    "capability": (
        "the capability SYS_ADMIN",
        _capability("SYS_ADMIN"),
        (_capability("ALL"), _capability("SYS_ADMIN", "initContainers")),
    ),
}  # fmt: skip
_DEBUG: dict[str, Change] = {
    "privileged": _privileged("ephemeralContainers"),
    "capability": _capability("SYS_ADMIN", "ephemeralContainers"),
}
PLAIN = _pod()
_BARE = _bare()
_DEBUGGED = _debugging()
# Some guards let in what does one thing because it does another one too.
_ALL_AT_ONCE = _pod(*(change for _, change, _ in _THINGS.values()))


def _probe(name: str) -> Probe:
    words, change, others = _THINGS[name]
    created = (
        Trying(PLAIN, _pod(change)),
        Trying(_BARE, _bare(change)),
        Trying(PLAIN, _ALL_AT_ONCE),
        *(Trying(PLAIN, _pod(one)) for one in others),
    )
    debug = (Trying(_DEBUGGED, _debugging(_DEBUG[name])),) if name in _DEBUG else ()
    return Probe(name, words, created, debug)


PROBES = tuple(map(_probe, _THINGS))
WORDS = {one.name: one.words for one in PROBES}
EVERY = frozenset(WORDS)


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
