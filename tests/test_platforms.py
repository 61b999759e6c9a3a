"""Platforms: told by their signs, judged by their profile, measured by their benchmark."""

from pathlib import Path

import pytest

from kscan import data
from kscan.commands.selected import catalogue
from kscan.errors import ConfigError
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.platform import with_platform
from kscan.judge.refusals import denied
from kscan.judge.report import Status
from kscan.model.platform import profile_of
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.components import component
from kscan.views.groups import APIS
from kscan.views.platform import KUBEADM, PLATFORM, as_told, profiles
from kscan.views.rights import RIGHTS
from kscan.views.server import VERSION
from kscan.views.view import Readings

AKS = {"kubernetes.azure.com/cluster": "MC_a"}

IN_AZURE = {"spec": {"providerID": "azure:///subscriptions/0/vm"}}

CONFIG = {"kind": "ConfigMap", "metadata": {"name": "kubeadm-config", "namespace": "kube-system"}}

KAMAJI = {
    "kind": "DaemonSet",
    "metadata": {"name": "kube-proxy", "namespace": "kube-system", "labels": {"kamaji.clastix.io/project": "kamaji"}},
}


CLUSTERS = Path(__file__).parent.parent / "fixtures" / "clusters"
SHIPPED = data.folder("checks") / "shipped"
CATALOGUE = catalogue()
EVERY = tuple(CATALOGUE.checks.values())
CONTROL_PLANE = {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}
# The folder, the platform, a part of the sign, the benchmark.
KNOWN = [
    ("aks", "aks", "kubernetes.azure.com/cluster", "aks-1.8"),
    ("demo", "kubeadm", "ConfigMap kube-system/kubeadm-config", "cis-1.12"),
    ("eks", "eks", "version v1.35.0-eks-7f9249a", "eks-1.8"),
    ("eks-distro", "kubeadm", "ConfigMap kube-system/kubeadm-config", "cis-1.11"),
    ("eks-fargate", "eks", "version v1.35.0-eks-7f9249a", "eks-1.8"),
    ("external-etcd", "kubeadm", "ConfigMap kube-system/kubeadm-config", "cis-1.12"),
    ("gke", "gke", "version v1.33.2-gke.1043000, provider id gce://", "gke-1.9"),
    ("gke-autopilot", "gke", "version v1.33.2-gke.1043000, provider id gce://", "gke-1.9"),
    ("hypershift", "hypershift", "node label hypershift.openshift.io/nodePool", "cis-1.11"),
    ("k3s", "k3s", "version v1.33.4+k3s12", "cis-1.12"),
    ("kamaji", "kamaji", "label kamaji.clastix.io/project=kamaji", "cis-1.12"),
    ("kind", "kind", "provider id kind://", "cis-1.12"),
    ("kops", "kops", "node label kops.k8s.io/instancegroup", "cis-1.12"),
    ("kubeadm", "kubeadm", "ConfigMap kube-system/kubeadm-config", "cis-1.12"),
    ("microk8s", "microk8s", "node label microk8s.io/cluster=true", "cis-1.12"),
    ("openshift", "openshift", "API group config.openshift.io", "cis-1.11"),
    ("rke2", "rke2", "version v1.31.1+rke2r10", "cis-1.11"),
    ("talos", "talos", "nodes that run Talos", "cis-1.12"),
    ("vcluster", "vcluster", "host names in .nodes.vcluster.com", "cis-1.12"),
]
PROVIDED = {"aks", "eks", "eks-fargate", "gke", "gke-autopilot", "hypershift", "kamaji", "vcluster"}


def cluster(name):
    return load_folder(CLUSTERS / name)


def platform_of(*documents):
    return Readings(snapshot_of(documents)).of(PLATFORM)


def a_node(name="node", **labels):
    return {"kind": "Node", "metadata": {"name": name, "labels": labels}}


def a_version(text):
    return {"path": "/version", "json": {"gitVersion": text}}


def test_every_fixture_is_known():
    assert {name for name, *_ in KNOWN} == {path.name for path in CLUSTERS.iterdir()}
    assert {platform for _, platform, *_ in KNOWN} == {one.name for one in profiles().platforms}


