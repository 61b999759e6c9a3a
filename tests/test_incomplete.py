"""Exit codes of input that was not read whole, options that say nothing of it, and configurations that it brings."""

import json
import os
import sys
from pathlib import Path

import pytest
import yaml

from kscan import data
from kscan.__main__ import run
from kscan.report.json import SCHEMA_FILE
from kscan.snapshot.archive import save
from kscan.snapshot.entry import Body, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.snapshot import Snapshot
from tests.fake_api import UNBOUND, Fault, cluster, fake_api

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: app}]}\n"
BAD = POD.replace("image: app", "image: app, securityContext: {privileged: true}")
PRIVILEGED = ("--check", "privileged-container")


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No configuration of this machine or of another test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in list(os.environ):
        if name.startswith("KSCAN_") or name == "KUBECONFIG":
            monkeypatch.delenv(name)


def told(capfd, *words):
    """The exit code and what was said on each side."""
    code = run([str(word) for word in words])
    out, err = capfd.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (POD, 0, ""),
        (BAD, 1, ""),
        (f"{POD}---\nkind: [\n", 3, "1 part of the input was not read: a.yaml:6:1: undecodable (not YAML"),
        (f"{BAD}---\nkind: [\n", 1, "1 part of the input was not read"),
        ("kind: [\n", 3, "1 part of the input was not read"),
        (f"{POD}---\na: [\n---\nb: [\n", 3, "2 parts of the input were not read"),
        ("", 3, "nothing was judged: a.yaml holds no Kubernetes object"),
        ("# nothing\n", 3, "nothing was judged"),
        ("name: x\n", 3, "nothing was judged"),
        (POD.replace("containers", "container"), 3, "1 part of the input was not read: /api/v1/pods/default/web"),
        (POD.replace("name: web", "nam: web"), 3, "no Pod that an API server would take: it has no name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", 3, "nothing was judged: there are no containers here"),
        (json.dumps(yaml.safe_load(POD)) + json.dumps(yaml.safe_load(BAD)), 1, ""),
        (json.dumps({"apiVersion": "v1", "kind": "PodList", "metadata": {"continue": "x"}, "items": []}), 3,
         "the list goes on: some of its objects are missing"),
    ],
)  # fmt: skip
def test_the_exit_code_of_a_file(text, code, words, capfd):
    Path("a.yaml").write_text(text)
    found, out, err = told(capfd, "scan", "a.yaml", *PRIVILEGED)
    assert found == code
    assert words in err
    assert ("--allow-incomplete" in err) == (code == 3)
    if code == 3:
        assert sum(line.startswith("kscan: ") for line in err.splitlines()) == 1
        assert "coverage 100 %" not in out


def test_what_was_not_read_may_be_allowed(capfd):
    Path("a.yaml").write_text(f"{POD}---\nkind: [\n")
    for words, code, says in (("", 3, True), ("--quiet", 3, True), ("--allow-incomplete", 0, True),
                              ("--allow-incomplete --quiet", 0, False), ("--allow-incomplete --strict", 3, True)):  # fmt: skip
        found, _, err = told(capfd, "scan", "a.yaml", *PRIVILEGED, *words.split())
        assert (found, "was not read" in err) == (code, says), words


def test_it_is_allowed_by_the_environment_and_by_the_configuration(capfd, monkeypatch):
    Path("in").mkdir()
    Path("in/a.yaml").write_text("kind: [\n")
    Path("kscan.yaml").write_text("allow-incomplete: true\n")
    assert told(capfd, "scan", "in")[0] == 0
    Path("kscan.yaml").unlink()
    assert told(capfd, "scan", "in")[0] == 3
    monkeypatch.setenv("KSCAN_ALLOW_INCOMPLETE", "1")
    assert told(capfd, "scan", "in")[0] == 0


