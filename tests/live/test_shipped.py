"""What is written down as shipped with Kubernetes is what a fresh API server makes, and nothing else."""

import json
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from tests.live.conftest import KINDS, RBAC

pytestmark = pytest.mark.every_version
SHIPPED = Path(__file__).parents[2] / "checks/shipped"
RBAC_CHECKS = plan(check for check in catalogue().checks.values() if check.family == "rbac")


class Looks(NamedTuple):
    """What is found of one server before anything of RBAC changes, with one addition and with two, and what hides."""

    before: set
    added: tuple
    hidden: set


@pytest.fixture(scope="module")
def looks(fresh):
    before, added = found(report_of(fresh.server)), tuple(additions(fresh.server))
    hide(fresh.server)
    return Looks(before, added, found(report_of(fresh.server)))


def lines(platform):
    return [json.loads(line) for line in (SHIPPED / f"rbac-{platform}.jsonl").read_text().splitlines()]


def without_group(reference):
    return {name: value for name, value in reference.items() if name != "apiGroup"}


def shape(kind, item):
    """An object as the data has it, with its lists in one order."""
    metadata = item["metadata"]
    labels = [pair for pair in sorted(metadata.get("labels", {}).items()) if pair[0] != "kubernetes.io/bootstrapping"]
    return json.dumps(
        [
            kind,
            metadata.get("namespace"),
            metadata["name"],
            labels,
            item.get("aggregationRule"),
            sorted(json.dumps(rule, sort_keys=True) for rule in item.get("rules") or []),
            without_group(item.get("roleRef", {})),
            [without_group(subject) for subject in item.get("subjects") or []],
        ],
        sort_keys=True,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_server_has_exactly_what_is_written_down(fresh, kind):
    minor, made = fresh.minor, fresh.rbac[kind]
    of_kind = [one for one in lines("kubernetes") if one["kind"] == kind]
    known = [one for one in of_kind if one["minors"][0] <= minor <= one["minors"][1]]
    if not known:
        pytest.skip(f"nothing is written down for 1.{minor}")
    assert {shape(kind, one) for one in made} == {shape(kind, one) for one in known}
    assert len(made) == len(known)


def test_lines_are_sorted_and_the_forms_of_an_object_do_not_overlap():
    for path in SHIPPED.glob("rbac-*.jsonl"):
        found = lines(path.stem.removeprefix("rbac-"))
        names = [(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in found]
        keys = [(*name, *one["minors"]) for name, one in zip(names, found, strict=True)]
        assert keys == sorted(keys), path.name
        assert all(first <= last for *_, first, last in keys), path.name
        for one, following in pairwise(keys):
            assert one[:3] != following[:3] or one[4] < following[3], (path.name, one)


def report_of(server):
    snapshot = collect(Access(kubeconfig=str(server.kubeconfig())), RBAC_CHECKS.needs(), Options())
    return evaluate(snapshot, RBAC_CHECKS)


def found(report):
    return {(result.check.id, str(one.object)) for result in report.results for one in result.findings}


def additions(server):
    """What is found once a shipped role has one right more, and once a shipped binding has one subject more."""
    role = server.write(f"{RBAC}/clusterroles/system:basic-user", {}, "GET")
    role["rules"].append({"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"]})
    server.write(f"{RBAC}/clusterroles/system:basic-user", role, "PUT")
    yield found(report_of(server))
    binding = server.write(f"{RBAC}/clusterrolebindings/system:monitoring", {}, "GET")
    binding["subjects"].append({"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"})
    server.write(f"{RBAC}/clusterrolebindings/system:monitoring", binding, "PUT")
    yield found(report_of(server))


def test_nothing_that_kubernetes_made_is_a_finding(fresh):
    stock = evaluate(fresh.snapshot, RBAC_CHECKS)
    assert found(stock) == set()
    assert not stock.gaps()
    assert {str(one.status) for one in stock.results} <= {"pass", "not applicable"}


def test_each_addition_to_what_is_shipped_is_a_finding(looks):
    one = looks.before | {("shipped-role-changed", "ClusterRole system:basic-user")}
    assert looks.added == (one, one | {("shipped-role-changed", "ClusterRoleBinding system:monitoring")})


def bound(name, role, *subjects, labels=None, namespace=""):
    kind, path = (
        ("RoleBinding", f"namespaces/{namespace}/rolebindings")
        if namespace
        else ("ClusterRoleBinding", "clusterrolebindings")
    )
    role_ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": role[0], "name": role[1]}
    body = {
        "kind": kind,
        "metadata": {"name": name, "labels": labels or {}},
        "roleRef": role_ref,
        "subjects": list(subjects),
    }
    return f"{RBAC}/{path}", body


def role(name, resource, *, labels=None, namespace=""):
    path = f"namespaces/{namespace}/roles" if namespace else "clusterroles"
    rules = [{"apiGroups": [""], "resources": [resource], "verbs": ["get", "list", "watch"]}]
    return f"{RBAC}/{path}", {"metadata": {"name": name, "labels": labels or {}}, "rules": rules}


def account(name):
    return {"kind": "ServiceAccount", "name": name, "namespace": "kube-system"}


def user(name, kind="User"):
    return {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"}


ADMIN = ("ClusterRole", "cluster-admin")
MADE_BY_THE_SERVER = {"kubernetes.io/bootstrapping": "rbac-defaults"}
CONFIG_OF_OPENSHIFT = {
    "metadata": {"name": "clusterversions.config.openshift.io"},
    "spec": {
        "group": "config.openshift.io", "scope": "Cluster",
        "names": {"plural": "clusterversions", "kind": "ClusterVersion"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}],
    },
}  # fmt: skip
# Ways to hide a right behind what is shipped, here or elsewhere: what is written, and who is found with what.
HIDING = {
    "an add-on of RKE2": (
        [bound("helm-kube-system-rke2-flannel", ADMIN, account("helm-rke2-flannel"))],
        ("cluster-admin-binding", "ServiceAccount kube-system/helm-rke2-flannel"),
    ),
    "an administrator of AKS": (
        [bound("aks-cluster-admin-binding", ADMIN, user("clusterUser"))],
        ("cluster-admin-binding", "User clusterUser"),
    ),
    "the administrators of kubeadm": (
        [bound("kubeadm:cluster-admins", ADMIN, user("kubeadm:cluster-admins", "Group"))],
        ("cluster-admin-binding", "Group kubeadm:cluster-admins"),
    ),
    "OpenShift, by a CRD and the labels of nodes": (
        [
            ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CONFIG_OF_OPENSHIFT),
            ("/api/v1/nodes", {"metadata": {"name": "n1", "labels": {"node.openshift.io/os_id": "rhcos"}}}),
            bound("cluster-admins", ADMIN, user("system:cluster-admins", "Group")),
        ],
        ("cluster-admin-binding", "Group system:cluster-admins"),
    ),
    "the names and the label of Kubernetes' own": (
        [bound("system:controller:new", ADMIN, account("new-controller"), labels=MADE_BY_THE_SERVER)],
        ("cluster-admin-binding", "ServiceAccount kube-system/new-controller"),
    ),
    "a shipped binding's name in another namespace": (
        [
            role("system:controller:bootstrap-signer", "secrets", namespace="default"),
            bound("system:controller:bootstrap-signer", ("Role", "system:controller:bootstrap-signer"),
                  account("bootstrap-signer"), labels=MADE_BY_THE_SERVER, namespace="default"),
        ],
        ("secret-readers", "ServiceAccount kube-system/bootstrap-signer"),
    ),
    "a role that a shipped one gathers": (
        [
            role("more", "secrets", labels={"rbac.authorization.k8s.io/aggregate-to-view": "true"}),
            bound("viewers", ("ClusterRole", "more"), user("jane")),
        ],
        ("secret-readers", "User jane"),
    ),
}  # fmt: skip


def hide(server):
    """All of it, and the shipped binding of a controller, with its subject, but to another role."""
    for written, _ in HIDING.values():
        for path, body in written:
            server.write(path, body)
    path, body = bound("system:controller:namespace-controller", ADMIN, account("namespace-controller"),
                       labels=MADE_BY_THE_SERVER)  # fmt: skip
    server.write(f"{path}/{body['metadata']['name']}", {}, "DELETE")
    server.write(path, body)


def test_nobody_hides_behind_what_is_shipped(looks):
    told = looks.hidden
    assert {name: one for name, (_, one) in HIDING.items() if one not in told} == {}
    assert ("cluster-admin-binding", "ServiceAccount kube-system/namespace-controller") in told
    assert ("shipped-role-changed", "ClusterRoleBinding system:controller:namespace-controller") in told