@pytest.mark.parametrize(("folder", "name", "sign", "benchmark"), KNOWN, ids=lambda one: str(one))
def test_a_platform_is_told_by_its_sign(folder, name, sign, benchmark):
    readings = Readings(cluster(folder))
    found = readings.of(PLATFORM).value
    assert (found.name, found.unseen) == (name, "")
    assert sign in found.sign
    report = with_platform(judge(readings, plan(EVERY[:1])), readings, CATALOGUE.frameworks)
    assert (report.platform, report.benchmark.name) == (found, benchmark)
    assert report.benchmark.why


@pytest.mark.parametrize(("folder", "name"), [(one[0], one[1]) for one in KNOWN])
def test_what_a_provider_owns(folder, name):
    readings = Readings(cluster(folder))
    owned = {one for one in CONTROL_PLANE if readings.of(component(one)).value.owner}
    assert owned == (CONTROL_PLANE if folder in PROVIDED else set())


READY = plan(EVERY)


@pytest.mark.parametrize("folder", [name for name, *_ in KNOWN])
def test_a_whole_scan_passes_nothing_without_evidence(folder):
    readings = Readings(cluster(folder))
    hidden = {one for one in CONTROL_PLANE if readings.of(component(one)).value.hidden}
    for result in judge(readings, READY).results:
        assert result.status is not Status.PASS or (result.evidence and result.judged), result.check.id
        assert not any(one.object.name.split(" ")[0] in hidden for one in result.open), result.check.id


@pytest.mark.parametrize("folder", sorted(PROVIDED))
def test_a_whole_scan_fails_nothing_that_the_provider_owns(folder):
    readings = Readings(cluster(folder))
    report = judge(readings, READY)
    for result in report.results:
        assert not any(one.object.kind in ("Component", "Storage") for one in result.open), result.check.id
    (anonymous,) = (one for one in report.results if one.check.id == "api-server-anonymous-auth")
    assert anonymous.status is Status.NOT_APPLICABLE
    assert "keeps to itself" in anonymous.reason or "runs in" in anonymous.reason


@pytest.mark.parametrize(
    ("folder", "name", "reason"),
    [
        (
            "external-etcd",
            "etcd",
            "etcd runs outside the cluster, where the API does not show it: --etcd-servers=https",
        ),
        ("talos", "etcd", "Talos runs it as a service of the node"),
        ("kops", "etcd", "etcd-manager starts it"),
        ("k3s", "etcd", "k3s keeps its store"),
        ("microk8s", "kube-apiserver", "MicroK8s runs it as a service of the node"),
        ("openshift", "kube-scheduler", "OpenShift's operator keeps its settings"),
    ],
)
def test_what_no_api_shows_is_unknown_for_that_reason(folder, name, reason):
    found = Readings(cluster(folder)).of(component(name))
    assert found.value.hidden.startswith(reason)
    assert (found.value.instances, found.gaps) == ((), ())


@pytest.mark.parametrize(
    ("folder", "denied_need", "ships"),
    [
        ("k3s", kinds.NODES, "k3s"),
        ("k3s", KUBEADM, "k3s"),
        ("kubeadm", KUBEADM, "kubeadm"),
        ("kind", kinds.NODES, "kind"),
        ("aks", kinds.NODES, "aks"),
        ("openshift", APIS, "openshift"),
    ],
)
def test_what_was_not_read_leaves_open_what_ships(folder, denied_need, ships):
    whole = Readings(cluster(folder)).of(PLATFORM).value
    assert ships in whole.ships
    assert whole.may_ship == ()
    less = Readings(denied(cluster(folder), denied_need)).of(PLATFORM).value
    assert less.ships == ()
    assert ships in less.may_ship


@pytest.mark.parametrize("folder", ["aks", "gke", "vcluster", "talos", "microk8s", "kops", "hypershift"])
def test_where_nodes_may_not_be_read_nothing_is_guessed(folder):
    snapshot = denied(cluster(folder), kinds.NODES)
    reading = Readings(snapshot).of(PLATFORM)
    assert reading.value.name in ("", "openshift")
    assert reading.value.owned == frozenset()
    if not reading.value.name:
        assert reading.value.unseen == "/api/v1/nodes: forbidden"
        assert [gap.path for gap in reading.gaps] == ["/api/v1/nodes"]
    result = judge(Readings(snapshot), plan([CATALOGUE.checks["api-server-anonymous-auth"]])).results[0]
    assert result.status is not Status.NOT_APPLICABLE


