"""What a pod takes of its node: namespaces, ports, the host that probes call, Windows' host processes."""

from collections.abc import Iterator

from kscan.model.pods import objects
from kscan.model.podsecurity.pod import Fault, Pod, member, number, text

_NAMESPACES = {"hostNetwork": "network", "hostPID": "processes", "hostIPC": "IPC namespace"}
_HOOKS = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


def host_namespaces(pod: Pod) -> Iterator[Fault]:
    """Namespaces of the node."""
    for field, shared in _NAMESPACES.items():
        if pod.spec.get(field) is True:
            yield pod.itself.fault_of(field, f"shares the node's {shared}")


def host_ports(pod: Pod) -> Iterator[Fault]:
    """Ports of the node; 0 is none."""
    for container in pod.containers:
        for index, port in enumerate(objects(container.body, "ports")):
            if taken := number(port, "hostPort"):
                yield container.fault_of(f"ports[{index}].hostPort", f"takes port {taken} of the node")


def hook_hosts(pod: Pod) -> Iterator[Fault]:
    """Hosts that the kubelet calls for probes and lifecycle hooks instead of the pod; localhost is the node."""
    for container in pod.containers:
        for keys in (one for one in _HOOKS if one[0] in container.body):
            hook = container.body
            for key in keys:
                hook = member(hook, key)
            for action in ("httpGet", "tcpSocket"):
                if host := text(member(hook, action), "host"):
                    yield container.fault_of(f"{'.'.join(keys)}.{action}.host", f"has the kubelet call {host}")


def host_process(pod: Pod) -> Iterator[Fault]:
    """Processes of a Windows node, whoever asks for them."""
    for setter in pod.setters:
        if member(setter.context, "windowsOptions").get("hostProcess") is True:
            yield setter.fault("windowsOptions.hostProcess", "runs as a process of the Windows node")
