"""Pods against the templates that they were made from."""

import msgspec
import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.judge.drift import ADDED
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.workloads import PodGroup
from kscan.snapshot.documents import snapshot_of
from kscan.views.templates import TEMPLATES, differs
from kscan.views.view import Readings

CHECKS = by_id(read_checks(data.folder("checks")))
APP = {"name": "app", "image": "app:1"}
BAD = {"name": "app", "image": "app:1", "securityContext": {"privileged": True}}
MESH = {"name": "mesh", "image": "mesh:1", "securityContext": {"privileged": True}}
TOKEN = {"name": "kube-api-access-x2b4c", "projected": {"sources": []}}
MOUNT = {"name": "kube-api-access-x2b4c", "readOnly": True, "mountPath": "/var/run/secrets/x"}


def cluster(written, *running):
    """A Deployment with its template, and a pod of each spec that runs for it."""
    yield {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": written}}}
    owner = {"kind": "Deployment", "name": "web", "controller": True}
    yield {"kind": "ReplicaSet", "metadata": {"name": "web-1", "ownerReferences": [owner]},
           "spec": {"template": {"spec": written}}}  # fmt: skip
    owner = {"kind": "ReplicaSet", "name": "web-1", "controller": True}
    for number, spec in enumerate(running):
        yield {"kind": "Pod", "metadata": {"name": f"web-1-{number}", "ownerReferences": [owner]}, "spec": spec}


def result(documents, check="privileged-container"):
    (found,) = evaluate(snapshot_of(documents), plan([CHECKS[check]])).results
    return found


def test_what_was_added_after_is_drift_once_for_its_owner():
    running = {"containers": [APP, MESH]}
    found = result(cluster({"containers": [APP]}, running, running, running | {"hostNetwork": True}))
    (finding,) = found.findings
    assert (str(finding.object), finding.container, finding.pods) == ("Deployment default/web", "mesh", 3)
    assert finding.notes == (ADDED,)


def test_what_the_template_says_is_no_drift_though_more_was_added():
    found = result(cluster({"containers": [BAD]}, {"containers": [BAD, MESH]}))
    assert {one.container: one.notes for one in found.findings} == {"app": (), "mesh": (ADDED,)}


def test_a_template_that_admission_mended_passes_and_is_told():
    found = result(cluster({"containers": [BAD]}, {"containers": [APP]}))
    assert found.status is Status.PASS
    assert found.facts == ("Deployment default/web: its template runs privileged, but what runs does not",)


def test_rules_are_asked_of_templates_too():
    found = result(cluster({"containers": [APP]}, {"containers": [APP], "hostPID": True}), "below-baseline")
    assert [(one.path, one.notes) for one in found.findings] == [("spec.hostPID", (ADDED,))]


def test_a_template_that_nobody_can_read_leaves_what_runs_judged():
    found = result(cluster({"containers": "nine"}, {"containers": [BAD]}))
    assert [(one.container, one.notes) for one in found.findings] == [("app", (ADDED,))]


def group(spec, **metadata):
    return PodGroup(msgspec.json.encode({"metadata": metadata, "spec": spec}), 1)


@pytest.mark.parametrize("given", [
    {"nodeName": "n1", "tolerations": [{"key": "x"}], "priority": 0, "serviceAccountName": "default"},
    {"volumes": [TOKEN], "containers": [APP | {"volumeMounts": [MOUNT]}]},
    {"initContainers": None, "volumes": None},
])  # fmt: skip
def test_what_every_pod_is_given_makes_no_difference(given):
    assert not differs(group({"containers": [APP]} | given), group({"containers": [APP]}))


@pytest.mark.parametrize("changed", [
    {"containers": [APP | {"image": "app:2"}]},
    {"containers": [APP, MESH]},
    {"initContainers": [MESH]},
    {"ephemeralContainers": [MESH]},
    {"volumes": [TOKEN, {"name": "host", "hostPath": {"path": "/"}}]},
    {"hostNetwork": True},
])  # fmt: skip
def test_everything_else_does(changed):
    assert differs(group({"containers": [APP]} | changed), group({"containers": [APP]}))


def test_only_templates_that_differ_are_looked_at():
    same = list(cluster({"containers": [APP]}, {"containers": [APP], "nodeName": "n1"}))
    assert Readings(snapshot_of(same)).of(TEMPLATES).value == ()
