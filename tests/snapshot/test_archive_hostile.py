"""Files that are not to be trusted: one line, or a snapshot."""

import io
import os
import stat
import struct
import zipfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.errors import OutputError, SnapshotError
from kscan.snapshot.archive import INDEX, load, save
from kscan.snapshot.files import written_whole
from kscan.snapshot.snapshot import Snapshot
from tests.snapshot.builders import SPECS, WHOLE, file_of


@pytest.fixture
def saved(tmp_path):
    return file_of(WHOLE, tmp_path / "a.kscan")


def refused(path, words=""):
    with pytest.raises(SnapshotError) as caught:
        load(path)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
    assert words in str(caught.value)


def test_a_file_cut_anywhere_is_refused(saved, tmp_path):
    content = saved.read_bytes()
    for place in range(50):
        (tmp_path / "cut").write_bytes(content[: len(content) * place // 50])
        refused(tmp_path / "cut")


def test_what_is_no_snapshot_is_refused(tmp_path):
    refused(tmp_path, "cannot read")
    refused(tmp_path / "missing", "No such file")
    for content in (b"", b"hello", b"PK\x05\x06" + bytes(18), b"\x1f\x8b" + bytes(50), os.urandom(500)):
        (tmp_path / "file").write_bytes(content)
        refused(tmp_path / "file")
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "secret").chmod(0)
    if os.geteuid():
        refused(tmp_path / "secret", "Permission denied")


def rewritten(saved, path, change):
    """The same archive with its members changed: a map of names to contents."""
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def index_with(**changes):
    def change(members):
        members[INDEX] = msgspec.json.encode(msgspec.json.decode(members[INDEX]) | changes)

    return change


def replaced(name, content):
    return lambda members: members.update({name: content})


def dropped(name):
    return lambda members: members.pop(name)


def entry(**fields):
    return index_with(entries=[{"path": "/x"} | fields])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dropped(INDEX), "not a kscan snapshot"),
        (replaced(INDEX, b""), "not a kscan snapshot"),
        (replaced(INDEX, b"garbage"), "not a kscan snapshot"),
        (replaced(INDEX, b"[]"), "not a kscan snapshot"),
        (replaced(INDEX, b"\xff\xfe{}"), "not a"),
        (replaced(INDEX, b"[" * 100_000), "not a"),
        (replaced(INDEX, b'{"format":"\x1b[31m\n"}'), "not a kscan snapshot"),
        (index_with(format=2), "format 2"),
        (index_with(format="1"), "not a kscan snapshot"),
        (index_with(about=5), "not a kscan snapshot"),
        (entry(gap=["/x", "no reason\n\x1b[31m", ""]), "not a kscan snapshot"),
        (entry(members=["api/v1/pods.json"] * 2, list=True), "twice"),
        (replaced("../x", b""), "climbs out"),
        (replaced("a/../../x", b""), "climbs out"),
        (replaced("/etc/passwd", b""), "climbs out"),
        (replaced("a\\..\\b", b""), "climbs out"),
        (replaced("C:\\x", b""), "climbs out"),
        (replaced("bomb", bytes(300 << 20)), "unpacks to"),
    ],
)
def test_a_changed_archive_is_refused(saved, tmp_path, change, words):
    refused(rewritten(saved, tmp_path / "changed", change), words)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (dropped("api/v1/pods.json"), "/api/v1/pods"),
        (dropped("version.json"), "/version"),
        (entry(), "/x"),
        (entry(list=True), "/x"),
        (entry(path="/x\n\x1b[31m", members=["none"]), "/x\n\x1b[31m"),
        (entry(members=["none\n\x1b[31m"]), "/x"),
        (entry(members=["version.json"], list=True), "/x"),
        (entry(members=["metrics.txt"], list=True), "/x"),
        (replaced("api/v1/pods.json", b'{"kind":"PodList","items":[{]}'), "/api/v1/pods"),
        (replaced("api/v1/pods.json", b'{"kind":"PodList","items":[' + b"[" * 99_999), "/api/v1/pods"),
        (replaced("api/v1/pods.json", b'{"kind":"PodList","metadata":{"continue":"x"},"items":[]}'), "/api/v1/pods"),
        (replaced("api/v1/pods.json", b'{"kind":"PodList","metadata":{"remainingItemCount":1}}'), "/api/v1/pods"),
        (replaced("api/v1/pods.json", b'{"kind":"ServiceList","items":[]}'), "/api/v1/pods"),
        (replaced("api/v1/nodes.json", b'{"kind":"NodeList"}'), "/api/v1/nodes"),
    ],
)
def test_what_a_file_does_not_hold_whole_is_a_gap_that_is_told(saved, tmp_path, change, path):
    snapshot = load(rewritten(saved, tmp_path / "changed", change))
    (unread,) = snapshot.about.unread
    assert unread.path == path
    assert unread.gap in [gap for gap in snapshot.gaps() if gap.path == path]
    assert "\n" not in unread.gap.detail and "\x1b" not in unread.gap.detail


