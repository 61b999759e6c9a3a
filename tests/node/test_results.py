"""From the agents' documents to verdicts: folders, ConfigMaps, what is broken, old or of somebody else."""

import json

import msgspec
import pytest

from kscan import data
from kscan.__main__ import run
from kscan.checks.check import by_id, read_checks
from kscan.checks.frameworks import read_frameworks
from kscan.commands.node_results import NodeResults, node_results, with_results
from kscan.judge.engine import evaluate
from kscan.judge.incomplete import incomplete
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.node_facts import NodeFacts, encoded
from kscan.node.gather import gather
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.node_files import NO_RESULTS, NODE_FILES
from kscan.views.view import Readings
from tests.fake_api import cluster, fake_api
from tests.node.trees import Tree, kubeadm

CHECKS = by_id(read_checks(data.folder("checks")))
FILES = [check for check in CHECKS.values() if check.family == "files" and not check.file.opt_in]
CONFIG_MAPS = "/api/v1/configmaps"
CONTROLS = [f"1.1.{n}" for n in range(1, 22)] + ["3.2.2", "4.2.7"] + [f"4.1.{n}" for n in range(1, 11)]


def node(name, **labels):
    return {"kind": "Node", "metadata": {"name": name, "labels": labels}}


def facts(name, **more):
    return encoded(NodeFacts(node=name, **more))


def published(name, document, **labels):
    labels = labels or {"app.kubernetes.io/name": "kscan-node"}
    return {
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "kscan-nodes", "labels": labels},
        "data": {"node.json": document},
    }


def reading(snapshot):
    return Readings(snapshot).of(NODE_FILES)


def merged(documents, results, lines, **about):
    return with_results(snapshot_of(documents, About(**about)), results, lines.append)


def test_each_of_the_33_controls_has_a_check():
    known = {one.id for one in read_frameworks(data.folder("checks"))["cis-1.12"].controls}
    # The kubelet's own name is told by /flagz, too, and stands with what is asked of kubelets.
    checks = [*FILES, CHECKS["kubelet-hostname-override"]]
    found = [control for check in checks for control in check.file.controls if control.startswith("cis-1.12/")]
    assert sorted(found) == sorted(f"cis-1.12/{control}" for control in CONTROLS)
    assert set(CONTROLS) <= known


@pytest.mark.parametrize(("name", "controls"), [("eks-1.8", 4), ("gke-1.9", 4), ("aks-1.8", 4)])
def test_the_file_controls_of_the_clouds_are_answered(name, controls):
    known = {
        f"{name}/{one.id}" for one in read_frameworks(data.folder("checks"))[name].controls if one.id.startswith("3.1.")
    }
    every = [check for check in CHECKS.values() if check.family == "files"]
    assert len(known) == controls
    assert known == {control for check in every for control in check.file.controls if control.startswith(f"{name}/")}


def test_a_whole_node_is_decided(tmp_path, lines, folder):
    (folder / "cp.json").write_bytes(encoded(gather(kubeadm(Tree(tmp_path / "root")).folder, "cp-1")))
    snapshot = merged([node("cp-1")], NodeResults(folder), lines)
    report = evaluate(snapshot, plan(FILES))
    assert not report.of(Status.UNKNOWN) and not lines
    assert {one.check.id for one in report.of(Status.FAIL)} == {
        "cni-files-open", "etcd-data-not-of-etcd", "kubelet-config-open", "audit-policy-incomplete"}  # fmt: skip
    assert {one.check.id for one in report.of(Status.NOT_APPLICABLE)} == {
        "kubelet-unit-open", "kubelet-unit-not-of-root", "kube-proxy-kubeconfig-open", "kube-proxy-kubeconfig-not-of-root"}  # fmt: skip


