"""A pod as the controls read it; a value of another type than the field's counts as absent."""

from typing import Any, NamedTuple

from kscan.model.base import JsonObject
from kscan.model.pods import containers


class Fault(NamedTuple):
    """What a control found: the field, and the rest of a sentence about the pod or the container."""

    path: str
    reason: str
    container: str = ""


class Setter(NamedTuple):
    """What has a security context: the pod or one of its containers."""

    path: str
    container: str
    body: JsonObject
    context: JsonObject

    def fault(self, field: str, reason: str) -> Fault:
        """A fault of a field of the security context."""
        return self.fault_of(f"securityContext.{field}", reason)

    def fault_of(self, field: str, reason: str) -> Fault:
        """A fault of any field."""
        return Fault(f"{self.path}.{field}", reason, self.container)


class Pod(NamedTuple):
    """A pod and all that has a security context in it."""

    annotations: dict[str, str]
    spec: JsonObject
    itself: Setter
    containers: tuple[Setter, ...]

    @property
    def setters(self) -> tuple[Setter, ...]:
        """The pod, then its containers."""
        return (self.itself, *self.containers)

    @property
    def on_windows(self) -> bool:
        """Whether it says that it runs on Windows; a node selector does not count."""
        return text(member(self.spec, "os"), "name") == "windows"

    @property
    def in_user_namespace(self) -> bool:
        """Whether its users are others than the node's; it has to say so."""
        return self.spec.get("hostUsers") is False


def read_pod(value: JsonObject) -> Pod:
    """The pod of an object as the API server shows it."""
    spec = member(value, "spec")
    annotations = member(member(value, "metadata"), "annotations")
    return Pod(
        {name: value for name, value in annotations.items() if isinstance(value, str)},
        spec,
        Setter("spec", "", spec, member(spec, "securityContext")),
        tuple(
            Setter(f"spec.{one.field}[{one.name}]", one.name, one.body, member(one.body, "securityContext"))
            for one in containers(spec)
        ),
    )


def member(value: JsonObject, key: str) -> JsonObject:
    """A member that is an object, empty where there is none."""
    return optional(value, key) or {}


def optional(value: JsonObject, key: str) -> JsonObject | None:
    """A member that is an object, for where an empty one is not the same as none."""
    found = value.get(key)
    return found if isinstance(found, dict) else None


def text(value: JsonObject, key: str) -> str:
    """A member that is a text, empty where there is none."""
    found = value.get(key)
    return found if isinstance(found, str) else ""


def texts(value: JsonObject, key: str) -> list[str]:
    """The texts of a member that is a list."""
    found = value.get(key)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def number(value: JsonObject, key: str) -> int | None:
    """A member that is an integer."""
    found: Any = value.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
