"""The command line as a process: signals, pipes, and what it writes where."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest

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
        # On a busy machine it takes its time to start.
        for _ in range(400):
            if "/api/v1/pods" in fake.paths():
                break
            time.sleep(0.1)
        started = time.monotonic()
        scan.send_signal(signal.SIGINT)
        _, err = scan.communicate(timeout=20)
    assert time.monotonic() - started < 10
    assert scan.returncode == 130
    assert err == "kscan: interrupted\n"
    assert list((tmp_path / "out").iterdir()) == []


BROKEN = "a: [\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n"
# Each with its exit code, and whether it prints anything.
COMMANDS = [(("--help",), 0, True), (("data", "show"), 0, True), (("permissions", "--check", "host-port"), 0, True),
            (("checks", "show", "nope"), 2, False), (("scan", "--demo", "--format", "html"), 1, True),
            (("scan", "broken.yaml", "--check", "repeated-rule"), 3, True), (("fix", "broken.yaml"), 3, False)]  # fmt: skip
OUTPUTS = ["{} >&-", "exec 3>&1; {{ sleep 0.2; {}; echo $? >&3; }} | true",
           "exec 3>&1; {{ sleep 0.2; {} 2>&1; echo $? >&3; }} 2>&1 | true"]  # fmt: skip


def in_shell(line, folder):
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, cwd=folder, check=False,
                          env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)})  # fmt: skip


# Each command with a closed output, and with each other one some.
NOT_HEARD = [*product(COMMANDS, OUTPUTS[:1]), *product(COMMANDS[::3], OUTPUTS[1:])]


@pytest.mark.parametrize(
    ("words", "code", "prints", "output"), [(*command, output) for command, output in NOT_HEARD],
    ids=[f"{' '.join(words)} {OUTPUTS.index(output)}" for (words, *_), output in NOT_HEARD],
)  # fmt: skip
def test_whoever_does_not_listen_changes_no_exit_code(tmp_path, words, code, prints, output):
    """What is said of what was scanned is no matter of who reads it; nothing is said in a traceback."""
    (tmp_path / "broken.yaml").write_text(BROKEN)
    done = in_shell(output.format(shlex.join([sys.executable, "-m", "kscan", *words])), tmp_path)
    assert (int(done.stdout) if "true" in output else done.returncode) == code
    assert "Traceback" not in done.stderr and "Error" not in done.stderr
    if "2>&1" not in output:
        assert done.stderr.count("kscan: standard output was closed before all was written") == prints


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path):
    (tmp_path / "broken.yaml").write_text(BROKEN)
    line = shlex.join([sys.executable, "-m", "kscan", "scan", "broken.yaml", "-o", "a.json", "-o", "b.json"])
    assert in_shell(f"{line} >&- 2>&- <&-", tmp_path).returncode == 3
    assert json.loads((tmp_path / "a.json").read_text())["results"]
    quiet = in_shell(f"{line} -o c.json -f json -f json -f json 2>&-", tmp_path)
    assert quiet.stdout == "" and json.loads((tmp_path / "c.json").read_text())["results"]


@pytest.mark.parametrize("words", [("scan", "--demo"), ("--help",), ("data", "show")])
def test_a_full_disk_is_told_and_no_verdict(words):
    done = in_shell(f"{shlex.join([sys.executable, '-m', 'kscan', *words])} >/dev/full", "/")
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
