"""Manifests: what is written down can show that something does not hold of a cluster, and never that it does."""

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples
from kscan.checks.frameworks import read_frameworks, titled
from kscan.judge.controls import with_controls
from kscan.judge.engine import evaluate
from kscan.judge.incomplete import incomplete
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.judge.tally import Tally
from kscan.rules import RULES
from kscan.snapshot.documents import ref_of, snapshot_of
from kscan.snapshot.entry import Gap, Reason, Unread
from kscan.snapshot.needs import FromNode
from kscan.snapshot.snapshot import About

CHECKS = by_id(read_checks(data.folder("checks")))
EVERY = plan(CHECKS.values())
FRAMEWORKS = titled(read_frameworks(data.folder("checks")))
BY_RULE = [check for check in CHECKS.values() if check.file.rule]
LONELY = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "lonely"},
          "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}  # fmt: skip


def written(example):
    return [one for one in example.documents() if "kind" in one and "metadata" in one and "path" not in one]


def as_manifests(documents):
    return snapshot_of(documents, About(manifests=True))


def test_one_unbound_role_passes_no_control_and_no_check_of_rights():
    report = evaluate(as_manifests([LONELY]), EVERY)
    every = with_controls(report, FRAMEWORKS.values(), CHECKS).frameworks
    assert {answer.control.id for one in every for answer in one.of(Status.PASS)} == set()
    passed = {RULES[one.check.file.rule].scope for one in report.of(Status.PASS)}
    assert passed == {"roles", "objects that tell in which version they were written"}


def test_no_manifests_pass_a_control_of_a_cluster():
    passed = set()
    for check in CHECKS.values():
        ready = plan([check])
        asked = [FRAMEWORKS[name] for name in {one.partition("/")[0] for one in check.file.controls}]
        for example in examples(check) if asked else ():
            report = evaluate(as_manifests(written(example)), ready)
            # What is open or failed passes no control.
            if report.results[0].status not in (Status.PASS, Status.NOT_APPLICABLE):
                continue
            for one in with_controls(report, asked, {check.id: check}).frameworks:
                passed |= {(check.id, one.framework.name) for _ in one.of(Status.PASS)}
    assert {framework for _, framework in passed} == {"pss"}


def test_a_rule_that_manifests_decide_judges_nothing_but_what_is_written(monkeypatch):
    judged = []
    before = Tally.add
    monkeypatch.setattr(Tally, "add", lambda self, one: (judged.append(one), before(self, one))[1])
    wrong = set()
    for check in BY_RULE:
        ready = plan([check])
        for example in examples(check) if not RULES[check.file.rule].of_cluster else ():
            documents = written(example)
            judged.clear()
            evaluate(as_manifests(documents), ready)
            places = {ref_of(one) for one in documents}
            owned = {(one["kind"], one["name"]) for document in documents
                     for one in document["metadata"].get("ownerReferences", ())}  # fmt: skip
            wrong |= {(check.file.rule, str(one.ref)) for one in judged
                      if hasattr(one, "ref") and one.ref not in places and (one.ref.kind, one.ref.name) not in owned}  # fmt: skip
    assert wrong == set()


def test_what_more_a_cluster_holds_makes_no_finding_of_what_passed_as_written():
    """Else it was not for manifests to decide: the rule is of the cluster."""
    found = set()
    for name, rule in RULES.items():
        checks = [check for check in BY_RULE if check.file.rule == name and not rule.of_cluster]
        others = [written(example) for check in checks for example in examples(check)][:25]
        for check in checks:
            ready = plan([check])
            for example in examples(check):
                own = written(example)
                if evaluate(as_manifests(own), ready).results[0].status is Status.PASS:
                    places = {ref_of(one) for one in own}
                    more = ([one for one in other if ref_of(one) not in places] for other in others)
                    results = (evaluate(as_manifests([*own, *one]), ready).results[0] for one in more)
                    found |= {(check.id, str(one.object)) for result in results for one in result.findings
                              if one.object in places}  # fmt: skip
    assert found == set()


def test_what_only_a_running_cluster_tells_no_manifest_speaks_of_and_every_other_rule_some_does():
    running = plan(check for check in BY_RULE if RULES[check.file.rule].of_running)
    spoken, wrong = set(), set()
    for check in BY_RULE:
        ready = plan([check])
        for example in examples(check):
            found = as_manifests(written(example))
            if evaluate(found, ready).results[0].status is not Status.NOT_APPLICABLE:
                spoken.add(check.file.rule)
            if example.expected == "fail":
                results = evaluate(found, running).results
                wrong |= {(check.id, one.check.id) for one in results if one.status is not Status.NOT_APPLICABLE}
    assert wrong == set()
    silent = {name for name, rule in RULES.items() if not rule.of_running} - spoken
    # These say so themselves: no manifest tells who has a certificate, or which server will run it; and what secrets
    # are encrypted with is told where it is told that they are not.
    assert {name for name in silent if not name.startswith("managed.")} == {
        "certificates.users", "rbac.grants_until_gate", "encryption.provider"}  # fmt: skip


def test_a_gate_of_a_server_is_asked_of_no_manifests():
    ready = plan([CHECKS["pod-execs-by-get"]])
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "a", "image": "b"}]},
    }
    for documents in ([LONELY], [LONELY, pod], [pod]):
        (result,) = evaluate(as_manifests(documents), ready).results
        assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "from Kubernetes 1.35 on this is not enough")


