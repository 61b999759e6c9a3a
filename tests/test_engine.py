"""The engine: what is unknown, what is not applicable, and that each distinct spec is judged once."""

from pathlib import Path

import pytest
import yaml

from kscan import data
from kscan.checks.check import by_id, read_check, read_checks
from kscan.errors import CheckError
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.refusals import denied
from kscan.judge.report import Status
from kscan.judge.score import score
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Gap, Item, Listing, Reason
from kscan.snapshot.snapshot import About, Snapshot

WORDS = "title: t\nseverity: high\nlayer: container\nwhy: w\nfix: {text: f}\n"


SHIPPED = by_id(read_checks(data.folder("checks")))


def check(text, name="a-check"):
    return read_check(Path(f"family/{name}.yaml"), WORDS + text)


PRIVILEGED = check(
    "target: container\nmessage: runs privileged\nevidence: securityContext.privileged\n"
    'cel: "!container.?securityContext.?privileged.orValue(false)"'
)
TOKEN = check("rule: accounts.default_token", "token")
NO_POLICY = check("rule: network.without_policy", "policy")


def judged(text, *checks, about=None, edit=lambda snapshot: snapshot):
    snapshot = edit(snapshot_of(list(yaml.safe_load_all(text)), about))
    return evaluate(snapshot, plan(checks)).results


def pod(name, privileged=True, **metadata):
    body = {"kind": "Pod", "metadata": {"name": name} | metadata,
            "spec": {"containers": [{"name": "c", "securityContext": {"privileged": privileged}}]}}  # fmt: skip
    return yaml.safe_dump(body)


def test_a_gap_in_the_scope_leaves_findings_and_turns_a_pass_into_unknown():
    def without_deployments(snapshot):
        return denied(snapshot, kinds.DEPLOYMENTS)

    (found,) = judged(pod("bad"), PRIVILEGED, edit=without_deployments)
    assert (found.status, len(found.findings)) == (Status.FAIL, 1)
    assert "/apis/apps/v1/deployments: forbidden" in found.reason
    (fine,) = judged(pod("fine", False), PRIVILEGED, edit=without_deployments)
    assert fine.status is Status.UNKNOWN
    assert [gap.reason for gap in fine.gaps] == [Reason.FORBIDDEN]


def test_a_gap_in_the_context_decides_nothing():
    def without_policies(snapshot):
        return denied(snapshot, kinds.NETWORK_POLICIES)

    (found,) = judged("kind: Namespace\nmetadata: {name: shop}", NO_POLICY, edit=without_policies)
    assert (found.status, found.findings, found.judged) == (Status.UNKNOWN, (), 0)


def test_what_was_never_read_is_a_gap():
    empty = Snapshot(About(), {})
    results = evaluate(empty, plan([PRIVILEGED, TOKEN, NO_POLICY])).results
    assert {result.status for result in results} == {Status.UNKNOWN}
    assert all(gap.reason is Reason.NOT_ASKED for result in results for gap in result.gaps)


def test_an_object_that_does_not_decode_is_named_and_is_no_pass():
    broken = "kind: Pod\nmetadata: {name: broken, namespace: shop}\nspec: {containers: nine}"
    (found,) = judged(f"{pod('fine', False)}---\n{broken}", PRIVILEGED)
    assert found.status is Status.UNKNOWN
    (gap,) = found.gaps
    assert (gap.path, gap.reason) == ("/api/v1/pods/shop/broken", Reason.UNDECODABLE)
    assert "containers" in gap.detail
    (found,) = judged(f"{pod('bad')}---\n{broken}", PRIVILEGED)
    assert found.status is Status.FAIL


@pytest.mark.parametrize("body", [b"7", b"null", b"[]", b'"x"', b"{}", b'{"metadata":3}', b'{"metadata":{"name":{}}}'])
def test_what_is_no_object_is_a_gap_in_every_view(body):
    snapshot = snapshot_of([])
    entries = {
        path: Listing(entry.kind, entry.api_version, (Item(body),)) if isinstance(entry, Listing) else entry
        for path, entry in snapshot.entries.items()
    }
    for result in evaluate(Snapshot(About(), entries), plan([PRIVILEGED, TOKEN, NO_POLICY])).results:
        assert result.status is Status.UNKNOWN, (result.check.id, result)
        assert any(gap.reason is Reason.UNDECODABLE for gap in result.gaps)


