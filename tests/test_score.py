"""The score: neither showing less, nor giving more rights, nor another fault makes it better."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan import data
from kscan.checks.check import Severity, by_id, read_checks
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Finding, Result, Status
from kscan.judge.score import WEIGHTS, score
from kscan.model.meta import ObjectRef
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import FromNode

SHIPPED = by_id(read_checks(data.folder("checks")))
ONE_OF = {severity: next(one for one in SHIPPED.values() if one.file.severity is severity) for severity in Severity}
OBJECT = ObjectRef("Pod", "bad", "shop")


def result(severity, status, **more):
    found = (Finding(object=OBJECT, message="m"),) if status is Status.FAIL else ()
    return Result(check=ONE_OF[severity], status=status, findings=more.pop("findings", found), **more)


RESULTS = st.lists(st.tuples(st.sampled_from(Severity), st.sampled_from(Status)), max_size=12)


@given(RESULTS, st.randoms(use_true_random=False))
def test_what_becomes_unknown_never_raises_the_lower_bound(found, chance):
    before = score(result(*one) for one in found)
    after = score(result(one[0], chance.choice((one[1], Status.UNKNOWN))) for one in found)
    assert after.lower <= before.lower


@given(RESULTS)
def test_it_is_100_only_where_everything_decided_holds(found):
    told = score(result(*one) for one in found)
    statuses = {status for _, status in found}
    if told.value == 100:
        assert Status.FAIL not in statuses
    if told.lower == 100:
        assert not statuses & {Status.FAIL, Status.UNKNOWN}
    if told.coverage == 100:
        assert Status.UNKNOWN not in statuses
    assert told.value is None or told.lower <= told.value


def test_a_check_weighs_by_its_own_severity_whatever_it_finds():
    worse = Finding(object=OBJECT, message="m", severity=Severity.CRITICAL)
    both = [result(Severity.LOW, Status.FAIL, findings=(worse,)), result(Severity.HIGH, Status.PASS)]
    weights = WEIGHTS[Severity.LOW], WEIGHTS[Severity.HIGH]
    assert score(both).value == 100 * weights[1] // sum(weights)


def test_what_only_agents_tell_and_none_was_asked_lowers_nothing():
    nobody = (Gap(FromNode().root, Reason.NOT_ASKED),)
    found = [result(Severity.HIGH, Status.PASS), result(Severity.HIGH, Status.UNKNOWN, gaps=nobody)]
    assert (score(found).lower, score(found).coverage) == (100, 100)
    # What is found of it counts even so.
    assert score([result(Severity.HIGH, Status.FAIL, gaps=nobody)]).value == 0


def judged(documents, checks):
    return evaluate(snapshot_of(documents), plan(checks))


def test_an_implied_failure_weighs_where_the_check_that_implies_it_did_not_run():
    documents = [
        {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"allow-privileged": "true"}}},
        {"kind": "Namespace", "metadata": {"name": "shop"}},
        {"kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": [{"name": "c"}]}},
    ]
    report = judged(documents, [SHIPPED["privileged-pods-let-in"], SHIPPED["privileged-container"]])
    assert [one.status for one in report.results] == [Status.FAIL, Status.PASS]
    assert report.score.value < 80


def bound(role, kind="ClusterRole"):
    return {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"b-{role}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"}],
    }


def role(name, *rules):
    return {"kind": "ClusterRole", "metadata": {"name": name},
            "rules": [{"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}
                      for groups, resources, verbs in rules]}  # fmt: skip


ALL = role("cluster-admin", (["*"], ["*"], ["*"]))
ALL["rules"].append({"nonResourceURLs": ["*"], "verbs": ["*"]})
ADMIN = role(
    "admin",
    ([""], ["pods", "secrets", "serviceaccounts", "services", "configmaps", "pods/exec"], ["*"]),
    (["apps"], ["deployments", "daemonsets"], ["*"]),
    (["rbac.authorization.k8s.io"], ["roles", "rolebindings"], ["*"]),
)
RBAC = [check for check in SHIPPED.values() if check.file.rule.startswith("rbac.")]


def test_a_user_made_cluster_admin_never_has_a_better_score():
    before = judged([ALL, ADMIN, bound("admin")], RBAC).score
    after = judged([ALL, ADMIN, bound("admin"), bound("cluster-admin")], RBAC).score
    instead = judged([ALL, ADMIN, bound("cluster-admin")], RBAC).score
    assert after.value <= before.value and after.lower <= before.lower
    assert instead.value <= before.value and instead.lower <= before.lower


VERBS = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "*",
]
RESOURCES = [("", "pods"), ("", "secrets"), ("", "nodes/proxy"), ("", "serviceaccounts/token"), ("", "pods/exec"),
             ("", "configmaps"), ("apps", "daemonsets"), ("rbac.authorization.k8s.io", "clusterroles"),
             ("rbac.authorization.k8s.io", "clusterrolebindings"), ("", "users"), ("*", "*"), ("", "*")]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_rights_given_one_by_one_never_raise_it(seed):
    chance = random.Random(seed)
    rules, scores = [], []
    for _ in range(8):
        group, resource = chance.choice(RESOURCES)
        rules.append(([group], [resource], chance.sample(VERBS, 3)))
        scores.append(judged([ALL, role("given", *rules), bound("given")], RBAC).score)
    assert all(after.value <= before.value and after.lower <= before.lower for before, after in pairwise(scores))


FINE = {"name": "c", "image": "a:1", "securityContext": {"privileged": False, "allowPrivilegeEscalation": False}}
FAULTS = [
    {"securityContext": {"privileged": True}},
    {"securityContext": {"allowPrivilegeEscalation": True}},
    {"stdin": True, "tty": True, "securityContext": {"privileged": True}},
    {"ports": [{"containerPort": 22, "hostPort": 22}]},
    {"env": [{"name": "PASSWORD", "value": "hunter2"}]},
]
PODS = [check for check in SHIPPED.values() if check.file.target in ("pod", "container")]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: next(iter(fault)))
def test_a_fault_added_never_raises_it(fault):
    def of(container):
        return judged(
            [{"kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": [container]}}], PODS
        )

    before, after = of(FINE), of(FINE | fault)
    assert after.score.value <= before.score.value and after.score.lower <= before.score.lower
    assert sum(len(one.findings) for one in after.results) > sum(len(one.findings) for one in before.results)