def test_without_a_version_it_says_so():
    empty = Snapshot(snapshot_of([]).about, {VERSION.path(): Gap(VERSION.path(), Reason.FORBIDDEN)})
    assert Readings(empty).of(PLATFORM).value.unseen


def test_somebody_may_say_what_it_is():
    readings = as_told(Readings(cluster("microk8s")), "eks")
    assert str(readings.of(PLATFORM).value) == "Amazon EKS (as --platform says)"
    assert readings.of(component("etcd")).value.owner.startswith("Amazon EKS (as --platform says)")
    with pytest.raises(ConfigError, match="did you mean kubeadm"):
        profile_of(profiles(), "kubeadmin")


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        (
            "eks",
            "access policies of EKS, given in AWS, may allow more than RBAC does: aws eks list-access-entries --cluster-name NAME",
        ),
        ("gke", "roles of Google's IAM may allow more than RBAC does: gcloud projects get-iam-policy PROJECT"),
        (
            "aks",
            "roles of Azure, where the cluster asks them, may allow more than RBAC does: az role assignment list --scope CLUSTER-ID",
        ),
        ("kamaji", "it could not be seen whether anything but RBAC allows something"),
    ],
)
def test_who_else_may_allow_something(folder, words):
    (gap,) = Readings(cluster(folder)).of(RIGHTS).gaps
    assert gap.detail == words


MOOT = ("aws-auth-writers", "azure-identity-exception-writers", "privileged-scc-users", "policy-engine-changers")  # fmt: skip


@pytest.mark.parametrize("gap", ["forbidden", "not served", "timeout"])
def test_where_it_is_not_seen_who_else_may_allow_something_what_was_kept_back_is_the_reason(gap):
    groups = [{"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [
        {"resource": "deployments", "scope": "Namespaced", "verbs": ["get"]}]}]}]  # fmt: skip
    told = [a_version("v1.36.1"), {"path": "/flagz", "gap": gap},
            {"path": "/apis", "json": {"kind": "APIGroupDiscoveryList", "items": groups}}]  # fmt: skip
    snapshot = snapshot_of(told, About(server="https://10.0.0.1", version="v1.36.1"))
    checks = catalogue().checks
    report = judge(Readings(snapshot), plan([checks["secret-readers"], *(checks[name] for name in MOOT)]))
    found = {one.check.id: one for one in report.results}
    assert found["secret-readers"].status is Status.UNKNOWN
    if gap != "not served":
        assert found["secret-readers"].reason.startswith(f"/flagz: {gap}"), found["secret-readers"].reason
    assert {name: found[name].status for name in MOOT} == dict.fromkeys(MOOT, Status.NOT_APPLICABLE)


FLAGS_TOLD = {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"anonymous-auth": "true", "extend-token": "x"}}}


@pytest.mark.parametrize(("flagz", "status"), [
    (FLAGS_TOLD, Status.FAIL),
    ({"path": "/flagz", "gap": "forbidden"}, Status.UNKNOWN),
    ({"path": "/flagz", "gap": "not served"}, Status.NOT_APPLICABLE),
], ids=["told", "refused", "not served"])  # fmt: skip
def test_what_the_server_tells_of_itself_is_judged_whoever_is_said_to_run_it(flagz, status):
    snapshot = snapshot_of([a_version("v1.36.1"), KAMAJI, flagz])
    (result,) = judge(Readings(snapshot), plan([catalogue().checks["api-server-anonymous-auth"]])).results
    assert result.status is status
    etcd = Readings(snapshot).of(component("etcd")).value
    assert etcd.owner.startswith("Kamaji")


@pytest.mark.parametrize("flagz", [FLAGS_TOLD, {"path": "/flagz", "gap": "forbidden"}], ids=["told", "refused"])
def test_a_server_that_says_itself_whose_it_is_is_not_judged(flagz):
    server = Readings(snapshot_of([a_version("v1.33.1-eks-0b1c2d3"), flagz])).of(component("kube-apiserver"))
    assert (server.value.owner.startswith("Amazon EKS"), server.gaps) == (True, ())