def test_a_closed_standard_input_is_said(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    for command in ("scan", "fix"):
        code, _, err = told(capfd, command, "-")
        assert (code, "standard input" in err, "closed" in err) == (2, True, True)


def test_what_is_mended_is_not_all_where_a_part_was_not_read(capfd):
    Path("a.yaml").write_text(f"{POD}---\nkind: [\n")
    checks = ("--check", "privileged-container", "--quiet")
    code, _, err = told(capfd, "fix", "a.yaml", *checks)
    assert (code, "1 part of the files was not read (exit code 3" in err) == (3, True)
    assert told(capfd, "fix", "a.yaml", *checks, "--allow-incomplete")[0] == 0
    Path("kscan.yaml").write_text("skip: [privileged-container]\n")
    assert "comes with what is scanned and was not used" in told(capfd, "fix", "a.yaml", *checks[:2])[2]


@pytest.mark.parametrize("content", [POD, BAD, "a: ["])
def test_a_name_that_is_no_text_is_written_out(content, capfd):
    for name in ("chart", "build"):
        Path(f"in\udcff/{name}\udcff").mkdir(parents=True)
    Path("in\udcff/chart\udcff/Chart.yaml").write_text("name: [\n")
    Path("in\udcff/build\udcff/kustomization.yaml").write_text("resources: [none.yaml]\n")
    Path("in\udcff/lost\udcff.yaml").symlink_to("nowhere")
    Path("in\udcff/x\udcff.yaml").write_text(content)
    for form in ("json", "html", "markdown", "terminal"):
        code, out, err = told(capfd, "scan", "in\udcff", *PRIVILEGED, "-f", form)
        assert (code, "unexpected" in err) == (1 if content == BAD else 3, False)
        assert "lost" in out
    assert told(capfd, "scan", "in\udcff/lost\udcff.yaml")[0] == 2
    assert told(capfd, "fix", "in\udcff", *PRIVILEGED, "--risky")[0] == {POD: 0, BAD: 1, "a: [": 3}[content]


def test_a_folder_is_manifests_whatever_it_says_it_is(capfd):
    Path("in/objects").mkdir(parents=True)
    Path("in/cluster.yaml").write_text("name: prod\nserver: https://10.0.0.1\nuser: admin\n")
    Path("in/a.yaml").write_text(BAD)
    code, out, _ = told(capfd, "scan", "in", *PRIVILEGED)
    assert (code, "Manifests in" in out) == (1, True)


def test_a_snapshot_that_is_not_whole(capfd):
    snapshot = load_folder(data.folder("demo"))
    with Path("whole.kscan").open("wb") as file:
        save(snapshot, file)
    import zipfile

    with zipfile.ZipFile("whole.kscan") as whole, zipfile.ZipFile("less.kscan", "w") as less:
        for name in whole.namelist():
            if name != "api/v1/pods.json":
                less.writestr(name, whole.read(name))
    code, out, err = told(capfd, "scan", "less.kscan", *PRIVILEGED, "--fail-on", "never")
    assert (code, "/api/v1/pods: undecodable" in err) == (3, True)
    assert "coverage 100 %" not in out
    assert told(capfd, "scan", "whole.kscan", "--fail-on", "never")[0] == 0


def test_a_cluster_that_tells_nothing(tmp_path, capfd):
    lists = [path for path in cluster(10).entries if path.count("/") > 2]
    with fake_api(cluster(10), {path: [Fault("status", None, value=403)] for path in (*lists, "/metrics")}) as fake:
        code, _, err = told(capfd, "scan", "--kubeconfig", fake.kubeconfig(tmp_path), *PRIVILEGED)
    assert (code, "nothing was judged: " in err, "forbidden" in err) == (3, True, True)


def unbound(tmp_path, capfd, *words):
    """A scan by an account that nobody bound to anything, of a server that is ready."""
    ready = {"/readyz": Body(b"[+]ping ok\nreadyz check passed\n", "text/plain")}
    snapshot = Snapshot(cluster(10).about, dict(cluster(10).entries) | ready)
    with fake_api(snapshot, UNBOUND) as fake:
        return told(capfd, "scan", "--kubeconfig", fake.kubeconfig(tmp_path), *words)


@pytest.mark.parametrize(
    "words", ["", "--all", "--framework cis", "--check kms-unhealthy --check privileged-container"]
)
def test_what_anybody_may_read_is_no_answer_where_all_else_is_open(words, tmp_path, capfd):
    code, out, err = unbound(tmp_path, capfd, *words.split())
    assert (code, "nothing was judged: " in err, "forbidden" in err) == (3, True, True), out[-600:]
    assert sum(line.startswith("kscan: ") for line in err.splitlines()) == 1


def test_what_anybody_may_read_is_an_answer_where_nothing_else_was_asked(tmp_path, capfd):
    code, _, err = unbound(tmp_path, capfd, "--check", "kms-unhealthy")
    assert (code, "nothing was judged" in err) == (0, False)


def test_a_namespace_that_is_not_there(tmp_path, capfd):
    with fake_api(cluster(10)) as fake:
        code, _, err = told(capfd, "scan", "--kubeconfig", fake.kubeconfig(tmp_path), "-n", "nothere")
    assert (code, "the cluster has no namespace nothere" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("a.yaml --kubeconfig k", "--kubeconfig"),
        ("a.yaml --context c", "--context"),
        ("a.yaml --as jo", "--as"),
        ("a.yaml --kubelets proxy", "--kubelets"),
        ("s.kscan --namespace a", "--namespace"),
        ("s.kscan --timeout 3", "--timeout"),
        ("--demo --namespace a", "--namespace"),
        ("--demo --context c", "--context"),
        ("--demo --inspect-secret-metadata", "--inspect-secret-metadata"),
    ],
)
def test_what_says_how_a_cluster_is_read_is_refused_where_none_is(words, option, capfd, monkeypatch):
    Path("a.yaml").write_text(POD)
    code, _, err = told(capfd, "scan", *words.split())
    assert (code, f"{option} is for a live cluster" in err, err.count("\n")) == (2, True, 1)
    # What is meant for every scan is not meant for this one.
    monkeypatch.setenv("KSCAN_CONTEXT", "c")
    assert told(capfd, "scan", "a.yaml", *PRIVILEGED)[0] == 0


