"""Where each platform tells its settings, and which kubelets are its provider's."""

import pytest

from kscan.checks.examples import made
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.documents import snapshot_of
from kscan.views.components import component
from kscan.views.kubelets import KUBELETS
from kscan.views.platform import PLATFORM
from kscan.views.view import Readings
from tests.test_platforms import CATALOGUE, a_node, a_version, cluster, platform_of


def test_microk8s_leaves_the_api_server_open():
    result = judge(Readings(cluster("microk8s")), plan([CATALOGUE.checks["api-server-anonymous-auth"]])).results[0]
    assert result.status is Status.UNKNOWN
    assert "MicroK8s runs it as a service of the node" in result.reason


def test_etcd_beside_the_api_server_but_no_pod():
    pod = {
        "kind": "Pod",
        "madeBy": "Node/cp",
        "metadata": {"name": "kube-apiserver-cp", "namespace": "kube-system"},
        "spec": {"containers": [{"name": "a", "command": ["kube-apiserver", "--etcd-servers=https://[::1]:2379"]}]},
    }
    found = Readings(snapshot_of(made([pod]))).of(component("etcd")).value
    assert found.hidden == "etcd runs on the control-plane nodes, but not as a pod: --etcd-servers=https://[::1]:2379"


def test_etcd_of_rke2_takes_its_settings_from_a_file():
    (one,) = Readings(cluster("rke2")).of(component("etcd")).value.instances
    assert not one.complete
    assert one.flags == {}
    assert "/var/lib/rancher/rke2/server/db/etcd/config" in one.channel


def test_k3s_tells_what_it_was_told():
    readings = Readings(cluster("k3s"))
    (server,) = readings.of(component("kube-apiserver")).value.instances
    assert (server.name, dict(server.flags), server.complete) == ("k3s on edge-1", {"anonymous-auth": "true"}, False)
    (manager,) = readings.of(component("kube-controller-manager")).value.instances
    assert dict(manager.flags) == {"bind-address": "0.0.0.0"}
    (scheduler,) = readings.of(component("kube-scheduler")).value.instances
    assert dict(scheduler.flags) == {}


@pytest.mark.parametrize("told", ['["agent","--kube-apiserver-arg=a=b"]', "no json", '{"server": 1}', "[]"])
def test_k3s_nodes_that_tell_nothing(told):
    node = {"kind": "Node", "metadata": {"name": "edge", "annotations": {"k3s.io/node-args": told}}}
    found = Readings(snapshot_of([a_version("v1.33.1+k3s1"), node])).of(component("kube-apiserver")).value
    assert found.instances == ()
    assert found.hidden.startswith("k3s runs it within its own process")


def test_what_only_adds_to_a_value_of_k3s_is_not_told():
    arguments = '["server","--kube-apiserver-arg=enable-admission-plugins+=EventRateLimit","--kube-apiserver-arg"]'
    node = {"kind": "Node", "metadata": {"name": "edge", "annotations": {"k3s.io/node-args": arguments}}}
    (one,) = Readings(snapshot_of([a_version("v1.33.1+k3s1"), node])).of(component("kube-apiserver")).value.instances
    assert dict(one.flags) == {}


def test_openshift_tells_its_flags_in_config_maps():
    readings = Readings(cluster("openshift"))
    (server,) = readings.of(component("kube-apiserver")).value.instances
    assert server.flags["authorization-mode"] == "Scope,SystemMasters,RBAC,Node"
    assert (server.channel, server.complete) == ("ConfigMap openshift-kube-apiserver/config", False)
    (manager,) = readings.of(component("kube-controller-manager")).value.instances
    assert manager.flags["profiling"] == "false"


@pytest.mark.parametrize("text", ["[]", "{}", "{apiServerArguments: 7}", "{apiServerArguments: {a: b}}", "a: [", ""])
def test_a_config_map_of_openshift_that_is_none(text):
    served = {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "config.openshift.io"}}]}
    config = {
        "kind": "ConfigMap",
        "metadata": {"name": "config", "namespace": "openshift-kube-apiserver"},
        "data": {"config.yaml": text},
    }
    found = Readings(snapshot_of([{"path": "/apis", "json": served}, config])).of(component("kube-apiserver")).value
    assert all(one.flags == {} for one in found.instances)


@pytest.mark.parametrize(
    ("folder", "title"),
    [("eks-fargate", "AWS Fargate"), ("gke-autopilot", "GKE Autopilot"), ("vcluster", "a stand-in of vcluster")],
)
def test_kubelets_of_the_provider_are_not_missed(folder, title):
    readings = Readings(cluster(folder))
    assert set(readings.of(PLATFORM).value.provided.values()) == {title}
    assert (readings.of(KUBELETS).value, readings.of(KUBELETS).gaps) == ((), ())
    result = judge(readings, plan([CATALOGUE.checks["kubelet-anonymous-auth"]])).results[0]
    assert result.status is Status.NOT_APPLICABLE
    assert title in result.reason


def test_virtual_nodes_of_aks_are_passed_over_and_the_others_judged():
    result = judge(Readings(cluster("aks")), plan([CATALOGUE.checks["kubelet-anonymous-auth"]])).results[0]
    assert (result.status, result.judged) == (Status.PASS, 1)


def test_the_label_of_virtual_kubelets_alone_excuses_none():
    result = judge(
        Readings(snapshot_of([a_node("odd", type="virtual-kubelet")])),
        plan([CATALOGUE.checks["kubelet-anonymous-auth"]]),
    ).results[0]
    assert result.status is Status.UNKNOWN


def test_a_kubelet_that_answers_is_judged_whatever_its_node_is_called():
    configz = {"kubeletconfig": {"authentication": {"anonymous": {"enabled": True}}}}
    documents = [
        a_node("odd", type="virtual-kubelet"),
        {"path": "/api/v1/nodes/odd/proxy/configz", "json": configz},
    ]
    result = judge(Readings(snapshot_of(documents)), plan([CATALOGUE.checks["kubelet-anonymous-auth"]])).results[0]
    assert result.status is Status.FAIL


@pytest.mark.parametrize("labels", [{"eks.amazonaws.com/compute-type": "fargate"}, {}])
def test_the_label_of_fargate_alone_excuses_no_kubelet(labels):
    """Any kubelet may give itself that label; on EKS it counts together with the name that Fargate gives."""
    for name, version in (("node", "v1.33.1-eks-7f9249a"), ("fargate-ip-1", "v1.33.1")):
        found = platform_of(a_version(version), a_node(name, **labels)).value
        assert not found.provided


def test_a_sign_excuses_no_component_that_runs_here():
    pod = {
        "kind": "Pod",
        "madeBy": "Node/cp",
        "metadata": {"name": "kube-apiserver-cp", "namespace": "kube-system"},
        "spec": {"containers": [{"name": "a", "command": ["kube-apiserver", "--anonymous-auth=true"]}]},
    }
    readings = Readings(snapshot_of(made([a_version("v1.33.1-eks-7f9249a"), pod])))
    found = readings.of(component("kube-apiserver")).value
    assert (found.owner, len(found.instances)) == ("", 1)
    assert readings.of(component("kube-scheduler")).value.owner
