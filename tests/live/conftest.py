"""One real API server for all live tests; where its programs are not, each test says that it was skipped."""

import pytest

from tests.live.api_server import api_server, programs

WHY = "no kube-apiserver and etcd: set KUBEBUILDER_ASSETS to a folder that holds them"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if programs() is None:
        pytest.skip(WHY)
    with api_server(tmp_path_factory.mktemp("live")) as running:
        _fill(running)
        yield running


def _fill(server):
    """A few objects of each kind that the checks read."""
    for name in ("shop", "bank"):
        server.write("/api/v1/namespaces", {"metadata": {"name": name}})
        server.write(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
    spec = {"containers": [{"name": "app", "image": "app:1", "securityContext": {"privileged": True}}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    deployment = server.write(
        "/apis/apps/v1/namespaces/shop/deployments",
        {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}},
    )
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True,
             "uid": deployment["metadata"]["uid"]}  # fmt: skip
    replica_set = server.write(
        "/apis/apps/v1/namespaces/shop/replicasets",
        {"metadata": {"name": "web-5d8c7", "ownerReferences": [owner]},
         "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}},
    )  # fmt: skip
    owner |= {"kind": "ReplicaSet", "name": "web-5d8c7", "uid": replica_set["metadata"]["uid"]}
    for suffix in ("bcdfg", "hjklm", "npqrs"):
        metadata = {"name": f"web-5d8c7-{suffix}", "labels": {"app": "web"}, "ownerReferences": [owner]}
        server.write("/api/v1/namespaces/shop/pods", {"metadata": metadata, "spec": spec | {"nodeName": f"n-{suffix}"}})
    server.write("/apis/networking.k8s.io/v1/namespaces/bank/networkpolicies",
                 {"metadata": {"name": "default-deny"}, "spec": {"podSelector": {}}})  # fmt: skip
    webhook = {"name": "a.policy.example", "failurePolicy": "Ignore", "sideEffects": "None",
               "admissionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1"}}  # fmt: skip
    server.write("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
                 {"metadata": {"name": "policy"}, "webhooks": [webhook]})  # fmt: skip
    server.write("/api/v1/nodes", {"metadata": {"name": "n1"}})
