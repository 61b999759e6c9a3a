"""Pod templates within any object, found by their shape: a map whose `spec` has containers, one with an image."""

from collections.abc import Iterator
from typing import Any

from kscan.model.base import JsonObject

# In these groups and those below them what looks like a template is a pattern to compare pods with, or a schema.
_PATTERNS = ("kyverno.io", "gatekeeper.sh", "policy.open-cluster-management.io", "admissionregistration.k8s.io",
             "apiextensions.k8s.io")  # fmt: skip
_HISTORY = ("apps", "ControllerRevision")
_Way = tuple["_Way | None", str | int]
Place = tuple[str | int, ...]


def may_hold_templates(group: str, kind: str) -> bool:
    """Whether what looks like a pod template in such an object is one that makes pods."""
    return not f".{group}".endswith(tuple(f".{one}" for one in _PATTERNS)) and (group, kind) != _HISTORY


def pod_templates(body: JsonObject) -> Iterator[tuple[Place, JsonObject]]:
    """Each template below an object, with the way to it.

    Containers in the object's own spec make no template: to operators they are additions to a pod of theirs.
    """
    waiting: list[tuple[_Way | None, Any]] = list(_members(None, body))
    while waiting:
        way, value = waiting.pop()
        if _is_template(value):
            yield _place(way), value
        else:
            waiting += _members(way, value)


def _members(way: _Way | None, value: Any) -> Iterator[tuple[_Way, Any]]:  # noqa: ANN401 - any JSON value
    """The members of a value that have members, the last one first."""
    if isinstance(value, dict):
        yield from (((way, key), one) for key, one in reversed(value.items()) if isinstance(one, dict | list))
    elif isinstance(value, list):
        found = ((index, one) for index, one in enumerate(value) if isinstance(one, dict | list))
        yield from (((way, index), one) for index, one in reversed(tuple(found)))


def _is_template(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    spec = value.get("spec") if isinstance(value, dict) else None
    found = spec.get("containers") if isinstance(spec, dict) else None
    return (
        isinstance(found, list)
        and all(isinstance(one, dict) for one in found)
        and any(isinstance(one.get("image"), str) for one in found)
    )


def _place(way: _Way | None) -> Place:
    keys: list[str | int] = []
    while way:
        keys.append(way[1])
        way = way[0]
    return tuple(reversed(keys))


def path_to(place: Place) -> str:
    """A place as the path of a finding has it: spec.pods[0]."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".")
