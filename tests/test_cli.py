"""The command line as a person meets it: exit codes, one line of advice for everything that is wrong, no traceback."""

import json
import os
from pathlib import Path

import pytest
import yaml

from kscan import data
from kscan.__main__ import run
from tests.fake_api import cluster, fake_api

GOOD = "title: t\nseverity: low\nlayer: code\ntarget: pod\ncel: 'true'\nmessage: m\nwhy: w\nfix: {text: f}\n"


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
    ("words", "advice"),
    [
        ("scan", "there is no kubeconfig"),
        ("scan --kubeconfig none", "there is no kubeconfig none"),
        ("scan --kubeconfig x -n Bad_NS", "--namespace Bad_NS is no name of a namespace"),
        ("scan --demo --kubeconfig x", "leave out --kubeconfig or --demo"),
        ("scan . -n a -n b", "--namespace of manifests is one"),
        ("scan nofile", "cannot read nofile"),
        ("scan .", ". holds no manifests"),
        ("scan --demo --chek x", "Possible options: --check"),
        ("scan --demo --check privilegd-container", "did you mean privileged-container?"),
        ("scan --demo --skip privilegd-container", "did you mean privileged-container?"),
        ("scan --demo --framework mitr", "did you mean mitre?"),
        ("scan --demo --severity wild", "--severity"),
        ("scan --demo --fail-on hgh", "did you mean high?"),
        ("scan --demo --format jsn", "did you mean json?"),
        ("scan --demo --format yaml", "there are terminal, html"),
        ("scan --demo --severity HIHG", "did you mean high?"),
        ("scan --demo --kubelets direkt", "did you mean direct?"),
        ("scan --demo --fail-on none", "there are critical, high, medium, low, info, never"),
        ("checks show privileged", "did you mean privileged-container or privileged-pods-let-in or privileged-port"),
        ("scan --demo --by workloads", "did you mean workload?"),
        ("scan --demo --pss-version 2.0", "write v1.34 or latest"),
        ("scan --demo --format json --format html", "only one format can be printed"),
        ("scan --demo --output report.pdf", "tells no format"),
        ("scan --demo --output none/report.html", "cannot write none/report.html"),
        ("scan --demo --template none", "there is no template none"),
        ("scan --demo --checks none", "not a folder"),
        ("scan --demo --config none.yaml", "cannot read none.yaml"),
        ("scan --demo --as-group a", "--as-group needs --as"),
        ("scan --demo --check run-as-root --skip run-as-root", "no check is left"),
        ("scan --demo --parallel 0", "--parallel"),
        ("scan --demo --timeout x", "--timeout"),
        ("scan --demo --kubelets maybe", "--kubelets"),
        ("frobnicate", "No such command"),
        ("snapshot show none", "cannot read none"),
        ("snapshot serve none", "cannot read none"),
        ("snapshot save none/x", "cannot write none/x"),
        ("checks show privileged-contaner", "did you mean privileged-container?"),
        ("checks test none", "not a folder"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(words, advice, capfd):
    code, out, err = told(capfd, *words.split())
    assert code == 2
    assert out == ""
    assert advice in err
    assert err.startswith("kscan: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("sevrity: high", "did you mean severity?"),
        ("severity: [", "line 2, column 1, is not YAML"),
        ("- severity", "no map of options"),
        ("severity: wild", "--severity"),
        ("check: [nothing]", "no check is called nothing"),
        ("1: 2", "there is no option 1"),
    ],
)
def test_a_configuration_that_is_wrong(text, advice, capfd):
    Path("kscan.yaml").write_text(text)
    code, _, err = told(capfd, "scan", "--demo")
    assert (code, err.count("\n")) == (2, 1)
    assert advice in err


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("title: [", "line 2, column 1, is not YAML"),
        ("just words", "Expected `object`"),
        (GOOD.replace("title", "titel"), "did you mean title?"),
        (GOOD.replace("low", "bad"), "severity"),
        (GOOD.replace("cel: 'true'", "cel: 'object.('"), "does not compile"),
        (GOOD.replace("target: pod", "target: pods"), "did you mean pod?"),
        (GOOD.replace("target: pod", "rule: rbac.x"), "either `cel` or `rule`"),
        (GOOD.replace("message: m\n", ""), "names its `target` and its `message`"),
        ("\x00", "not YAML"),
    ],
)
def test_a_check_file_that_is_wrong_is_named(text, advice, capfd):
    Path("mine").mkdir()
    Path("mine/own.yaml").write_text(text)
    code, _, err = told(capfd, "scan", "--demo", "--checks", "mine")
    assert (code, err.count("\n")) == (2, 1)
    assert advice in err
    assert "own" in err


def test_a_check_of_ones_own_runs_beside_the_shipped(capfd):
    Path("mine").mkdir()
    Path("mine/own.yaml").write_text(GOOD)
    code, out, _ = told(capfd, "scan", "--demo", "--checks", "mine", "--check", "own")
    assert (code, "own" in out) == (0, True)
    Path("mine/run-as-root.yaml").write_text(GOOD)
    code, _, err = told(capfd, "scan", "--demo", "--checks", "mine")
    assert (code, "two check files are called run-as-root.yaml" in err) == (2, True)


