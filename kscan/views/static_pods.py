"""The pods that run the control plane, as their command lines tell it."""

from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.command_line import arguments_of, behind_shell, expand, parse_flags
from kscan.model.components import Instance, version
from kscan.model.meta import Metadata
from kscan.model.mirrors import no_mirror
from kscan.views.server import VERSION, told_version
from kscan.views.system_pods import NEEDS, Status, system_pods
from kscan.views.view import Source, View

PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
# etcd takes each of its flags from the environment, too, and no flag beside a file.
_ETCD, _ETCD_FILE = "ETCD_", "config-file"
_CHANNEL = "its static pod"


class _Variable(msgspec.Struct):
    name: str = ""
    value: str = ""


class _Container(msgspec.Struct, rename="camel"):
    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[_Variable, ...] = ()
    env_from: tuple[dict[str, object], ...] = ()


class _PodSpec(msgspec.Struct, rename="camel", frozen=True):
    containers: tuple[_Container, ...] = ()
    node_name: str = ""


class _Pod(msgspec.Struct, frozen=True):
    metadata: Metadata
    spec: _PodSpec
    status: Status = Status()


class Shown(msgspec.Struct, frozen=True):
    """What pods show of a program: its instances; and the pods that look like one and do not count, each with why."""

    instances: tuple[Instance, ...] = ()
    strangers: tuple[str, ...] = ()


def _build(source: Source) -> Mapping[str, Shown]:
    """What is shown of each program, by pods that are read once for all of them."""
    minor = _minor(told_version(source))
    found: dict[str, list[Instance]] = {program: [] for program in PROGRAMS}
    strangers: dict[str, list[str]] = {program: [] for program in PROGRAMS}
    for pod, why in system_pods(source, _Pod, PROGRAMS, no_mirror):
        for container in pod.spec.containers:
            for program in PROGRAMS:
                instances = list(_instance(program, pod.metadata.name, container, minor))
                if why and instances:
                    strangers[program].append(f"{pod.metadata.name} ({why})")
                else:
                    found[program] += instances
    return {program: Shown(tuple(found[program]), tuple(sorted(strangers[program]))) for program in PROGRAMS}


def _instance(program: str, pod: str, container: _Container, minor: int | None) -> Iterator[Instance]:
    environment = {one.name: one.value for one in container.env if one.value}
    words = expand((*container.command, *container.args), environment)
    arguments = arguments_of(program, words)
    minor = None if program == "etcd" else _minor(_tag(container.image)) or minor
    if arguments is not None:
        flags = parse_flags(arguments)
        if program == "etcd":
            yield _etcd(pod, _from_environment(container) | flags, complete=not container.env_from)
        else:
            yield Instance(pod, flags, _CHANNEL, minor=minor)
    elif behind_shell(program, words):
        yield Instance(pod, {}, f"{_CHANNEL}, whose shell script is not read,", complete=False, minor=minor)


def _etcd(pod: str, flags: Mapping[str, str], *, complete: bool) -> Instance:
    file = flags.get(_ETCD_FILE)
    if file:
        return Instance(pod, {}, f"{_CHANNEL}, which takes all from {file},", complete=False)
    return Instance(pod, flags, _CHANNEL, complete=complete)


def _from_environment(container: _Container) -> dict[str, str]:
    """What etcd is told by ETCD_CERT_FILE and the like; a value from elsewhere stays a reference."""
    found = ((one.name.removeprefix(_ETCD), one) for one in container.env if one.name.startswith(_ETCD))
    return {name.lower().replace("_", "-"): one.value or f"$({one.name})" for name, one in found}


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _minor(text: str) -> int | None:
    told = version(text)
    return told.minor if told else None


STATIC_PODS: View[Mapping[str, Shown]] = View("static pods", (*NEEDS, VERSION), _build)
