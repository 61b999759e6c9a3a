"""Flags that distributions keep in files of their own: k3s and RKE2 in a configuration, MicroK8s in args files."""

import shlex
from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.command_line import parse_flags
from kscan.model.node_facts import Program
from kscan.node.flags import CONTROL_PLANE, KUBELET
from kscan.node.processes import Process
from kscan.node.root import Root, Unread
from kscan.node.units import unit
from kscan.node.written import text, words, written

_RANCHER = ("k3s", "rke2")
_PROGRAMS = (*CONTROL_PLANE, KUBELET, "kube-proxy")
_MOST_FILES = 50
_SNAP = "/var/snap/microk8s"
_SNAP_FOLDERS = (
    ("SNAP_DATA", f"{_SNAP}/current"),
    ("SNAP_COMMON", f"{_SNAP}/common"),
    ("SNAP", "/snap/microk8s/current"),
)


class Told(msgspec.Struct, frozen=True):
    """What a k3s or RKE2 of the node was told."""

    name: str
    programs: tuple[Program, ...] = ()
    data: str = ""
    # By which sign it runs a control plane; empty where it does not, or nothing says so.
    server: str = ""


def rancher(root: Root, running: tuple[Process, ...]) -> Iterator[Told]:
    """What the command lines and configurations of k3s and RKE2 say."""
    for name in _RANCHER:
        lines = [(one.via, list(one.words)) for one in running if one.program == name]
        units = {f"{name}.service", f"{name}-server.service", f"{name}-agent.service"}
        lines += [(f"unit {one}", list(found.words)) for one in sorted(units) if (found := unit(root, one))]
        arguments: dict[str, list[str]] = {}
        for path in _files(root, name):
            _add(arguments, _of_file(root, path))
        for _, line in lines:
            _add(arguments, _of_line(line))
        server = next((f"{via}: {name} server" for via, line in lines if line[1:2] == ["server"]), "")
        data = arguments.get("data-dir", [""])[-1]
        yield Told(name, tuple(_programs(name, arguments)), data, server)


def _files(root: Root, name: str) -> list[str]:
    folder = f"/etc/rancher/{name}/config.yaml.d"
    try:
        more = [one for one in root.names(folder, _MOST_FILES) if one.endswith((".yaml", ".yml"))]
    except Unread:
        more = []
    return [f"/etc/rancher/{name}/config.yaml", *(f"{folder}/{one}" for one in more)]


def _of_file(root: Root, path: str) -> dict[str, list[str]]:
    try:
        content = written(root, path)
    except Unread:
        return {}
    return {
        str(key).rstrip("+"): words(value) if isinstance(value, list) else [text(value)]
        for key, value in content.items()
    }


def _of_line(line: list[str]) -> dict[str, list[str]]:
    """--kubelet-arg=a=b may be given many times."""
    found: dict[str, list[str]] = {}
    for index, word in enumerate(line):
        name, equals, value = word.lstrip("-").partition("=")
        if word.startswith("--"):
            following = line[index + 1] if index + 1 < len(line) else ""
            found.setdefault(name, []).append(value if equals else following)
    return found


def _add(arguments: dict[str, list[str]], more: Mapping[str, list[str]]) -> None:
    for key, values in more.items():
        arguments.setdefault(key, []).extend(values)


def _programs(name: str, arguments: Mapping[str, list[str]]) -> Iterator[Program]:
    """What each part of it was told; the distribution adds flags of its own, so that this is never the whole."""
    for program in _PROGRAMS:
        given = [*arguments.get(f"{program}-arg", ())]
        if given:
            flags = parse_flags([f"--{one.lstrip('-')}" for one in given])
            yield Program(name=program, via=f"the arguments of {name}", flags=flags, complete=False)


def snap(root: Root) -> Iterator[Program]:
    """What the args files of MicroK8s say: the whole command line of each program."""
    for program in _PROGRAMS:
        path = f"{_SNAP}/current/args/{program}"
        try:
            content = root.text(path)
        except Unread:
            continue
        for name, folder in _SNAP_FOLDERS:
            content = content.replace(f"${{{name}}}", folder).replace(f"${name}/", f"{folder}/")
        try:
            line = shlex.split(content, comments=True)
        except ValueError:
            line = content.split()
        yield Program(name=program, via=path, flags=parse_flags(line))
