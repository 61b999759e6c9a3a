"""Who can open the node's runtime socket counts; and what a pod says for its containers is shown as what it says."""

import pytest

from kscan import data
from kscan.checks.check import Severity, by_id, read_check, read_checks
from kscan.errors import CheckError
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.snapshot.documents import snapshot_of

CHECKS = by_id(read_checks(data.folder("checks")))
NOBODY = {"runAsUser": 65534, "runAsGroup": 65534}
BARE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def found(check, pod, container):
    spec = {"securityContext": pod, "volumes": [{"name": "root", "hostPath": {"path": "/"}}],
            "containers": [{"name": "app", "image": "app:1", "securityContext": container,
                            "volumeMounts": [{"name": "root", "mountPath": "/host", "readOnly": True}]}]}  # fmt: skip
    snapshot = snapshot_of([{"kind": "Pod", "metadata": {"name": "bad"}, "spec": spec}])
    (finding,) = evaluate(snapshot, plan([CHECKS[check]], strict=True)).results[0].findings
    return finding


@pytest.mark.parametrize(
    ("pod", "container"),
    [
        (NOBODY, BARE),
        (NOBODY, BARE | {"capabilities": {"drop": ["all"], "add": ["SYS_TIME", "CAP_NET_RAW"]}}),
        ({"runAsNonRoot": True, "runAsGroup": 2000}, BARE),
        ({"runAsUser": 0}, BARE | {"runAsUser": 1000, "runAsGroup": 1000}),
        (NOBODY | {"fsGroup": 2000, "supplementalGroups": [3000]}, BARE),
    ],
)
def test_a_socket_that_its_user_may_not_open_is_milder(pod, container):
    finding = found("runtime-socket-mounted", pod, container)
    assert finding.severity is Severity.MEDIUM
    assert "may not open the socket" in finding.notes[0]


# Each was tried with setpriv on a socket root:root 0660 and root:998 0660, under a read-only mount too: it connects.
@pytest.mark.parametrize(
    ("pod", "container"),
    [
        ({}, {}),
        ({"runAsUser": 0}, BARE),
        ({"runAsUser": 65534}, BARE),
        ({"runAsUser": 65534, "runAsGroup": 0}, BARE),
        (NOBODY | {"supplementalGroups": [0]}, BARE),
        (NOBODY | {"supplementalGroups": [998]}, BARE),
        (NOBODY | {"fsGroup": 998}, BARE),
        (NOBODY, BARE | {"runAsGroup": 998}),
        (NOBODY, BARE | {"runAsUser": 0}),
        (NOBODY, {"capabilities": {"drop": ["ALL"]}}),
        (NOBODY, {"allowPrivilegeEscalation": False}),
        (NOBODY, BARE | {"capabilities": {"drop": ["NET_RAW"]}}),
        (NOBODY, BARE | {"capabilities": {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]}}),
        (NOBODY, BARE | {"capabilities": {"drop": ["ALL"], "add": ["CAP_SETUID"]}}),
        (NOBODY, BARE | {"privileged": True}),
        ({"runAsNonRoot": True}, BARE),
        ({"runAsNonRoot": False, "runAsGroup": 1000}, BARE),
    ],
)
def test_a_socket_that_may_be_opened_is_critical(pod, container):
    finding = found("runtime-socket-mounted", pod, container)
    assert (finding.severity, finding.notes) == (Severity.CRITICAL, ())


@pytest.mark.parametrize(
    ("pod", "container", "path", "value", "message"),
    [
        ({"runAsUser": 0}, {}, "spec.securityContext.runAsUser", "0", "runs as root"),
        ({"runAsUser": 1000}, {"runAsUser": 0}, "spec.containers[app].securityContext.runAsUser", "0", "runs as root"),
        ({"runAsNonRoot": False}, {}, "spec.securityContext.runAsNonRoot", "false", "may run as root"),
        ({}, {}, "spec.containers[app].securityContext.runAsUser", "not set", "may run as root"),
    ],
)
def test_what_the_pod_says_for_its_containers_is_told(pod, container, path, value, message):
    finding = found("run-as-root", pod, container)
    assert (finding.path, finding.value, finding.message) == (path, value, message)


def test_milder_is_less_bad_and_for_a_target(tmp_path):
    text = """
title: T
severity: medium
layer: container
target: container
cel: "false"
message: m
why: w
fix: {text: t}
milder: {when: "true", severity: %s, note: n}
"""
    assert read_check(tmp_path / "a.yaml", text % "low").file.milder.severity is Severity.LOW
    with pytest.raises(CheckError, match="milder"):
        read_check(tmp_path / "a.yaml", text % "high")
    odd = read_check(tmp_path / "a.yaml", (text % "low").replace('"true"', '"1"'))
    snapshot = snapshot_of([{"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}]}}])
    with pytest.raises(CheckError, match=r"milder\.when"):
        evaluate(snapshot, plan([odd], strict=True))
    # Outside of a trial it is as bad as the check says.
    assert evaluate(snapshot, plan([odd])).results[0].findings[0].severity is Severity.MEDIUM


def test_of_several_pods_of_a_workload_the_worst_is_told():
    pods = [
        {"kind": "Pod", "metadata": {"name": f"a-{user}", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "bad", "controller": True}]},
         "spec": {"volumes": [{"name": "root", "hostPath": {"path": "/"}}],
                  "containers": [{"name": "app", "securityContext": BARE | NOBODY | {"runAsUser": user},
                                  "volumeMounts": [{"name": "root", "mountPath": "/host"}]}]}}
        for user in (65534, 0)
    ]  # fmt: skip
    for order in (pods, pods[::-1]):
        result = evaluate(snapshot_of(order), plan([CHECKS["runtime-socket-mounted"]])).results[0]
        assert [one.severity for one in result.findings] == [Severity.CRITICAL]
