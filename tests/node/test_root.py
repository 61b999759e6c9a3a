"""Reading below a folder: nothing leads out of it, nothing hangs, nothing is endless."""

import errno
import os
import socket

import pytest

from kscan.errors import ConfigError
from kscan.node.root import Root, Unread


@pytest.fixture
def world(tmp_path):
    """A root with a secret beside it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("outside")
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/inside").write_text("inside")
    return tmp_path


def opened(world):
    return Root(world / "root")


@pytest.mark.parametrize(
    "target",
    [
        "../../outside/secret",
        "../../../../../../outside/secret",
        "/outside/secret",
        "/../outside/secret",
        "loop/../../outside/secret",
        "//outside//secret",
    ],
)
def test_no_link_leads_out(world, target):
    (world / "root/etc/link").symlink_to(target)
    with pytest.raises(Unread) as error:
        opened(world).read("/etc/link")
    assert error.value.gap == "missing"


def test_a_link_of_the_whole_path_of_the_machine_leads_nowhere(world):
    (world / "root/etc/link").symlink_to(world / "outside/secret")
    assert not opened(world).exists("/etc/link")


def test_absolute_links_start_at_the_root_and_parents_of_it_are_itself(world):
    (world / "root/link").symlink_to("/etc/inside")
    (world / "root/up").symlink_to("../../../etc")
    root = opened(world)
    assert root.read("/link") == b"inside"
    assert root.stat("/link").real == "/etc/inside"
    assert root.read("/up/inside") == root.read("/../etc/./inside") == root.read("etc/inside") == b"inside"
    assert root.stat("/up/inside").real == "/etc/inside"
    assert root.stat("/").type == root.stat("/..").type == root.stat("/etc/..").type == "directory"


def test_a_folder_that_is_a_link_out_is_not_entered(world):
    (world / "root/etc/pki").symlink_to(world / "outside")
    (world / "root/etc/rel").symlink_to("../../outside")
    found = list(opened(world).tree("/etc", 100))
    assert {one[0]: one[1].gap for one in found if isinstance(one, tuple)} == {
        "/etc/pki": "missing",
        "/etc/rel": "missing",
    }


def test_loops_end(world):
    (world / "root/a").symlink_to("b")
    (world / "root/b").symlink_to("a")
    (world / "root/etc/again").symlink_to("/etc")
    root = opened(world)
    with pytest.raises(Unread) as error:
        root.stat("/a")
    assert error.value.gap == "unreadable"
    paths = [one.path for one in root.tree("/etc", 100)]
    assert paths == ["/etc", "/etc/again", "/etc/inside"]


def test_what_is_no_file_is_not_read(world):
    os.mkfifo(world / "root/pipe")
    (world / "root/zero").symlink_to("/dev/zero")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(world / "root/s"))
    root = opened(world)
    for name, kind in (("pipe", "pipe"), ("s", "socket"), ("etc", "directory")):
        with pytest.raises(Unread, match=f"it is a {kind}"):
            root.read(f"/{name}")
        assert root.stat(f"/{name}").type == kind
    with pytest.raises(Unread) as error:
        root.read("/zero")
    assert error.value.gap == "missing"
    server.close()


def test_files_that_are_too_large_are_not_read_whole(world):
    (world / "root/large").write_bytes(b"x" * 1000)
    (world / "root/sparse").touch()
    os.truncate(world / "root/sparse", 1 << 40)
    root = opened(world)
    assert len(root.read("/large", 1000)) == 1000
    for name in ("/large", "/sparse"):
        with pytest.raises(Unread, match="larger than 999 bytes"):
            root.read(name, 999)


def test_folders_with_too_much_are_cut_and_say_so(world):
    for number in range(50):
        (world / f"root/etc/{number:02}").touch()
    root = opened(world)
    assert len(root.names("/etc", 10)) == 11
    *found, last = root.tree("/etc", 10)
    assert len(found) == 11
    assert last[0] == "/etc" and last[1].gap == "cut off"


def test_folders_that_are_too_deep_are_cut(world):
    deep = world / "root/etc" / "/".join("abcdefghijkl")
    deep.mkdir(parents=True)
    assert [one[1].gap for one in opened(world).tree("/etc", 100) if isinstance(one, tuple)] == ["cut off"]


def test_odd_names(world):
    root = opened(world)
    for path in ("/etc/no\0thing", "/etc/inside/below", "/none", "/" + "x" * 5000):
        with pytest.raises(Unread):
            root.stat(path)


def test_what_is_denied_is_told(world, monkeypatch):
    """By the system's own answer, as root is denied nothing."""
    root, real = opened(world), os.open

    def denying(path, *more, **named):
        if path == "inside":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *more, **named)

    monkeypatch.setattr(os, "open", denying)
    with pytest.raises(Unread) as error:
        root.stat("/etc/inside")
    assert error.value.gap == "denied"


def test_there_must_be_a_root(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        Root(tmp_path / "none")
