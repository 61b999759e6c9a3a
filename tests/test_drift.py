"""Pods against the templates that they were made from."""

import msgspec
import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples
from kscan.judge.drift import ADDED, NEXT, NOT_MENDED
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.workloads import PodGroup
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.views.templates import TEMPLATES, differs
from kscan.views.view import Readings
from tests.admission.asking import PODS, changing

CHECKS = by_id(read_checks(data.folder("checks")))
HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
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


def hook(name="mender", webhook="mend.acme.io", resource="pods", kind="MutatingWebhookConfiguration"):
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource]}
    return {"kind": kind, "metadata": {"name": name}, "webhooks": [{"name": webhook, "rules": [rule]}]}


def test_a_worse_template_whose_pods_are_not_so_is_a_finding_where_nothing_mends_pods():
    """Such a pod is easily made: by hand, with the owner that adopts it."""
    decoyed = list(cluster({"containers": [BAD]}, {"containers": [APP]}))
    others = [hook(resource="services"), hook(webhook="rev.sidecar-injector.istio.io"),
              hook(kind="ValidatingWebhookConfiguration")]  # fmt: skip
    for more in ([], *([one] for one in others)):
        (finding,) = result([*decoyed, *more]).findings
        assert (str(finding.object), finding.notes, finding.pods) == ("Deployment default/web", (NOT_MENDED,), 0)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([hook()], "mender may have mended it, or its pods are not its own"),
        ([{"path": HOOKS, "gap": "forbidden"}], "whether anything mends it is not known"),
        (changing(PODS), "it may have mended it"),
        ([{"path": kinds.MUTATING_POLICIES.path(), "gap": "forbidden"}], "whether anything mends it is not known"),
    ],
)
def test_it_is_undecided_where_something_may_mend_them(more, words):
    found = result([*cluster({"containers": [BAD]}, {"containers": [APP]}), *more])
    (undecided,) = found.undecided
    assert found.status is Status.UNKNOWN and words in undecided.reason
    assert str(undecided.object) == "Deployment default/web"


def is_given(found):
    """Whether it is about what a LimitRange or a plugin of the API server gives to every pod."""
    return found.findings[0].path.rpartition("].")[2].startswith(("resources", "imagePullPolicy"))


def test_what_the_api_server_gives_to_pods_is_told():
    limited = APP | {"resources": {"limits": {"memory": "1Gi"}}}
    found = result(cluster({"containers": [APP]}, {"containers": [limited]}), "no-memory-limit")
    assert found.status is Status.PASS
    (fact,) = found.facts
    assert "its template" in fact and fact.endswith("but what runs does not")


def test_no_pod_takes_a_finding_of_a_template_away():
    """Over all checks of pods: without pods the template is judged; with any, it is no better."""
    wrong, tried = [], 0
    for check in POD_CHECKS:
        fine, bad = next(specs(check, "pass")), next(specs(check, "fail"))
        before = result(cluster(bad), check.id)
        if before.status is not Status.FAIL or result(cluster(fine, fine), check.id).status is not Status.PASS:
            continue
        tried += 1
        after = result([*cluster(bad, fine), hook()], check.id)
        given = is_given(before)
        if after.status is not (Status.PASS if given else Status.UNKNOWN):
            wrong.append((check.id, after.status))
        if not given and result(cluster(bad, fine), check.id).status is not Status.FAIL:
            wrong.append((check.id, "without a webhook"))
    assert (wrong, tried > 30) == ([], True)


def test_rules_are_asked_of_templates_too():
    found = result(cluster({"containers": [APP]}, {"containers": [APP], "hostPID": True}), "below-baseline")
    assert [(one.path, one.notes) for one in found.findings] == [("spec.hostPID", (ADDED,))]


def test_a_template_that_nobody_can_read_leaves_what_runs_judged():
    found = result(cluster({"containers": "nine"}, {"containers": [BAD]}))
    assert [(one.container, one.notes) for one in found.findings] == [("app", (ADDED,))]


OWNERS = {"StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1", "ReplicationController": "v1"}


