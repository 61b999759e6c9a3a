"""The Pod Security Standards: each control with its near misses, at every version."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.model.base import without_nulls
from kscan.model.podsecurity.controls import CONTROLS, LATEST
from kscan.model.podsecurity.level import Level, minor_of
from kscan.model.podsecurity.standards import Violation, meets, violations

MINORS = range(LATEST + 2)
NEVER = range(0)
WINDOWS = {"os": {"name": "windows"}}
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"


def since(first, before=MINORS.stop):
    return range(first, before)


EVER = since(0)


def merged(base, change):
    """Maps are merged and a None takes a member away; anything else replaces."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return without_nulls(base | {key: merged(base.get(key, {}), value) for key, value in change.items()})


def pod(*, field="containers", container=None, annotations=None, **spec):
    """A pod that meets every level, then changed: its spec, and one container more in a field."""
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    own = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    value = {"securityContext": own, "containers": [{"name": "first", "securityContext": context}]}
    if container is not None:
        value.setdefault(field, []).append(merged({"name": "app", "securityContext": context}, container))
    return {"metadata": {"annotations": annotations or {}}, "spec": merged(value, spec)}


def secured(**context):
    """A container with more in its security context."""
    return {"container": {"securityContext": context}}


def of_pod(**context):
    """A pod with more in its own security context."""
    return {"securityContext": context}


def adding(*names):
    return secured(capabilities={"add": list(names)})


def sysctl(name):
    return of_pod(sysctls=[{"name": name, "value": "1"}])


def volume(**source):
    return {"volumes": [{"name": "data", **source}]}


def either(**context):
    """The pod or a container has it."""
    return [of_pod(**context), secured(**context)]


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


FIELDS = ("containers", "initContainers", "ephemeralContainers")
PLACED = [
    (control, change | ({"field": field} if field != "containers" else {}), baseline, restricted)
    for control, change, baseline, restricted in CASES
    for field in (FIELDS if "container" in change else FIELDS[:1])
]


@pytest.mark.parametrize(("control", "change", "baseline", "restricted"), PLACED)
def test_a_control_holds_where_it_should_and_nothing_else_does(control, change, baseline, restricted):
    subject = pod(**change)
    for minor in MINORS:
        for level, versions in ((Level.BASELINE, baseline), (Level.RESTRICTED, restricted)):
            found = {one.control for one in violations(subject, level, minor)}
            assert found == ({control} if minor in versions else set()), f"{level} v1.{minor}"
        assert violations(subject, Level.PRIVILEGED, minor) == ()


def test_every_control_has_cases_for_and_against_it():
    broken = {control for control, _, baseline, restricted in CASES if baseline or restricted}
    kept = {control for control, _, baseline, restricted in CASES if not baseline and not restricted}
    assert broken == {control.id for control in CONTROLS}
    # What asks for something at restricted has its near misses in versions and in the pods that the others start from.
    assert kept == broken - {"run-as-non-root", "privilege-escalation"}


def test_every_change_of_a_rule_is_in_a_case():
    switches = {
        (control, bound)
        for control, _, baseline, restricted in CASES
        for versions in (baseline, restricted)
        for bound in (versions.start, versions.stop)
        if bound not in (0, MINORS.stop)
    }
    assert switches == {
        (control.id, minor) for control in CONTROLS for minor in {*control.baseline, *control.restricted} - {0}
    }


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"hostPID": True, "hostIPC": True}, ["spec.hostPID", "spec.hostIPC"]),
        (secured(privileged=True), ["spec.containers[app].securityContext.privileged"]),
        (secured(runAsNonRoot=False), ["spec.containers[app].securityContext.runAsNonRoot"]),
        (of_pod(runAsNonRoot=False), ["spec.securityContext.runAsNonRoot"]),
        (of_pod(seccompProfile={}) | secured(seccompProfile={"type": "x"}),
         ["spec.containers[app].securityContext.seccompProfile.type"]),
        (of_pod(runAsNonRoot=None) | secured(runAsNonRoot="true"),
         ["spec.containers[first].securityContext.runAsNonRoot", "spec.containers[app].securityContext.runAsNonRoot"]),
        (volume(nfs={}), ["spec.volumes[data].nfs"]),
        ({"container": {"ports": [{}, {"hostPort": 9}]}}, ["spec.containers[app].ports[1].hostPort"]),
        ({"annotations": {APP_ARMOR + "app": "x"}}, [f"metadata.annotations[{APP_ARMOR}app]"]),
        ({"container": {"lifecycle": {"preStop": {"httpGet": {"host": "x"}}}}},
         ["spec.containers[app].lifecycle.preStop.httpGet.host"]),
    ],
)  # fmt: skip
def test_a_violation_names_its_field(change, paths):
    assert [one.path for one in violations(pod(**change), Level.RESTRICTED)] == paths


