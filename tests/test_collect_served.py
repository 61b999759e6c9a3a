"""Which kinds and versions a server serves, as the collector finds out, and what it makes of what is not there."""

import json

import msgspec
import pytest

from kscan.collect.wire import Answer, refusal
from kscan.model.discovery import ALWAYS
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Item, Listing, Reason
from kscan.snapshot.named import JSON
from kscan.snapshot.snapshot import Snapshot
from kscan.views.rights import RBAC
from kscan.views.view import Readings
from tests.fake_api import PLAIN_DISCOVERY, Fault, cluster, fake_api
from tests.test_collect import PODS, read


def test_plain_discovery_of_older_servers(tmp_path):
    old = cluster(10)
    faults = {path: [Fault("status", 1, value=406)] for path in ("/api", "/apis")}
    with fake_api(old, faults) as fake:
        snapshot = read(fake, tmp_path, (kinds.PODS, kinds.DEPLOYMENTS))
    assert len(snapshot.entries[PODS].items) == 10
    plain = b'{"kind":"APIVersions","versions":["v1"]}'
    groups = (
        b'{"kind":"APIGroupList","groups":[{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}]}]}'
    )
    faults = {"/api": [Fault("body", None, value=plain)], "/apis": [Fault("body", None, value=groups)]}
    with fake_api(old, faults) as fake:
        snapshot = read(fake, tmp_path, (kinds.PODS, kinds.DEPLOYMENTS))
    assert "/apis/apps/v1" in fake.paths()
    assert len(snapshot.entries["/apis/apps/v1/deployments"].items) == 1


