"""The collector against a server that misbehaves: every failure is a gap with its reason, never an empty list."""

import json
import re
import time
import zipfile

import msgspec
import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.collect.wire import Answer, refusal
from kscan.errors import ConfigError
from kscan.snapshot import kinds
from kscan.snapshot.archive import load
from kscan.snapshot.entry import Body, Gap, Item, Listing, Reason
from kscan.snapshot.named import JSON
from kscan.snapshot.needs import PerNode, Plain
from kscan.snapshot.snapshot import Snapshot
from kscan.views.health import READYZ
from kscan.views.rights import RBAC
from kscan.views.secret_times import SECRETS as SECRET_METADATA
from kscan.views.view import Readings
from tests.fake_api import PLAIN_DISCOVERY, Fault, cluster, fake_api
from tests.snapshot.builders import file_of

PODS = "/api/v1/pods"
ACCOUNTS = kinds.SERVICE_ACCOUNTS
NEEDS = (kinds.PODS, ACCOUNTS)


def read(fake, tmp_path, needs=NEEDS, **options):
    return collect(Access(kubeconfig=fake.kubeconfig(tmp_path)), needs, Options(**options))


def test_reads_what_is_needed_and_nothing_else(tmp_path):
    with fake_api(cluster(1205)) as fake:
        snapshot = read(fake, tmp_path)
    assert len(snapshot.entries[PODS].items) == 1205
    assert set(fake.paths()) == {
        "/version", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "/api", "/apis",
        "/api/v1/namespaces/kube-system", PODS, "/api/v1/serviceaccounts",
    }  # fmt: skip
    assert [query.get("limit") for _, path, query, _ in fake.requests if path == PODS] == ["500"] * 3
    assert all(re.fullmatch(r"kscan/\d+\.\d+\.\d+", headers["User-Agent"]) for _, _, _, headers in fake.requests)
    assert {method for method, _, _, _ in fake.requests} == {"GET", "POST"}
    assert snapshot.about.uid == "5b2f"
    assert snapshot.about.version == "v1.36.3"


