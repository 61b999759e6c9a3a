"""Subjects with dangers: the workloads that run as them, what exposes these, the smallest change, and wrong params."""

import pytest
import yaml

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.errors import CheckError
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.refusals import denied
from kscan.judge.report import Status
from kscan.judge.subjects import holders, worst
from kscan.report.text import sentence
from kscan.rules.rbac import grants
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.views.rights import RIGHTS
from kscan.views.view import Readings

CHECKS = by_id(read_checks(data.folder("checks")))
READER = """
kind: ClusterRole
metadata: {name: reader}
rules: [{verbs: [get], apiGroups: [""], resources: [secrets]}]
---
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: web}]
---
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {serviceAccountName: web, containers: [{name: app}]}
"""
SERVICE = """
---
kind: Service
metadata: {name: front, namespace: shop}
spec: {type: %s, selector: {app: %s}}
"""
INGRESS = """
---
kind: Ingress
metadata: {name: edge, namespace: shop}
spec: {rules: [{host: a, http: {paths: [{path: /, backend: {service: {name: front}}}]}}, {host: b}]}
"""


def documents(text):
    return [one for one in yaml.safe_load_all(text) if one]


def result(text, check="secret-readers", without=()):
    snapshot = snapshot_of(documents(text))
    for need in without:
        snapshot = denied(snapshot, need)
    return evaluate(snapshot, plan([CHECKS[check]])).results[0]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ("", "Pod shop/web runs as it"),
        (SERVICE % ("ClusterIP", "web"), "Pod shop/web runs as it"),
        (SERVICE % ("NodePort", "web"), "Pod shop/web runs as it, exposed by Service front of type NodePort"),
        (SERVICE % ("LoadBalancer", "other"), "Pod shop/web runs as it"),
        (SERVICE % ("ClusterIP", "web") + INGRESS, "Pod shop/web runs as it, exposed by Ingress edge"),
        (INGRESS, "Pod shop/web runs as it"),
    ],
)
def test_who_runs_as_a_subject_and_what_exposes_it(more, note):
    (finding,) = result(READER + more).findings
    assert finding.notes == (note,)
    assert sentence(finding) == "ServiceAccount shop/web can read secrets in namespace shop"
    assert [(one.binding, one.role) for one in finding.proof] == [("RoleBinding shop/web", "ClusterRole reader")]


@pytest.mark.parametrize("need", [kinds.PODS, kinds.SERVICES, kinds.INGRESSES])
def test_without_the_workloads_the_finding_stands(need):
    found = result(READER, without=[need])
    assert found.status is Status.FAIL
    assert found.findings[0].notes == ("which workloads run as it could not be read",)


def test_the_smallest_change():
    fix = result(READER).findings[0].fix
    assert fix == "Take `get on secrets` out of ClusterRole reader."
    other = """
---
kind: RoleBinding
metadata: {name: other, namespace: bank}
roleRef: {kind: ClusterRole, name: reader}
subjects: [{kind: User, name: jo}]
"""
    fixes = {str(one.object): one.fix for one in result(READER + other).findings}
    assert fixes["ServiceAccount shop/web"] == "Delete RoleBinding shop/web."
    both = READER.replace(
        "[{kind: ServiceAccount, name: web}]", "[{kind: ServiceAccount, name: web}, {kind: User, name: jo}]"
    )
    fixes = {str(one.object): one.fix for one in result(both).findings}
    assert fixes["User jo"] == "Take User jo out of RoleBinding shop/web."


def test_who_may_do_everything_is_found_once_in_earnest():
    text = """
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: jo}]
---
kind: ClusterRole
metadata: {name: cluster-admin}
rules: [{verbs: ["*"], apiGroups: ["*"], resources: ["*"]}]
"""
    report = evaluate(snapshot_of(documents(text)), plan(CHECKS.values()))
    own = [one.check.id for one in report.of(Status.FAIL) if not one.implied and one.severity.rank < 3]
    assert own == ["cluster-admin-binding"]
    (holder,) = holders(report)
    assert holder.worst.check.id == "cluster-admin-binding"
    assert len(holder.dangers) > 40
    assert worst(report)[0].check.id == "cluster-admin-binding"


@pytest.mark.parametrize(
    "needs", [[{"verb": ["get"]}], "get", [{"verbs": "get", "resources": ["pods"]}], [[{"resources": ["pods"]}]], [5]]
)
def test_params_that_are_wrong_are_named(needs):
    rights = Readings(snapshot_of([])).of(RIGHTS).value
    with pytest.raises(CheckError, match=r"rbac\.grants"):
        list(grants.run(rights, False, None, needs=needs, message="m"))


def test_what_one_right_answers_twice_is_proved_once():
    """To change a ConfigMap stands in the place of deleting it and in that of making it anew."""
    changer = READER.replace("get", "update").replace("secrets", "configmaps").replace("shop}", "kube-system}", 1)
    (finding,) = result(changer, "kube-system-configmap-writers").findings
    assert [one.right for one in finding.proof] == ["update configmaps coredns"]
