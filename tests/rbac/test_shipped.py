"""What ships is known by platform and by version: nobody hides behind the name of what another cluster has."""

import msgspec
import pytest

from kscan import data
from kscan.commands.selected import catalogue
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.snapshot.documents import snapshot_of
from kscan.views.platform import as_told
from kscan.views.rights import RBAC
from kscan.views.view import Readings

CHECKS = catalogue().checks
RBAC_CHECKS = plan(check for check in CHECKS.values() if check.family == "rbac")
ADMIN = plan([CHECKS["cluster-admin-binding"]])
SHIPPED = data.folder("checks") / "shipped"
DISTRIBUTIONS = sorted(path.stem.removeprefix("rbac-") for path in SHIPPED.glob("rbac-*.jsonl"))
DISTRIBUTIONS.remove("kubernetes")
FLANNEL = (
    "helm-kube-system-rke2-flannel",
    {"kind": "ServiceAccount", "name": "helm-rke2-flannel", "namespace": "kube-system"},
)
CLUSTER_USER = ("aks-cluster-admin-binding", {"kind": "User", "name": "clusterUser"})


def lines(part):
    return [msgspec.json.decode(line) for line in (SHIPPED / f"rbac-{part}.jsonl").read_bytes().splitlines()]


def version(text):
    return {"path": "/version", "json": {"gitVersion": text}}


def kubernetes(minor=36):
    return [one for one in lines("kubernetes") if one["minors"][0] <= minor <= one["minors"][1]]


def admin(name, *subjects, labels=None):
    metadata = {"name": name, "labels": labels or {}}
    role = {"kind": "ClusterRole", "name": "cluster-admin"}
    return {"kind": "ClusterRoleBinding", "metadata": metadata, "roleRef": role, "subjects": list(subjects)}


def cluster(*documents, told="v1.36.0"):
    return Readings(snapshot_of([version(told), *kubernetes(), *documents]))


def found(readings, ready=ADMIN):
    results = judge(readings, ready).results
    return {(one.check.id, str(finding.object)) for one in results for finding in one.findings}


@pytest.mark.parametrize("hidden", [FLANNEL, CLUSTER_USER])
def test_a_backdoor_under_another_distributions_name_is_found(hidden):
    (result,) = judge(cluster(admin(hidden[0], hidden[1])), ADMIN).results
    assert [one.object.name for one in result.findings] == [hidden[1]["name"]]
    assert "ships this binding, but nothing here says that this is" in " ".join(result.findings[0].notes)


@pytest.mark.parametrize("part", DISTRIBUTIONS)
def test_what_a_distribution_ships_counts_nowhere_else(part):
    baseline = cluster(*lines(part)).of(RBAC).value.baseline
    own = cluster().of(RBAC).value.baseline
    assert (baseline.roles, baseline.bindings) == (own.roles, own.bindings)
    given = as_told(cluster(*lines(part)), part).of(RBAC).value.baseline
    assert len(given.bindings) > len(own.bindings)