def test_findings_name_the_file_and_what_mends_it(tmp_path, lines, folder):
    tree = kubeadm(Tree(tmp_path / "root"))
    for number in range(9):
        tree.write(f"/etc/kubernetes/pki/many/{number}.key", "", 0o640)
    tree.write("/etc/kubernetes/pki/odd name.key", "", 0o622)
    tree.write("/var/lib/cni/networks/cbr0/lock", "", 0o750)
    (folder / "cp.json").write_bytes(encoded(gather(tree.folder, "cp-1")))
    report = evaluate(merged([node("cp-1")], NodeResults(folder), lines), plan(FILES))
    found = {one.check.id: one.findings for one in report.of(Status.FAIL)}
    keys = {one.path: one for one in found["pki-key-open"]}
    assert keys.keys() == {"/etc/kubernetes/pki/odd name.key", "/etc/kubernetes/pki/many/*"}
    assert keys["/etc/kubernetes/pki/odd name.key"].fix == "chmod 0600 '/etc/kubernetes/pki/odd name.key'"
    many = keys["/etc/kubernetes/pki/many/*"]
    assert many.value == "0640 root:root" and many.notes[0] == "so are 0.key, 1.key, 2.key and 6 more"
    # Addresses come and go: they are one finding, whose fingerprint stays.
    addresses = [one for one in found["cni-files-open"] if one.path == "/var/lib/cni/networks/cbr0/*"]
    assert [one.value for one in addresses] == ["0644 root:root, 0750 root:root"]
    assert str(many.object) == "Node cp-1" and many.severity == "critical"
    assert {one.severity for one in found["kubelet-config-open"]} == {"low"}


def test_no_results_are_one_gap_that_lowers_nothing():
    report = evaluate(snapshot_of([node("a"), node("b")]), plan([*FILES, CHECKS["default-namespace-used"]]))
    assert len(report.of(Status.UNKNOWN)) == 32
    assert [str(one.gap) for one in report.gaps()] == [f"/kscan.dev/v1/nodes: not asked ({NO_RESULTS})"]
    assert report.score.undecided == 32 and not any(one.asked for one in report.of(Status.UNKNOWN))


def test_nodes_without_results_among_others_are_named(folder, lines):
    (folder / "a.json").write_bytes(facts("a"))
    reported = {"status": {"nodeInfo": {"kubeletVersion": "v1.30.0-vk-of-somebody"}}}
    virtual = [node("v", type="virtual-kubelet") | reported]
    snapshot = merged([node("a"), *(node(name) for name in "bcdef"[:4]), *virtual], NodeResults(folder), lines)
    assert [str(one) for one in reading(snapshot).gaps] == [
        "/kscan.dev/v1/nodes/b: not asked (no node results of b, c, d and 1 more)"
    ]
    report = evaluate(snapshot, plan(FILES))
    assert (
        all(one.asked for one in report.of(Status.UNKNOWN)) and report.of(Status.UNKNOWN) and report.score.coverage == 0
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no document of `kscan node`"),
        (b"kscan: cannot read /host", "no document of `kscan node`"),
        (b"[]", "no document of `kscan node`"),
        (b'{"node": 7}', "no document of `kscan node`"),
        (b"\xff\xfe{", "no document of `kscan node`"),
        (b"[" * 100_000, "no document of `kscan node`"),
        (b'{"node": "../../a"}', "no name of a node"),
        (b'{"node": "A\\u001b[31m"}', "no name of a node"),
    ],
)
def test_documents_that_are_none_leave_open_what_they_could_have_told(tmp_path, folder, lines, content, words):
    (folder / "a.json").write_bytes(encoded(gather(kubeadm(Tree(tmp_path / "root")).folder, "a")))
    before = evaluate(merged([node("a")], NodeResults(folder), lines), plan(FILES))
    (folder / "x.json").write_bytes(content)
    for documents in ([node("a")], [{"path": "/api/v1/nodes", "gap": "forbidden"}], []):
        snapshot = merged(documents, NodeResults(folder), lines)
        (unread,) = snapshot.about.unread
        assert unread.gap.path == str(folder / "x.json") and words in unread.gap.detail
        assert "\n" not in unread.gap.detail and "\x1b" not in unread.gap.detail
        report = evaluate(snapshot, plan(FILES))
        assert not report.of(Status.PASS) and unread.gap in [one.gap for one in report.gaps() if one.checks]
        assert report.score.coverage < 100 and "1 part of the input was not read" in incomplete(report)
    assert before.of(Status.PASS) and not incomplete(before)
    assert not lines


def test_documents_of_nodes_that_are_not_there_are_told_in_one_line(folder, lines):
    (folder / "x.json").write_bytes(facts("gone"))
    snapshot = merged([node("a")], NodeResults(folder), lines)
    assert lines == ["node results of nodes that the cluster does not have, passed over: gone"]
    assert not [path for path in snapshot.entries if path.startswith("/kscan.dev")]