def test_pods_of_one_owner_share_their_spec(tmp_path):
    with fake_api(cluster(100)) as fake:
        items = read(fake, tmp_path).entries[PODS].items
    assert len({id(item.spec) for item in items}) == 10


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("status", None, value=403), Reason.FORBIDDEN),
        (Fault("status", None, value=404), Reason.NOT_SERVED),
        (Fault("status", None, value=406), Reason.NOT_SERVED),
        (Fault("status", None, value=500), Reason.UNAVAILABLE),
        (Fault("status", None, value=503), Reason.UNAVAILABLE),
        (Fault("busy", None), Reason.UNAVAILABLE),
        (Fault("expired", None), Reason.CUT_OFF),
        (Fault("cut", None), Reason.CUT_OFF),
        (Fault("html", None), Reason.UNDECODABLE),
        (Fault("body", None, value=b'{"kind":"PodList","items":[{]}'), Reason.UNDECODABLE),
        (Fault("body", None, value=b'{"kind":"Pod"}'), Reason.UNDECODABLE),
        (
            Fault("body", None, value=b'{"kind":"PodList","items":[{"kind":"Service","metadata":{},"spec":{}}]}'),
            Reason.UNDECODABLE,
        ),
        (Fault("body", None, value=b"[]"), Reason.UNDECODABLE),
        (Fault("body", None, value=b""), Reason.UNDECODABLE),
        (Fault("body", None, value=b'{"kind":"PodList","items":"none"}'), Reason.UNDECODABLE),
        (Fault("body", None, value=b'{"kind":"PodList"}'), Reason.UNDECODABLE),
        (Fault("body", None, value=b'{"kind":"List","items":[]}'), Reason.UNDECODABLE),
        (Fault("body", None, value=b'{"kind":"ServiceList","items":[]}'), Reason.UNDECODABLE),
        (Fault("body", None, value=b"\xff\xfe\x00"), Reason.UNDECODABLE),
    ],
    ids=lambda value: f"{value.kind} {value.value}" if isinstance(value, Fault) else str(value),
)
def test_a_failure_for_ever_is_a_gap(fault, reason, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    with fake_api(cluster(20), {PODS: [fault]}) as fake:
        snapshot = read(fake, tmp_path)
    gap = snapshot.entries[PODS]
    assert isinstance(gap, Gap)
    assert gap.reason is reason
    assert gap.detail
    assert isinstance(snapshot.entries["/api/v1/serviceaccounts"], Listing)
    assert fake.paths().count(PODS) <= 4


# What no server answers where a kind is listed: what kubectl calls a list, lists of another kind and of another group.
STRANGE = [
    lambda kind, version: ("List", "v1"),
    lambda kind, version: ("List", version),
    lambda kind, version: ("", version),
    lambda kind, version: (f"{kind}List", ""),
    lambda kind, version: (f"{kind}List", "acme.io/v1"),
    lambda kind, version: (f"{kind}List", f"acme.io/{version}"),
    lambda kind, version: ("PartialObjectMetadataList", "meta.k8s.io/v1"),
    lambda kind, version: ("ComponentStatusList", "v1"),
]
CONSTRAINT = {"kind": "K8sRequired", "apiVersion": "constraints.gatekeeper.sh/v1beta1", "metadata": {"name": "a"}}


@pytest.mark.parametrize("items", ["[]", "null", '[{"metadata":{"name":"a","namespace":"b"}}]'])
@pytest.mark.parametrize("strange", STRANGE)
def test_a_list_of_another_kind_or_group_is_no_list_of_what_was_asked(strange, items, tmp_path):
    bodies = {}
    for one in (*kinds.KNOWN, SECRET_METADATA):
        kind, version = strange(one.kind or "K8sRequired", f"{one.group}/{one.versions[0]}".lstrip("/"))
        if one == SECRET_METADATA and kind.startswith("Partial"):
            continue
        path = one.path().replace("*", "k8srequireds")
        bodies[path] = f'{{"kind":"{kind}","apiVersion":"{version}","items":{items}}}'.encode()
    faults = {path: [Fault("body", None, value=body)] for path, body in bodies.items()}
    with fake_api(cluster(documents=[CONSTRAINT, secret("a")]), faults) as fake:
        snapshot = read(fake, tmp_path, (*kinds.KNOWN, SECRET_METADATA), secret_metadata=True)
    assert [path for path in bodies if not isinstance(snapshot.at(path), Gap)] == []
    # A file of the same says the same.
    lists = {path: Listing("x", "v1") for path in bodies}
    changed = {path.strip("/") + ".json": body for path, body in bodies.items()}
    saved = file_of(Snapshot(snapshot.about, lists), tmp_path / "a.kscan")
    with zipfile.ZipFile(saved) as before, zipfile.ZipFile(tmp_path / "b.kscan", "w") as after:
        for name in before.namelist():
            after.writestr(name, changed.get(name, before.read(name)))
    loaded = load(tmp_path / "b.kscan")
    assert [path for path in bodies if not isinstance(loaded.at(path), Gap)] == []


@pytest.mark.parametrize(
    "fault",
    [Fault("status", 1, value=500), Fault("busy", 2, value=0), Fault("cut", 1), Fault("status", 1, value=401)],
    ids=lambda fault: fault.kind + str(fault.value or ""),
)
def test_a_failure_that_passes_leaves_no_gap(fault, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    with fake_api(cluster(20), {PODS: [fault]}) as fake:
        assert len(read(fake, tmp_path).entries[PODS].items) == 20


def test_retry_after_is_waited_for(tmp_path):
    with fake_api(cluster(10), {PODS: [Fault("busy", 1, value=1)]}) as fake:
        started = time.monotonic()
        read(fake, tmp_path)
    assert time.monotonic() - started >= 1


def test_a_fresh_token_goes_on_where_the_old_one_expired(tmp_path):
    with fake_api(cluster(1100)) as fake:
        read(fake, tmp_path, (kinds.PODS,))
    fresh = [query["continue"] for _, path, query, _ in fake.requests if path == PODS and "continue" in query][0]
    with fake_api(cluster(1100), {PODS: [Fault("expired", 1, skip=1, value=fresh)]}) as fake:
        snapshot = read(fake, tmp_path, (kinds.PODS,))
    assert len(snapshot.entries[PODS].items) == 1100
    assert snapshot.entries[PODS].gap is None


def test_a_list_that_breaks_off_keeps_what_came_with_its_gap(tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    with fake_api(cluster(1100), {PODS: [Fault("cut", None, skip=2)]}) as fake:
        listing = read(fake, tmp_path, (kinds.PODS,)).entries[PODS]
    assert len(listing.items) == 1000
    assert listing.gap.reason is Reason.CUT_OFF


def test_one_object_that_does_not_decode_costs_only_itself(tmp_path):
    page = b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"},"spec":{"containers":[]}},7]}'
    with fake_api(cluster(), {PODS: [Fault("body", None, value=page)]}) as fake:
        listing = read(fake, tmp_path).entries[PODS]
    assert len(listing.items) == 2
    assert listing.gap is None


def test_an_object_of_ten_megabytes(tmp_path):
    large = {"kind": "Pod", "metadata": {"name": "large", "annotations": {"note": "x" * 10_000_000}}, "spec": {}}
    with fake_api(cluster(documents=[large])) as fake:
        assert len(read(fake, tmp_path).entries[PODS].items[0].head) > 10_000_000


@pytest.mark.parametrize(
    "fault", [Fault("slow", None, value=30), Fault("drip", None, value=0.05)], ids=lambda one: one.kind
)
def test_the_deadline_ends_what_is_slow(fault, tmp_path):
    with fake_api(cluster(50), {PODS: [fault]}) as fake:
        started = time.monotonic()
        snapshot = read(fake, tmp_path, timeout=2.0)
        assert time.monotonic() - started < 4
    assert snapshot.entries[PODS].reason is Reason.TIMEOUT


def test_namespaces_only(tmp_path):
    documents = [
        {"kind": kind, "metadata": {"name": name, "namespace": name}}
        for name in ("shop", "bank", "other")
        for kind in ("ServiceAccount", "Pod")
    ] + [{"kind": "Namespace", "metadata": {"name": name}} for name in ("shop", "bank", "other")]
    needs = (kinds.PODS, kinds.NODES, kinds.NAMESPACES, Plain("/metrics"))
    with fake_api(cluster(documents=documents)) as fake:
        snapshot = read(fake, tmp_path, needs, namespaces=("shop", "bank"))
    assert len(snapshot.listings(kinds.PODS)) == 2
    assert [len(entry.items) for _, entry in snapshot.listings(kinds.PODS)] == [1, 1]
    assert len(snapshot.listings(kinds.NAMESPACES)[0][1].items) == 2
    assert snapshot.entries["/api/v1/nodes"].reason is Reason.OUT_OF_SCOPE
    assert snapshot.entries["/metrics"].reason is Reason.OUT_OF_SCOPE
    asked = [path for path in fake.paths() if path.startswith("/api/v1/")]
    assert all("/namespaces/shop" in path or "/namespaces/bank" in path for path in asked)


def test_a_namespace_that_is_not_there_is_said(tmp_path):
    shop = {"kind": "Namespace", "metadata": {"name": "shop"}}
    with fake_api(cluster(documents=[shop])) as fake, pytest.raises(ConfigError, match="has no namespace nothere"):
        read(fake, tmp_path, namespaces=("shop", "nothere"))
    # Who may not ask for namespaces does not know whether there is one.
    with fake_api(
        cluster(documents=[shop]), {"/api/v1/namespaces/nothere": [Fault("status", None, value=403)]}
    ) as fake:
        assert len(read(fake, tmp_path, namespaces=("shop", "nothere")).listings(kinds.PODS)) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "Status", "status": "Success"},
        {"kind": "PodList", "items": []},
        {"kind": "Namespace", "metadata": {"name": "other"}},
        {},
    ],
)
def test_a_namespace_is_the_one_that_was_asked_for(tmp_path, answer):
    shop = {"kind": "Namespace", "metadata": {"name": "shop"}}
    wrong = {"/api/v1/namespaces/shop": [Fault("body", None, value=json.dumps(answer).encode())]}
    with fake_api(cluster(documents=[shop]), wrong) as fake:
        entry = read(fake, tmp_path, (kinds.NAMESPACES,), namespaces=("shop",)).entries["/api/v1/namespaces"]
    assert isinstance(entry, Gap) and entry.reason is Reason.UNDECODABLE


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
    ]}  # fmt: skip
    faults = PLAIN_DISCOVERY | {
        "/api/v1": [Fault("body", None, value=msgspec.json.encode(resources))],
        "/apis/apps/v1": [Fault("status", None, value=503)],
    }
    with fake_api(cluster(10), faults) as fake:
        served = Readings(read(fake, tmp_path, (*RBAC.needs, kinds.PODS, kinds.DEPLOYMENTS))).of(RBAC).value.served
    assert served.has("", "pods/exec") and not served.may("", "pods/attach")
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


