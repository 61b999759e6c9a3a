"""Pods that meet every level, and what can be changed in them."""

from kscan.model.base import without_nulls

WINDOWS = {"os": {"name": "windows"}}
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"


def merged(base, change):
    """Maps are merged and a None takes a member away; anything else replaces."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return without_nulls(base | {key: merged(base.get(key, {}), value) for key, value in change.items()})


def pod(*, field="containers", container=None, annotations=None, **spec):
    """A pod that meets every level, then changed: its spec, and one container more in a field."""
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    own = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    value = {"securityContext": own, "containers": [{"name": "first", "securityContext": context}]}
    if container is not None:
        value.setdefault(field, []).append(merged({"name": "app", "securityContext": context}, container))
    return {"metadata": {"annotations": annotations or {}}, "spec": merged(value, spec)}


def secured(**context):
    """A container with more in its security context."""
    return {"container": {"securityContext": context}}


def of_pod(**context):
    """A pod with more in its own security context."""
    return {"securityContext": context}


def adding(*names):
    return secured(capabilities={"add": list(names)})


def sysctl(name):
    return of_pod(sysctls=[{"name": name, "value": "1"}])


def volume(**source):
    return {"volumes": [{"name": "data", **source}]}


def either(**context):
    """The pod or a container has it."""
    return [of_pod(**context), secured(**context)]
