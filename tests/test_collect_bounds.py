"""What the collector does not ask for unless it is told to, and where it stops to read."""

import gzip
import time
import tracemalloc
import zlib

import msgspec
import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Listing, Reason
from kscan.snapshot.needs import PerNode
from kscan.views.health import READYZ
from kscan.views.secret_times import SECRETS as SECRET_METADATA
from tests.fake_api import Fault, cluster, fake_api
from tests.test_collect import NEEDS, PODS, SECRETS, read, secret


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
    monkeypatch.setattr("kscan.collect.endless.MOST_BYTES", 500_000)
    with fake_api(cluster(1200), {PODS: [Fault("again", None, value="objects")]}) as fake:
        snapshot = read(fake, tmp_path)
    assert "larger than" in snapshot.entries[PODS].gap.detail


@pytest.mark.parametrize("path", [PODS, "/readyz"])
def test_an_answer_without_an_end_is_cut(path, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire.MOST", 8 << 20)
    with fake_api(cluster(20), {path: [Fault("flood", None)]}) as fake:
        snapshot = read(fake, tmp_path, (*NEEDS, READYZ))
    gap = next(entry for found, entry in snapshot.entries.items() if found.startswith(path))
    # Of a list fewer objects are asked for, twice.
    assert (gap.reason, fake.paths().count(path)) == (Reason.CUT_OFF, 3 if path == PODS else 1)
    assert "longer than 8 MB" in gap.detail
    assert isinstance(snapshot.entries["/api/v1/serviceaccounts"], Listing)


def bomb(megabytes):
    """A page of one object, packed as small as it can be."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a","annotations":{"a":"'
    parts = [head, *[b"x" * (1 << 20)] * megabytes, b'"}}}]}']
    return b"".join([*map(packer.compress, parts), packer.flush()])


def test_a_small_answer_that_unpacks_to_a_large_one_fills_no_memory(tmp_path):
    paths, body = (PODS, "/api/v1/serviceaccounts", "/apis/apps/v1/deployments", "/readyz"), bomb(500)
    assert len(body) < 1 << 20
    with fake_api(
        cluster(20), {path: [Fault("packed", None, value=("gzip", lambda _: body))] for path in paths}
    ) as fake:
        tracemalloc.start()
        snapshot = read(fake, tmp_path, (kinds.PODS, kinds.SERVICE_ACCOUNTS, kinds.DEPLOYMENTS, READYZ))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    for path in paths:
        gap = next(entry for found, entry in snapshot.entries.items() if found.startswith(path))
        assert gap.reason is Reason.CUT_OFF and "longer than" in gap.detail
    assert most < 450 << 20


def test_a_body_in_too_many_pieces_is_no_answer(tmp_path):
    """To go on to the next takes as long as all that is left: an hour for the smallest pieces that a page may have."""
    body = gzip.compress(b"") * 200_000 + bomb(0)
    with fake_api(cluster(20), {PODS: [Fault("packed", None, value=("gzip", lambda _: body))]}) as fake:
        started = time.process_time()
        gap = read(fake, tmp_path).entries[PODS]
    assert gap.reason is not Reason.NOT_SERVED and "too many pieces" in gap.detail
    assert time.process_time() - started < 10


@pytest.mark.parametrize(("item", "count", "words"), [
    (b'{"metadata":{"name":"a"}}', 60_000, "a page of 60,000 objects"),
    # Not even read: each takes thirty times as much memory as bytes.
    (b"1", 5_000_000, "values of hardly a byte"),
    (b"{}", 60_000, "values of hardly a byte"),
])  # fmt: skip
def test_a_page_of_too_many_objects_is_no_list(tmp_path, item, count, words):
    body = b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[%s]}' % b",".join([item] * count)
    with fake_api(cluster(20), {PODS: [Fault("packed", None, value=("gzip", lambda _: gzip.compress(body)))]}) as fake:
        gap = read(fake, tmp_path).entries[PODS]
    assert gap.reason is Reason.UNDECODABLE and gap.detail.endswith(words)


def test_a_page_that_is_too_long_is_asked_for_with_fewer_objects(tmp_path, monkeypatch):
    with fake_api(cluster(1200)) as fake:
        whole = read(fake, tmp_path).entries[PODS]
        monkeypatch.setattr("kscan.collect.lists.MOST_OF_PAGE", 100_000)
        fake.requests.clear()
        found = read(fake, tmp_path).entries[PODS]
        limits = [asked.query["limit"] for asked in fake.requests if asked.path == PODS]
    assert found.gap is None and found == whole
    # What was too long once is not asked for again.
    assert (limits.count("500"), limits.count("50")) == (1, 24)


def test_an_object_that_is_longer_than_a_page_may_be_is_a_gap(tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.lists.MOST_OF_PAGE", 2_000_000)
    with fake_api(cluster(1200), {PODS: [Fault("huge", None, page=1, value=3_000_000)]}) as fake:
        gap = read(fake, tmp_path).entries[PODS]
    assert (gap.reason, fake.paths().count(PODS)) == (Reason.CUT_OFF, 3)


def test_all_lists_together_are_cut_by_their_size(tmp_path, monkeypatch):
    needs = (kinds.PODS, kinds.DEPLOYMENTS)

    def size(listing):
        return sum(len(one.head) for one in listing.items) + sum(map(len, {one.spec for one in listing.items}))

    with fake_api(cluster(1200)) as fake:
        sizes = [size(one) for one in read(fake, tmp_path, needs).entries.values() if isinstance(one, Listing)]
        assert max(sizes) < sum(sizes) - 1
        monkeypatch.setattr("kscan.collect.endless.MOST_BYTES", sum(sizes) - 1)
        found = read(fake, tmp_path, needs).entries.values()
    gaps = [gap for one in found if (gap := one.gap if isinstance(one, Listing) else one) and isinstance(gap, Gap)]
    assert [(gap.reason, gap.detail) for gap in gaps] == [(Reason.CUT_OFF, "the lists are larger than 0 MB")]


def gzipped(body):
    return gzip.compress(body[: len(body) // 2]) + gzip.compress(body[len(body) // 2 :])


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("GZIP", gzipped),
                                                ("deflate", zlib.compress), ("identity", bytes), ("", bytes)])  # fmt: skip
def test_a_packed_answer_is_unpacked(encoding, pack, tmp_path):
    with fake_api(cluster(1200), {PODS: [Fault("packed", None, value=(encoding, pack))]}) as fake:
        assert len(read(fake, tmp_path).entries[PODS].items) == 1200


@pytest.mark.parametrize(("encoding", "pack"), [
    ("gzip", lambda body: gzip.compress(body)[:-9]), ("gzip", bytes), ("br", bytes), ("gzip, gzip", gzip.compress),
    ("gzip", lambda body: gzip.compress(body) + b"more"), ("gzip", lambda body: gzip.compress(body)[:200] + b"x" * 200),
])  # fmt: skip
def test_what_cannot_be_unpacked_whole_is_a_gap(encoding, pack, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    with fake_api(cluster(20), {PODS: [Fault("packed", None, value=(encoding, pack))]}) as fake:
        snapshot = read(fake, tmp_path)
    assert snapshot.entries[PODS].reason is Reason.CUT_OFF
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
