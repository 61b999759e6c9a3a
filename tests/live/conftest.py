"""Real API servers for the live tests; where their programs are not, each test says that it was skipped.

A test asks for `assets`, the folder of the programs, or for what is started from it. It runs on the first folder that
KUBEBUILDER_ASSETS names: whoever names several says by the order which of them is enough for what no version changes.
With the mark `every_version` it runs on each.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.commands.selected import catalogue
from kscan.judge.plan import plan
from kscan.snapshot.snapshot import Snapshot
from tests.live.api_server import NEEDED, ApiServer, api_server, folders, holds

# Servers that several modules use: one of a version for all of them.
SHARED = ("server", "fresh", "unguarded")
WHY = "set KUBEBUILDER_ASSETS to a folder that holds the programs, or to several with colons between"


def pytest_generate_tests(metafunc):
    if "assets" in metafunc.fixturenames:
        every = metafunc.definition.get_closest_marker("every_version")
        chosen = folders() if every else folders()[:1]
        metafunc.parametrize("assets", chosen, ids=[one.name for one in chosen], indirect=True, scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items):
    """What is started for a version is started by one worker only, for a module or for all."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            of = item.callspec.params.get("assets", "") if hasattr(item, "callspec") else ""
            shared = next((name for name in SHARED if name in item.fixturenames), item.path.stem)
            item.add_marker(pytest.mark.xdist_group(f"{shared} {of}"))
    told = yield
    # xdist 3.8 writes the group where pytest 9.2 no longer looks: github.com/pytest-dev/pytest-xdist/issues/1386.
    for item in items:
        if "_nodeid" in vars(item) and hasattr(item, "_id"):
            item._id = type(item._id).parse(item._nodeid)
    scans_first(items)
    return told


def scans_first(items):
    """What is asked of the server that is filled, together: the many scans before whoever writes more for them to read."""
    # Other tests have servers of that name, too.
    shared = [one for one in items if {"server", "assets"} <= {*one.fixturenames}]
    for version in dict.fromkeys(one.callspec.params["assets"] for one in shared):
        block = [one for one in shared if one.callspec.params["assets"] == version]
        first, moved = items.index(block[0]), set(map(id, block))
        block.sort(key=lambda one: one.path.stem != "test_scan")
        rest = [one for one in items if id(one) not in moved]
        items[:] = rest[:first] + block + rest[first:]


RBAC = "/apis/rbac.authorization.k8s.io/v1"
KINDS = {
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles",
    "RoleBinding": "rolebindings",
}


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


class Fresh(NamedTuple):
    """A server, and what was read of it before anybody wrote to it."""

    server: ApiServer
    minor: int
    rbac: dict
    snapshot: Snapshot


@pytest.fixture(scope="session")
def fresh(assets, tmp_path_factory):
    """Whoever writes to it adds to what other modules wrote, and looks for what is new."""
    ready = plan(catalogue().checks.values())
    # Off by default since 1.36 deprecated it; nothing of the server's own asks for it.
    with api_server(
        tmp_path_factory.mktemp("fresh"), "--runtime-config=resource.k8s.io/v1beta2=true", assets=assets
    ) as it:
        minor = int(it.write("/version", {}, "GET")["minor"])
        rbac = {kind: it.write(f"{RBAC}/{path}", {}, "GET")["items"] for kind, path in KINDS.items()}
        yield Fresh(it, minor, rbac, collect(Access(kubeconfig=str(it.kubeconfig())), ready.needs(), Options()))


@pytest.fixture(scope="session")
def unguarded(assets, tmp_path_factory):
    """A server of which nobody expects what its rights are: whoever asks about them reads them first."""
    with api_server(tmp_path_factory.mktemp("unguarded"), "--audit-log-mode=batch", assets=assets) as running:
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
