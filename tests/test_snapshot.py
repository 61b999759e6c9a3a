"""The snapshot: exact folding, the file and everything that may be wrong with one, redaction."""

import io
import json
import zipfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.errors import OutputError, SnapshotError
from kscan.snapshot import kinds
from kscan.snapshot.archive import load, save
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body, Gap, Item, Listing, Reason, pages
from kscan.snapshot.files import written_whole
from kscan.snapshot.fold import fold, unfold
from kscan.snapshot.folder import load_folder
from kscan.snapshot.needs import Named, split_path
from kscan.snapshot.pages import decode_page, keep
from kscan.snapshot.redact import HIDDEN, redacted, safe
from kscan.snapshot.snapshot import About, Snapshot
from tests.fake_api import cluster

WORDS = st.sampled_from(
    ["*node*", "*host*", "kube-api-access-*****", "kube-api-access-bcdfg", "web-0", "n1", "0", "", 'a"b', "-web-0"]
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "nodeName": WORDS, "hostname": WORDS,
        "volumes": st.lists(st.fixed_dictionaries({"name": WORDS, "persistentVolumeClaim": st.fixed_dictionaries({"claimName": WORDS})})),
        "containers": st.lists(st.fixed_dictionaries({"name": WORDS, "args": st.lists(WORDS)})),
        "affinity": st.fixed_dictionaries({"values": st.lists(WORDS)}),
    },
)  # fmt: skip


@given(SPECS)
@settings(max_examples=400)
def test_folding_is_exact(spec):
    raw = msgspec.json.encode(spec)
    assert unfold(*fold(raw)) == raw


@given(st.binary())
def test_folding_is_exact_for_any_bytes(raw):
    assert unfold(*fold(raw)) == raw


def test_pods_of_one_owner_fold_alike():
    def spec(node, host, token):
        volumes = [{"name": f"kube-api-access-{token}"}, {"persistentVolumeClaim": {"claimName": f"data-{host}"}}]
        return msgspec.json.encode(
            {"nodeName": node, "hostname": host, "affinity": {"values": [node]}, "volumes": volumes}
        )

    assert fold(spec("n1", "web-0", "bcdfg"))[0] == fold(spec("n2", "web-1", "hjklm"))[0]
    assert fold(spec("n1", "web-0", "bcdfg"))[0] != fold(spec("n1", "web-0", "bcdfg").replace(b"data-", b"else-"))[0]


@pytest.mark.parametrize(
    "raw", [b"7", b"null", b'{"metadata":3}', b'{"spec":1}', b'{"metadata":{},"spec":{},"status":9}']
)
def test_what_has_not_the_shape_of_a_pod_is_kept_whole(raw):
    assert keep(msgspec.Raw(raw), {}, pod=True) == Item(raw)


def test_the_record_of_managers_is_dropped():
    raw = msgspec.Raw(b'{"metadata":{"name":"a","managedFields":[{}]},"data":{"x":"1"}}')
    assert keep(raw, {}, pod=False).body == b'{"metadata":{"name":"a"},"data":{"x":"1"}}'


def test_paths():
    assert split_path("/api/v1/pods") == ("", "v1", "", "pods", "")
    assert split_path("/apis/apps/v1/namespaces/shop/deployments/web") == ("apps", "v1", "shop", "deployments", "web")
    assert split_path("/api/v1/namespaces/shop") == ("", "v1", "", "namespaces", "shop")
    assert [split_path(path) for path in ("/", "/metrics", "/api/v1", "/apis/apps/v1", "")] == [None] * 5


def test_what_was_not_read_is_a_gap():
    empty = Snapshot(About(), {})
    assert empty.listings(kinds.PODS)[0][1].reason is Reason.NOT_ASKED
    assert empty.get(Named(kinds.CONFIG_MAPS, "a", "b")).reason is Reason.NOT_ASKED


def test_a_named_object_is_found_in_its_list():
    config = {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, "data": {"x": "1"}}
    snapshot = snapshot_of([config, {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "c"}}])
    assert b'"x":"1"' in snapshot.get(Named(kinds.CONFIG_MAPS, "a", "b")).content
    assert snapshot.get(Named(kinds.CONFIG_MAPS, "none", "b")).reason is Reason.NOT_SERVED


def whole():
    about = About(name="n", uid="u", user="me", groups=("a", "b"), namespaces=("x",), taken="2026-01-01T00:00:00Z")
    snapshot = cluster(
        1203, [{"path": "/metrics", "text": "a 1\n"}, {"path": "/flagz", "gap": "forbidden", "detail": "d"}]
    )
    part = snapshot.entries["/api/v1/services"]
    cut = Listing(
        part.kind,
        part.api_version,
        (Item(b'{"metadata":{"name":"s"}}'), Item(b"7")),
        "9",
        Gap("/api/v1/services", Reason.CUT_OFF),
    )
    kubelet = Body(b"{}", via="the kubelet at 10.0.0.1:10250")
    return Snapshot(about, {**snapshot.entries, "/api/v1/services": cut, "/api/v1/nodes/n/proxy/configz": kubelet})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "snapshot"
    with path.open("wb") as file:
        save(whole(), file)
    return path


def test_a_file_holds_all_of_it(saved):
    assert load(saved) == whole()


def test_a_file_can_be_read_by_people(saved):
    with zipfile.ZipFile(saved) as archive:
        names = archive.namelist()
        assert {"kscan.json", "metrics.txt", "api/v1/pods.json", "api/v1/pods.page-3.json"} <= set(names)
        page = json.loads(archive.read("api/v1/pods.json"))
    assert (page["kind"], len(page["items"]), page["items"][0]["kind"]) == ("PodList", 500, "Pod")


