"""Network plugins by their signs: which count, and what is left open."""

import pytest

from kscan.model.network_plugin import Agent, Enforces, Sign, signs, weighed

YES, NO, UNTOLD = Enforces.YES, Enforces.NO, Enforces.UNTOLD


def agent(name, *containers):
    return Agent(name, "kube-system", tuple((one, image, tuple(words)) for one, image, *words in containers))


def told(*agents, cilium=None, k3s=()):
    sign = weighed(signs(agents, cilium or {}, k3s))
    return sign and sign.enforces


@pytest.mark.parametrize(
    ("one", "enforces"),
    [
        (agent("calico-node", ("calico-node", "calico/node:v3")), YES),
        (agent("rke2-canal", ("calico", "rancher/hardened-calico:v3")), YES),
        (agent("canal", ("calico-node", "docker.io/calico/node:v3"), ("flannel", "flannel:v0.26")), YES),
        (agent("canal", ("app", "shop/canal:1")), None),
        (agent("anetd"), YES),
        (agent("antrea-agent"), YES),
        (agent("ovnkube-node"), YES),
        (agent("weave-net"), YES),
        (agent("azure-npm"), YES),
        (agent("kube-router", ("kube-router", "kube-router:v2", "--run-firewall=true")), YES),
        (agent("kube-router", ("kube-router", "kube-router:v2", "--run-firewall=false")), NO),
        (agent("aws-node", ("aws-node", "amazon-k8s-cni:v1")), NO),
        (agent("aws-node", ("nodeagent", "aws-network-policy-agent:v1", "--enable-network-policy=true")), YES),
        (agent("aws-node", ("nodeagent", "aws-network-policy-agent:v1", "--enable-network-policy=false")), NO),
        (agent("aws-node", ("other", "other:v1", "--enable-network-policy=true")), NO),
        (agent("kube-flannel-ds", ("kube-flannel", "flannel:v0.26")), NO),
        (agent("kube-flannel-ds", ("kube-flannel", "flannel:v0.26"), ("netpol", "flannel:v0.26")), YES),
        (agent("kindnet", ("kindnet-cni", "docker.io/kindest/kindnetd:v20240813-c6f155d6")), YES),
        (agent("kindnet", ("kindnet-cni", "docker.io/kindest/kindnetd:v20240513-cd2ac642")), NO),
        (agent("kindnet", ("kindnet-cni", "docker.io/kindest/kindnetd:v20240725-0123")), UNTOLD),
        (agent("kindnet", ("kindnetd", "ghcr.io/kindnet/kindnetd:v1.3.0")), YES),
        (agent("kindnet", ("kindnetd", "ghcr.io/kindnet/kindnetd:v1.2.9")), NO),
        (agent("kindnet", ("kindnetd", "kindnetd@sha256:0123")), UNTOLD),
        (agent("our-own-network"), None),
    ],
)
def test_each_by_its_sign(one, enforces):
    assert told(one) is enforces


@pytest.mark.parametrize(
    ("settings", "enforces"),
    [
        ({}, YES),
        ({"enable-policy": "default"}, YES),
        ({"enable-policy": "always"}, YES),
        ({"enable-policy": "never"}, NO),
        ({"enable-k8s-networkpolicy": "false"}, NO),
    ],
)
def test_cilium_by_its_settings(settings, enforces):
    assert told(agent("cilium"), cilium=settings) is enforces


def test_k3s_by_the_arguments_of_its_servers():
    assert told(k3s=['["server"]']) is YES
    assert told(k3s=[""]) is YES
    assert told(k3s=['["server"]', '["server","--disable-network-policy"]']) is NO
    assert told(agent("calico-node"), k3s=['["server","--disable-network-policy"]']) is YES


def test_one_that_enforces_counts_before_those_that_do_not():
    flannel, calico = agent("kube-flannel-ds", ("kube-flannel", "flannel:v0.26")), agent("calico-node")
    assert told(flannel, calico) is told(calico, flannel) is YES
    assert told(flannel, agent("kindnet", ("a", "kindnetd:odd"))) is UNTOLD
    assert weighed([]) is None
    assert weighed([Sign("b", "", NO), Sign("a", "", NO)]).plugin == "a"
