"""What owners ask to pass over: honoured when asked for, shown always, with a reason in kscan's own words."""

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.peers import answer, kubeaudit_labels, peers
from kscan.checks.suppressions import Request, requests
from kscan.judge.engine import judge
from kscan.judge.inventory import with_inventory
from kscan.judge.plan import plan
from kscan.judge.refusals import denied
from kscan.judge.report import Status
from kscan.judge.suppress import with_suppressions
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.views.view import Readings

CHECKS = by_id(read_checks(data.folder("checks")))
BAD = {"securityContext": {"privileged": True}}
OWN = "ignore.kscan/privileged-container"


def deployment(name="web", annotations=None, pod_annotations=None, pod_labels=None, containers=("app",)):
    spec = {"containers": [{"name": one, "image": f"{one}:1"} | BAD for one in containers]}
    template = {"metadata": {"annotations": pod_annotations or {}, "labels": pod_labels or {}}, "spec": spec}
    return {"kind": "Deployment", "metadata": {"name": name, "annotations": annotations or {}},
            "spec": {"template": template}}  # fmt: skip


def report(*documents, checks=("privileged-container",), edit=lambda one: one):
    readings = Readings(edit(snapshot_of(documents)))
    ready = plan([CHECKS[one] for one in checks])
    return with_inventory(with_suppressions(judge(readings, ready), readings), readings, ready)


def told(*documents, **options):
    (result,) = report(*documents, **options).results
    return result


@pytest.mark.parametrize("options", [
    {"annotations": {OWN: "an agent of the node"}},
    {"pod_annotations": {OWN: "an agent of the node"}},
    {"annotations": {f"app.{OWN}": "an agent of the node"}},
    {"annotations": {"ignore-check.kube-linter.io/privileged-container": "why not"}},
    {"annotations": {"kube-linter.io/ignore-all": "why not"}},
    {"annotations": {"checkov.io/skip1": "CKV_K8S_16=why not"}},
    {"annotations": {"polaris.fairwinds.com/runAsPrivileged-exempt": "true"}},
    {"annotations": {"polaris.fairwinds.com/exempt": "True"}},
    {"pod_annotations": {"kube-score/ignore": "pod-probes, container-security-context-privileged"}},
    {"pod_labels": {"kubeaudit.io/allow-privileged": "why-not"}},
    {"pod_labels": {"container.kubeaudit.io/app.allow-privileged": "why-not"}},
])  # fmt: skip
def test_a_finding_is_marked_and_counts_neither_way(options):
    found = told(deployment(**options))
    (finding,) = found.findings
    assert found.status is Status.SUPPRESSED
    assert finding.suppressed.key in str(options)
    assert found.open == ()


@pytest.mark.parametrize("options", [
    {"annotations": {OWN: ""}},
    {"annotations": {"ignore.kscan/run-as-root": "another check"}},
    {"annotations": {f"sidecar.{OWN}": "another container"}},
    {"annotations": {"ignore-check.kube-linter.io/host-pid": "another check"}},
    {"annotations": {"checkov.io/skip1": "CKV_K8S_20=another check"}},
    {"annotations": {"checkov.io/note": "CKV_K8S_16=no request"}},
    {"annotations": {"polaris.fairwinds.com/runAsPrivileged-exempt": "false"}},
    {"annotations": {"polaris.fairwinds.com/exempt": ""}},
    {"annotations": {"kube-score/enable": "container-security-context-privileged"}},
    {"annotations": {"kubeaudit.io/allow-privileged": "its own are labels"}},
    {"pod_labels": {"kubeaudit.io/allow-run-as-root": "another"}},
    {"pod_labels": {"container.kubeaudit.io/mesh.allow-privileged": "another"}},
])  # fmt: skip
def test_what_asks_for_something_else_passes_nothing_over(options):
    found = told(deployment(**options))
    assert (found.status, len(found.open)) == (Status.FAIL, 1)


def test_one_container_is_passed_over_and_the_other_is_left_and_stands_first():
    found = told(deployment(annotations={f"app.{OWN}": "needed"}, containers=("app", "more")))
    assert found.status is Status.FAIL
    assert [(one.container, bool(one.suppressed)) for one in found.findings] == [("more", False), ("app", True)]


def test_without_a_reason_kscans_own_is_told_and_not_honoured():
    (finding,) = told(deployment(annotations={OWN: "  "})).findings
    assert finding.notes == (f"{OWN} is not honoured: it gives no reason",)


def test_pods_that_run_ask_for_their_owner():
    owner = {"ownerReferences": [{"kind": "Widget", "name": "w", "controller": True}]}
    pod = {"kind": "Pod", "metadata": {"name": "w-1", "annotations": {OWN: "needed"}} | owner,
           "spec": {"containers": [{"name": "app"} | BAD]}}  # fmt: skip
    found = told(pod)
    assert (found.status, str(found.findings[0].object)) == (Status.SUPPRESSED, "Widget default/w")


def test_what_is_not_wholly_seen_stays_unknown():
    found = told(deployment(annotations={OWN: "needed"}), edit=lambda one: denied(one, kinds.JOBS))
    assert found.status is Status.UNKNOWN


def test_the_score_leaves_it_out():
    fine = {"kind": "Pod", "metadata": {"name": "fine"}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}
    checks = ("privileged-container", "host-port")
    assert report(fine, deployment(), checks=checks).score.value < 100
    scored = report(fine, deployment(annotations={OWN: "needed"}), checks=checks)
    assert (scored.score.value, scored.score.decided) == (100, 1)
    row = next(one for one in scored.workloads if one.workload.name == "web")
    assert (row.dangers, row.score) == ((), 100)


def test_a_request_that_nothing_answers_to_is_told():
    fine = {"kind": "Pod", "metadata": {"name": "fine", "annotations": {OWN: "old"}},
            "spec": {"containers": [{"name": "app"}]}}  # fmt: skip
    assert [str(one.object) for one in report(fine).unused] == ["Pod default/fine"]
    assert report(fine, checks=("host-port",)).unused == ()
    assert report(deployment(annotations={OWN: "needed"})).unused == ()


def test_other_objects_ask_too():
    service = {"kind": "ValidatingWebhookConfiguration", "metadata": {
        "name": "hook", "annotations": {"ignore.kscan/webhook-fails-open": "it only counts"}},
        "webhooks": [{"name": "a.b.c", "failurePolicy": "Ignore"}]}  # fmt: skip
    assert told(service, checks=("webhook-fails-open",)).status is Status.SUPPRESSED


def test_labels_and_annotations_are_read_by_their_own_grammar():
    found = requests({"checkov.io/skip2": "CKV_K8S_1", "kube-score/ignore": " a , b,"}, {"app": "web"})
    assert list(found) == [
        Request("checkov", "CKV_K8S_1", "checkov.io/skip2"),
        Request("kube-score", "a", "kube-score/ignore"),
        Request("kube-score", "b", "kube-score/ignore"),
    ]


def test_the_tables_name_checks_that_there_are():
    named = {check for rows in peers().values() for one in rows.values() for check in one.checks}
    named |= {check for checks in kubeaudit_labels().values() for check in checks}
    assert named - set(CHECKS) == set()
    assert all(one.checks or one.reason for rows in peers().values() for one in rows.values())


def test_a_full_name_comes_before_a_beginning():
    rows = {"a*": answer({}, "x"), "ab": answer({}, "y")}
    assert answer(rows, "ab") is rows["ab"]
    assert answer(rows, "ac") is rows["a*"]
