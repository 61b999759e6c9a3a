"""The kubelet of a node: its flags, its configuration file with the drop-ins merged, and the paths that these name."""

import posixpath
from collections.abc import Mapping
from typing import Any

import msgspec

from kscan.model.node_facts import Program
from kscan.node.flags import KUBELET
from kscan.node.processes import Process
from kscan.node.root import Root, Unread
from kscan.node.units import unit
from kscan.node.written import Map, at, text, written
from kscan.snapshot.redact import clean

UNIT = "kubelet.service"
_MOST_DROP_INS = 50
_MOST_BYTES = 64 << 10


class Kubelet(msgspec.Struct, frozen=True):
    """How the kubelet runs: by which way its flags are known, and what its files say together."""

    program: Program | None
    configuration: Map
    # The files that it reads, and the ones that could not be read.
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def path(self, flag: str, *keys: str) -> str:
        """A path that a flag or a field of the configuration names: the flag counts first."""
        flags = self.program.flags if self.program else {}
        named = text(at(self.configuration, *keys)) if keys else ""
        if flags.get(flag):
            return flags[flag]
        # What a file names is looked for beside the file.
        return posixpath.join(posixpath.dirname(self.files[0]), named) if named and self.files else named


def kubelet(root: Root, running: tuple[Process, ...], configured: Program | None) -> Kubelet:
    """The kubelet as a process shows it, else its unit, else what another program was told for it."""
    program = _of_process(running) or _of_unit(root) or configured
    flags = program.flags if program else {}
    files = [path for path in (flags.get("config", ""),) if path]
    folder = flags.get("config-dir", "")
    if folder:
        files += _drop_ins(root, folder)
    return _read(root, program, tuple(files))


def _read(root: Root, program: Program | None, files: tuple[str, ...]) -> Kubelet:
    configuration: dict[str, Any] = {}
    notes = []
    for path in files:
        try:
            configuration = _merged(configuration, written(root, path))
        except Unread as gap:
            notes.append(f"{path}: {gap}")
    return Kubelet(program, configuration, files, tuple(notes))


def with_files(root: Root, found: Kubelet, files: tuple[str, ...]) -> Kubelet:
    """The kubelet with its configuration read from files that a layout knows, where none is named."""
    return found if found.files else _read(root, found.program, files)


def _of_process(running: tuple[Process, ...]) -> Program | None:
    one = next((one for one in running if one.program == KUBELET and not one.in_pod), None)
    return Program(name=KUBELET, via="its process", flags=one.flags, uid=one.uid) if one else None


def _of_unit(root: Root) -> Program | None:
    found = unit(root, UNIT)
    return Program(name=KUBELET, via=f"unit {UNIT}", flags=found.flags) if found and found.flags else None


def _drop_ins(root: Root, folder: str) -> list[str]:
    try:
        names = root.names(folder, _MOST_DROP_INS)
    except Unread:
        return []
    return [f"{folder.rstrip('/')}/{name}" for name in names if name.endswith(".conf")]


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Maps are merged, everything else is replaced, as the kubelet does it."""
    both = {key: _merged(below[key], above[key]) for key in below.keys() & above.keys()
            if isinstance(below[key], dict) and isinstance(above[key], dict)}  # fmt: skip
    return {**below, **above, **both}


def told(configuration: Map) -> tuple[dict[str, Any], str]:
    """The configuration as it may be told, and a note where it is left out."""
    # The one field that holds credentials: headers that are sent to where static pods are fetched.
    kept = {key: value for key, value in configuration.items() if key != "staticPodURLHeader"}
    try:
        content = msgspec.json.encode(kept)
        plain = clean(msgspec.json.decode(content)) if len(content) <= _MOST_BYTES else None
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        plain = None
    return (plain, "") if isinstance(plain, dict) else ({}, "the kubelet's configuration is too large or odd to tell")
