"""Patches that are whole manifests: what `kubectl apply` would make of them, and whether that is judged anyhow."""

from collections.abc import Iterable, Mapping
from typing import Any

from kscan.model.meta import ObjectRef
from kscan.snapshot.documents import ref_of

# Where the pod that an object makes is written.
_PODS = (("spec", "jobTemplate", "spec", "template", "spec"), ("spec", "template", "spec"), ("spec",))
# What an API server asks of these beside their containers, and patches seldom say.
_NEEDED = {
    **dict.fromkeys(("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"), ("spec", "selector")),
    "CronJob": ("spec", "schedule"),
    "Job": ("spec", "template", "spec", "restartPolicy"),
}
# What tells one object from another is no part of what it says.
_NAMES = ("name", "namespace", "generateName")


def is_passed_over(patch: Mapping[str, Any], made: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a patch is an object by itself of which something is not judged in what was made.

    What makes pods is dangerous also by what it does not say: a whole one is never in another.
    """
    if not _is_whole(patch):
        return False
    if _containers(patch):
        return True
    kind, said = _kind(patch), _said(patch)
    return not any(_kind(one) == kind and _says(_said(one), said) for one in made)


def _is_whole(patch: Mapping[str, Any]) -> bool:
    if _has_directive(patch):
        return False
    if patch["kind"] == "Pod":
        return all(isinstance(one, dict) and one.get("image") for one in _containers(patch) or [None])
    needed = _NEEDED.get(patch["kind"])
    return needed is None or _at(patch, needed) is not None


def _has_directive(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether it has one of the keys, such as $patch, that only a patch may have: an API server refuses them."""
    if isinstance(value, dict):
        return any(key.startswith("$") or _has_directive(one) for key, one in value.items())
    return isinstance(value, list) and any(map(_has_directive, value))


def _containers(value: Mapping[str, Any]) -> list[Any]:
    found = (_at(value, (*path, "containers")) for path in _PODS)
    return next((one for one in found if isinstance(one, list) and one), [])


def _at(value: Any, path: Iterable[str]) -> Any:  # noqa: ANN401 - any JSON value
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _kind(value: Mapping[str, Any]) -> tuple[str, str]:
    ref: ObjectRef = ref_of(value)
    return ref.group, ref.kind


def _said(value: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: one for key, one in value["metadata"].items() if key not in _NAMES}
    return {**value, "metadata": metadata, "apiVersion": None}


def _says(value: Any, said: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether all that one says another says, too; what is null is not said."""
    if said is None:
        return True
    if isinstance(said, dict):
        return isinstance(value, dict) and all(_says(value.get(key), one) for key, one in said.items())
    if isinstance(said, list):
        return isinstance(value, list) and all(any(_says(have, one) for have in value) for one in said)
    return bool(value == said and type(value) is type(said))
