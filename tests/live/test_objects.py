"""What a control plane makes for itself gives no finding by the checks of objects that run by default."""

import pytest

from kscan.collect.collect import Options, collect
from kscan.collect.credentials import Access
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.views.answering import ANSWERING
from kscan.views.view import Readings

pytestmark = pytest.mark.every_version
# The default namespace is somebody's to protect, though Kubernetes made it.
_OF_NAMESPACES = ("namespace-enforces-less", "namespace-without-network-policy")
_FAMILIES = ("availability", "network", "references", "workloads")
CHECKS = [
    check for check in catalogue().checks.values() if check.family in _FAMILIES and check.id not in _OF_NAMESPACES
]


def read(server, ready):
    return collect(Access(kubeconfig=str(server.kubeconfig())), ready.needs(), Options())


def results(snapshot, ready):
    return {result.check.id: result for result in evaluate(snapshot, ready).results}


def test_nothing_that_kubernetes_made_is_a_finding(fresh):
    found = results(fresh.snapshot, plan(check for check in CHECKS if not check.file.opt_in))
    assert {name: one.findings for name, one in found.items() if one.findings} == {}
    assert not any(one.gaps for one in found.values())


def test_every_kind_is_read_as_it_is_served(fresh):
    server, ready = fresh.server, plan(CHECKS)
    core, shop = "/api/v1/namespaces", "/api/v1/namespaces/port/"
    server.write(core, {"metadata": {"name": "port"}})
    server.write(
        f"{shop}services",
        {"metadata": {"name": "bad"}, "spec": {"externalIPs": ["203.0.113.7"], "ports": [{"port": 80}]}},
    )
    server.write(f"{shop}configmaps", {"metadata": {"name": "bad"}, "data": {"db_password": "harbour"}})
    server.write(f"{shop}persistentvolumeclaims", {"metadata": {"name": "bad"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}})  # fmt: skip
    server.write("/api/v1/persistentvolumes", {"metadata": {"name": "bad"}, "spec": {
        "hostPath": {"path": "/etc"}, "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}})  # fmt: skip
    server.write("/apis/policy/v1/namespaces/port/poddisruptionbudgets", {"metadata": {"name": "bad"}, "spec": {
        "selector": {"matchLabels": {"app": "x"}}}})  # fmt: skip
    server.write("/apis/autoscaling/v2/namespaces/port/horizontalpodautoscalers", {"metadata": {"name": "bad"}, "spec": {
        "maxReplicas": 1, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gone"}}})  # fmt: skip
    server.write("/apis/networking.k8s.io/v1/namespaces/port/ingresses", {"metadata": {"name": "bad"}, "spec": {
        "defaultBackend": {"service": {"name": "gone", "port": {"number": 80}}}}})  # fmt: skip
    server.write(
        "/apis/storage.k8s.io/v1/storageclasses", {"metadata": {"name": "bad"}, "provisioner": "ebs.csi.aws.com"}
    )
    found = results(read(server, ready), ready)
    for name in ("service-external-ips", "credential-in-config-map", "volume-claim-unbound", "missing-ingress-backend",
                 "persistent-volume-of-sensitive-path", "disruption-budget-lets-none-go", "disruption-budget-of-no-pod",
                 "missing-scale-target", "autoscaler-without-room", "ingress-without-tls", "storage-class-not-encrypted"):  # fmt: skip
        assert [one.object.name for one in found[name].findings] == ["bad"], name
    assert "harbour" not in str(found["credential-in-config-map"])
    assert [one.object.name for one in found["namespace-without-quota"].findings] == ["default", "port"]


def test_a_pod_that_is_ready_answers_for_its_webhook(fresh):
    """Of pods little is kept: what they say of themselves is, for a webhook that fails open holds by it."""
    server = fresh.server
    server.write("/api/v1/namespaces", {"metadata": {"name": "gate"}})
    server.write("/api/v1/namespaces/gate/serviceaccounts", {"metadata": {"name": "default"}})
    server.write("/api/v1/namespaces/gate/services", {"metadata": {"name": "gate"}, "spec": {
        "selector": {"app": "gate"}, "ports": [{"port": 443}]}})  # fmt: skip
    pods = "/api/v1/namespaces/gate/pods"
    server.write(pods, {"metadata": {"name": "gate-1", "labels": {"app": "gate"}}, "spec": {
        "containers": [{"name": "gate", "image": "gate:1"}]}})  # fmt: skip
    server.write("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
        "metadata": {"name": "gate"}, "webhooks": [{
            "name": "gate.example.com", "failurePolicy": "Ignore", "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "timeoutSeconds": 1,
            "namespaceSelector": {"matchLabels": {"gated": "yes"}},
            "clientConfig": {"service": {"name": "gate", "namespace": "gate"}}}]})  # fmt: skip

    def answers():
        found = collect(Access(kubeconfig=str(server.kubeconfig())), ANSWERING.needs, Options())
        return Readings(found).of(ANSWERING).value

    assert answers() == {"gate/gate": False}
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]
    server.write(f"{pods}/gate-1/status", {"status": {"phase": "Running", "conditions": conditions}}, "PATCH")
    assert answers() == {"gate/gate": True}