def test_the_command_line_counts_before_the_environment_and_that_before_the_file(capfd, monkeypatch):
    Path("kscan.yaml").write_text("check: [run-as-root]\nfail-on: never\n")
    Path("below").mkdir()
    monkeypatch.chdir("below")
    code, out, _ = told(capfd, "scan", "--demo", "--format", "json")
    assert (code, [one["check"] for one in json.loads(out)["results"]]) == (0, ["run-as-root"])
    monkeypatch.setenv("KSCAN_CHECK", "wildcard-role")
    assert [one["check"] for one in json.loads(told(capfd, "scan", "--demo", "-f", "json")[1])["results"]] == [
        "wildcard-role"
    ]
    _, out, _ = told(capfd, "scan", "--demo", "-f", "json", "--check", "host-network,privileged-container")
    assert {one["check"] for one in json.loads(out)["results"]} == {"host-network", "privileged-container"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--demo", 1),
        ("--demo --fail-on never", 0),
        ("--demo --fail-on critical --check host-network", 0),
        ("--demo --fail-on high --check host-network", 1),
        ("--demo --check api-server-anonymous-auth --strict", 0),
        ("--demo --check kubelet-anonymous-auth", 3),
        ("--demo --check kubelet-anonymous-auth --allow-incomplete", 0),
        ("--demo --check kubelet-anonymous-auth --strict --allow-incomplete", 3),
        ("--demo --severity critical --skip kubelet-anonymous-auth --framework cis-1.12", 1),
    ],
)
def test_exit_codes(words, code, capfd):
    assert told(capfd, "scan", *words.split())[0] == code


def test_the_benchmark_that_fits_the_cluster(capfd):
    _, out, _ = told(capfd, "scan", "--demo", "--framework", "cis", "-f", "json")
    report = json.loads(out)
    assert [one["name"] for one in report["frameworks"]] == ["cis-1.12"]
    assert all(any(control.startswith("cis-1.12/") for control in one["controls"]) for one in report["results"])
    _, out, _ = told(capfd, "scan", "--demo", "--framework", "cis", "-f", "json", "--platform", "eks")
    assert [one["name"] for one in json.loads(out)["frameworks"]] == ["eks-1.8"]


def test_files_by_their_ending_and_the_terminal_report_beside(capfd):
    code, out, err = told(capfd, "scan", "--demo", "-o", "a.html", "-o", "a.md", "-o", "a.json", "-o", "a.txt")
    assert code == 1
    assert "harbour-lane" in out
    assert err.splitlines() == [f"wrote a.{ending}" for ending in ("html", "md", "json", "txt")]
    assert Path("a.html").read_text().startswith("<!doctype html>")
    assert json.loads(Path("a.json").read_text())["schema"] == "kscan/report/v1"
    assert all(Path(f"a.{ending}").stat().st_mode & 0o777 == 0o600 for ending in ("html", "md", "json", "txt"))
    code, out, err = told(capfd, "scan", "--demo", "--format", "json", "-o", "b.data", "-q")
    assert (out, err, json.loads(Path("b.data").read_text())["kscan"] != "") == ("", "", True)


def test_permissions_as_yaml(capfd):
    code, out, _ = told(capfd, "permissions", "--check", "secrets-not-encrypted")
    (role,) = yaml.safe_load_all(out)
    assert (code, role["kind"]) == (0, "ClusterRole")
    text = json.dumps(role["rules"])
    assert "secrets" not in text
    assert "*" not in text.replace("/api/*", "").replace("/apis/*", "")
    assert "/metrics" in text and '"/readyz"' not in text
    _, opted, _ = told(capfd, "permissions", "--check", "secrets-not-encrypted", "--inspect-secret-metadata")
    (lists,) = (rule for rule in yaml.safe_load(opted)["rules"] if "secrets" in rule.get("resources", ()))
    assert (lists["apiGroups"], lists["verbs"]) == ([""], ["list"])
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} <= {"get", "list", "create"}
    _, everything, _ = told(capfd, "permissions")
    assert "nodes/configz" in everything
    assert "nodes/proxy" not in everything
    assert "nodes/proxy" in told(capfd, "permissions", "--kubelets", "proxy")[1]
    _, out, _ = told(capfd, "permissions", "--namespace", "a,b")
    assert [(one["kind"], one["metadata"]["namespace"]) for one in yaml.safe_load_all(out)] == [
        ("Role", "a"),
        ("Role", "b"),
    ]


