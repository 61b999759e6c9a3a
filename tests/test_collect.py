"""The collector against a server that misbehaves: every failure is a gap with its reason, never an empty list."""

import json
import re
import time
import zipfile

import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.errors import ConfigError
from kscan.snapshot import kinds
from kscan.snapshot.archive import load
from kscan.snapshot.entry import Gap, Listing, Reason
from kscan.snapshot.needs import Plain
from kscan.snapshot.snapshot import Snapshot
from kscan.views.secret_times import SECRETS as SECRET_METADATA
from tests.fake_api import Fault, cluster, fake_api
from tests.snapshot.builders import file_of

SECRETS = "/api/v1/secrets"


def secret(name):
    copied = '{"data":{"password":"aHVudGVyMg=="}}'
    metadata = {"name": name, "namespace": "shop", "resourceVersion": "7", "creationTimestamp": "2026-01-02T03:04:05Z",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": copied}}  # fmt: skip
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "aHVudGVyMg=="}}


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


def test_a_list_that_counts_more_than_it_has_is_cut(tmp_path):
    page = b'{"kind":"PodList","apiVersion":"v1","metadata":{"remainingItemCount":4},"items":[]}'
    with fake_api(cluster(), {PODS: [Fault("body", None, value=page)]}) as fake:
        assert read(fake, tmp_path).entries[PODS].gap.reason is Reason.CUT_OFF
