"""The programs of the cluster on a node: for each the best that is known of its flags, and where its paths lie."""

import posixpath
from collections.abc import Callable, Iterable, Iterator

import msgspec

from kscan.model.node_facts import Program
from kscan.node.flags import CONTROL_PLANE, told
from kscan.node.processes import Process
from kscan.node.root import Root
from kscan.node.static_pods import StaticPod
from kscan.node.units import unit


class Run(msgspec.Struct, frozen=True):
    """A program, and for a path that its flags name where that lies on the node: empty where it does not."""

    program: Program
    on_node: Callable[[str], str]

    def paths(self, *flags: str) -> Iterator[tuple[str, str]]:
        """The paths on the node that flags name, and by which way."""
        for flag in flags:
            # A flag may be given several times: then its values stand with commas between.
            for value in filter(None, self.program.flags.get(flag, "").split(",")):
                if path := self.on_node(value):
                    yield path, f"--{flag} of {self.program.via}"


def runs(
    root: Root, running: Iterable[Process], pods: Iterable[StaticPod], configured: Iterable[Program]
) -> dict[str, Run]:
    """Each program by its static pod, else its process, its unit, or what a distribution was told for it."""
    found: dict[str, Run] = {}
    processes = sorted(running, key=lambda one: one.in_pod)
    for name in (*CONTROL_PLANE, "kube-proxy", "containerd", "crio"):
        ways = (
            *(_of_pod(pod) for pod in pods if pod.program == name and pod.told),
            *(_of_process(one) for one in processes if one.program == name),
            *_of_unit(root, name),
            *(Run(one, _itself) for one in configured if one.name == name),
        )
        if ways:
            found[name] = ways[0]
    return found


def shown(program: Program) -> Program:
    """The program as it may be told."""
    return msgspec.structs.replace(program, flags=told(program.flags))


def uid_of(name: str, running: Iterable[Process], pods: Iterable[StaticPod]) -> int:
    """The account that a program runs as; -1 where nothing tells it."""
    seen = [one.uid for one in running if one.program == name]
    written = [one.uid for one in pods if one.program == name and one.uid >= 0]
    return (seen or written or [-1])[0]


def _itself(path: str) -> str:
    return path if path.startswith("/") else ""


def _of_pod(pod: StaticPod) -> Run:
    return Run(Program(name=pod.program, via=f"static pod {pod.path}", flags=pod.flags), pod.on_node)


def _of_process(one: Process) -> Run:
    program = Program(name=one.program, via="a process in a pod" if one.in_pod else "its process", flags=one.flags)

    def on_node(path: str) -> str:
        return "" if one.in_pod or not (one.cwd or path.startswith("/")) else posixpath.join(one.cwd, path)

    return Run(program, on_node)


def _of_unit(root: Root, name: str) -> Iterator[Run]:
    found = unit(root, f"{name}.service")
    if found and found.flags:
        yield Run(Program(name=name, via=f"unit {name}.service", flags=found.flags), _itself)