def test_a_violation_says_what_is_wrong():
    wanted = Violation(
        "capabilities", "adds CHOWN, NET_RAW", "spec.containers[app].securityContext.capabilities.add", "app"
    )
    assert violations(pod(**adding("NET_RAW", "CHOWN")), Level.RESTRICTED) == (wanted,)


@pytest.mark.parametrize(
    ("change", "minor", "level"),
    [
        ({}, LATEST, Level.RESTRICTED),
        (of_pod(runAsNonRoot=None), LATEST, Level.BASELINE),
        ({"hostPID": True}, LATEST, Level.PRIVILEGED),
        (secured(allowPrivilegeEscalation=None), 7, Level.RESTRICTED),
        (secured(allowPrivilegeEscalation=None), 8, Level.BASELINE),
        (secured(procMount="Unmasked") | {"hostUsers": False}, 34, Level.PRIVILEGED),
        (secured(procMount="Unmasked") | {"hostUsers": False}, 35, Level.BASELINE),
    ],
)
def test_the_strictest_level_that_a_pod_meets(change, minor, level):
    assert meets(pod(**change), minor) is level


def test_an_empty_pod_meets_restricted():
    assert meets({}) is Level.RESTRICTED


def test_levels_have_an_order():
    assert sorted(Level, key=lambda level: level.rank) == [Level.PRIVILEGED, Level.BASELINE, Level.RESTRICTED]


@pytest.mark.parametrize(
    ("version", "minor"),
    [("latest", 36), ("v1.0", 0), ("v1.30", 30), ("v1.36", 36), ("v1.99", 36), ("v1.030", 36), ("1.30", 36), ("v2.0", 36),
     ("v1.30.1", 36), ("v1.30\n", 36), ("", 36), ("v1." + "9" * 5000, 36)],
)  # fmt: skip
def test_the_version_that_a_label_means(version, minor):
    assert minor_of(version, latest=36) == minor


WORDS = [
    "metadata",
    "annotations",
    "spec",
    "securityContext",
    "containers",
    "initContainers",
    "ephemeralContainers",
    "name",
    "os",
    "windows",
    "hostUsers",
    "hostPID",
    "hostNetwork",
    "volumes",
    "hostPath",
    "nfs",
    "emptyDir",
    "ports",
    "hostPort",
    "privileged",
    "capabilities",
    "add",
    "drop",
    "ALL",
    "NET_RAW",
    "allowPrivilegeEscalation",
    "runAsNonRoot",
    "runAsUser",
    "seccompProfile",
    "appArmorProfile",
    "seLinuxOptions",
    "type",
    "user",
    "role",
    "sysctls",
    "procMount",
    "windowsOptions",
    "hostProcess",
    "livenessProbe",
    "lifecycle",
    "preStop",
    "httpGet",
    "host",
    "restartPolicy",
    "Unconfined",
    "Localhost",
]
NAMES = st.sampled_from([*WORDS, APP_ARMOR + "a", SECCOMP + "a", SECCOMP_POD])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)
CONTEXTS = st.dictionaries(NAMES, VALUES, max_size=4)
CONTAINERS = st.lists(
    VALUES | st.fixed_dictionaries({"securityContext": CONTEXTS}, optional={"ports": VALUES}), max_size=3
)
SPECS = st.fixed_dictionaries(
    {"securityContext": CONTEXTS, "containers": CONTAINERS},
    optional={"volumes": st.lists(VALUES, max_size=3), "hostUsers": st.booleans(), "initContainers": CONTAINERS,
              "os": VALUES | st.just({"name": "windows"})},
)  # fmt: skip
ANNOTATIONS = st.fixed_dictionaries({"annotations": st.dictionaries(NAMES, VALUES, max_size=3)})
PODS = st.dictionaries(NAMES, VALUES, max_size=5) | st.fixed_dictionaries(
    {"metadata": VALUES | ANNOTATIONS, "spec": VALUES | SPECS}
)
VERSIONS = st.sampled_from(MINORS)


@settings(max_examples=500, deadline=None)
@given(PODS, VERSIONS)
def test_no_shape_of_a_pod_makes_it_raise(subject, minor):
    level = meets(subject, minor)
    assert not violations(subject, level, minor)
    assert all(one.reason and one.path for one in violations(subject, Level.RESTRICTED, minor))


@settings(max_examples=300, deadline=None)
@given(PODS, VERSIONS)
def test_nulls_say_nothing(subject, minor):
    for level in Level:
        assert violations(subject, level, minor) == violations(without_nulls(subject), level, minor)


@settings(max_examples=300, deadline=None)
@given(SPECS, VERSIONS)
def test_restricted_forbids_what_baseline_does_except_on_windows(spec, minor):
    subject = {"spec": {key: value for key, value in spec.items() if key != "os"}}
    baseline = {one.control for one in violations(subject, Level.BASELINE, minor)}
    assert baseline <= {one.control for one in violations(subject, Level.RESTRICTED, minor)}
