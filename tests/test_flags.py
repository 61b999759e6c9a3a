"""Flags of the control plane: command lines, defaults, the vocabulary of wants, and what is seen beside flags."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan import data
from kscan.checks.check import read_checks
from kscan.checks.examples import made
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.command_line import ACCUMULATING, arguments_of, expand, parse_flags
from kscan.model.components import ADMISSION_PLUGINS, Component, Instance, Setting
from kscan.model.defaults import NEWEST
from kscan.rules.predicates import holds, wanted
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.components import API_SERVER, CONTROLLER_MANAGER, ETCD
from kscan.views.gates import GATES
from kscan.views.shipped import known_minors
from kscan.views.view import Readings

CHECKS = {one.id: one for one in read_checks(data.folder("checks")) if one.family == "control-plane"}
READY = plan(CHECKS.values())
NAMES = st.sampled_from(["profiling", "audit-log-maxage", "authorization-mode", "feature-gates", "tls-cipher-suites"])
VALUES = st.text("abcXYZ01=.:/_-", min_size=1).filter(lambda text: not text.startswith("-"))
WORDS = st.text("abcdef", min_size=1, max_size=4)


def setting(value, **more):
    return Setting("one", "flag", value, "its static pod", **more)


def ask(value, **word):
    return holds(wanted([{"flag": "flag", **word}])[0], value if isinstance(value, Setting) else setting(value))


def pod(*command, name="cp-1", image="", **container):
    container = {"name": "it", "image": image, "command": list(command), **container}
    return {"kind": "Pod", "madeBy": "Node/cp-1", "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"containers": [container]}}  # fmt: skip


def component(view, *documents):
    return Readings(snapshot_of(made(documents))).of(view).value


def value_of(view, flag, *documents):
    (found,) = component(view, *documents).settings(flag)
    return found


@pytest.mark.parametrize("told", [("true", "false"), ("false", "true"), ("false", "false")])
def test_a_gate_that_one_server_has_closed_is_not_open(told):
    """Of several API servers any may answer."""
    pods = [pod("kube-apiserver", f"--feature-gates=A={is_on},B=true", name=f"kube-apiserver-{number}")
            for number, is_on in enumerate(told)]  # fmt: skip
    gates = component(GATES, *pods)
    assert (gates.is_open("A", default=True), gates.is_open("B", default=False)) == (False, True)


# --- command lines


@given(st.lists(st.tuples(NAMES, VALUES, st.booleans(), st.booleans()), max_size=6))
def test_each_way_to_write_a_flag_says_the_same(written):
    words, expected = [], {}
    for name, value, apart, underscores in written:
        shown = name.replace("-", "_") if underscores else name
        words += [f"--{shown}", value] if apart else [f"--{shown}={value}"]
        grows = name in ACCUMULATING and expected.get(name)
        expected[name] = f"{expected[name]},{value}" if grows else value
    assert parse_flags(words) == expected


@pytest.mark.parametrize(("words", "flags"), [
    (["--audit-log-path", "-", "--v", "2"], {"audit-log-path": "-", "v": "2"}),
    (["--terminated-pod-gc-threshold", "-1"], {"terminated-pod-gc-threshold": "-1"}),
    (["--profiling", "--v=2"], {"profiling": "true", "v": "2"}),
    (["--profiling"], {"profiling": "true"}),
    (["--profiling="], {"profiling": ""}),
    (["-cert-file=/a"], {"cert-file": "/a"}),
    (["stray", "--a=b"], {"a": "b"}),
    (["--feature-gates=A=true", "--feature-gates=B=false"], {"feature-gates": "A=true,B=false"}),
    (["--bind-address=::", "--bind-address=::1"], {"bind-address": "::1"}),
])  # fmt: skip
def test_what_command_lines_say(words, flags):
    assert parse_flags(words) == flags


@pytest.mark.parametrize(("words", "arguments"), [
    (["kube-apiserver", "--a"], ["--a"]),
    (["/usr/local/bin/kube-apiserver", "--a"], ["--a"]),
    (["/go-runner", "--log-file=/var/log/x.log", "/usr/local/bin/kube-apiserver", "--a"], ["--a"]),
    (["hyperkube", "kube-apiserver", "--a"], ["--a"]),
    (["kube-apiserver-proxy", "--a"], None),
    (["proxy", "kube-apiserver", "--a"], None),
    (["/go-runner", "--also-stdout"], None),
    (["/bin/sh", "-c", "exec kube-apiserver --a"], None),
    ([], None),
])  # fmt: skip
def test_which_program_runs(words, arguments):
    assert arguments_of("kube-apiserver", words) == arguments


def test_variables_are_filled_in_as_the_kubelet_does():
    assert expand(["--a=$(A)-$(B)", "$$(A)", "$A"], {"A": "1"}) == ["--a=1-$(B)", "$(A)", "$A"]


# --- the vocabulary


# --- components


NEWER = {"path": "/version", "json": {"gitVersion": f"v1.{NEWEST + 2}.0"}}
UNKNOWN = f"--profiling: not set, and what that is in Kubernetes 1.{NEWEST + 2} is not in kscan's data (to 1.{NEWEST})"


def test_the_default_of_a_version_that_nobody_asked_is_not_known():
    found = component(API_SERVER, NEWER, pod("kube-apiserver", "--enable-admission-plugins=NodeRestriction",
                                             "--disable-admission-plugins=ServiceAccount"))  # fmt: skip
    assert not list(found.settings("profiling"))
    assert [one.value for one in found.settings("token-auth-file")] == [""]
    (plugins,) = found.settings(ADMISSION_PLUGINS)
    assert (plugins.value, plugins.more, plugins.without) == ("NodeRestriction", True, ("ServiceAccount",))


@pytest.mark.parametrize(
    ("check", "status"),
    [
        ("api-server-profiling", "unknown"),
        ("api-server-without-audit-log", "fail"),
        ("api-server-without-node-restriction", "pass"),
        ("api-server-without-namespace-lifecycle", "unknown"),
        ("api-server-without-service-account-admission", "fail"),
    ],
)
def test_a_newer_version_is_accused_of_what_is_given_and_of_nothing_else(check, status):
    flags = ("--enable-admission-plugins=NodeRestriction", "--disable-admission-plugins=ServiceAccount")
    snapshot = snapshot_of(made([NEWER, pod("kube-apiserver", *flags)]))
    (result,) = evaluate(snapshot, plan([CHECKS[check]])).results
    assert str(result.status) == status
    assert check != "api-server-profiling" or UNKNOWN in result.reason


def test_flags_and_roles_are_known_of_the_same_versions():
    assert known_minors()[1] == NEWEST


def test_the_image_tells_the_version_of_each_instance():
    version = {"path": "/version", "json": {"gitVersion": "v1.36.0"}}
    old = pod("kube-apiserver", name="old", image="registry.k8s.io/kube-apiserver:v1.35.2@sha256:aa")
    found = component(API_SERVER, version, old, pod("kube-apiserver", name="new"))
    assert {one.name: one.minor for one in found.instances} == {"old": 35, "new": 36}
    tagged = pod("kube-apiserver", name="old", image="registry.k8s.io:5000/kube-apiserver:v1.35.2")
    found = component(
        API_SERVER, version, tagged, pod("kube-apiserver", name="new", image="registry.k8s.io:5000/kube-apiserver")
    )
    assert {one.name: one.minor for one in found.instances} == {"old": 35, "new": 36}


def test_plugins_are_the_defaults_and_more_and_less():
    flags = {"enable-admission-plugins": "NodeRestriction,PodSecurity", "disable-admission-plugins": "Priority"}
    instance = Instance("one", flags, "its static pod", minor=36)
    found = Component("kube-apiserver", (instance,)).setting(instance, ADMISSION_PLUGINS)
    assert {"NodeRestriction", "ServiceAccount"} <= set(found.value.split(","))
    assert "Priority" not in found.value.split(",")
    assert (
        str(found)
        == "the defaults of Kubernetes 1.36, with NodeRestriction,PodSecurity, without Priority (its static pod)"
    )


def test_etcd_is_told_by_its_environment_and_a_file_beats_both():
    env = [
        {"name": "ETCD_AUTO_TLS", "value": "true"},
        {"name": "AUTO_TLS", "value": "false"},
        {"name": "ETCD_CERT_FILE", "value": "/a"},
    ]
    assert value_of(ETCD, "auto-tls", pod("etcd", env=env)).value == "true"
    assert value_of(ETCD, "auto-tls", pod("etcd", "--auto-tls=false", env=env)).value == "false"
    elsewhere = [{"name": "ETCD_CERT_FILE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    assert ask(value_of(ETCD, "cert-file", pod("etcd", env=elsewhere)), set=True) is None
    assert not list(component(ETCD, pod("etcd", "--config-file=/a", "--auto-tls", env=env)).settings("auto-tls"))
    assert not list(component(ETCD, pod("etcd", envFrom=[{"configMapRef": {"name": "a"}}])).settings("auto-tls"))


def test_one_server_is_called_the_same_whatever_told_its_flags():
    flagz = {
        "path": "/flagz",
        "json": {"kind": "Flagz", "flags": {"profiling": "false", "authorization-mode": "[Node,RBAC]"}},
    }
    server = pod("kube-apiserver", "--profiling=true", name="kube-apiserver-cp-1")
    (one,) = component(API_SERVER, server, flagz).instances
    assert (one.name, one.channel, one.flags["authorization-mode"]) == ("kube-apiserver-cp-1", "/flagz", "Node,RBAC")
    two = component(API_SERVER, server, pod("kube-apiserver", name="kube-apiserver-cp-2"), flagz).instances
    assert {(each.name, each.channel) for each in two} == {(f"kube-apiserver-cp-{n}", "its static pod") for n in (1, 2)}


@pytest.mark.parametrize(("flags", "certificate", "tokens"), [
    # With none given the server makes a pair in its own folder, and checks tokens by it; /flagz then names these files.
    (("/run/apiserver.crt", "/run/apiserver.key", "[/run/apiserver.key]"), "", ""),
    (("/pki/apiserver.crt", "/pki/apiserver.key", "[/pki/apiserver.key]"), "/pki/apiserver.crt", ""),
    (("/pki/apiserver.crt", "/pki/apiserver.key", "[/pki/sa.pub]"), "/pki/apiserver.crt", "/pki/sa.pub"),
    (("/run/apiserver.crt", "/run/other.key", "[]"), "/run/apiserver.crt", ""),
])  # fmt: skip
def test_what_the_server_filled_in_for_itself_is_not_given(flags, certificate, tokens):
    names = ("tls-cert-file", "tls-private-key-file", "service-account-key-file")
    told = {"cert-dir": "/run", **dict(zip(names, flags, strict=True))}
    flagz = {"path": "/flagz", "json": {"kind": "Flagz", "flags": told}}
    assert value_of(API_SERVER, "tls-cert-file", flagz).value == certificate
    assert value_of(API_SERVER, "service-account-key-file", flagz).value == tokens


def test_a_pod_that_cannot_be_read_may_be_another_instance():
    broken = pod("kube-apiserver", name="broken")
    broken["spec"]["containers"][0]["args"] = 5
    reading = Readings(snapshot_of(made([pod("kube-apiserver"), broken]))).of(API_SERVER)
    assert [gap.reason for gap in reading.gaps] == [Reason.UNDECODABLE]
    assert not Readings(snapshot_of(made([pod("kube-apiserver"), pod("coredns")]))).of(API_SERVER).gaps


def test_a_shell_script_is_not_read():
    scripted = pod("/bin/sh", "-c", "exec kube-controller-manager --profiling=false 2>&1 | tee /var/log/x")
    assert not list(component(CONTROLLER_MANAGER, scripted).settings("profiling"))
    result = judged("controller-manager-profiling", scripted)
    assert result.status is Status.UNKNOWN and "shell script" in result.reason


@pytest.mark.parametrize("check", CHECKS)
def test_what_a_provider_runs_is_not_applicable(check):
    (result,) = evaluate(
        snapshot_of([{"path": "/version", "json": {"gitVersion": "v1.33.1-eks-1a2b3c"}}]), plan([CHECKS[check]])
    ).results
    assert (result.status, "Amazon EKS" in result.reason) == (Status.NOT_APPLICABLE, True)


def judged(check, *documents, about=None):
    (result,) = evaluate(snapshot_of(made(documents), about), plan([CHECKS[check]])).results
    return result


@pytest.mark.parametrize("check", CHECKS)
def test_a_control_plane_without_pods_and_flags_is_unknown_with_the_reason(check):
    gone = ({"path": path, "gap": "not served"} for path in ("/flagz", "/metrics"))
    result = judged(check, *gone)
    assert result.status is Status.UNKNOWN
    # What metrics or a ConfigMap may tell as well says itself that it is missing.
    more = ("flags.admission", "flags.audit", "flags.authorizers", "flags.client_authority")
    assert "no pod in kube-system runs it" in result.reason or (CHECKS[check].file.rule in more and result.gaps)


@pytest.mark.parametrize("check", CHECKS)
def test_a_refusal_is_told_before_what_is_not_there(check):
    refused = [{"path": path, "gap": "forbidden"} for path in ("/flagz", "/api/v1/pods")]
    result = judged(check, *refused, {"path": "/metrics", "gap": "forbidden"})
    assert result.status is Status.UNKNOWN and ": forbidden" in result.reason


@pytest.mark.parametrize("check", CHECKS)
def test_manifests_do_not_hold_it(check):
    assert judged(check, about=About(manifests=True)).status is Status.NOT_APPLICABLE


def test_a_list_that_was_cut_off_hides_instances():
    whole = snapshot_of(made([pod("kube-scheduler", "--profiling=false")]))
    listing = whole.entries["/api/v1/pods"]
    cut = msgspec.structs.replace(listing, gap=Gap("/api/v1/pods", Reason.CUT_OFF))
    (result,) = evaluate(
        Snapshot(whole.about, {**whole.entries, "/api/v1/pods": cut}), plan([CHECKS["scheduler-profiling"]])
    ).results
    assert result.status is Status.UNKNOWN