def test_a_path_beside_the_demo_is_refused(capfd):
    Path("a.yaml").write_text(POD)
    assert "--demo scans the demo cluster, and not a.yaml" in told(capfd, "scan", "a.yaml", "--demo")[2]


def test_several_paths(capfd):
    Path("a.yaml").write_text(POD)
    Path("b.yaml").write_text(BAD.replace("web", "bad"))
    code, out, _ = told(capfd, "scan", "a.yaml", "b.yaml", *PRIVILEGED)
    assert (code, "b.yaml:4" in out, "2 objects read" in out) == (1, True, True)
    for words, said in (("a.yaml none.yaml", "cannot read none.yaml"), ("a.yaml s.kscan", "s.kscan is no manifest")):
        code, _, err = told(capfd, "scan", *words.split())
        assert (code, said in err) == (2, True)


SILENT = "check: [wildcard-role]\nskip: [privileged-container]\nfail-on: never\n"


@pytest.mark.parametrize(
    ("here", "configured", "scanned", "counts"),
    [
        (".", "kscan.yaml", ".", False),
        (".", "kscan.yaml", "repo", True),
        ("repo", "repo/kscan.yaml", ".", False),
        ("repo", "repo/kscan.yaml", "deploy", True),
        ("repo", "repo/kscan.yaml", "deploy/a.yaml", True),
        ("repo/deploy", "repo/deploy/kscan.yaml", "a.yaml", False),
        ("repo/deploy", "repo/kscan.yaml", "a.yaml", True),
        ("repo/deploy", "repo/deploy/kscan.yaml", "..", False),
    ],
)
@pytest.mark.parametrize("git", [False, True])
def test_a_configuration_that_comes_with_what_is_scanned_does_not_count(
    here, configured, scanned, counts, git, capfd, monkeypatch
):
    Path("repo/deploy").mkdir(parents=True)
    Path("repo/deploy/a.yaml").write_text(BAD)
    Path(configured).write_text(SILENT)
    if git:
        Path("repo/.git").mkdir()
    monkeypatch.chdir(here)
    # All that stands in one repository comes with it.
    counts = counts and not (git and configured.startswith("repo/"))
    code, out, err = told(capfd, "scan", scanned, "-f", "json")
    report = json.loads(out)
    if counts:
        assert report["configuration"]["options"] == {
            "check": "wildcard-role", "skip": "privileged-container", "fail-on": "never"
        }  # fmt: skip
    else:
        assert (code, report["configuration"]) == (1, None)
        assert "comes with what is scanned and was not used: --config " in err
    named = told(capfd, "scan", scanned, "-f", "json", "--config", os.path.relpath(configured, here))[1]
    assert json.loads(named)["configuration"]["options"]["fail-on"] == "never"