def test_an_expression_that_errs_on_one_object_costs_that_object():
    strict = check("target: pod\nmessage: m\ncel: \"object.metadata.labels.team == 'a'\"", "strict")
    texts = [pod("fine", labels={"team": "a"}), pod("silent")]
    erring, other = judged("---\n".join(texts), strict, PRIVILEGED)
    assert erring.status is Status.UNKNOWN
    assert [str(one.object) for one in erring.undecided] == ["Pod default/silent"]
    assert "labels" in erring.undecided[0].reason
    assert (other.status, other.judged) == (Status.FAIL, 2)
    (both,) = judged("---\n".join([*texts, pod("bad", labels={"team": "b"})]), strict)
    assert (both.status, len(both.findings), len(both.undecided)) == (Status.FAIL, 1, 1)


def test_an_expression_that_gives_no_bool_decides_nothing():
    (found,) = judged(pod("a"), check('target: pod\nmessage: m\ncel: "object.metadata.name"'))
    assert found.status is Status.UNKNOWN
    assert "not a bool" in found.reason


def test_nothing_in_scope_is_not_applicable():
    (found,) = judged("kind: Namespace\nmetadata: {name: a}", PRIVILEGED)
    assert (found.status, found.reason) == (Status.NOT_APPLICABLE, "there are no containers here")


def test_manifests_do_not_leave_open_what_only_a_running_cluster_tells():
    encrypted = SHIPPED["secrets-not-encrypted"]
    written = evaluate(snapshot_of([], About(manifests=True)), plan([encrypted])).results[0]
    assert (written.status, written.gaps) == (Status.NOT_APPLICABLE, ())
    assert evaluate(snapshot_of([]), plan([encrypted])).results[0].status is Status.UNKNOWN


def test_a_list_that_was_cut_off_is_no_pass():
    def cut(snapshot):
        listing = snapshot.entries["/api/v1/pods"]
        part = Listing(listing.kind, listing.api_version, listing.items, gap=Gap("/api/v1/pods", Reason.CUT_OFF))
        return Snapshot(snapshot.about, {**snapshot.entries, "/api/v1/pods": part})

    assert judged(pod("fine", False), PRIVILEGED, edit=cut)[0].status is Status.UNKNOWN
    assert judged(pod("bad"), PRIVILEGED, edit=cut)[0].status is Status.FAIL


OWNED = """
kind: ReplicaSet
metadata: {name: web-5d8c7, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
---
kind: Deployment
metadata: {name: web}
"""


def replica(number, name="web-5d8c7", kind="ReplicaSet", **extra):
    token = "bcdfghjklm"[number % 10] * 5
    spec = {"nodeName": f"node-{number}", "hostname": f"web-{number}",
            "containers": [{"name": "c", "securityContext": {"privileged": True},
                            "volumeMounts": [{"name": f"kube-api-access-{token}"}]}],
            "volumes": [{"name": f"kube-api-access-{token}"}, {"name": "d", "persistentVolumeClaim": {"claimName": f"data-web-{number}"}}]}  # fmt: skip
    owner = [{"kind": kind, "name": name, "controller": True}]
    metadata = {"name": f"{name}-{number}", "ownerReferences": owner} | extra
    return yaml.safe_dump({"kind": "Pod", "metadata": metadata, "spec": spec})


def test_pods_that_differ_in_their_own_words_are_one_finding():
    text = "---\n".join([OWNED, *(replica(number) for number in range(10))])
    (found,) = judged(text, PRIVILEGED)
    assert [(str(one.object), one.pods) for one in found.findings] == [("Deployment default/web", 10)]
    assert found.judged == 1


def test_pods_with_different_specs_are_judged_apart_and_told_together():
    odd = replica(3).replace("name: c", "name: other")
    (found,) = judged("---\n".join([OWNED, replica(1), replica(2), odd]), PRIVILEGED)
    assert [(one.container, one.pods) for one in found.findings] == [("c", 2), ("other", 1)]


@pytest.mark.parametrize(
    ("kind", "owner"),
    [("Rollout", "Rollout default/canary"), ("DaemonSet", "DaemonSet default/canary"), ("Node", "Node default/canary")],
)
def test_an_owner_that_is_not_known_is_told_by_its_own_kind(kind, owner):
    (found,) = judged(replica(1, name="canary", kind=kind), PRIVILEGED)
    assert str(found.findings[0].object) == owner


def test_a_static_pod_is_its_own():
    text = replica(1, name="cp-1", kind="Node", annotations={"kubernetes.io/config.mirror": "x"})
    assert str(judged(text, PRIVILEGED)[0].findings[0].object) == "Pod default/cp-1-1"


def test_owners_in_a_circle_end():
    circle = "".join(
        f"kind: ReplicaSet\nmetadata: {{name: {one}, ownerReferences: [{{kind: ReplicaSet, name: {two}, controller: true}}]}}\n---\n"
        for one, two in (("a", "b"), ("b", "a"))
    )
    assert judged(circle + replica(1, name="a"), PRIVILEGED)[0].findings