def test_a_foreign_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    refused(tmp_path / "a.zip", "holds no kscan.json")


def forged(saved, path, *, size=None, packed=None, method=None, flags=None, name="version.json"):
    """The archive with one member's entry in the directory changed."""
    content = bytearray(saved.read_bytes())
    place = content.rindex(name.encode()) - 46
    assert content[place : place + 4] == b"PK\x01\x02"
    for offset, form, value in ((24, "<I", size), (20, "<I", packed), (10, "<H", method), (8, "<H", flags)):
        if value is not None:
            struct.pack_into(form, content, place + offset, value)
    path.write_bytes(content)
    return path


def test_a_member_that_lies_of_its_size_is_refused(saved, tmp_path):
    refused(forged(saved, tmp_path / "a", size=0xFFFFFFF0), "unpacks to")
    assert [one.path for one in load(forged(saved, tmp_path / "b", size=3)).about.unread] == ["/version"]
    assert load(forged(saved, tmp_path / "c", size=1 << 20)) == WHOLE


def test_a_member_that_is_encrypted_or_packed_otherwise_is_refused(saved, tmp_path):
    refused(forged(saved, tmp_path / "a", flags=1))
    # Packed as it says that it is, it does not hold what it should: that costs what stands there.
    assert [one.path for one in load(forged(saved, tmp_path / "0", method=0)).about.unread] == ["/version"]
    for method in (9, 12, 14, 93, 99):
        refused(forged(saved, tmp_path / str(method), method=method))


def test_many_small_bombs_are_one(tmp_path, saved):
    path = tmp_path / "bombs"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(30):
            archive.writestr(str(number), b"")
        for info in archive.infolist():
            info.file_size = 200 << 20
    refused(path, "unpacks to")


@pytest.mark.parametrize("name", ["pods.json", INDEX])
def test_what_repeats_itself_as_no_answer_does_is_refused(tmp_path, name):
    path = tmp_path / "small"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"[" + b"1," * (20 << 20) + b"1]")
    assert path.stat().st_size < 1 << 18
    refused(path, "unpacks to")


def test_more_objects_than_a_file_can_hold_are_refused(tmp_path):
    path, lists = tmp_path / "many", tuple(f"pods.page-{number}.json" for number in range(4))
    page = b'{"kind":"PodList","apiVersion":"v1","items":[%s]}' % b",".join([b"{}"] * 40_000)
    entries = [{"path": "/api/v1/pods", "members": lists, "list": True}]
    about = msgspec.to_builtins(WHOLE.about)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in lists:
            archive.writestr(name, page)
        archive.writestr(INDEX, msgspec.json.encode({"format": 1, "about": about, "entries": entries}))
    refused(path, "more objects than a file of its size can hold")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_give_a_snapshot_or_one_line(tmp_path_factory, flips):
    buffer = io.BytesIO()
    save(WHOLE, buffer)
    content = bytearray(buffer.getvalue())
    for place, value in flips:
        content[-1 - place % len(content)] = value
    path = tmp_path_factory.mktemp("flip") / "a"
    path.write_bytes(content)
    try:
        assert isinstance(load(path), Snapshot)
    except SnapshotError as error:
        assert "\n" not in str(error)


@settings(max_examples=200, deadline=None)
@given(SPECS)
def test_any_index_gives_a_snapshot_or_one_line(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("index") / "a"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"{}")
        archive.writestr(
            INDEX, msgspec.json.encode({"format": 1, "about": {}, "entries": [{"path": "/x", "members": ["x"]}, value]})
        )
    try:
        assert isinstance(load(path), Snapshot)
    except SnapshotError as error:
        assert "\n" not in str(error)


def test_a_written_file_is_its_owners_alone(tmp_path):
    path = tmp_path / "a"
    with written_whole(path) as file:
        save(WHOLE, file)
        assert not path.exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path) == WHOLE


def test_a_file_that_could_not_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "a").write_text("before")
    with pytest.raises(ZeroDivisionError), written_whole(tmp_path / "a"):
        raise ZeroDivisionError
    with pytest.raises(OutputError), written_whole(tmp_path / "a"):
        raise OSError(28, "No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "before"
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "no" / "a"):
        with pytest.raises(OutputError), written_whole(path) as file:
            file.write(b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]