def test_checks_are_listed_shown_and_tested(capfd, monkeypatch):
    assert "privileged-container" in told(capfd, "checks", "list")[1]
    severe = told(capfd, "checks", "list", "--severity", "critical")[1].count("\n")
    assert 3 < severe < told(capfd, "checks", "list")[1].count("\n")
    _, out, _ = told(capfd, "checks", "show", "host-path-writable")
    assert all(words in out for words in ("Why", "Fix", "container.?volumeMounts", "Example, misses"))
    code, _, err = told(capfd, "checks", "test", str(data.folder("checks") / "references"))
    assert (code, "0 failed" in err) == (0, True)
    # The shipped ones are tried by tests/test_checks.py; here, that it is they who are tried.
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr("kscan.judge.farm.run_examples", lambda checks: asked.extend(checks) or [])
        assert told(capfd, "checks", "test")[0] == 0
    assert {one.id for one in asked} == {path.stem for path in data.folder("checks").rglob("*.yaml")
                                         if path.parent.name not in ("frameworks", "peers", "shipped")}  # fmt: skip
    Path("mine").mkdir()
    Path("mine/own.yaml").write_text(GOOD + "examples: {fail: {a: 'kind: Pod\n\n  metadata: {name: bad}'}}\n")
    Path("mine/own.yaml").write_text(
        GOOD
        + "examples:\n  fail:\n    one: |\n      kind: Pod\n      metadata: {name: bad}\n      spec: {containers: []}\n"
    )
    code, out, _ = told(capfd, "checks", "test", "mine")
    assert code == 1
    assert "found nothing where Pod/bad was to be found" in out


def test_snapshots_are_shown(tmp_path, capfd):
    with fake_api(cluster(20, [{"path": "/metrics", "gap": "forbidden"}])) as fake:
        assert told(capfd, "snapshot", "save", "s", "--kubeconfig", fake.kubeconfig(tmp_path))[0] == 0
    _, out, _ = told(capfd, "snapshot", "show", "s")
    assert "/api/v1/pods  20 objects" in out
    assert "/metrics  gap: forbidden" in out
    _, out, _ = told(capfd, "snapshot", "show", "s", "/api/v1/pods")
    assert len(json.loads(out)["items"]) == 20
    assert "did you mean /api/v1/pods" in told(capfd, "snapshot", "show", "s", "/api/v1/pod")[2]
    assert told(capfd, "scan", "s", "--check", "privileged-container")[0] == 1


@pytest.mark.parametrize(("by", "words"), [
    ("workload", ("Deployment payments/ledger  score", "meets restricted", "runs as deployer")),
    ("namespace", ("enforces baseline", "it is safe to enforce baseline")),
])  # fmt: skip
def test_a_report_by_workload_or_namespace(capfd, by, words):
    code, out, _ = told(capfd, "scan", "--demo", "--by", by, "--fail-on", "never")
    assert code == 0
    assert all(word in out for word in words)


def test_the_policy_version_is_the_clusters_unless_said(capfd):
    words = (
        "scan",
        "--demo",
        "-f",
        "json",
        "--check",
        "namespace-enforces-less",
        "--fail-on",
        "never",
        "--by",
        "namespace",
    )
    versions = []
    for more in ((), ("--pss-version", "v1.24"), ("--pss-version", "latest")):
        _, out, _ = told(capfd, *words, *more)
        versions.append({one["audit"]["version"] for one in json.loads(out)["namespaces"]})
    assert versions == [{"v1.33"}, {"v1.24"}, {"v1.37"}]


@pytest.mark.parametrize("words", ["--severity HIGH", "--kubelets None", "--fail-on Never", "--format JSON", "--by Check", "--platform EKS",
                                   "--framework CIS-1.12", "--framework Cis --by Control", "--pss-version V1.34",
                                   "--check Privileged-Container", "--skip HOST-PORT"])  # fmt: skip
def test_names_are_known_in_capitals_too(words, capfd):
    source = ["permissions"] if "--kubelets" in words else ["scan", "--demo", "--quiet"]
    base = [] if "--kubelets" in words else ["--check", "host-port,privileged-container", "--fail-on", "never"]
    code, out, err = told(capfd, *source, *base, *words.split())
    assert (code, err) == (0, "") and out


def test_a_pipe_in_the_place_of_a_file_is_called_one(capfd, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    code, _, err = told(capfd, "scan", str(tmp_path / "pipe"))
    assert code == 2 and "is a pipe: hand manifests over on standard input" in err


def test_a_configuration_that_is_named_is_not_passed_over(capfd, tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    for name in ("kscan.yaml", "other.yaml"):
        (folder / name).write_text("check: [host-port]\n")
    _, _, err = told(capfd, "scan", str(folder), "--config", str(folder / "kscan.yaml"))
    assert f"passed over what is no Kubernetes object: {folder}/other.yaml:1\n" in err


def test_a_folder_without_results_of_nodes_is_input_that_was_not_read(capfd, tmp_path):
    (tmp_path / "none").mkdir()
    words = ("scan", "--demo", "--check", "pki-key-open", "--node-results", str(tmp_path / "none"))
    code, _, err = told(capfd, *words)
    assert code == 3 and f"1 part of the input was not read: {tmp_path}/none: undecodable (no document of" in err
