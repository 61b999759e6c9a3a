"""Pods and their containers; `containers` is the only walk over them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kscan.model.base import JsonObject

# Annotations that belong to the security settings of a pod from before they were fields.
LEGACY_ANNOTATIONS = ("container.apparmor.security.beta.kubernetes.io/", "seccomp.security.alpha.kubernetes.io/",
                      "container.seccomp.security.alpha.kubernetes.io/")  # fmt: skip
MIRROR = "kubernetes.io/config.mirror"
FINISHED = ("Succeeded", "Failed")


class Container(NamedTuple):
    """A container and where it stands in its pod."""

    name: str
    role: str
    field: str
    body: JsonObject


def containers(spec: JsonObject) -> Iterator[Container]:
    """Every container of a pod spec: init, sidecar, app and ephemeral."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for body in objects(spec, field):
            yield Container(str(body.get("name") or ""), _role(field, body), field, body)


def _role(field: str, body: JsonObject) -> str:
    if field == "initContainers":
        return "sidecar" if body.get("restartPolicy") == "Always" else "init"
    return "ephemeral" if field == "ephemeralContainers" else "app"


def objects(value: JsonObject, key: str) -> list[JsonObject]:
    """The objects in a list that is a member; what is of another type counts as absent."""
    found = value.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def service_account(spec: JsonObject) -> str:
    """The account that a pod runs under; the deprecated field and the default count."""
    return str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")


def lookup(value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """The member at a dotted path, or None."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
