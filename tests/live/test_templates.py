"""Real controllers: whose template is worse than what runs for it, and where something mended the pods on their way."""

import json
import time

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.judge.drift import NEXT
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from tests.live.conftest import need
from tests.live.control_plane import PROGRAMS, authorities, control_plane

CHECKS = by_id(read_checks(data.folder("checks")))
READY = plan([CHECKS["privileged-container"], CHECKS["no-memory-limit"]])
FLAGS = {"etcd": {}, "kube-scheduler": {}, "kube-apiserver": {"client-ca-file": "ca.crt", "allow-privileged": "true"},
         "kube-controller-manager": {"service-account-private-key-file": "sa.key", "controllers": ",".join(
             f"{one}-controller" for one in ("serviceaccount", "statefulset", "daemonset", "deployment", "replicaset"))}}  # fmt: skip
LABELS = {"matchLabels": {"app": "a"}}
MORE = {"statefulsets": {"updateStrategy": {"type": "OnDelete"}, "serviceName": "none"},
        "daemonsets": {"updateStrategy": {"type": "OnDelete"}}, "deployments": {}, "replicasets": {}}  # fmt: skip


def container(**more):
    return {"name": "app", "image": "app:1"} | more


def template(one):
    # No kubelet reports for the node: it is tainted, and no daemon set makes a pod for it that minds.
    spec = {"containers": [one], "tolerations": [{"operator": "Exists"}]}
    return {"metadata": {"labels": {"app": "a"}}, "spec": spec}


@pytest.fixture(scope="module")
def plane(assets, tmp_path_factory):
    """With the controllers that make pods: those of nodes would soon have a node that no kubelet reports for as gone."""
    need(assets, *PROGRAMS)
    folder = tmp_path_factory.mktemp("templates")
    authorities(folder)
    with control_plane(folder, FLAGS, assets) as plane:
        plane.ask("/api/v1/nodes", {"metadata": {"name": "n1"}, "status": {"capacity": {"pods": "10"}}})
        yield plane


def path(kind, namespace):
    return f"/apis/apps/v1/namespaces/{namespace}/{kind}"


def made(plane, namespace, count):
    """Wait until controllers have made so many pods."""
    for _ in range(600):
        pods = json.loads(plane.answer(f"/api/v1/namespaces/{namespace}/pods")[1])["items"]
        if len(pods) == count:
            return
        time.sleep(0.2)
    raise AssertionError(f"{len(pods)} pods in {namespace}")


def results(plane):
    snapshot = collect(Access(kubeconfig=str(plane.kubeconfig)), READY.needs(), Options())
    return {result.check.id: result for result in evaluate(snapshot, READY).results}


def test_templates_that_are_worse_than_what_runs(plane):
    plane.ask("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    fine = container(resources={"limits": {"memory": "1Gi"}})
    for kind, more in MORE.items():
        spec = {"selector": LABELS, "template": template(fine)} | more
        assert plane.ask(path(kind, "shop"), {"metadata": {"name": kind}, "spec": spec}) == 201
        made(plane, "shop", list(MORE).index(kind) + 1)
    assert results(plane)["privileged-container"].status is Status.PASS
    for kind in MORE:
        patch = {"spec": {"template": template(fine | {"securityContext": {"privileged": True}})}}
        if kind == "deployments":
            patch["spec"]["paused"] = True
        assert plane.answer(f"{path(kind, 'shop')}/{kind}", patch, method="PATCH")[0] == 200
    time.sleep(2)
    made(plane, "shop", len(MORE))
    found = results(plane)["privileged-container"]
    assert {one.object.name: one.notes for one in found.findings} == dict.fromkeys(MORE, (NEXT,))


def test_what_a_limit_range_gives_is_no_finding_of_the_template(plane):
    """Kubernetes' own admission mends each pod that the template makes: the next one, too."""
    plane.ask("/api/v1/namespaces", {"metadata": {"name": "ranged"}})
    limits = [{"type": "Container", "default": {"memory": "1Gi"}}]
    plane.ask("/api/v1/namespaces/ranged/limitranges", {"metadata": {"name": "a"}, "spec": {"limits": limits}})
    time.sleep(1)
    for number, (kind, more) in enumerate(MORE.items(), 1):
        spec = {"selector": LABELS, "template": template(container())} | more
        assert plane.ask(path(kind, "ranged"), {"metadata": {"name": kind}, "spec": spec}) == 201
        made(plane, "ranged", number)
    found = results(plane)["no-memory-limit"]
    assert [one for one in found.findings if one.object.namespace == "ranged"] == []
    assert len([one for one in found.facts if "ranged/" in one and "its template" in one]) == len(MORE)
