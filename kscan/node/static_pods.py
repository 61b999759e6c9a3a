"""Static pods: the manifests that the kubelet starts, the flags in them, and where their paths lie on the node."""

import shlex
from collections.abc import Iterator, Mapping

import msgspec

from kscan.node.flags import CONTROL_PLANE, command
from kscan.node.root import Root, Unread
from kscan.node.written import Map, at, maps, text, words, written

_MOST_FILES = 100
# What else runs a program of the control plane.
_ALIASES = {"etcd-manager": "etcd"}
STATIC = (*CONTROL_PLANE, "kube-proxy")


class StaticPod(msgspec.Struct, frozen=True):
    """One program of a manifest; `mounts` are folders of the container and of the node, longest first."""

    path: str
    program: str
    flags: Mapping[str, str]
    # Whether the program's own command line was found in it.
    told: bool
    mounts: tuple[tuple[str, str], ...]
    uid: int

    def on_node(self, path: str) -> str:
        """Where a path of the container lies on the node; empty where it lies in the image."""
        for inside, outside in self.mounts:
            if path == inside or path.startswith(inside.rstrip("/") + "/"):
                return (outside + path[len(inside.rstrip("/")) :]).rstrip("/") or "/"
        return ""


def static_pods(root: Root, folder: str) -> Iterator[StaticPod]:
    """The programs of the cluster among the manifests of a folder."""
    try:
        names = [name for name in root.names(folder, _MOST_FILES)[:_MOST_FILES] if not name.startswith(".")]
    except Unread:
        return
    for path in (f"{folder.rstrip('/')}/{name}" for name in names):
        try:
            if root.stat(path).type == "file":
                yield from _programs(path, written(root, path))
        except Unread:
            # By its name it may still be told what it is for.
            yield from (_unread(path, program) for program in STATIC if path.rpartition("/")[2].startswith(program))


def _unread(path: str, program: str) -> StaticPod:
    return StaticPod(path, program, {}, told=False, mounts=(), uid=-1)


def _programs(path: str, manifest: Map) -> Iterator[StaticPod]:
    if manifest.get("kind") != "Pod":
        return
    spec = at(manifest, "spec")
    volumes = {text(one.get("name")): text(at(one, "hostPath", "path")) for one in maps(at(spec, "volumes"))}
    seen: set[str] = set()
    for container in maps(at(spec, "containers")):
        started = _started(container)
        named = _ALIASES.get(text(container.get("name")), text(container.get("name")))
        program = started[0] if started else named
        if program in STATIC and program not in seen:
            seen.add(program)
            user = at(container, "securityContext", "runAsUser")
            user = at(spec, "securityContext", "runAsUser") if user is None else user
            yield StaticPod(
                path,
                program,
                started[1] if started else {},
                told=bool(started),
                mounts=_mounts(container, volumes),
                uid=user if isinstance(user, int) else -1,
            )


def _started(container: Map) -> tuple[str, dict[str, str]] | None:
    """The program that a container starts, also from within one line of a shell."""
    line = words(container.get("command")) + words(container.get("args"))
    found = command(line)
    if found and found[0] in STATIC:
        return found
    for word in line:
        try:
            found = command([one.rstrip(";") for one in shlex.split(word, comments=True)]) if " " in word else None
        except ValueError:
            continue
        if found and found[0] in STATIC:
            return found
    return None


def _mounts(container: Map, volumes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = [
        (text(one.get("mountPath")), "/".join(part for part in (outside, text(one.get("subPath"))) if part))
        for one in maps(container.get("volumeMounts"))
        if (outside := volumes.get(text(one.get("name")), ""))
    ]
    return tuple(sorted((pair for pair in found if pair[0]), key=lambda pair: -len(pair[0])))