def test_pages_are_bounded_by_size_too():
    listing = Listing("Pod", "v1", tuple(Item(b'{"metadata":{"name":"%d"}}' % number) for number in range(10)))
    found = list(pages(listing, size=200))
    assert len(found) > 3
    assert sum(len(decode_page(page).items) for page in found) == 10
    assert len(list(pages(Listing("Pod", "v1")))) == 1


def refused(content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(SnapshotError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def archive_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def index(**changes):
    return json.dumps({"format": 1, "about": {}, "entries": []} | changes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a whole"),
        (b"hello", "not a whole"),
        (b"PK\x03\x04 and nonsense", "not a whole"),
        (archive_of({"word/document.xml": "x"}), "not a kscan snapshot"),
        (archive_of({"kscan.json": "{"}), "not a kscan snapshot"),
        (archive_of({"kscan.json": "[]"}), "not a kscan snapshot"),
        (archive_of({"kscan.json": index(format=99)}), "format 99"),
        (archive_of({"kscan.json": index(), "../../etc/passwd": "x"}), "climbs out"),
        (archive_of({"kscan.json": index(), "/etc/passwd": "x"}), "climbs out"),
        (archive_of({"kscan.json": index(), "a\\..\\b": "x"}), "climbs out"),
        (archive_of({"kscan.json": index(), "bomb": b"\0" * 20_000_000}), "unpacks to"),
        (archive_of({"kscan.json": index(entries=[{"path": "/x", "members": ["gone"]}])}), "cannot be read"),
        (archive_of({"kscan.json": index(entries=[{"path": "/x", "members": []}])}), "cannot be read"),
        (
            archive_of({"kscan.json": index(entries=[{"path": "/x", "list": True, "members": ["l"]}]), "l": "{}"}),
            "cannot be read",
        ),
    ],
    ids=range(14),
)
def test_a_file_that_is_none(content, words, tmp_path):
    assert words in refused(content, tmp_path)


def test_a_file_that_is_cut_off(saved, tmp_path):
    content = saved.read_bytes()
    for part in range(50):
        refused(content[: len(content) * part // 50], tmp_path)


@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_file_with_changed_bytes_is_read_or_refused(saved, tmp_path_factory, changes):
    content = bytearray(saved.read_bytes())
    for place, change in changes:
        content[int(place * len(content))] ^= change
    path = tmp_path_factory.mktemp("changed") / "file"
    path.write_bytes(content)
    try:
        assert isinstance(load(path), Snapshot)
    except SnapshotError as error:
        assert "\n" not in str(error)


def test_a_folder_or_nothing_is_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(SnapshotError, match="cannot read"):
            load(path)


def test_a_file_is_ours_alone_and_whole_or_not_there(tmp_path):
    path = tmp_path / "file"
    with written_whole(path) as file:
        file.write(b"x")
        assert not path.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyboardInterrupt), written_whole(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="cannot write"), written_whole(tmp_path / "no" / "file"):
        pass


@pytest.mark.parametrize(
    "text",
    [
        "--db-password=hunter2hunter2", "API_KEY: abcdefgh", "token=abc", "postgres://me:hunter2@db/x", "AKIAIOSFODNN7EXAMPLE",
        "Authorization: Bearer abcdefghijklmnopqrst", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.sflKxwRJSMeKKF2QT4",
        "-----BEGIN RSA PRIVATE KEY-----\nabc", "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    ],
)  # fmt: skip
def test_what_looks_like_a_credential_is_hidden(text):
    assert HIDDEN in safe(text)
    assert not any(word in safe(text) for word in ("hunter2", "abcdefgh", "AKIA", "eyJ", "abc\n"))


@pytest.mark.parametrize(
    "text",
    [
        "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key", "--authentication-token-webhook=true",
        "--service-account-lookup=true", "--token-ttl=24h", "registry.example/secret-operator:1.2",
        'apiserver_storage_objects{resource="secrets"} 9', "--encryption-provider-config=/etc/enc.yaml",
        "https://example.com/a@b", "sha256:0123456789abcdef",
    ],
)  # fmt: skip
def test_what_is_a_setting_is_not(text):
    assert safe(text) == text


def test_a_redacted_snapshot_keeps_its_shape_and_no_secret():
    container = {"name": "c", "env": [{"name": "A", "value": "hunter2"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                 "args": ["--password=hunter2", "--verbose=true"]}  # fmt: skip
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"password":"hunter2"}', "team": "a"}
    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": f"p{number}", "annotations": applied},
            "spec": {"nodeName": f"n{number}", "containers": [container]},
        }
        for number in range(3)
    ]
    config = {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"db-password": "hunter2", "mode": "fast"}}
    snapshot = redacted(
        snapshot_of([*pods, config, {"path": "/metrics", "text": "a 1\n"}, {"path": "/x", "text": "token: hunter2"}])
    )
    text = b"".join(
        body for entry in snapshot.entries.values() if isinstance(entry, Listing) for body in entry.bodies()
    )
    assert b"hunter2" not in text
    assert b"secretKeyRef" in text
    assert b"--verbose=true" in text
    assert b'"mode":"fast"' in text
    assert snapshot.entries["/metrics"].content == b"a 1\n"
    assert b"hunter2" not in snapshot.entries["/x"].content
    items = snapshot.entries["/api/v1/pods"].items
    assert len({id(item.spec) for item in items}) == 1
    assert b'"nodeName":"n2"' in items[2].body


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("cluster.yaml", "name: [", "line 1"),
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
