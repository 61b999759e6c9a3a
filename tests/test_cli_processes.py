"""The command line as a process: signals, pipes, and what it writes where."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kscan.snapshot.files import is_special
from tests.fake_api import Fault, cluster, fake_api
from tests.test_cli import alone, told  # noqa: F401 - for each test


def process(*words, **options):
    return subprocess.Popen([sys.executable, "-m", "kscan", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}, **options)  # fmt: skip


def test_an_interrupt_ends_at_once_and_leaves_nothing(tmp_path):
    with fake_api(cluster(20), {"/api/v1/pods": [Fault("slow", None, value=20)]}) as fake:
        (tmp_path / "out").mkdir()
        scan = process("snapshot", "save", str(tmp_path / "out" / "s"), "--kubeconfig", fake.kubeconfig(tmp_path))
        for _ in range(100):
            if "/api/v1/pods" in fake.paths():
                break
            time.sleep(0.1)
        started = time.monotonic()
        scan.send_signal(signal.SIGINT)
        _, err = scan.communicate(timeout=10)
    assert time.monotonic() - started < 5
    assert scan.returncode == 130
    assert err == "kscan: interrupted\n"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_closed_pipe_and_a_full_disk():
    scan = process("scan", "--demo", "--format", "html")
    scan.stdout.close()
    assert scan.wait(30) == 2
    assert "the output was closed" in scan.stderr.read()
    scan.stderr.close()
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-m", "kscan", "scan", "--demo"], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}, check=False)  # fmt: skip
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_and_version_import_nothing_heavy():
    for words in (["--help"], ["--version"], ["scan", "--help"]):
        code = f"import sys; sys.argv = ['kscan', *{words}]\nfrom kscan.__main__ import run\nrun({words})\nprint(sorted(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                              env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)})  # fmt: skip
        loaded = done.stdout.splitlines()[-1]
        assert not [name for name in ("'kubernetes'", "'jinja2'", "'cel_expr_python'") if name in loaded], words


def test_what_is_written_quietly_is_not_printed_beside(tmp_path, capfd):
    for name in ("x.html", "x.txt", "x.json"):
        _, out, err = told(capfd, "scan", "--demo", "-q", "--check", "host-port", "-o", str(tmp_path / name))
        assert (out, err) == ("", "") and (tmp_path / name).stat().st_size
    assert "host-port" in told(capfd, "scan", "--demo", "-q", "--check", "host-port")[1]
    template = tmp_path / "t.j2"
    template.write_text("a report")
    told(
        capfd,
        "scan",
        "--demo",
        "-q",
        "--check",
        "host-port",
        "--template",
        str(template),
        "-o",
        str(tmp_path / "y.txt"),
    )
    assert (tmp_path / "y.txt").read_text() == "a report"


def test_a_pipe_a_device_and_a_link_are_written_and_not_replaced(tmp_path):
    """A report for /dev/stdout goes where that leads; it took its place, once."""
    assert all(map(is_special, map(Path, ("/dev/stdout", "/dev/stderr", "/dev/null", "/proc/self/fd/1"))))
    command = [sys.executable, "-m", "kscan", "scan", "--demo", "-q", "--check", "host-port", "-f", "json", "-o"]
    before = Path("/dev/stdout").readlink()
    for path in ("/dev/stdout", "/dev/fd/1", "/dev/stderr"):
        done = subprocess.run([*command, path], capture_output=True, check=False)
        assert json.loads(done.stderr if path == "/dev/stderr" else done.stdout)["results"]
    assert Path("/dev/stdout").readlink() == before
    (tmp_path / "link.json").symlink_to("there.json")
    (tmp_path / "there.json").write_text("old")
    subprocess.run([*command, str(tmp_path / "link.json")], check=False)
    assert (tmp_path / "link.json").is_symlink() and json.loads((tmp_path / "there.json").read_text())["results"]