def test_what_was_not_read_of_manifests_leaves_nothing_open_that_none_could_tell():
    lost = Unread(Gap("a.yaml:1:1", Reason.UNDECODABLE, "not YAML"))
    report = evaluate(snapshot_of([LONELY], About(manifests=True, unread=(lost,))), EVERY)
    found = {one.check.id: one for one in report.results}
    for name in ("pki-key-open", "kubelet-read-only-port", "audit-log-empty", "kms-v1", "kubernetes-out-of-support",
                 "aws-auth-writers", "pod-execs-by-get", "certificate-for-a-person"):  # fmt: skip
        assert (found[name].status, found[name].gaps) == (Status.NOT_APPLICABLE, ()), name
    # What may stand in it is open, and that is the reason.
    for name in ("privileged-container", "secret-readers", "api-server-without-rbac", "policy-engine-changers"):
        assert found[name].status is Status.UNKNOWN and found[name].reason.startswith("a.yaml:1:1: undecodable"), name
    # What nodes told is brought beside them, and is another part.
    lost = Unread(Gap("node.json", Reason.UNDECODABLE), FromNode().root)
    report = evaluate(snapshot_of([LONELY], About(manifests=True, unread=(lost,))), EVERY)
    assert {one.status for one in report.results if one.check.id == "pki-key-open"} == {Status.UNKNOWN}


def bound(*rules):
    """A role with these rules, and somebody who holds it."""
    of_role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all"}
    yield {"kind": "ClusterRole", "metadata": {"name": "all"}, "rules": list(rules)}
    yield {"kind": "ClusterRoleBinding", "metadata": {"name": "all"}, "roleRef": of_role,
           "subjects": [{"kind": "ServiceAccount", "name": "argocd-server", "namespace": "argocd"}]}  # fmt: skip


EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
# The check, and a definition that has it served.
OF_EXTENSIONS = [
    ("policy-engine-changers", "kyverno.io", "clusterpolicies", "Cluster"),
    ("azure-identity-exception-writers", "aadpodidentity.k8s.io", "azurepodidentityexceptions", "Namespaced"),
    ("privileged-scc-users", "security.openshift.io", "securitycontextconstraints", "Cluster"),
]


@pytest.mark.parametrize(("name", "group", "plural", "scope"), OF_EXTENSIONS)
def test_whoever_may_do_everything_is_told_of_what_the_manifests_know_of(name, group, plural, scope):
    ready = plan([CHECKS[name]])
    definition = {"kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{group}"},
                  "spec": {"group": group, "names": {"plural": plural}, "scope": scope, "versions": [{"name": "v1"}]}}  # fmt: skip
    thing = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "thing"}}
    named = {"verbs": ["*"], "apiGroups": [group], "resources": ["*"]}
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for documents, lost, status in (
        ((), None, Status.NOT_APPLICABLE), ((definition,), None, Status.FAIL), ((thing,), None, Status.FAIL),
        ((), "", Status.UNKNOWN), ((), crds, Status.UNKNOWN), ((), f"/apis/{group}/v1/things", Status.UNKNOWN),
        ((), "/api/v1/services", Status.NOT_APPLICABLE),
    ):  # fmt: skip
        unread = () if lost is None else (Unread(Gap(lost or "a.yaml:1:1", Reason.UNDECODABLE), lost),)
        about = About(manifests=True, unread=unread)
        (result,) = evaluate(snapshot_of([*bound(EVERYTHING), *documents], about), ready).results
        assert result.status is status, (documents, lost, result.reason)
    (result,) = evaluate(as_manifests(bound(EVERYTHING, named)), ready).results
    assert result.status is Status.FAIL
    (result,) = evaluate(as_manifests(bound(EVERYTHING)), plan([CHECKS["cluster-admin-binding"]])).results
    assert result.status is Status.FAIL


def test_nothing_judged_is_said():
    privileged = plan([CHECKS["privileged-container"]])
    assert "holds no Kubernetes object" in incomplete(evaluate(as_manifests([]), EVERY))
    assert incomplete(evaluate(as_manifests([LONELY]), EVERY)) == ""
    assert "nothing was judged: there are no containers" in incomplete(evaluate(as_manifests([LONELY]), privileged))
    # In a cluster, too; but not where it is known that a check says nothing about it.
    assert "nothing was judged: there are no containers" in incomplete(evaluate(snapshot_of([LONELY]), privileged))
    space = {"kind": "Namespace", "metadata": {"name": "shop"}}
    moot = evaluate(snapshot_of([space]), plan([CHECKS["egress-not-denied-by-default"]]))
    assert (moot.results[0].status, incomplete(moot)) == (Status.NOT_APPLICABLE, "")


OWNER = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "lonely", "uid": "1", "controller": True}
CRON_JOB = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "lonely", "uid": "1"}, "spec": {
    "schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:1"}]}}}}}}  # fmt: skip


def over(pod):
    """A pod that says that it has run, and for whom."""
    metadata = pod["metadata"] | {"ownerReferences": [OWNER]}
    return pod | {"metadata": metadata, "status": {"phase": "Succeeded"}}


def test_no_status_that_is_written_makes_a_pod_history():
    tried = 0
    for check in CHECKS.values():
        for example in examples(check):
            documents = written(example)
            pods = [one for one in documents if one["kind"] == "Pod"]
            if check.file.target != "container" or len(pods) != len(documents) or example.expected != "fail":
                continue
            ready = plan([check])
            if evaluate(as_manifests(documents), ready).results[0].status is Status.FAIL:
                for more in ([], [CRON_JOB | {"metadata": CRON_JOB["metadata"] | {"namespace": "default"}}]):
                    told = evaluate(as_manifests([*map(over, documents), *more]), ready).results[0]
                    assert told.status is Status.FAIL, (check.id, example.name, bool(more))
                tried += 1
    assert tried > 40