def test_a_job_of_a_cron_job_and_its_finished_pods():
    cron = {"kind": "CronJob", "metadata": {"name": "nightly"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "new"}]}}}}}}  # fmt: skip
    job = {
        "kind": "Job",
        "metadata": {
            "name": "nightly-1",
            "ownerReferences": [{"kind": "CronJob", "name": "nightly", "controller": True}],
        },
    }
    done = replica(1, name="nightly-1", kind="Job") + "status: {phase: Succeeded}\n"
    texts = [yaml.safe_dump(cron), yaml.safe_dump(job)]
    assert judged("---\n".join([*texts, done]), PRIVILEGED)[0].status is Status.PASS
    running = replica(1, name="nightly-1", kind="Job")
    (found,) = judged("---\n".join([*texts, running]), PRIVILEGED)
    assert str(found.findings[0].object) == "CronJob default/nightly"


def test_a_fingerprint_outlives_pods_counts_and_scaling_to_zero():
    about = About(uid="cluster-1")
    scaled = OWNED.replace(
        "kind: Deployment\nmetadata: {name: web}",
        """kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: c, securityContext: {privileged: true}}]}}}""",
    )
    texts = ["---\n".join([OWNED, replica(1), replica(2)]), "---\n".join([replica(7), OWNED]), scaled]
    prints = {judged(text, PRIVILEGED, about=about)[0].findings[0].fingerprint for text in texts}
    assert len(prints) == 1
    elsewhere = judged(texts[0], PRIVILEGED, about=About(uid="cluster-2"))[0].findings[0].fingerprint
    assert elsewhere not in prints


def test_params_and_the_namespace_reach_expressions():
    text = 'target: pod\nmessage: m\nparams: {wanted: %s}\ncel: "namespaceObject.metadata.labels.team == params.wanted"'
    namespace = "kind: Namespace\nmetadata: {name: default, labels: {team: a}}"
    first, second = judged(f"{pod('p')}---\n{namespace}", check(text % "a", "first"), check(text % "b", "second"))
    assert (first.status, second.status) == (Status.PASS, Status.FAIL)
    (denied_,) = judged(pod("p"), check(text % "a"), edit=lambda snapshot: denied(snapshot, kinds.NAMESPACES))
    assert denied_.status is Status.UNKNOWN


def test_a_message_may_be_an_expression():
    text = 'target: pod\nmessageExpression: "\'is called \' + object.metadata.name"\ncel: "false"'
    assert judged(pod("p"), check(text))[0].findings[0].message == "is called p"
    erring = 'target: pod\nmessage: plain words\nmessageExpression: "object.nothing"\ncel: "false"'
    assert judged(pod("p"), check(erring))[0].findings[0].message == "plain words"


def test_a_credential_never_reaches_a_report():
    text = 'target: container\nmessageExpression: "runs with " + container.args[0]\nevidence: args\ncel: "false"'
    text = text.replace(
        'messageExpression: "runs with " + container.args[0]',
        "messageExpression: |\n  'runs with ' + container.args[0]",
    )
    secret = "--db-password=hunter2hunter2"
    body = {
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "args": [secret], "env": [{"name": "A", "value": "hunter2hunter2"}]}]},
    }
    (found,) = judged(yaml.safe_dump(body), check(text))
    assert "hunter2" not in found.findings[0].message + found.findings[0].value
    (found,) = judged(yaml.safe_dump(body), check('target: container\nmessage: m\nevidence: env\ncel: "false"'))
    assert found.findings[0].value == '[{"name":"A","value":"(hidden)"}]'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("target: pods\nmessage: m\ncel: 'true'", "no target is called pods.*did you mean pod"),
        ("rule: rbac.grant", "no rule is called.*did you mean rbac.grants"),
        ("target: pod\nmessage: m\ncel: 'object.('", "does not compile"),
        ("target: pod\nmessage: m\ncel: 'objct.x'", "does not compile.*objct"),
        ("rule: network.without_policy\nparams: {nothing: 1}", "does not take these params"),
    ],
)
def test_a_check_that_cannot_run_is_named(text, words):
    with pytest.raises(CheckError, match=words):
        judged("kind: Namespace\nmetadata: {name: a}", check(text))


def test_the_score_counts_only_what_was_decided():
    results = judged(pod("bad"), PRIVILEGED, TOKEN, edit=lambda snapshot: denied(snapshot, kinds.SERVICE_ACCOUNTS))
    assert [result.status for result in results] == [Status.FAIL, Status.UNKNOWN]
    assert score(results).value == 0
    assert score(results).coverage == 50
    assert score(results[1:]).value is None
    assert score([]).coverage == 0


def test_only_what_the_checks_read_is_asked_for():
    assert plan([NO_POLICY]).needs() == (kinds.NAMESPACES, kinds.NETWORK_POLICIES)
