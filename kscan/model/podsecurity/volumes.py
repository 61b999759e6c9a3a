"""What a pod mounts."""

from collections.abc import Iterator

from kscan.model.pods import objects
from kscan.model.podsecurity.pod import Fault, Pod, optional, text

_ALLOWED = frozenset({"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
                      "projected", "secret"})  # fmt: skip


def host_paths(pod: Pod) -> Iterator[Fault]:
    """Directories of the node, mounted or not."""
    for volume in objects(pod.spec, "volumes"):
        if (source := optional(volume, "hostPath")) is not None:
            path = text(source, "path") or "a path"
            yield Fault(_path(text(volume, "name"), "hostPath"), f"has a volume that is {path} of the node")


def volume_types(pod: Pod) -> Iterator[Fault]:
    """Other types than those listed; a volume that names none becomes an emptyDir."""
    for volume in objects(pod.spec, "volumes"):
        types = sorted(key for key in volume if optional(volume, key) is not None)
        if types and not _ALLOWED.intersection(types):
            yield Fault(_path(text(volume, "name"), types[0]), f"has a volume of type {types[0]}")


def _path(volume: str, source: str) -> str:
    return f"spec.volumes[{volume}].{source}"