@pytest.mark.parametrize("change", [{"apiVersion": "kscan.dev/v0"}, {"files": 7}])
def test_a_document_that_names_its_node_and_does_not_decode_is_not_read_either(folder, lines, change):
    (folder / "x.json").write_text(json.dumps(json.loads(facts("a")) | change))
    snapshot = merged([node("a")], NodeResults(folder), lines)
    report = evaluate(snapshot, plan(FILES))
    assert not report.of(Status.PASS) and "not read: /kscan.dev/v1/nodes/a: undecodable" in incomplete(report)


def test_a_published_document_that_is_none_is_not_read(lines):
    for broken in ("{", None):
        bad = published("kscan-node-b", broken)
        if broken is None:
            bad["data"] = {"other": "x"}
        snapshot = merged(
            [node("a"), published("kscan-node-a", facts("a").decode()), bad], node_results("configmaps"), lines
        )
        assert [one.gap.path for one in snapshot.about.unread] == ["ConfigMap kscan-nodes/kscan-node-b"]
        assert not evaluate(snapshot, plan(FILES)).of(Status.PASS)


def test_a_list_of_published_documents_that_was_cut_is_a_gap(lines):
    snapshot = snapshot_of([node("a"), published("kscan-node-a", facts("a").decode())])
    cut = Gap(CONFIG_MAPS, Reason.CUT_OFF, "it ends early")
    entries = dict(snapshot.entries) | {CONFIG_MAPS: msgspec.structs.replace(snapshot.at(CONFIG_MAPS), gap=cut)}
    snapshot = with_results(Snapshot(snapshot.about, entries), node_results("configmaps"), lines.append)
    assert reading(snapshot).value.nodes and cut in reading(snapshot).gaps


def test_files_beyond_what_is_read_are_told(folder, lines, monkeypatch):
    monkeypatch.setattr("kscan.commands.node_results._MOST_FILES", 1)
    for name in "ab":
        (folder / f"{name}.json").write_bytes(facts(name))
    assert merged([node("a")], NodeResults(folder), lines).about.unread
    monkeypatch.setattr("kscan.commands.node_results._MOST_FILES", 2)
    monkeypatch.setattr("kscan.commands.node_results._MOST_BYTES", 9)
    assert len(merged([node("a")], NodeResults(folder), lines).about.unread) == 2


def test_what_was_not_read_ends_the_run_with_3_also_from_a_saved_file(tmp_path, folder, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (folder / "x.json").write_bytes(encoded(gather(kubeadm(Tree(tmp_path / "root")).folder, "worker-1")))
    (folder / "y.json").write_bytes(b"{")
    check = ["--check", "pki-key-open", "--node-results", "nodes"]
    with fake_api(cluster(documents=[node("worker-1")])) as server:
        access = ["--kubeconfig", server.kubeconfig(tmp_path)]
        assert run(["scan", *check, *access, "--fail-on", "never"]) == 3
        assert "1 part of the input was not read: nodes/y.json" in capfd.readouterr().err
        assert run(["scan", *check, *access, "--fail-on", "never", "--allow-incomplete"]) == 0
        assert run(["snapshot", "save", "c.kscan", *check, *access]) == 0
        assert "not read: nodes/y.json" in capfd.readouterr().err
    assert run(["scan", "c.kscan", *check[:2], "--fail-on", "never"]) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"apiVersion": "kscan.dev/v0"}, "this kscan reads NodeFacts of kscan.dev/v1"),
        ({"kind": "Other"}, "it is Other"),
        ({"taken": "2099-01-01T00:00:00Z"}, "it is of 2099-01-01T00:00:00Z, after the scan"),
        ({"taken": "2026-03-01T01:00:01Z"}, "after the scan"),
        ({"taken": ""}, "it does not tell when it was made"),
        ({"taken": "yesterday"}, "it is of 'yesterday', which is no time"),
        ({"taken": "2026-01-29T23:59:59Z"}, "30 days before the scan"),
        ({"files": 7}, "Expected `array`"),
        ({"files": [{"path": "/x"}]}, "missing required field `roles`"),
        (
            {"taken": "2026-01-01T00:00:00Z"},
            "it is of 2026-01-01T00:00:00Z, 59 days before the scan: run the agent again",
        ),
    ],
)
def test_documents_that_do_not_count_are_gaps(folder, lines, change, words):
    (folder / "x.json").write_text(json.dumps(json.loads(facts("a")) | change))
    found = reading(merged([node("a")], NodeResults(folder), lines, taken="2026-03-01T00:00:00Z"))
    assert not found.value.nodes and [one.path for one in found.gaps] == ["/kscan.dev/v1/nodes/a"]
    assert words in found.gaps[0].detail


