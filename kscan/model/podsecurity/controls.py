"""The controls: which form of each holds at a level, from which minor version on."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import msgspec

from kscan.model.podsecurity import kernel, node, privileges, profiles, volumes
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.pod import Fault, Pod

Form = Callable[[Pod], Iterator[Fault]]
Forms = Mapping[int, Form]


def except_on_windows(form: Form) -> Form:
    """The form, for pods of Linux: those of Windows cannot set what it asks for."""
    return lambda pod: iter(()) if pod.on_windows else form(pod)


def except_in_user_namespace(form: Form) -> Form:
    """The form, for pods whose root is the node's."""
    return lambda pod: iter(()) if pod.in_user_namespace else form(pod)


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One control; where it has a form for restricted, that one holds there instead of baseline's."""

    id: str
    baseline: Forms = {}
    restricted: Forms = {}

    def form(self, level: Level, minor: int) -> Form | None:
        """What holds at a level and version, if anything does."""
        if level is Level.PRIVILEGED:
            return None
        own = _newest(self.restricted, minor) if level is Level.RESTRICTED else None
        return own or _newest(self.baseline, minor)


def _newest(forms: Forms, minor: int) -> Form | None:
    since = max((since for since in forms if since <= minor), default=None)
    return None if since is None else forms[since]


CONTROLS = (
    Control(id="host-process", baseline={0: node.host_process}),
    Control(id="host-namespaces", baseline={0: node.host_namespaces}),
    Control(id="privileged", baseline={0: privileges.privileged}),
    Control(
        id="capabilities",
        baseline={0: privileges.added_capabilities},
        restricted={22: privileges.kept_capabilities, 25: except_on_windows(privileges.kept_capabilities)},
    ),
    Control(id="volumes", baseline={0: volumes.host_paths}, restricted={0: volumes.volume_types}),
    Control(id="host-ports", baseline={0: node.host_ports}),
    Control(id="hook-hosts", baseline={34: node.hook_hosts}),
    Control(id="app-armor", baseline={0: profiles.app_armor}),
    Control(
        id="selinux",
        baseline={0: profiles.selinux, 31: lambda pod: profiles.selinux(pod, "container_engine_t")},
    ),
    Control(
        id="proc-mount",
        baseline={0: kernel.proc_mount, 35: except_in_user_namespace(kernel.proc_mount)},
        restricted={35: kernel.proc_mount},
    ),
    Control(
        id="seccomp",
        baseline={0: profiles.seccomp_annotations, 19: profiles.seccomp},
        restricted={19: profiles.seccomp_required, 25: except_on_windows(profiles.seccomp_required)},
    ),
    Control(
        id="sysctls",
        baseline={
            0: partial(kernel.sysctls, allowed=kernel.SYSCTLS),
            27: partial(kernel.sysctls, allowed=kernel.SYSCTLS_27),
            29: partial(kernel.sysctls, allowed=kernel.SYSCTLS_29),
            32: partial(kernel.sysctls, allowed=kernel.SYSCTLS_32),
            37: partial(kernel.sysctls, allowed=kernel.SYSCTLS_37),
        },
    ),
    Control(
        id="privilege-escalation",
        restricted={8: privileges.privilege_escalation, 25: except_on_windows(privileges.privilege_escalation)},
    ),
    Control(
        id="run-as-non-root",
        restricted={0: privileges.root_allowed, 35: except_in_user_namespace(privileges.root_allowed)},
    ),
    Control(
        id="run-as-user",
        restricted={23: privileges.root_chosen, 35: except_in_user_namespace(privileges.root_chosen)},
    ),
)

# The newest minor in which a rule changed; later ones hold the same.
LATEST = max(since for control in CONTROLS for forms in (control.baseline, control.restricted) for since in forms)
