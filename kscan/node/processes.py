"""Processes of the cluster's programs, as the node's /proc shows them."""

import re
from collections.abc import Iterator

import msgspec

from kscan.node.flags import KUBELET, PROGRAMS, command
from kscan.node.root import Root, Unread

_MOST = 100_000
_MOST_COMMAND = 1 << 17
# Seen from within a pod, the path of another one starts above it and need not say kubepods.
_IN_POD = re.compile(r"kubepods|[/-]pod[0-9a-f]{8}|cri-containerd-|crio-")
# Programs that only root starts: whoever else calls a process so is somebody else.
_OF_ROOT = (KUBELET, "k3s", "rke2", "containerd", "crio")


class Process(msgspec.Struct, frozen=True):
    """A process: its program and flags, its account, and whether it runs in a pod, with paths of its own."""

    pid: str
    program: str
    words: tuple[str, ...]
    flags: dict[str, str]
    uid: int
    in_pod: bool
    cwd: str = ""

    @property
    def via(self) -> str:
        """Where it was seen."""
        return f"process {self.program}"


def processes(root: Root) -> tuple[Process, ...]:
    """One process for each program, the oldest that counts."""
    found: dict[tuple[str, bool], Process] = {}
    for one in _all(root):
        found.setdefault((one.program, one.in_pod), one)
    return tuple(found.values())


def _all(root: Root) -> Iterator[Process]:
    try:
        names = root.names("/proc", _MOST)
    except Unread:
        return
    for pid in sorted((name for name in names if name.isdigit()), key=int):
        try:
            words = root.text(f"/proc/{pid}/cmdline", _MOST_COMMAND).rstrip("\0").split("\0")
            # `k3s server` calls itself so in one word.
            first = words[0].split(" ")
            if first[0].rpartition("/")[2] not in PROGRAMS:
                continue
            uid = root.stat(f"/proc/{pid}").uid
            in_pod = bool(_IN_POD.search(root.text(f"/proc/{pid}/cgroup")))
        except Unread:
            continue
        words = [*first, *words[1:]]
        started = command(words)
        if started and not (started[0] in _OF_ROOT and (uid or in_pod)):
            yield Process(pid, started[0], tuple(words), started[1], uid, in_pod, _folder(root, pid))


def _folder(root: Root, pid: str) -> str:
    """Where relative paths of a process start; its neighbours may not always see that."""
    try:
        return root.stat(f"/proc/{pid}/cwd").real
    except Unread:
        return ""