@pytest.mark.parametrize("taken", ["2026-03-01T01:00:00Z", "2026-03-01T00:00:00Z", "2026-01-30T00:00:00Z"])
def test_documents_of_about_the_time_of_the_scan_count(folder, lines, taken):
    (folder / "x.json").write_text(json.dumps(json.loads(facts("a")) | {"taken": taken}))
    assert reading(merged([node("a")], NodeResults(folder), lines, taken="2026-03-01T00:00:00Z")).value.nodes
    assert bool(lines) is (taken < "2026-02") and all("30 days old" in line for line in lines)


@pytest.mark.parametrize("other", ["2099-01-01T00:00:00Z", "zzzz", "", "2025-01-01T00:00:00Z"])
def test_a_document_of_no_believable_time_hides_no_other(folder, lines, other):
    (folder / "1.json").write_bytes(facts("a", taken="2026-03-01T00:00:00Z", kscan="true"))
    (folder / "2.json").write_bytes(facts("a", taken=other, kscan="false"))
    (folder / "0.json").write_bytes(facts("a", taken=other, kscan="false"))
    (found,) = reading(merged([node("a")], NodeResults(folder), lines, taken="2026-03-01T00:00:00Z")).value.nodes
    assert found.facts.kscan == "true"


def test_a_document_of_another_node_is_a_gap():
    snapshot = snapshot_of([node("a"), {"path": "/kscan.dev/v1/nodes/a", "json": json.loads(facts("b"))}])
    found = Readings(snapshot).of(NODE_FILES)
    assert not found.value.nodes and [one.detail for one in found.gaps] == ["it is of node b"]


def test_the_newest_of_two_counts(folder, lines):
    (folder / "1.json").write_bytes(facts("a", taken="2026-03-02T00:00:00Z", kscan="new"))
    (folder / "2.json").write_bytes(facts("a", taken="2026-03-01T00:00:00Z", kscan="old"))
    (folder / "notes.txt").write_text("no document")
    found = reading(merged([node("a")], NodeResults(folder), lines))
    assert [one.facts.kscan for one in found.value.nodes] == ["new"]
    assert len(lines) == 1 and "one more document of node a" in lines[0]


def test_published_documents(lines):
    objects = [node("a"), published("kscan-node-a", facts("a").decode()), published("other", facts("b").decode(), app="x"),
               {"kind": "ConfigMap", "metadata": {"name": "elsewhere", "namespace": "shop", "labels": {"app.kubernetes.io/name": "kscan-node"}},
                "data": {"node.json": facts("a", kscan="forged").decode()}}]  # fmt: skip
    found = reading(merged(objects, node_results("configmaps"), lines))
    assert [(one.facts.node, one.facts.kscan) for one in found.value.nodes] == [("a", "")] and not lines
    assert not found.gaps


def test_a_refused_list_of_config_maps_is_the_gap(lines):
    gap = {"path": "/api/v1/namespaces/kscan-nodes/configmaps", "gap": "forbidden"}
    found = reading(merged([node("a"), gap], node_results("configmaps"), lines))
    assert [(one.path, one.reason) for one in found.gaps] == [("/kscan.dev/v1/nodes", "forbidden")]


def test_nodes_that_may_not_be_listed_leave_what_is_told(folder, lines):
    (folder / "x.json").write_bytes(facts("a"))
    snapshot = merged([{"path": "/api/v1/nodes", "gap": "forbidden"}], NodeResults(folder), lines)
    found = reading(snapshot)
    assert [one.facts.node for one in found.value.nodes] == ["a"]
    assert all(isinstance(one, Gap) for one in found.gaps) and [one.path for one in found.gaps] == ["/api/v1/nodes"]
