"""What a pod sees and sets of the kernel."""

from collections.abc import Iterator

from kscan.model.pods import objects
from kscan.model.podsecurity.pod import Fault, Pod, text

SYSCTLS = ("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
           "net.ipv4.ping_group_range", "net.ipv4.tcp_syncookies")  # fmt: skip
SYSCTLS_27 = (*SYSCTLS, "net.ipv4.ip_local_reserved_ports")
SYSCTLS_29 = (*SYSCTLS_27, "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
              "net.ipv4.tcp_keepalive_time")  # fmt: skip
SYSCTLS_32 = (*SYSCTLS_29, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")
SYSCTLS_37 = (*SYSCTLS_32, "net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle")


def proc_mount(pod: Pod) -> Iterator[Fault]:
    """A /proc that is not masked; a type that is set must be the default one, by name."""
    for container in pod.containers:
        found = container.context.get("procMount")
        if isinstance(found, str) and found != "Default":
            yield container.fault("procMount", f"has a /proc of type {found}" if found else "has a /proc of no type")


def sysctls(pod: Pod, allowed: tuple[str, ...]) -> Iterator[Fault]:
    """Kernel parameters beyond those allowed; dots are compared as they are written."""
    for parameter in objects(pod.itself.context, "sysctls"):
        if (name := text(parameter, "name")) not in allowed:
            yield pod.itself.fault(f"sysctls[{name}]", f"sets the kernel parameter {name}")