def test_a_list_that_counts_more_than_it_has_is_cut(tmp_path):
    page = b'{"kind":"PodList","apiVersion":"v1","metadata":{"remainingItemCount":4},"items":[]}'
    with fake_api(cluster(), {PODS: [Fault("body", None, value=page)]}) as fake:
        assert read(fake, tmp_path).entries[PODS].gap.reason is Reason.CUT_OFF


def test_kubelets_are_not_asked_from_outside_unless_told_to(tmp_path):
    documents = [
        {"kind": "Node", "metadata": {"name": "n1"}},
        {"path": "/api/v1/nodes/n1/proxy/configz", "json": {"kubeletconfig": {}}},
    ]
    needs = (kinds.NODES, PerNode("configz"))
    path = "/api/v1/nodes/n1/proxy/configz"
    with fake_api(cluster(documents=documents)) as fake:
        assert read(fake, tmp_path, needs).entries[path].reason is Reason.NOT_ASKED
        assert path not in fake.paths()
        found = read(fake, tmp_path, needs, kubelets=KubeletAccess.PROXY).entries[path]
    assert found.via == "the API server's proxy"


def test_a_kubelet_whose_certificate_is_a_strangers_is_sent_no_token(tmp_path):
    with fake_api(cluster()) as stranger:
        port = int(stranger.url.rpartition(":")[2])
        status = {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                  "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}}  # fmt: skip
        node = {"kind": "Node", "metadata": {"name": "n1"}, "status": status}
        with fake_api(cluster(documents=[node])) as fake:
            needs = (kinds.NODES, PerNode("configz"))
            snapshot = read(fake, tmp_path, needs, kubelets=KubeletAccess.DIRECT)
    gap = snapshot.entries["/api/v1/nodes/n1/proxy/configz"]
    assert "the token was not sent" in gap.detail
    assert stranger.requests == []


def test_impersonation_is_sent_with_every_request(tmp_path):
    with fake_api(cluster(10)) as fake:
        access = Access(kubeconfig=fake.kubeconfig(tmp_path), as_user="jo", as_groups=("a", "b"))
        collect(access, NEEDS, Options())
    assert all(headers.get("Impersonate-User") == "jo" for _, _, _, headers in fake.requests)


SECRETS = "/api/v1/secrets"


def secret(name):
    copied = '{"data":{"password":"aHVudGVyMg=="}}'
    metadata = {"name": name, "namespace": "shop", "resourceVersion": "7", "creationTimestamp": "2026-01-02T03:04:05Z",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": copied}}  # fmt: skip
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "aHVudGVyMg=="}}


