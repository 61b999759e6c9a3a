"""Real API servers for the live tests; where their programs are not, each test says that it was skipped.

A test asks for `assets`, the folder of the programs, or for what is started from it. It runs on the first folder that
KUBEBUILDER_ASSETS names: whoever names several says by the order which of them is enough for what no version changes.
With the mark `every_version` it runs on each.
"""

from pathlib import Path

import pytest

from tests.live.api_server import NEEDED, api_server, folders, holds

WHY = "set KUBEBUILDER_ASSETS to a folder that holds the programs, or to several with colons between"


def pytest_generate_tests(metafunc):
    if "assets" in metafunc.fixturenames:
        every = metafunc.definition.get_closest_marker("every_version")
        chosen = folders() if every else folders()[:1]
        metafunc.parametrize("assets", chosen, ids=[one.name for one in chosen], indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What is started for a module and a version is started by one worker only: told before xdist looks."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            of = item.callspec.params.get("assets", "") if hasattr(item, "callspec") else ""
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {of}"))


def need(folder, *names):
    """Skip what cannot be tried with the programs of this folder."""
    if not holds(folder, *names):
        pytest.skip(f"{folder} has no {' and '.join(names)}: {WHY}")


@pytest.fixture(scope="session")
def assets(request):
    """The folder of the programs, of one version."""
    need(request.param, *NEEDED)
    return request.param


@pytest.fixture(scope="session")
def server(assets, tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("live"), assets=assets) as running:
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
