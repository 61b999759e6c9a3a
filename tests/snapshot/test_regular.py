"""Special files among manifests: each is a gap, in bounded time and memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kscan.snapshot import regular
from kscan.snapshot.manifests import open_source
from kscan.snapshot.regular import read_regular
from tests.snapshot.rendering import POD, write

# What keeps a reader for ever, or has no end.
SPECIAL = [
    "/dev/zero",
    "/dev/stdin",
    "/proc/kmsg",
    "/proc/self/environ",
    "/dev/fd/0",
    "/sys/kernel/notes",
    "fifo",
    "sparse",
]
NAMES = ["Chart.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization", "a.yaml", "lib/templates/a.yaml",
         "lib/values.yaml"]  # fmt: skip
LIMITED = """\
import resource, sys
from pathlib import Path
from kscan.snapshot.manifests import open_source
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
print(*(gap.path for gap in open_source(Path(sys.argv[1])).unread), sep="\\n")
"""


def special(root, name, target):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if target == "fifo":
        os.mkfifo(path)
    elif target == "sparse":
        path.touch()
        os.truncate(path, 8 << 30)
    elif Path(target).exists():
        path.symlink_to(target)
    else:
        pytest.skip(f"no {target} here")
    return path


@pytest.mark.parametrize("target", SPECIAL)
def test_a_special_file_of_any_name_is_a_gap_in_bounded_time_and_memory(tmp_path, target):
    write(tmp_path, lib__Chart_yaml="apiVersion: v2\nname: lib\ntype: library\n", ok_yaml=POD % "ok")
    paths = [
        special(tmp_path, f"{number}/{name}" if "/" not in name else name, target) for number, name in enumerate(NAMES)
    ]
    # Nobody writes into standard input, and nobody closes it.
    reading, writing = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(tmp_path)], stdin=reading, capture_output=True, text=True, timeout=25, check=False
        )  # fmt: skip
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 0, done.stderr[-2000:]
    told, expected = set(done.stdout.split()), {str(path) for path in paths}
    # What several links lead to is told once.
    assert told == expected if target in ("fifo", "sparse") else told and told <= expected


def test_a_file_of_the_command_line_is_read_no_other_way(tmp_path):
    for number, target in enumerate(("fifo", "sparse", "/dev/zero")):
        path = special(tmp_path, f"{number}.yaml", target)
        with pytest.raises(OSError, match=r"no file|larger than"):
            read_regular(path)


def test_a_file_is_read_up_to_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(regular, "MOST_BYTES", 4)
    write(tmp_path, a_txt="four", b_txt="fives", c_txt="")
    (tmp_path / "link").symlink_to("a.txt")
    assert [read_regular(tmp_path / one) for one in ("a.txt", "link", "c.txt")] == [b"four", b"four", b""]
    with pytest.raises(OSError, match="larger than"):
        read_regular(tmp_path / "b.txt")


def test_what_grows_while_it_is_read_is_a_gap(tmp_path, monkeypatch):
    write(tmp_path, a_yaml=POD % "web", b_yaml=POD % "other")
    before = os.fstat

    def smaller(descriptor):
        found = list(before(descriptor))
        found[6] //= 2
        return os.stat_result(found)

    monkeypatch.setattr(regular.os, "fstat", smaller)
    with pytest.raises(OSError, match="changes"):
        read_regular(tmp_path / "a.yaml")
    monkeypatch.undo()
    assert open_source(tmp_path).unread == ()
