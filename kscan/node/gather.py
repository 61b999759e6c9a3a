"""Everything together: from what runs to the files that it names, then to what distributions are known to keep."""

from collections.abc import Iterator
from pathlib import Path

from kscan import __version__, clock
from kscan.errors import ConfigError
from kscan.model.node_facts import NodeFacts, Program
from kscan.node import roles as r
from kscan.node.accounts import accounts
from kscan.node.distributions import rancher, snap
from kscan.node.files import Files
from kscan.node.flags import CONTROL_PLANE, KUBELET
from kscan.node.kubelet import Kubelet, kubelet, told, with_files
from kscan.node.layouts import Here, layouts, server_sign
from kscan.node.named import add_kubelet, add_programs
from kscan.node.network import network_plugins
from kscan.node.policies import audit_of, encryption_of
from kscan.node.processes import processes
from kscan.node.root import Root, Unread
from kscan.node.running import Run, runs, shown, uid_of
from kscan.node.static_pods import static_pods


def gather(folder: Path, name: str = "") -> NodeFacts:
    """What the node below a folder holds."""
    root = Root(folder)
    try:
        return _gathered(root, name)
    finally:
        root.close()


def _gathered(root: Root, name: str) -> NodeFacts:
    running = processes(root)
    distributions = list(rancher(root, running))
    here = list(layouts(root, {one.name: one.data for one in distributions if one.data}))
    configured = [*snap(root), *(program for one in distributions for program in one.programs)]
    files = Files(root, accounts(root))
    found = kubelet(root, running, next((one for one in configured if one.name == KUBELET), None))
    found = with_files(root, found, tuple(_existing(root, files, here, r.KUBELET_CONFIG)))
    folder = found.path("pod-manifest-path", "staticPodPath")
    folders = [folder] if folder else sorted({path for one in here for path in one.real(one.known.manifests)})
    pods = [pod for path in folders for pod in static_pods(root, path)]
    programs = runs(root, running, pods, configured)
    for pod in pods:
        if pod.program in CONTROL_PLANE:
            files.add(pod.path, r.MANIFEST.format(pod.program), "a static pod of the kubelet", named=True)
    add_kubelet(root, files, found)
    add_programs(root, files, programs)
    _add_layouts(files, here)
    configuration, note = told(found.configuration)
    server = programs.get("kube-apiserver")
    signs = (
        *(f"static pod {pod.path}" for pod in pods if pod.program in CONTROL_PLANE),
        *(one.server for one in distributions),
        *(f"{name}: {run.program.via}" for name, run in programs.items() if name in CONTROL_PLANE and _of_node(run)),
        *(server_sign(root, one) for one in here),
    )
    seen = files.all()
    return NodeFacts(
        node=name or _name(root, found),
        taken=clock.stamp(),
        kscan=__version__,
        layouts=tuple(one.layout for one in here),
        control_plane=next((sign for sign in signs if sign), ""),
        files=seen,
        programs=tuple(_shown(found, programs, uid_of("etcd", running, pods))),
        kubelet_configuration=configuration,
        audit=audit_of(root, server),
        encryption=encryption_of(root, server),
        network_plugins=network_plugins(root, seen),
        notes=tuple(one for one in (*found.notes, note) if one),
    )


def _of_node(run: Run) -> bool:
    """Whether a program runs on the node itself: args files tell of what other nodes run, too."""
    return run.program.via.startswith(("its process", "unit "))


def _shown(found: Kubelet, programs: dict[str, Run], etcd: int) -> Iterator[Program]:
    if found.program:
        yield shown(found.program)
    for name, run in programs.items():
        one = run.program
        if name in (*CONTROL_PLANE, "kube-proxy"):
            yield shown(Program(name=name, via=one.via, flags=one.flags, complete=one.complete,
                                uid=etcd if name == "etcd" else one.uid))  # fmt: skip


def _add_layouts(files: Files, here: list[Here]) -> None:
    """What distributions are known to keep, where no running program has named it."""
    every = {role: None for one in here for role in one.known.paths}
    for role in [role for role in every if role in r.BESIDE or not files.has(role)]:
        for one in here:
            via = f"the layout of {one.layout.name}"
            for path in (path for pattern in one.paths(role) for path in files.matching(pattern)):
                if role in r.TREES:
                    files.add_tree(path, role, via)
                else:
                    files.add(path, role, via, named=False)


def _existing(root: Root, files: Files, here: list[Here], role: str) -> Iterator[str]:
    for path in (path for one in here for pattern in one.paths(role) for path in files.matching(pattern)):
        if root.exists(path):
            yield path


def _name(root: Root, found: Kubelet) -> str:
    """What the node is called: as the kubelet was told, else as the system calls itself."""
    given = found.program.flags.get("hostname-override", "") if found.program else ""
    try:
        name = given or root.text("/etc/hostname").strip()
    except Unread:
        name = ""
    if not name:
        raise ConfigError("nothing tells the node's name", "give it with --node")
    return name.lower()
