"""By which signs a platform is told, and who can make them."""

import msgspec
import pytest

from kscan import data
from kscan.model.platform import Platform, detect
from kscan.model.signs import Seen
from kscan.views.platform import profiles
from tests.test_platforms import (
    AKS,
    CATALOGUE,
    CONFIG,
    CONTROL_PLANE,
    IN_AZURE,
    KAMAJI,
    SHIPPED,
    a_node,
    a_version,
    platform_of,
)


# What the detection of others misses or mistakes: releases of two digits, versions after the newest in a table, a version
# of the distribution that people run themselves, machines of a cloud that are no platform of it.
@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("v1.31.1+rke2r1", "rke2"),
        ("v1.31.1+rke2r10", "rke2"),
        ("v1.31.1+k3s1", "k3s"),
        ("v1.31.1+k3s12", "k3s"),
        ("v1.35.0-eks-7f9249a", "eks"),
        ("v1.41.3-eks-00aabb1", "eks"),
        ("v1.27.4-eks-8ccc7ba", "eks"),
        ("v1.30.2-eks-1-30-7", ""),
        ("v1.33.2-gke.1043000", ""),
        ("v1.31.9", ""),
        ("v1.27.8+4fab27b", ""),
        ("v1.31.1+k3s1-dirty", ""),
        ("", ""),
    ],
)
def test_a_version_alone(version, name):
    assert detect(profiles(), Seen(version=version)).name == name


@pytest.mark.parametrize(
    ("provider", "labels", "version", "name"),
    [
        ("azure:///subscriptions/0/vm", {}, "v1.31.1", ""),
        ("azure:///subscriptions/0/vm", {"kubernetes.azure.com/cluster": "MC_a"}, "v1.31.1", ""),
        ("", {"kubernetes.azure.com/cluster": "MC_a"}, "v1.31.1", ""),
        ("aws:///eu-west-1a/i-0", {"eks.amazonaws.com/nodegroup": "a"}, "v1.31.1", ""),
        ("gce://shop/b/n", {}, "v1.33.2-gke.1043000", "gke"),
        ("gce://shop/b/n", {}, "v1.33.2", ""),
        ("vsphere://42", {}, "v1.28.8-gke.1800", ""),
        ("", {"microk8s.io/cluster": "false"}, "v1.31.1", ""),
        ("", {"microk8s.io/cluster": "true"}, "v1.31.1", "microk8s"),
    ],
)
def test_what_a_node_tells(provider, labels, version, name):
    node = a_node(**labels) | {"spec": {"providerID": provider}}
    assert platform_of(a_version(version), node).value.name == name


def test_a_sign_about_nodes_is_one_of_every_node():
    """One kubelet may say of itself what it likes."""
    one, other = a_node("aks-1", **AKS) | IN_AZURE, a_node("b")
    assert platform_of(a_version("v1.31.1"), one).value.name == "aks"
    assert platform_of(a_version("v1.31.1"), one, other).value == Platform()
    assert platform_of(a_version("v1.31.1"), one, a_node("aks-2", **AKS) | {"spec": {}}).value == Platform()
    assert platform_of(a_version("v1.31.1"), a_node("aks-2", **AKS), other | IN_AZURE).value == Platform()


def of_others(sign):
    """What more people than the cluster's owner can make of a sign: labels on every node, API groups."""
    key, _, value = sign.node_label.partition("=")
    return {key: value} if key else {}, sign.group


def test_what_others_than_the_owner_can_make_decides_nothing():
    known = profiles()
    made = [
        of_others(sign) for one in (*known.platforms, *known.nodes) for sign in (*one.signs, *getattr(one, "hints", ()))
    ]
    labels = {key: value for found, _ in made for key, value in found.items()}
    groups = [{"metadata": {"name": group}} for _, group in made if group]
    apis = {"path": "/apis", "json": {"kind": "APIGroupDiscoveryList", "items": groups}}
    spaces = [{"kind": "Namespace", "metadata": {"name": one.name}} for one in known.platforms]
    elsewhere = [CONFIG, KAMAJI]
    elsewhere = [one | {"metadata": one["metadata"] | {"namespace": "shop"}} for one in elsewhere]
    found = platform_of(
        a_version("v1.36.0"), apis, *spaces, *elsewhere, a_node("a", **labels), a_node("b", **labels)
    ).value
    assert (found.name, found.family) in (("", "cis"), ("microk8s", "cis"), ("kops", "cis"))
    assert not (found.owned or found.ships or found.may_ship or found.authorizers or found.provided)


def test_two_platforms_of_one_cluster_are_neither():
    found = platform_of(a_version("v1.33.1+k3s1"), CONFIG).value
    assert (found.name, found.ships, found.may_ship) == ("", (), ())
    assert (
        found.unseen
        == "it shows signs of k3s (version v1.33.1+k3s1) and of kubeadm (ConfigMap kube-system/kubeadm-config)"
    )
    assert platform_of(a_version("v1.33.1"), CONFIG, KAMAJI).value.name == "kamaji"


def test_signs_are_of_use_and_say_where_they_are_from():
    known = profiles()
    for sign in (sign for one in (*known.platforms, *known.nodes) for sign in one.signs):
        told = msgspec.structs.asdict(sign)
        assert told.pop("rests")
        assert sign.proves
        assert not sign.label or sign.object
    for one in known.platforms:
        assert bool(one.hints) is not bool(one.signs)
        assert one.signs or not (one.owns or one.ships or one.authorizers or one.over)
        assert all((SHIPPED / f"rbac-{part}.jsonl").is_file() for part in one.ships)
    assert all(one.why and one.owns <= CONTROL_PLANE for one in known.platforms if one.owns)
    assert {one.benchmark for one in known.platforms} <= {one.family for one in CATALOGUE.frameworks.values()}
    assert {name for kind in known.nodes for name in kind.platforms} <= {one.name for one in known.platforms}


def test_the_shipped_folder_holds_the_data():
    assert (data.folder("checks") / "shipped" / "platforms.yaml").is_file()