def test_secrets_are_not_asked_for_unless_told_to_and_then_for_their_metadata(tmp_path):
    with fake_api(cluster(documents=[secret("a")])) as fake:
        assert SECRETS not in read(fake, tmp_path, (SECRET_METADATA,)).entries
        assert SECRETS not in fake.paths()
        found = read(fake, tmp_path, (SECRET_METADATA,), secret_metadata=True).entries[SECRETS]
        (asked,) = (one for one in fake.requests if one.path == SECRETS)
    assert asked.headers["Accept"] == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    assert (found.kind, found.api_version) == ("Secret", "v1")
    assert [msgspec.json.decode(item.body) for item in found.items] == [
        {
            "metadata": {
                "name": "a",
                "namespace": "shop",
                "resourceVersion": "7",
                "creationTimestamp": "2026-01-02T03:04:05Z",
            }
        }
    ]


def test_a_server_that_sends_whole_secrets_all_the_same_leaves_none_here(tmp_path):
    body = msgspec.json.encode({"kind": "SecretList", "apiVersion": "v1", "items": [secret("a")]})
    with fake_api(cluster(documents=[secret("a")]), {SECRETS: [Fault("body", None, value=body)]}) as fake:
        found = read(fake, tmp_path, (SECRET_METADATA,), secret_metadata=True).entries[SECRETS]
    assert len(found.items) == 1
    assert b"aHVudGVyMg" not in found.items[0].body
    body = msgspec.json.encode({"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": "aHVudGVyMg=="}]})
    with fake_api(cluster(documents=[secret("a")]), {SECRETS: [Fault("body", None, value=body)]}) as fake:
        found = read(fake, tmp_path, (SECRET_METADATA,), secret_metadata=True).entries[SECRETS]
    assert (found.reason, "aHVudGVyMg" in found.detail) == (Reason.UNDECODABLE, False)