@pytest.mark.parametrize(
    "arranged",
    [
        # A submodule of the scanned repository, and a repository that is kept in it.
        lambda: (Path("deploy").mkdir(), Path("deploy/.git").write_text("gitdir: ../.git/modules/deploy\n")),
        lambda: Path("deploy/.git").mkdir(parents=True),
        # The scanned folder, or the configuration, is a link that leads outside.
        lambda: (Path("../elsewhere").mkdir(), Path("deploy").symlink_to("../elsewhere")),
        lambda: (Path("deploy").mkdir(), Path("kscan.yaml").rename("../told.yaml"),
                 Path("kscan.yaml").symlink_to("../told.yaml")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scanned", ["deploy", "deploy/a.yaml", "."])
def test_a_repository_decides_nothing_by_a_detour(arranged, scanned, capfd, monkeypatch):
    Path("outer/.git").mkdir(parents=True)
    monkeypatch.chdir("outer")
    Path("kscan.yaml").write_text(SILENT)
    arranged()
    Path("deploy/a.yaml").write_text(BAD)
    Path("b.yaml").write_text(BAD)
    code, _, err = told(capfd, "scan", scanned, "--quiet", "-f", "json")
    assert code == 1, err


def test_what_comes_through_standard_input_comes_from_where_kscan_stands(capfd, monkeypatch):
    import io

    Path("kscan.yaml").write_text(SILENT)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    assert told(capfd, "scan", "-")[0] == 1


def test_a_snapshot_and_a_live_cluster_bring_no_configuration(capfd):
    Path("kscan.yaml").write_text("check: [privileged-container]\nfail-on: never\n")
    code, out, _ = told(capfd, "scan", "--demo")
    assert (code, "Configured by" in out, "check: privileged-container, fail-on: never" in out) == (0, True, True)


def test_what_the_command_line_decides_the_configuration_did_not(capfd):
    Path("kscan.yaml").write_text("check: [privileged-container]\nfail-on: never\n")
    _, out, _ = told(capfd, "scan", "--demo", "--fail-on", "low", "-f", "json")
    assert json.loads(out)["configuration"]["options"] == {"check": "privileged-container"}


def test_every_format_tells_the_configuration(capfd):
    Path("kscan.yaml").write_text("check: [privileged-container]\nfail-on: never\n")
    told(capfd, "scan", "--demo", "-o", "a.html", "-o", "a.md", "-o", "a.txt")
    for name in ("a.html", "a.md", "a.txt"):
        text = Path(name).read_text().replace("\\", "")
        assert "Configured by" in text and "kscan.yaml" in text and "fail-on: never" in text


def test_files_that_a_configuration_names_stand_where_it_stands(capfd, monkeypatch):
    Path("checks").mkdir()
    Path("checks/mine.yaml").write_text(
        "title: t\nseverity: low\nlayer: code\ntarget: pod\ncel: 'false'\nmessage: m\nwhy: w\nfix: {text: f}\n"
    )
    Path("kscan.yaml").write_text("checks: [./checks]\ncheck: [mine]\nhonour-annotations: true\nall: true\nby: check\n")
    Path("below").mkdir()
    monkeypatch.chdir("below")
    _, out, _ = told(capfd, "scan", "--demo", "-f", "json")
    assert {one["check"] for one in json.loads(out)["results"]} == {"mine"}


def test_the_schema_knows_every_reason():
    schema = json.loads(SCHEMA_FILE.read_text())
    assert schema["properties"]["gaps"]["items"]["properties"]["reason"]["enum"] == [str(one) for one in Reason]


@pytest.mark.parametrize("more", ["", ", https://example.com/x.yaml"])
def test_a_kustomization_that_is_all_there_is_and_wants_more_is_not_read_whole(tmp_path, capfd, more):
    (tmp_path / "kustomization.yaml").write_text(f"resources: [pod.yaml{more or ', missing.yaml'}]\n")
    (tmp_path / "pod.yaml").write_text(POD)
    code, out, err = told(capfd, "scan", ".", *PRIVILEGED)
    wanted = f"{more.strip(', ')}, which is not fetched" if more else "missing.yaml, which is not there"
    assert code == 3 and "1 part of the input was not read: .: not rendered (a kustomization" in err and wanted in err
    assert "0 pass" not in out and "pass," not in out
    assert told(capfd, "scan", ".", *PRIVILEGED, "--allow-incomplete")[0] == 0
