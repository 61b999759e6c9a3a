"""Charts: what is rendered, where its findings stand, and what is said where there is no helm."""

import shutil

import pytest

from kscan.__main__ import run
from kscan.errors import ConfigError
from kscan.snapshot import rendered
from kscan.snapshot.manifests import open_source
from kscan.snapshot.tree import tree
from tests.snapshot.rendering import HELM, POD, found, write

HELM_IS_HERE = pytest.mark.skipif(not shutil.which("helm"), reason="there is no helm on PATH")
LIBRARY = "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n"


def test_a_chart_alone_without_helm_is_one_line_of_advice(chart, tools, capfd):
    (gap,) = open_source(chart).unread
    assert "no helm on PATH; install helm, or render it elsewhere: helm template" in gap.detail
    assert run(["scan", str(chart), "--check", "host-port"]) == 3
    err = capfd.readouterr().err
    assert err.startswith("kscan: 1 part of the input was not read: ") and err.count("\n") == 1


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


def test_a_chart_is_rendered_for_the_namespace_that_is_asked_for(chart, tools):
    notes = tools("helm", HELM % (POD % "side"))
    assert found(open_source(chart, namespace="shop"))[0][0] == "Pod shop/side"
    assert "--namespace\nshop\n" in notes.read_text()


def test_what_is_rendered_and_broken_names_its_template(chart, tools):
    tools("helm", HELM % "a: [")
    (gap,) = open_source(chart).unread
    assert gap.path == f"{chart}/charts/side/templates/pod.yaml"
    assert "not YAML" in gap.detail and "of what is rendered" in gap.detail


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


def test_a_library_makes_nothing_by_itself(tmp_path):
    write(tmp_path, lib__Chart_yaml=LIBRARY, lib__values_yaml="a: 1\n", a_yaml=POD % "web",
          lib__templates__a_yaml='{{- define "a" -}}\nkind: Pod\n{{- end }}\n')  # fmt: skip
    read = tree(tmp_path)
    assert (read.charts, [one.name for one in read.files]) == ((), ["a.yaml"])


def test_what_a_library_holds_of_objects_is_read_as_it_is(tmp_path):
    mild = (POD % "mild").replace("privileged: true", "privileged: false")
    write(tmp_path, a_yaml=mild, **{"lib__values-prod_yaml": POD % "values"}, lib__crds__a_json=POD % "crd",
          lib__templates__deep__a_yml=f"{POD % 'template'}---\n{{{{ broken", lib__charts__a_yaml=POD % "chart",
          lib__Chart_yaml=f"{LIBRARY}---\n{POD % 'second'}", lib__templates__b_yaml="apiVersion: v1\nkind: Confi",
          lib__charts__app__Chart_yaml="apiVersion: v2\nname: app\n")  # fmt: skip
    (tmp_path / "lib" / "templates" / "c.yaml").symlink_to("nowhere")
    opened = open_source(tmp_path)
    assert {name for name, _ in found(opened)} == {
        f"Pod default/{one}" for one in ("values", "crd", "template", "chart", "second")
    }
    assert sorted(gap.path.removeprefix(f"{tmp_path}/lib/").partition(":")[0] for gap in opened.unread) == [
        "charts/app", "templates/b.yaml", "templates/c.yaml", "templates/deep/a.yml"]  # fmt: skip


@pytest.mark.parametrize("says", ["type: library", "apiVersion: v2\ntype: library", "name: a\ntype: library", ""])
def test_what_no_helm_takes_for_a_library_is_rendered(tmp_path, says):
    write(tmp_path, lib__Chart_yaml=says, lib__templates__a_yaml=POD % "web")
    assert [one.name for one in tree(tmp_path).charts] == ["lib"]


def test_objects_among_the_files_of_a_chart_that_helm_makes_none_of_are_read_as_they_are(tmp_path):
    write(tmp_path, web__Chart_yaml=f"apiVersion: v2\nname: web\n---\n{POD % 'second'}",
          **{"web__values-prod_yaml": POD % "prod"}, web__values_yaml="a: 1\n")  # fmt: skip
    assert [one.name for one in tree(tmp_path).files] == ["Chart.yaml", "values-prod.yaml"]


EVIL, QUOTED = POD % "evil", (POD % "'{{ .Release.Name }}'").replace("app:1", "'{{ .Values.image }}'")
HIDDEN = [
    # Of these helm makes nothing, whatever they hold.
    ("templates/_evil.yaml", EVIL, 1), ("charts/side/templates/deep/_evil.yml", EVIL, 1), ("charts/evil.yaml", EVIL, 1),
    ("charts/side/ci/evil.json", EVIL, 1), ("crds/_evil.yaml", EVIL, 1),
    # What is named in .helmignore may be called as something else is, or be all that something else is, and more.
    ("templates/ignored.yaml", EVIL, 1), ("templates/other.yaml", (POD % "side").replace("app:1", "app:2"), 1),
    ("templates/more.yaml", QUOTED.replace("spec:", "spec:\n  hostPID: true"), 1),
    ("templates/after.yaml", f"{{{{ broken\n---\n{EVIL}", 3), ("templates/list.yaml", POD % "side" + f"---\n{EVIL}", 10),
]  # fmt: skip
SHOWN = [
    ("templates/quoted.yaml", QUOTED), ("templates/side.yaml", POD % "side"), ("templates/words.yaml", "a: b"),
    ("templates/_helpers.yaml", '{{- define "a" -}}\nkind: Pod\n{{- end }}\n'), ("templates/_evil.tpl", EVIL),
    ("charts/side/values.yaml", "a: 1"), ("charts/side/Chart.yaml", "apiVersion: v2\nname: side\nkind: x"),
]  # fmt: skip


def put(chart, name, text):
    (chart / name).parent.mkdir(parents=True, exist_ok=True)
    (chart / name).write_text(text)
    return chart / name


@pytest.mark.parametrize(("name", "text", "line"), HIDDEN)
def test_a_manifest_that_helm_makes_nothing_of_is_told(chart, tools, name, text, line, capfd):
    file = put(chart, name, text)
    tools("helm", HELM % (POD % "side"))
    assert open_source(chart).passed == (f"{file}:{line} (not made by its chart)",)
    run(["scan", str(chart)])
    words = f"passed over manifests that a chart or a kustomization makes nothing of: {file}:{line} "
    assert words in capfd.readouterr().err


@pytest.mark.parametrize(("name", "text"), SHOWN)
def test_what_helm_makes_objects_of_is_not_told(chart, tools, name, text):
    put(chart, name, text)
    tools("helm", HELM % (POD % "side"))
    assert open_source(chart).passed == ()


@HELM_IS_HERE
def test_helm_itself_passes_files_over(chart):
    shutil.rmtree(chart / "charts")
    files = [put(chart, name, EVIL) for name in ("templates/_evil.yaml", "templates/ignored.yaml", "charts/_evil.yaml")]
    put(chart, ".helmignore", "ignored.yaml")
    for name in ("templates/plain.yaml", "templates/deep/plain.yaml", "crds/plain.yaml"):
        put(chart, name, POD % name.replace("/", "-"))
    assert sorted(open_source(chart).passed) == sorted(f"{file}:1 (not made by its chart)" for file in files)


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
