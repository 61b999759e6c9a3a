"""Charts and kustomizations: what is rendered, what is read as it is, and what is said where a tool is missing."""

import os
import shutil
import time

import pytest

from kscan import data
from kscan.__main__ import run
from kscan.checks.check import by_id, read_checks
from kscan.errors import ConfigError, SnapshotError
from kscan.judge.engine import evaluate
from kscan.judge.origins import located
from kscan.judge.plan import plan
from kscan.snapshot import rendered
from kscan.snapshot.manifests import open_source
from kscan.snapshot.tree import tree

CHECKS = by_id(read_checks(data.folder("checks")))
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  containers:
    - name: app
      image: app:1
      securityContext: {privileged: true}
"""
# A program of ours in the place of helm: it notes its words, and prints what helm prints of a chart.
HELM = """\
#!/bin/sh
for word in "$@"; do echo "$word"; done > "$NOTES"
cat <<'END'
---
# Source: web/crds/thing.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: values}
---
# Source: web/charts/side/templates/pod.yaml
%s
END
"""
BUILD = '#!/bin/sh\necho "$0 $*" > "$NOTES"\ncat <<\'END\'\n%s\nEND\n'
HELM_IS_HERE = pytest.mark.skipif(not shutil.which("helm"), reason="there is no helm on PATH")
KUSTOMIZE_IS_HERE = pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")), reason="there is no kustomize on PATH"
)


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A PATH with nothing but what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "sleep"):
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))

    def tool(name, text):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
        return tmp_path / "notes"

    return tool


def write(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def chart(tmp_path):
    root = tmp_path / "all" / "web"
    write(root, Chart_yaml="apiVersion: v2\nname: web\nversion: 1.0.0\n", values_yaml="a: 1\n",
          templates__pod_yaml=POD % "'{{ .Release.Name }}'", charts__side__templates__pod_yaml="{{ broken")  # fmt: skip
    write(root.parent, alone_yaml=POD % "alone")
    return root


def found(opened):
    (result,) = located(
        evaluate(opened.snapshot, plan([CHECKS["privileged-container"]])), opened.origins, opened.unread
    ).results
    return [(str(one.object), one.source) for one in result.findings]


def test_a_chart_alone_without_helm_is_one_line_of_advice(chart, tools, capfd):
    with pytest.raises(SnapshotError, match="no helm on PATH; install helm, or render it elsewhere: helm template"):
        open_source(chart)
    assert run(["scan", str(chart)]) == 2
    err = capfd.readouterr().err
    assert err.startswith("kscan: nothing of ") and err.count("\n") == 1


def test_a_chart_among_manifests_without_helm_is_a_gap_and_the_rest_is_read(chart, tools):
    opened = open_source(chart.parent)
    assert found(opened) == [("Pod default/alone", f"{chart.parent}/alone.yaml:8")]
    (gap,) = opened.unread
    assert (gap.path, gap.reason) == (str(chart), "not rendered")
    assert opened.skipped == ()


def test_findings_of_a_chart_name_their_template(chart, tools, tmp_path):
    values = tmp_path / "own.yaml"
    values.write_text("a: 2\n")
    notes = tools("helm", HELM % (POD % "side"))
    opened = open_source(chart, [values])
    assert found(opened) == [("Pod default/side", f"{chart}/charts/side/templates/pod.yaml (rendered)")]
    assert (len(opened.origins), opened.unread, opened.skipped) == (2, (), ())
    assert notes.read_text().split("\n") == [
        "template", "web", str(chart), "--include-crds", "--values", str(values), "",
    ]  # fmt: skip


def test_what_is_rendered_and_broken_names_its_template(chart, tools):
    tools("helm", HELM % "a: [")
    (gap,) = open_source(chart).unread
    assert gap.path == f"{chart}/charts/side/templates/pod.yaml"
    assert "not YAML" in gap.detail and "of what is rendered" in gap.detail


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'a warning' >&2; printf 'Error: one\\n  two\\n' >&2; exit 1", "does not render: one two"),
        ("exit 3", "it ended with code 3"),
        ("printf '\\377'", "no UTF-8 text"),
        ("sleep 20 & sleep 20", "took longer than 1 s"),
    ],
)
def test_a_tool_that_fails_is_told_in_one_line_and_in_time(chart, tools, monkeypatch, script, words):
    monkeypatch.setattr(rendered, "_SECONDS", 1)
    tools("helm", f"#!/bin/sh\n{script}\n")
    started = time.monotonic()
    (gap,) = open_source(chart.parent).unread
    assert words in gap.detail and "\n" not in gap.detail
    assert time.monotonic() - started < 4


def test_a_tool_that_does_not_start_is_told(chart, tools):
    tools("helm", "#!/no/such/program\n")
    (gap,) = open_source(chart.parent).unread
    assert "does not render: No such file" in gap.detail


def test_a_tool_is_kept_from_the_network(chart, tools):
    tools(
        "helm",
        '#!/bin/sh\necho "Error: ${HTTPS_PROXY#http://} ${https_proxy#http://} $GIT_ALLOW_PROTOCOL" >&2\nexit 1\n',
    )
    (gap,) = open_source(chart.parent).unread
    assert "127.0.0.1:9 127.0.0.1:9 file" in gap.detail


@pytest.mark.parametrize(("name", "release"), [("web", "web"), ("-Web_1.2-", "web-1-2"), ("é", "release"), ("a" * 60, "a" * 53)])  # fmt: skip
def test_any_folder_makes_a_name_for_the_release(tmp_path, tools, name, release):
    notes = tools("helm", HELM % "")
    write(tmp_path / name, Chart_yaml="name: x\n")
    rendered.chart(tmp_path / name)
    assert notes.read_text().split("\n")[1] == release


def test_values_need_a_chart_and_a_file(chart, tools, tmp_path, capfd):
    with pytest.raises(ConfigError, match="is no file"):
        open_source(chart, [tmp_path / "none"])
    (tmp_path / "v.yaml").write_text("")
    with pytest.raises(ConfigError, match="holds none"):
        open_source(chart.parent / "alone.yaml", [tmp_path / "v.yaml"])
    assert run(["scan", "--demo", "--values", "v.yaml"]) == 2
    assert "--values is for Helm charts" in capfd.readouterr().err


@pytest.fixture
def overlays(tmp_path):
    root = tmp_path / "deploy"
    write(root, base__kustomization_yaml="resources: [pod.yaml]\n", base__pod_yaml=POD % "web",
          base__other_yaml=POD % "other",
          prod__kustomization_yml="resources: [../base]\npatches: [{path: patch.yaml}]\nnamePrefix: prod-\n",
          prod__patch_yaml="kind: Pod\napiVersion: v1\nmetadata: {name: web}\nspec: {hostNetwork: true}\n",
          test__Kustomization="bases: [../base]\nnamespace: test\n")  # fmt: skip
    return root


def test_a_base_is_read_in_its_overlays_and_files_that_nobody_names_as_they_are(overlays):
    read = tree(overlays)
    assert [one.name for one in read.kustomizations] == ["prod", "test"]
    assert [one.name for one in read.files] == ["other.yaml"]
    assert [one.name for one in tree(overlays / "base").kustomizations] == ["base"]


def test_kustomizations_in_a_ring_are_built_once(tmp_path):
    write(tmp_path, a__kustomization_yaml="resources: [../b]\n", b__kustomization_yaml="resources: [../a, .]\n")
    assert [one.name for one in tree(tmp_path).kustomizations] == ["a"]


def test_a_file_of_flux_of_that_name_is_a_manifest(tmp_path):
    write(tmp_path, kustomization_yaml="apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
                                       "metadata: {name: apps}\nspec: {path: ./apps}\n")  # fmt: skip
    assert [one.name for one in tree(tmp_path).files] == ["kustomization.yaml"]


@pytest.mark.parametrize("content", ["", "- a\n", "a: [", "\udcff", "resources: ['a\0b', {x: 1}, 'y\n']\n"])
def test_a_kustomization_that_makes_no_sense_is_left_to_the_tool(tmp_path, content):
    (tmp_path / "kustomization.yaml").write_bytes(content.encode(errors="surrogateescape"))
    assert tree(tmp_path).kustomizations == (tmp_path,)


def test_a_link_to_what_is_read_anyway_is_not_read_twice(tmp_path):
    write(tmp_path, a__pod_yaml=POD % "web")
    (tmp_path / "link.yaml").symlink_to("a/pod.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    assert [str(one.relative_to(tmp_path)) for one in tree(tmp_path).files] == ["a/pod.yaml"]


def test_kustomizations_are_built_by_kustomize_or_else_by_kubectl(overlays, tools):
    assert [gap.reason for gap in open_source(overlays).unread] == ["not rendered", "not rendered"]
    with pytest.raises(SnapshotError, match="neither kustomize nor kubectl"):
        open_source(overlays / "prod")
    notes = tools("kubectl", BUILD % (POD % "web"))
    assert found(open_source(overlays / "prod")) == [("Pod default/web", f"{overlays}/prod (rendered)")]
    assert notes.read_text().endswith(f"kubectl kustomize {overlays}/prod\n")
    notes = tools("kustomize", BUILD % (POD % "web"))
    opened = open_source(overlays)
    assert found(opened) == [
        ("Pod default/other", f"{overlays}/base/other.yaml:8"),
        ("Pod default/web", f"{overlays}/prod (rendered)"),
        ("Pod default/web", f"{overlays}/test (rendered)"),
    ]
    assert notes.read_text().endswith(f"kustomize build {overlays}/test\n")


def test_objects_of_one_name_in_several_files_are_each_judged(tmp_path):
    mild = (POD % "web").replace("privileged: true", "privileged: false")
    write(tmp_path, a_yaml=mild, b_yaml=POD % "web", c_yaml=f"{POD % 'web'}---\n{POD % 'web'}")
    opened = open_source(tmp_path)
    assert found(opened) == [("Pod default/web", f"{tmp_path}/{name}") for name in ("b.yaml:8", "c.yaml:8", "c.yaml:17")]  # fmt: skip
    results = evaluate(opened.snapshot, plan([CHECKS["privileged-container"]])).results
    assert len({one.fingerprint for one in results[0].findings}) == 3


def test_a_file_that_is_no_text_costs_only_itself(tmp_path):
    write(tmp_path, a_yaml=POD % "web")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    opened = open_source(tmp_path)
    assert len(found(opened)) == 1
    assert [gap.path for gap in opened.unread] == [f"{tmp_path}/b.yaml"]


@HELM_IS_HERE
def test_helm_itself(chart):
    write(chart, charts__side__Chart_yaml="apiVersion: v2\nname: side\nversion: 1.0.0\n",
          charts__side__templates__pod_yaml=POD % "{{ .Values.name }}")  # fmt: skip
    write(chart.parent.parent, own_yaml="side: {name: chosen}\n")
    opened = open_source(chart, [chart.parent.parent / "own.yaml"])
    assert found(opened) == [
        ("Pod default/chosen", f"{chart}/charts/side/templates/pod.yaml (rendered)"),
        ("Pod default/web", f"{chart}/templates/pod.yaml (rendered)"),
    ]


@HELM_IS_HERE
def test_helm_itself_says_what_a_chart_lacks(chart):
    write(chart, Chart_yaml="apiVersion: v2\nname: web\nversion: 1.0.0\n"
                            "dependencies: [{name: db, version: 1.0.0, repository: 'https://charts.example.com'}]\n")  # fmt: skip
    shutil.rmtree(chart / "charts")
    (gap,) = open_source(chart.parent).unread
    assert "helm dependency build" in gap.detail and "db" in gap.detail


@KUSTOMIZE_IS_HERE
def test_kustomize_itself(overlays):
    assert found(open_source(overlays)) == [
        ("Pod default/other", f"{overlays}/base/other.yaml:8"),
        ("Pod default/prod-web", f"{overlays}/prod (rendered)"),
        ("Pod test/web", f"{overlays}/test (rendered)"),
    ]


@KUSTOMIZE_IS_HERE
def test_kustomize_itself_fetches_nothing(tmp_path):
    write(tmp_path, kustomization_yaml="resources: ['https://example.com/a.yaml']\n", pod_yaml=POD % "web")
    started = time.monotonic()
    (gap,) = open_source(tmp_path).unread
    assert "does not build" in gap.detail and len(gap.detail) < 600
    assert time.monotonic() - started < 10
    assert os.environ.get("GIT_ALLOW_PROTOCOL") is None


def test_an_object_that_cannot_be_read_names_its_place(tmp_path):
    broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: 3}\n"
    write(tmp_path, a_yaml=POD % "other", b_yaml=f"---\n{broken}", c_yaml=broken)
    opened = open_source(tmp_path)
    report = located(evaluate(opened.snapshot, plan([CHECKS["privileged-container"]])), opened.origins, ())
    gaps = [missed.gap for missed in report.gaps()]
    assert [(gap.path, gap.detail.rpartition(", in ")[2]) for gap in gaps] == [
        ("/api/v1/pods/default/web", f"{tmp_path}/b.yaml:2"),
        (f"/api/v1/pods/default/web in {tmp_path}/c.yaml#2", f"{tmp_path}/c.yaml:1"),
    ]


def test_a_library_makes_nothing_by_itself(tmp_path):
    write(tmp_path, lib__Chart_yaml="name: lib\ntype: library\n", lib__templates__a_yaml="{{ broken", a_yaml=POD % "web")  # fmt: skip
    read = tree(tmp_path)
    assert (read.charts, [one.name for one in read.files]) == ((), ["a.yaml"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Error: one 'https://example.com/a.yaml': Get: proxyconnect tcp: dial tcp 127.0.0.1:9: refused",
            "it wants https://example.com/a.yaml from the network",
        ),
        (
            "Error: git fetch ssh://git@example.com/a HEAD: fatal: transport 'ssh' not allowed",
            "it wants ssh://git@example.com/a from the network",
        ),
        ("W: 1\nerror: " + "a" * 200 + "b" * 200, "a" * 140 + " … " + "b" * 140),
        ("no word of it", "no word of it"),
    ],
)
def test_an_error_is_told_in_one_line(text, words):
    assert rendered._one_line(text) == words


def test_what_runs_for_an_owner_that_is_not_there_is_shown_where_it_is_written(tmp_path):
    owned = "{name: web-1, ownerReferences: [{kind: ReplicaSet, name: web, apiVersion: apps/v1, controller: true}]}"
    write(tmp_path, a_yaml=(POD % "web").replace("{name: web}", owned))
    assert found(open_source(tmp_path)) == [("ReplicaSet default/web", f"{tmp_path}/a.yaml:8")]


def test_objects_with_a_fault_in_common_are_each_told(tmp_path):
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {a: {b: c}}}\nspec: {containers: []}\n"
    write(tmp_path, a_yaml=f"{text % 'x'}---\n{text % 'y'}")
    (result,) = evaluate(open_source(tmp_path).snapshot, plan([CHECKS["privileged-container"]])).results
    assert [gap.path for gap in result.gaps] == ["/api/v1/pods/default/x", "/api/v1/pods/default/y"]
