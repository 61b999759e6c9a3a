"""What a snapshot answers, and what documents make one."""

import msgspec
import pytest

from kscan.errors import SnapshotError
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body, Gap, Item, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.kinds import CONFIG_MAPS, NAMESPACES, PODS, SYSTEM_PODS
from kscan.snapshot.needs import Named, Plain, merged, split_path
from kscan.snapshot.snapshot import About, Snapshot
from tests.snapshot.builders import ABOUT, POD, listing


def test_what_was_never_read_is_a_gap():
    empty = Snapshot(About(), {})
    for gap in (
        empty.get(Plain("/metrics")),
        empty.get(Named(PODS, "a", "b")),
        empty.at("/x"),
        empty.listings(PODS)[0][1],
    ):
        assert isinstance(gap, Gap) and gap.reason is Reason.NOT_ASKED
    assert list(empty.gaps()) == []


def test_lists_by_namespace_are_all_given_and_single_objects_are_none_of_them():
    entries = {
        "/api/v1/namespaces/b/pods": listing(POD),
        "/api/v1/namespaces/a/pods": Gap("/api/v1/namespaces/a/pods", Reason.FORBIDDEN),
        "/api/v1/namespaces/a/pods/x": Body(b"{}"),
        "/apis/metrics.k8s.io/v1/pods": listing(kind="PodMetrics"),
    }
    snapshot = Snapshot(About(namespaces=("a", "b")), entries)
    assert [path for path, _ in snapshot.listings(PODS)] == ["/api/v1/namespaces/a/pods", "/api/v1/namespaces/b/pods"]
    assert [gap.path for gap in snapshot.gaps()] == ["/api/v1/namespaces/a/pods"]


def test_the_list_of_one_namespace_is_not_the_list_of_all():
    path = "/api/v1/namespaces/kube-system/pods"
    snapshot = Snapshot(About(), {path: listing(POD)})
    assert snapshot.listings(SYSTEM_PODS)[0][0] == path
    assert snapshot.listings(PODS)[0][1].reason is Reason.NOT_ASKED
    both = Snapshot(About(), {path: listing(POD), "/api/v1/pods": listing(POD, POD)})
    assert [found for found, _ in both.listings(PODS)] == ["/api/v1/pods"]
    assert [found for found, _ in both.listings(SYSTEM_PODS)] == [path]
    assert merged([PODS, SYSTEM_PODS]) == (PODS,)
    assert merged([SYSTEM_PODS]) == (SYSTEM_PODS,)


def test_a_named_object_is_found_in_its_list():
    gap = Gap("/api/v1/pods", Reason.TIMEOUT)
    whole = Snapshot(About(), {"/api/v1/pods": listing(POD)})
    cut = Snapshot(About(), {"/api/v1/pods": listing(POD, gap=gap)})
    for snapshot in (whole, cut, Snapshot(About(), {"/api/v1/namespaces/shop/pods": listing(POD)})):
        found = snapshot.get(Named(PODS, "web", "shop"))
        assert msgspec.json.decode(found.content)["kind"] == "Pod"
    assert whole.get(Named(PODS, "web", "bank")).reason is Reason.NOT_SERVED
    assert cut.get(Named(PODS, "other", "shop")) == gap
    refused = Snapshot(About(), {"/api/v1/pods": Gap("/api/v1/pods", Reason.FORBIDDEN)})
    assert refused.get(Named(PODS, "web", "shop")).reason is Reason.FORBIDDEN


def test_an_own_answer_comes_before_the_list():
    path = "/api/v1/namespaces/kube-system"
    body = Body(b'{"kind":"Namespace"}')
    snapshot = Snapshot(About(), {path: body, "/api/v1/namespaces": listing(kind="Namespace")})
    assert snapshot.get(Named(NAMESPACES, "kube-system")) == body
    assert snapshot.get(Named(NAMESPACES, "default")).reason is Reason.NOT_SERVED


def test_equal_snapshots_are_equal_whatever_their_order():
    entries = {"/b": Body(b"1"), "/a": Body(b"2")}
    assert Snapshot(ABOUT, entries) == Snapshot(ABOUT, dict(reversed(entries.items())))
    assert Snapshot(ABOUT, entries) != Snapshot(About(), entries)
    assert Snapshot(ABOUT, entries) != entries


def test_documents_make_a_snapshot():
    widget = {"kind": "Widget", "apiVersion": "example.com/v1", "metadata": {"name": "w"}}
    snapshot = snapshot_of([widget, {"path": "/a", "gap": "timeout"}, {"path": "/b", "text": "t", "via": "v"}], ABOUT)
    assert len(snapshot.at("/apis/example.com/v1/widgets").items) == 1
    assert snapshot.at("/a") == Gap("/a", Reason.TIMEOUT)
    assert snapshot.at("/b") == Body(b"t", "text/plain", "v")
    assert snapshot.at(CONFIG_MAPS.path()).items == ()
    for wrong in ({}, {"kind": "X"}, {"apiVersion": "v1"}):
        with pytest.raises(SnapshotError):
            snapshot_of([wrong])
    assert isinstance(Item(b"{}").body, bytes)


def test_paths_are_split_into_what_they_say():
    assert split_path("/api/v1/pods") == ("", "v1", "", "pods", "")
    assert split_path("/apis/apps/v1/namespaces/shop/deployments/web") == ("apps", "v1", "shop", "deployments", "web")
    assert split_path("/api/v1/namespaces/shop") == ("", "v1", "", "namespaces", "shop")
    assert [split_path(path) for path in ("/", "/metrics", "/api/v1", "/apis/apps/v1", "")] == [None] * 5


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("cluster.yaml", "name: [", "line 2, column 1, is not YAML"),
        ("cluster.yaml", "name: {}", "Expected `str`"),
        ("objects/a.yaml", "kind: Pod\n  x: 1", "line 2"),
        ("objects/a.yaml", "just: words", "no Kubernetes object"),
    ],
)
def test_a_folder_that_is_no_cluster(name, text, words, tmp_path):
    (tmp_path / "objects").mkdir()
    (tmp_path / "cluster.yaml").write_text("name: n\n")
    (tmp_path / name).write_text(text)
    with pytest.raises(SnapshotError, match=words):
        load_folder(tmp_path)
