"""What is done in a pod, the control that forbids it, and since when."""

from kscan.model.podsecurity.controls import LATEST
from tests.podsecurity.pods import (
    APP_ARMOR,
    SECCOMP,
    SECCOMP_POD,
    WINDOWS,
    adding,
    either,
    of_pod,
    secured,
    sysctl,
    volume,
)

MINORS = range(LATEST + 2)
NEVER = range(0)


def since(first, before=MINORS.stop):
    return range(first, before)


EVER = since(0)

# What is done, the control that forbids it, and the versions in which it does: at baseline, and at restricted.
CASES = [
    *[
        ("host-namespaces", {field: True}, EVER, EVER) for field in ("hostNetwork", "hostPID", "hostIPC")
    ],
    ("host-namespaces", {"hostNetwork": False, "hostPID": False, "hostIPC": False}, NEVER, NEVER),
    ("host-namespaces", {"shareProcessNamespace": True, "hostPID": "true", "hostIPC": 1}, NEVER, NEVER),
    *[("host-process", case, EVER, EVER) for case in either(windowsOptions={"hostProcess": True})],
    ("host-process", of_pod(windowsOptions={"hostProcess": True}) | secured(windowsOptions={"hostProcess": False}),
     EVER, EVER),
    *[("host-process", case, NEVER, NEVER) for case in either(windowsOptions={"hostProcess": False})],
    *[("host-process", case | WINDOWS, EVER, EVER) for case in either(windowsOptions={"hostProcess": True})],
    ("privileged", secured(privileged=True), EVER, EVER),
    ("privileged", secured(privileged=False), NEVER, NEVER),
    ("privileged", secured(privileged="true"), NEVER, NEVER),
    ("privileged", of_pod(privileged=True), NEVER, NEVER),
    ("capabilities", adding("NET_RAW"), EVER, EVER),
    *[
        ("capabilities", adding(name), NEVER, since(22))
        for name in ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID",
                     "SETPCAP", "SETUID", "SYS_CHROOT")
    ],
    ("capabilities", adding("NET_BIND_SERVICE"), NEVER, NEVER),
    ("capabilities", adding("net_bind_service"), EVER, EVER),
    ("capabilities", adding("CAP_CHOWN"), EVER, EVER),
    ("capabilities", adding(""), EVER, EVER),
    ("capabilities", adding("ALL"), EVER, EVER),
    ("capabilities", secured(capabilities={"add": "NET_RAW"}), NEVER, NEVER),
    ("capabilities", secured(capabilities=None), NEVER, since(22)),
    ("capabilities", secured(capabilities={"drop": ["all"]}), NEVER, since(22)),
    ("capabilities", secured(capabilities={"drop": ["NET_RAW", "CHOWN"]}), NEVER, since(22)),
    ("capabilities", secured(capabilities={"drop": ["NET_RAW", "ALL"]}), NEVER, NEVER),
    ("capabilities", secured(capabilities={"drop": "ALL"}), NEVER, since(22)),
    ("capabilities", secured(capabilities=None) | WINDOWS, NEVER, since(22, 25)),
    ("capabilities", adding("NET_RAW") | WINDOWS, EVER, since(0, 25)),
    ("volumes", volume(hostPath={"path": "/"}), EVER, EVER),
    ("volumes", volume(hostPath={}), EVER, EVER),
    ("volumes", volume(hostPath="/"), NEVER, NEVER),
    *[
        ("volumes", volume(**{source: {}}), NEVER, NEVER)
        for source in ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
                       "projected", "secret")
    ],
    *[("volumes", volume(**{source: {}}), NEVER, EVER) for source in ("nfs", "gitRepo", "iscsi", "portworxVolume", "of2040")],
    ("volumes", volume(), NEVER, NEVER),
    ("host-ports", {"container": {"ports": [{"containerPort": 80}, {"hostPort": 80}]}}, EVER, EVER),
    ("host-ports", {"container": {"ports": [{"containerPort": 80, "hostPort": 0}]}}, NEVER, NEVER),
    ("host-ports", {"container": {"ports": [{"hostPort": True}, {"hostPort": "80"}, 80]}}, NEVER, NEVER),
    *[
        ("hook-hosts", {"container": {hook: {action: {"host": "127.0.0.1"}}}}, since(34), since(34))
        for hook in ("livenessProbe", "readinessProbe", "startupProbe")
        for action in ("httpGet", "tcpSocket")
    ],
    *[
        ("hook-hosts", {"container": {"lifecycle": {hook: {action: {"host": "localhost"}}}}}, since(34), since(34))
        for hook in ("postStart", "preStop")
        for action in ("httpGet", "tcpSocket")
    ],
    ("hook-hosts", {"container": {"livenessProbe": {"httpGet": {"host": "", "port": 80}, "exec": {"host": "x"}}}}, NEVER, NEVER),
    ("hook-hosts", {"container": {"lifecycle": {"preStop": {"httpGet": "host"}, "stop": {"httpGet": {"host": "x"}}}}},
     NEVER, NEVER),
    *[("app-armor", case, EVER, EVER) for case in either(appArmorProfile={"type": "Unconfined"})],
    *[("app-armor", case, EVER, EVER) for case in either(appArmorProfile={})],
    *[("app-armor", case, EVER, EVER) for case in either(appArmorProfile={"type": "runtime/default"})],
    *[("app-armor", case, NEVER, NEVER) for case in either(appArmorProfile={"type": "RuntimeDefault"})],
    *[("app-armor", case, NEVER, NEVER) for case in either(appArmorProfile={"type": "Localhost"})],
    *[
        ("app-armor", {"annotations": {APP_ARMOR + "nobody": value}}, EVER, EVER)
        for value in ("unconfined", "localhost", "RuntimeDefault", "runtime/default2")
    ],
    *[
        ("app-armor", {"annotations": {APP_ARMOR + "app": value}}, NEVER, NEVER)
        for value in ("", "runtime/default", "localhost/", "localhost/x")
    ],
    ("app-armor", {"annotations": {"x-" + APP_ARMOR: "unconfined", APP_ARMOR + "app": 7}}, NEVER, NEVER),
    *[("selinux", case, EVER, EVER) for case in either(seLinuxOptions={"type": "spc_t"})],
    *[("selinux", case, EVER, EVER) for case in either(seLinuxOptions={"user": "system_u"})],
    *[("selinux", case, EVER, EVER) for case in either(seLinuxOptions={"role": "system_r"})],
    *[("selinux", case, NEVER, NEVER) for case in either(seLinuxOptions={"type": "", "user": "", "level": "s0:c1"})],
    *[("selinux", case, NEVER, NEVER) for case in either(seLinuxOptions={"type": "container_kvm_t", "role": 1})],
    *[("selinux", case, since(0, 31), since(0, 31)) for case in either(seLinuxOptions={"type": "container_engine_t"})],
    ("proc-mount", secured(procMount="Unmasked"), EVER, EVER),
    ("proc-mount", secured(procMount="default"), EVER, EVER),
    ("proc-mount", secured(procMount=""), EVER, EVER),
    ("proc-mount", secured(procMount="Default"), NEVER, NEVER),
    ("proc-mount", secured(procMount=["Unmasked"]), NEVER, NEVER),
    ("proc-mount", secured(procMount="Unmasked") | {"hostUsers": False}, since(0, 35), EVER),
    ("proc-mount", secured(procMount="Unmasked") | {"hostUsers": True}, EVER, EVER),
    *[("seccomp", case, since(19), since(19)) for case in either(seccompProfile={"type": "Unconfined"})],
    *[("seccomp", case, since(19), since(19)) for case in either(seccompProfile={"type": None})],
    *[("seccomp", case, NEVER, NEVER) for case in either(seccompProfile={"type": "Localhost"})],
    ("seccomp", of_pod(seccompProfile=None), NEVER, since(19)),
    ("seccomp", of_pod(seccompProfile=None) | WINDOWS, NEVER, since(19, 25)),
    ("seccomp", of_pod(seccompProfile={"type": "Unconfined"}) | WINDOWS, since(19), since(19, 25)),
    ("seccomp", of_pod(seccompProfile=None) | secured(seccompProfile={"type": "Localhost"}), NEVER, since(19)),
    *[
        ("seccomp", {"annotations": {key: value}} | secured(), since(0, 19), since(0, 19))
        for key in (SECCOMP_POD, SECCOMP + "app")
        for value in ("unconfined", "", "localhost")
    ],
    *[
        ("seccomp", {"annotations": {key: value}} | secured(), NEVER, NEVER)
        for key in (SECCOMP_POD, SECCOMP + "app")
        for value in ("runtime/default", "docker/default", "localhost/x")
    ],
    ("seccomp", {"annotations": {SECCOMP + "nobody": "unconfined"}}, NEVER, NEVER),
    *[("sysctls", sysctl(name), EVER, EVER) for name in ("kernel.msgmax", "net/ipv4/tcp_syncookies", "net.ipv4.tcp_*")],
    *[
        ("sysctls", sysctl(name), NEVER, NEVER)
        for name in ("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
                     "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start")
    ],
    *[
        ("sysctls", sysctl(f"net.ipv4.{name}"), since(0, minor), since(0, minor))
        for minor, names in {
            27: ("ip_local_reserved_ports",),
            29: ("tcp_keepalive_time", "tcp_fin_timeout", "tcp_keepalive_intvl", "tcp_keepalive_probes"),
            32: ("tcp_rmem", "tcp_wmem"),
            37: ("tcp_slow_start_after_idle", "tcp_notsent_lowat"),
        }.items()
        for name in names
    ],
    ("sysctls", of_pod(sysctls=[{"value": "1"}]), EVER, EVER),
    ("sysctls", of_pod(sysctls={"name": "kernel.msgmax"}), NEVER, NEVER),
    *[("privilege-escalation", secured(allowPrivilegeEscalation=value), NEVER, since(8)) for value in (True, None, "false", 0)],
    ("privilege-escalation", secured(allowPrivilegeEscalation=None) | WINDOWS, NEVER, since(8, 25)),
    ("privilege-escalation", secured(allowPrivilegeEscalation=True) | {"os": {"name": "linux"}}, NEVER, since(8)),
    ("privilege-escalation", secured(allowPrivilegeEscalation=True) | {"nodeSelector": {"kubernetes.io/os": "windows"}},
     NEVER, since(8)),
    *[("run-as-non-root", case, NEVER, EVER) for case in either(runAsNonRoot=False)],
    ("run-as-non-root", of_pod(runAsNonRoot=None), NEVER, EVER),
    ("run-as-non-root", of_pod(runAsNonRoot="true"), NEVER, EVER),
    ("run-as-non-root", of_pod(runAsNonRoot=None) | secured(runAsNonRoot=True), NEVER, EVER),
    ("run-as-non-root", of_pod(runAsNonRoot=None, runAsUser=1000), NEVER, EVER),
    ("run-as-non-root", of_pod(runAsNonRoot=None) | WINDOWS, NEVER, EVER),
    ("run-as-non-root", of_pod(runAsNonRoot=None) | {"hostUsers": False}, NEVER, since(0, 35)),
    ("run-as-non-root", of_pod(runAsNonRoot=None) | {"hostUsers": "false"}, NEVER, EVER),
    *[("run-as-user", case, NEVER, since(23)) for case in either(runAsUser=0)],
    ("run-as-user", of_pod(runAsUser=0) | secured(runAsUser=1000), NEVER, since(23)),
    *[("run-as-user", case, NEVER, NEVER) for value in (1, False, "0") for case in either(runAsUser=value)],
    *[("run-as-user", case | {"hostUsers": False}, NEVER, since(23, 35)) for case in either(runAsUser=0)],
    *[("run-as-user", case | WINDOWS, NEVER, since(23)) for case in either(runAsUser=0)],
]  # fmt: skip
