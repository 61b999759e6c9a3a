"""Pods to try policies with, as the API server would show them: a plain one, and the same with one thing added.

A policy refuses the thing, and not just every pod, if it lets the plain pod in and not the other.
"""

import copy
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import violations

Pod = dict[str, Any]
# What takes over a node by itself, whatever else the pod does.
PRIVILEGED = ("privileged", "privileged-init")


class Probe(msgspec.Struct, frozen=True):
    """A pod that does one thing, and what people call the thing."""

    name: str
    words: str
    pod: Pod


def _container(name: str) -> Pod:
    return {
        "name": name,
        "image": "registry.example/probe:1.0",
        "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def _toleration(what: str) -> Pod:
    key = f"node.kubernetes.io/{what}"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}


def _pod() -> Pod:
    """A pod that does nothing which anybody forbids."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "namespace": "default", "labels": {"app": "probe"}},
        "spec": {
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
        },
        "status": {"phase": "Pending", "qosClass": "Guaranteed"},
    }  # fmt: skip


def _probe(name: str, words: str, change: Callable[[Pod], None]) -> Probe:
    pod = _pod()
    change(pod["spec"])
    return Probe(name, words, pod)


def _privileged(field: str) -> Callable[[Pod], None]:
    def change(spec: Pod) -> None:
        context = spec[field][0]["securityContext"]
        # The API server refuses a privileged container that says that it may not gain privileges.
        del context["allowPrivilegeEscalation"]
        context["privileged"] = True

    return change


def _set(name: str) -> Callable[[Pod], None]:
    return lambda spec: spec.update({name: True})


def _host_path(spec: Pod) -> None:
    spec["volumes"].append({"name": "node", "hostPath": {"path": "/", "type": ""}})
    spec["containers"][0]["volumeMounts"] = [{"name": "node", "mountPath": "/node"}]


def _capability(spec: Pod) -> None:
    spec["containers"][0]["securityContext"]["capabilities"]["add"] = ["SYS_ADMIN"]
    # It may not be added where gaining privileges is refused.
    del spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"]


PLAIN = _pod()
PROBES = tuple(
    _probe(*one)
    for one in (
        ("privileged", "privileged containers", _privileged("containers")),
        ("privileged-init", "privileged init containers", _privileged("initContainers")),
        ("host-pid", "hostPID", _set("hostPID")),
        ("host-ipc", "hostIPC", _set("hostIPC")),
        ("host-network", "hostNetwork", _set("hostNetwork")),
        ("host-path", "hostPath volumes", _host_path),
        ("capability", "the capability SYS_ADMIN", _capability),
    )
)
WORDS = {one.name: one.words for one in PROBES}
EVERY = frozenset(WORDS)


def placed(pod: Pod, namespace: str) -> Pod:
    """The pod in a namespace."""
    pod = copy.copy(pod)
    pod["metadata"] = pod["metadata"] | {"namespace": namespace}
    return pod


@lru_cache
def stopped_at(level: Level, minor: int) -> frozenset[str]:
    """The probes that a level of the Pod Security Standards forbids."""
    return frozenset(probe.name for probe in PROBES if violations(probe.pod, level, minor))