def owned(kind, written, running, *, current=False, generation=5):
    """A controller whose template was changed, and a pod that is made from it as it was, or as it is."""
    revision, owner = "db-2" if current else "db-1", {"kind": kind, "name": "db", "controller": True}
    note = {"deprecated.daemonset.template.generation": "2"} if kind == "DaemonSet" else {}
    yield {"apiVersion": OWNERS[kind], "kind": kind, "spec": {"template": {"spec": written}},
           "metadata": {"name": "db", "generation": generation, "annotations": note},
           "status": {"updateRevision": "db-2"} if kind == "StatefulSet" else {}}  # fmt: skip
    labels = {"controller-revision-hash": revision, "pod-template-generation": "2" if current else "1"}
    owner["apiVersion"] = OWNERS[kind]
    yield {"kind": "Pod", "metadata": {"name": "db-0", "labels": labels, "ownerReferences": [owner]}, "spec": running}


def specs(check, expected):
    """Pod specs of the examples of a check."""
    for example in examples(check):
        for one in example.documents() if example.expected == expected else ():
            if one.get("kind") == "Pod" and one.get("spec", {}).get("containers"):
                yield one["spec"]


POD_CHECKS = [one for one in CHECKS.values() if one.file.target in ("container", "pod")
              and list(specs(one, "fail")) and list(specs(one, "pass"))]  # fmt: skip


@pytest.mark.parametrize("kind", OWNERS)
def test_a_template_that_is_worse_than_what_runs_is_a_finding_of_its_owner(kind):
    """Of any check of pods: where no pod is made from the template yet, the next one will be as bad as it."""
    wrong, tried = [], 0
    for check in POD_CHECKS:
        fine, bad = next(specs(check, "pass")), next(specs(check, "fail"))
        alone = result([{"kind": "Pod", "metadata": {"name": "db"}, "spec": bad}], check.id)
        if alone.status is not Status.FAIL or result(owned(kind, fine, fine), check.id).status is not Status.PASS:
            continue
        tried += 1
        found = result(owned(kind, bad, fine), check.id)
        here = {(one.container, one.path) for one in found.findings}
        if here != {(one.container, one.path) for one in alone.findings}:
            wrong.append((check.id, here))
        wrong += [(check.id, one) for one in found.findings
                  if (one.object.kind, one.notes, one.pods) != (kind, (NEXT,), 0)]  # fmt: skip
        if kind in ("StatefulSet", "DaemonSet"):
            mended = result([*owned(kind, bad, fine, current=True), hook()], check.id)
            given = is_given(found)
            wrong += [] if mended.status is (Status.PASS if given else Status.UNKNOWN) else [(check.id, mended)]
    assert (wrong, tried > 30) == ([], True)


def test_what_both_do_is_said_once_and_what_only_runs_stays_drift():
    both = result(owned("StatefulSet", {"containers": [BAD]}, {"containers": [BAD]}))
    assert [(one.container, one.notes, one.pods) for one in both.findings] == [("app", (), 1)]
    each = result(owned("StatefulSet", {"containers": [BAD]}, {"containers": [APP, MESH]}))
    assert {one.container: one.notes for one in each.findings} == {"app": (NEXT,), "mesh": (ADDED,)}


@pytest.mark.parametrize("kind", OWNERS)
def test_what_was_never_changed_is_the_template_that_its_pods_are_made_from(kind):
    found = result([*owned(kind, {"containers": [BAD]}, {"containers": [APP]}, generation=1), hook()])
    assert (found.status, len(found.undecided)) == (Status.UNKNOWN, 1)


def test_a_deployment_in_the_middle_of_a_rollout():
    """Its template is new, and what runs is of a replica set with the old one; so it is where it was paused."""
    new = {"containers": [BAD]}
    documents = list(cluster({"containers": [APP]}, {"containers": [APP]}))
    documents[0] = {**documents[0], "spec": {"template": {"spec": new}}}
    (finding,) = result(documents).findings
    assert (str(finding.object), finding.notes) == ("Deployment default/web", (NEXT,))
    # The first new pod does it: then it is what runs.
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True}
    documents.append({"kind": "ReplicaSet", "metadata": {"name": "web-2", "ownerReferences": [owner]},
                      "spec": {"template": {"spec": new}}})  # fmt: skip
    maker = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-2", "controller": True}
    pod = {"kind": "Pod", "metadata": {"name": "web-2-0", "ownerReferences": [maker]}, "spec": new}
    (finding,) = result([*documents, pod]).findings
    assert (finding.notes, finding.pods) == ((), 1)
    # Admission may have mended the first new pod, as it would the next.
    mended = result([*documents, pod | {"spec": {"containers": [APP]}}, hook()])
    assert (mended.status, len(mended.undecided)) == (Status.UNKNOWN, 1)


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