def test_a_server_that_says_by_its_status_that_it_is_not_ready_has_answered(tmp_path):
    target = "/readyz?verbose"
    with fake_api(cluster(), {"/readyz": [Fault("status", None, value=500)]}) as fake:
        found = read(fake, tmp_path, (READYZ,)).entries[target]
        assert fake.paths().count("/readyz") == 1
    assert isinstance(found, Body)
    with fake_api(cluster(), {"/readyz": [Fault("status", None, value=403)]}) as fake:
        assert read(fake, tmp_path, (READYZ,)).entries[target].reason is Reason.FORBIDDEN


@pytest.mark.parametrize("new", [None, "token", "objects"])
def test_a_list_without_an_end_is_cut_and_the_others_are_read(new, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.endless.MOST_OBJECTS", 5_000)
    started = time.monotonic()
    with fake_api(cluster(1200), {PODS: [Fault("again", None, value=new)]}) as fake:
        snapshot = read(fake, tmp_path)
    assert snapshot.entries[PODS].gap.reason is Reason.CUT_OFF
    assert 500 <= len(snapshot.entries[PODS].items) <= (5_500 if new == "objects" else 1_000)
    assert isinstance(snapshot.entries["/api/v1/serviceaccounts"], Listing)
    assert time.monotonic() - started < 20


def test_a_list_of_large_objects_is_cut_by_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.endless.MOST_BYTES", 50_000)
    with fake_api(cluster(1200), {PODS: [Fault("again", None, value="objects")]}) as fake:
        snapshot = read(fake, tmp_path)
    assert "larger than" in snapshot.entries[PODS].gap.detail


@pytest.mark.parametrize("path", [PODS, "/readyz"])
def test_an_answer_without_an_end_is_cut(path, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire.MOST", 8 << 20)
    with fake_api(cluster(20), {path: [Fault("flood", None)]}) as fake:
        snapshot = read(fake, tmp_path, (*NEEDS, READYZ))
    gap = next(entry for found, entry in snapshot.entries.items() if found.startswith(path))
    assert (gap.reason, fake.paths().count(path)) == (Reason.CUT_OFF, 1)
    assert "longer than 8 MB" in gap.detail
    assert isinstance(snapshot.entries["/api/v1/serviceaccounts"], Listing)


def test_an_object_that_is_nested_too_deep_is_left_out_of_its_list_by_name(tmp_path):
    deep = b'{"metadata":{"namespace":"shop","name":"bomb"},"spec":' + b"[" * 5000 + b"]" * 5000 + b"}"
    fine = b'{"metadata":{"namespace":"shop","name":"fine"}}'
    body = b'{"kind":"ServiceAccountList","apiVersion":"v1","metadata":{},"items":[' + deep + b"," + fine + b"]}"
    faults = {
        "/api/v1/serviceaccounts": [Fault("body", None, value=body)],
        "/readyz": [Fault("body", None, value=deep)],
    }
    with fake_api(cluster(20), faults) as fake:
        snapshot = read(fake, tmp_path)
    found = snapshot.entries["/api/v1/serviceaccounts"]
    assert len(found.items) == 1
    assert (found.gap.path, found.gap.reason) == ("/api/v1/serviceaccounts/shop/bomb", Reason.UNDECODABLE)
    assert len(snapshot.entries[PODS].items) == 20