def test_plain_discovery_tells_of_subresources_and_which_version_failed(tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    resources = {"kind": "APIResourceList", "resources": [
        {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get"]},
        {"name": "pods/exec", "kind": "PodExecOptions", "namespaced": True, "verbs": ["create", "get"]},
        *({"name": one, "kind": "Any", "namespaced": True, "verbs": ["get"]} for one in sorted(ALWAYS[""] - {"pods", "pods/exec"})),
    ]}  # fmt: skip
    faults = PLAIN_DISCOVERY | {
        "/api/v1": [Fault("body", None, value=msgspec.json.encode(resources))],
        "/apis/apps/v1": [Fault("status", None, value=503)],
    }
    with fake_api(cluster(10), faults) as fake:
        served = Readings(read(fake, tmp_path, (*RBAC.needs, kinds.PODS, kinds.DEPLOYMENTS))).of(RBAC).value.served
    assert served.has("", "pods/exec") and not served.may("", "pods/resize")
    # A version that did not answer, and a group that nobody asked about.
    assert served.may("apps", "daemonsets") and served.may("acme.io", "widgets")


def test_a_resource_that_is_not_served_is_a_gap_that_costs_no_request(tmp_path):
    gap = {"path": "/x", "gap": "forbidden"}
    snapshot = cluster(10, [gap])
    entries = {path: entry for path, entry in snapshot.entries.items() if "networkpolicies" not in path}
    with fake_api(type(snapshot)(snapshot.about, entries)) as fake:
        found = read(fake, tmp_path, (kinds.NETWORK_POLICIES,)).entries[kinds.NETWORK_POLICIES.path()]
    assert found.reason is Reason.NOT_SERVED
    assert not any("networkpolicies" in path for path in fake.paths())


OPTIONAL = [one for one in kinds.KNOWN if one.optional]


class _Said:
    def __init__(self, status, content, media_type=JSON):
        self.given = Answer(status, {"content-type": media_type}, content)


def _status(code, reason):
    return _Said(code, json.dumps({"kind": "Status", "apiVersion": "v1", "reason": reason, "message": "m"}).encode())


OBJECT, LIST = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config", "/apis/kyverno.io/v1/clusterpolicies"
CHOSEN = "/apis/config.openshift.io/v1/apiservers/cluster"
PAGE = _Said(404, b"<html>not found</html>", "text/html")
NO_PAGE = _Said(404, b"404 page not found\n", "text/plain; charset=utf-8")


@pytest.mark.parametrize(("path", "said", "absent"), [
    (OBJECT, _status(404, "NotFound"), True),
    (OBJECT, _status(405, "MethodNotAllowed"), False),
    (OBJECT, _status(406, "NotAcceptable"), False),
    (OBJECT, _status(404, ""), False),
    (OBJECT, PAGE, False),
    # A proxy that is written in Go says what the API server says.
    (OBJECT, NO_PAGE, False),
    (OBJECT, _Said(404, b'{"message": "no Route matched with those values"}'), False),
    (OBJECT, _Said(404, b"", "text/plain"), False),
    (CHOSEN, NO_PAGE, True),
    (CHOSEN, PAGE, False),
    ("/flagz", NO_PAGE, True),
    ("/flagz", PAGE, False),
    ("/flagz", _Said(406, b"<html>", "text/html"), False),
    (LIST, _status(404, "NotFound"), True),
    (LIST, NO_PAGE, True),
    (LIST, PAGE, False),
    (LIST, _status(405, "MethodNotAllowed"), True),
    (LIST, _Said(405, b"<html>", "text/html"), False),
])  # fmt: skip
def test_only_the_api_server_says_that_something_is_not_there(path, said, absent):
    assert (refusal(path, said.given).reason is Reason.NOT_SERVED) is absent


FAILURES = {"refused": Fault("status", None, value=403), "not there": Fault("status", None, value=404),
            "a login page": Fault("html", None),
            "empty": Fault("body", None, value=b"{}"), "no list": Fault("body", None, value=b'{"kind":"APIGroupList"}'),
            "nothing": Fault("body", None, value=b'{"kind":"APIGroupDiscoveryList","items":[]}')}  # fmt: skip


def found_of(resource, snapshot):
    """What a view is told of a resource: every list of it that is there, and whether there may be more."""
    lists = [entry for _, entry in snapshot.listings(resource) if isinstance(entry, Listing)]
    gaps = [entry for _, entry in snapshot.listings(resource) if isinstance(entry, Gap)]
    return lists, [one for one in gaps if one.reason is not Reason.NOT_SERVED]


@pytest.mark.parametrize("discovery", ["aggregated", "plain", *FAILURES])
@pytest.mark.parametrize("resource", OPTIONAL, ids=str)
def test_a_kind_is_found_in_whichever_version_it_is_served(resource, discovery, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    faults = {"aggregated": {}, "plain": PLAIN_DISCOVERY}.get(discovery) or {
        path: [FAILURES[discovery]] for path in ("/api", "/apis") if discovery in FAILURES
    }
    plain = cluster(10)
    for version in resource.versions:
        path = (
            msgspec.structs.replace(resource, plural="things").path(version)
            if resource.whole_group
            else resource.path(version)
        )
        one = Listing(resource.kind or "Thing", f"{resource.group}/{version}", (Item(b'{"metadata":{"name":"a"}}'),))
        here = {where: entry for where, entry in plain.entries.items() if resource.group not in where}
        with fake_api(Snapshot(plain.about, here | {path: one}), faults) as fake:
            lists, gaps = found_of(resource, read(fake, tmp_path, (resource,)))
        # Which kinds a group has, only the discovery tells.
        known = not resource.whole_group or discovery in ("aggregated", "plain")
        assert (len(lists), bool(gaps)) == ((1, False) if known else (0, True))
    with fake_api(Snapshot(plain.about, here), faults) as fake:
        lists, gaps = found_of(resource, read(fake, tmp_path, (resource,)))
    # That there is none is known only by a discovery that was read.
    assert (lists, bool(gaps)) == ([], discovery in FAILURES)


@pytest.mark.parametrize("fault", [Fault("status", None, value=503), Fault("status", None, value=404), Fault("html", None)],
                         ids=lambda one: f"{one.kind} {one.value}")  # fmt: skip
def test_a_version_whose_discovery_fails_leaves_its_group_open(fault, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    policies, quotas = kinds.KYVERNO_POLICIES, kinds.GATEKEEPER_CONFIGS
    plain = cluster(10)
    here = {
        policies.path("v1"): Listing("Policy", "kyverno.io/v1"),
        policies.path("v2beta1"): Listing("Policy", "kyverno.io/v2beta1"),
    }
    faults = PLAIN_DISCOVERY | {"/apis/kyverno.io/v1": [fault]}
    entries = {
        path: entry for path, entry in plain.entries.items() if "kyverno" not in path and "gatekeeper" not in path
    }
    with fake_api(Snapshot(plain.about, entries | here), faults) as fake:
        snapshot = read(fake, tmp_path, (policies, kinds.KYVERNO_EXCEPTIONS, quotas, kinds.DEPLOYMENTS))
    # The other version tells of the one, and nothing of the other; groups beside it stand.
    assert isinstance(snapshot.at(policies.path("v2beta1")), Listing)
    assert found_of(kinds.KYVERNO_EXCEPTIONS, snapshot)[1]
    assert found_of(quotas, snapshot) == ([], [])
    assert isinstance(snapshot.at(kinds.DEPLOYMENTS.path()), Listing)


def test_a_stale_version_is_no_answer(tmp_path):
    exceptions = kinds.KYVERNO_EXCEPTIONS
    group = {
        "metadata": {"name": exceptions.group},
        "versions": [{"version": "v2", "freshness": "Stale", "resources": []}],
    }
    body = msgspec.json.encode({"kind": "APIGroupDiscoveryList", "items": [group]})
    with fake_api(cluster(10), {"/apis": [Fault("body", None, value=body)]}) as fake:
        snapshot = read(fake, tmp_path, (exceptions, kinds.GATEKEEPER_CONFIGS))
    assert [gap.reason for gap in found_of(exceptions, snapshot)[1]] == [Reason.UNAVAILABLE]
    assert found_of(kinds.GATEKEEPER_CONFIGS, snapshot) == ([], [])


def test_what_the_server_serves_and_does_not_find_is_a_gap(tmp_path):
    policies = kinds.KYVERNO_POLICIES
    plain = cluster(10)
    entries = dict(plain.entries) | {policies.path(): Listing("Policy", "kyverno.io/v1")}
    with fake_api(Snapshot(plain.about, entries), {policies.path(): [Fault("status", None, value=404)]}) as fake:
        assert found_of(policies, read(fake, tmp_path, (policies,)))[1]
