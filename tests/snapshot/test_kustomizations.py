"""Kustomizations: which are built and by what, and what is read as it is."""

import json
import os
import shutil
import time

import pytest

from kscan.__main__ import run
from kscan.errors import SnapshotError
from kscan.snapshot.manifests import open_source
from kscan.snapshot.tree import tree
from tests.snapshot.rendering import POD, found, write

BUILD = '#!/bin/sh\necho "$0 $*" > "$NOTES"\ncat <<\'END\'\n%s\nEND\n'
KUSTOMIZE_IS_HERE = pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")), reason="there is no kustomize on PATH"
)


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


def test_objects_after_a_kustomization_in_its_file_are_read_as_they_are(tmp_path):
    write(tmp_path, kustomization_yaml=f"resources: []\n---\n{POD % 'web'}")
    read = tree(tmp_path)
    assert (read.kustomizations, [one.name for one in read.files]) == ((tmp_path,), ["kustomization.yaml"])


@pytest.mark.parametrize("content", ["", "- a\n", "a: [", "\udcff", "resources: ['a\0b', {x: 1}, 'y\n']\n"])
def test_a_kustomization_that_makes_no_sense_is_left_to_the_tool(tmp_path, content):
    (tmp_path / "kustomization.yaml").write_bytes(content.encode(errors="surrogateescape"))
    assert tree(tmp_path).kustomizations == (tmp_path,)


@pytest.mark.parametrize("says", [
    "configMapGenerator: [{name: x, literals: ['a=../prod/evil.yaml']}]",
    "configMapGenerator: [{name: x, options: {labels: {x: ../prod/evil.yaml}}}]",
    "configMapGenerator: [{name: x, files: ['a=../prod/evil.yaml']}]",
    "secretGenerator: [{name: x, envs: [../prod/evil.yaml], env: ../prod/evil.yaml}]",
    "patches: [{patch: ../prod/evil.yaml, target: {name: ../prod/evil.yaml}}]",
    "patches: [{path: ../prod/evil.yaml}]", "patchesStrategicMerge: [../prod/evil.yaml]",
    "openapi: {version: ../prod/evil.yaml}", "openapi: {path: ../prod/evil.yaml}",
    "replacements: [{source: {name: ../prod/evil.yaml}}]", "crds: [../prod/evil.yaml]",
    "resources: ['a=../prod/evil.yaml']", "namePrefix: ../prod/evil.yaml",
    "helmCharts: [{name: ../prod/evil.yaml, valuesInline: {a: ../prod/evil.yaml}}]",
])  # fmt: skip
def test_what_a_kustomization_only_mentions_is_read_as_it_is(tmp_path, says):
    write(tmp_path, ok_yaml=POD % "ok", prod__evil_yaml=POD % "evil", k__kustomization_yaml=says)
    assert [one.name for one in tree(tmp_path).files] == ["ok.yaml", "evil.yaml"]


@pytest.mark.parametrize("says", [
    "patches: [{path: ../prod, target: {name: ../prod}}]", "components: [{path: ../prod}]", "crds: [../prod]",
    "configMapGenerator: [{name: x, files: [../prod]}]", "transformers: [../prod]", "openapi: {path: ../prod}",
])  # fmt: skip
def test_a_kustomization_that_another_only_mentions_is_built(tmp_path, says):
    write(tmp_path, k__kustomization_yaml=says, prod__kustomization_yaml="resources: [evil.yaml]\n",
          prod__evil_yaml=POD % "evil")  # fmt: skip
    assert [one.name for one in tree(tmp_path).kustomizations] == ["k", "prod"]


@pytest.mark.parametrize("says", [
    "resources: [a.yaml]", "bases: [a.yaml]", "patches: [{path: a.yaml}]", "patches: [a.yaml]",
    "patchesStrategicMerge: [a.yaml]", "patchesJson6902: [{path: ./a.yaml}]", "replacements: [{path: a.yaml}]",
    "configMapGenerator: [{name: x, files: [key=a.yaml]}]", "secretGenerator: [{name: x, env: a.yaml}]",
    "crds: [a.yaml]", "configurations: [a.yaml]", "openapi: {path: a.yaml}", "transformers: [a.yaml]",
    "helmCharts: [{name: x, valuesFile: a.yaml}]", "helmCharts: [{name: x, additionalValuesFiles: [a.yaml]}]",
])  # fmt: skip
def test_what_a_kustomization_is_made_from_belongs_to_it(tmp_path, says):
    write(tmp_path, a_yaml=POD % "a", b_yaml=POD % "b", kustomization_yaml=says)
    assert [one.name for one in tree(tmp_path).files] == ["b.yaml"]


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ok}\n"


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize("says", [
    "resources: [evil.yaml]\nre\u017fources: [ok.yaml]", "re\u017fources: [ok.yaml]\nresources: [evil.yaml]",
    "resources: [evil.yaml]\nResources: [ok.yaml]", "RESOURCES: [evil.yaml]", "re\u017fources: [evil.yaml]",
    "resources: [ok.yaml]\npatches: [{path: evil.yaml, Path: ok.yaml}]",
    "resources: [ok.yaml]\nconfigMapGenerator: [{name: a, files: [evil.yaml], file\u017f: [ok.yaml]}]",
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\napiver\u017fion: kustomize.config.k8s.io/v1beta1\nresources: [evil.yaml]",
])  # fmt: skip
def test_no_spelling_of_a_key_hides_a_file(tmp_path, says):
    """kustomize reads keys in any case, and of several the one that comes last in order."""
    write(tmp_path, evil_yaml=POD % "evil", ok_yaml=CONFIG, kustomization_yaml=says)
    assert {one for one, _ in found(open_source(tmp_path))} == {"Pod default/evil"}


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize(("says", "key"), [
    ("patches: [{path: evil.yaml, target: {kind: Nope}}]", "patches"), ("openapi: {path: evil.yaml}", "openapi"),
    ("configMapGenerator: [{name: a, files: [evil.yaml]}]", "configMapGenerator"),
    ("ConfigmapGenerator: [{name: a, Files: [k=evil.yaml]}]", "configMapGenerator"),
    ("secretGenerator: [{name: a, files: [evil.yaml]}]", "secretGenerator"),
])  # fmt: skip
def test_a_manifest_that_is_only_data_is_told(tmp_path, says, key, capfd):
    write(tmp_path, evil_yaml=POD % "evil", ok_yaml=CONFIG, kustomization_yaml=f"resources: [ok.yaml]\n{says}\n")
    opened = open_source(tmp_path)
    assert (opened.passed, opened.unread) == ((f"{tmp_path}/evil.yaml ({key} of {tmp_path})",), ())
    run(["scan", str(tmp_path), "--check", "privileged-container"])
    line = f"passed over manifests that a chart or a kustomization makes nothing of: {opened.passed[0]}"
    assert line in capfd.readouterr().err


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize("says", [
    "patches: [{path: evil.yaml}]", "patchesStrategicMerge: [evil.yaml]", "configurations: [evil.yaml]",
    "crds: [evil.yaml]", "transformers: [evil.yaml]", "generators: [evil.yaml]", "validators: [evil.yaml]",
])  # fmt: skip
def test_a_manifest_that_kustomize_takes_for_something_else_is_a_gap(tmp_path, says):
    write(tmp_path, k__evil_yaml=POD % "evil", k__ok_yaml=CONFIG, other_yaml=CONFIG,
          k__kustomization_yaml=f"resources: [ok.yaml]\n{says}\n")  # fmt: skip
    assert [one.reason for one in open_source(tmp_path).unread] == ["not rendered"]


@KUSTOMIZE_IS_HERE
def test_a_manifest_that_is_built_away_is_told(tmp_path):
    local = "{name: a, annotations: {config.kubernetes.io/local-config: 'true'}}"
    gone = "[{patch: 'apiVersion: v1\n\nkind: Pod\n\nmetadata: {name: b}\n\n$patch: delete\n\n'}]"
    write(tmp_path, a_yaml=POD.replace("{name: %s}", local), b_yaml=POD % "b", c_yaml=POD % "c",
          kustomization_yaml=f"resources: [a.yaml, b.yaml, c.yaml]\nnamePrefix: x-\npatches: {gone}\n")  # fmt: skip
    opened = open_source(tmp_path)
    assert opened.passed == tuple(f"{tmp_path}/{one}.yaml:1 (left out by its kustomization)" for one in "ab")
    assert len(found(opened)) == 1


LOCAL = POD.replace("{name: %s}", "{name: %s, annotations: {config.kubernetes.io/local-config: 'true'}}")
LIST = """\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: o, namespace: b, annotations: {config.kubernetes.io/local-config: ""}}}
- {apiVersion: v1, kind: Pod, metadata: {name: foo, namespace: b}}
"""
DELETE = "patches:\n- {patch: '{apiVersion: v1, kind: Pod, metadata: {name: w}, $patch: delete}'}\n"
RENAME = '- {target: {kind: Pod, name: web}, patch: \'[{"op": "replace", "path": "/metadata/name", "value": "w"}]\'}\n'


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize(("files", "told"), [
    ({"kustomization_yaml": "resources: [web.yaml, w.yaml]", "web_yaml": POD % "web", "w_yaml": LOCAL % "w"},
     ["w.yaml:1"]),
    ({"kustomization_yaml": "resources: [web.yaml, w.yaml]\nnamePrefix: w-", "web_yaml": POD % "eb",
      "w_yaml": LOCAL % "w-eb"}, ["w.yaml:1"]),
    ({"kustomization_yaml": "resources: [list.yaml]", "list_yaml": LIST}, ["list.yaml:4"]),
    ({"kustomization_yaml": f"resources: [web.yaml, w.yaml]\n{DELETE}", "web_yaml": POD % "web", "w_yaml": POD % "w"},
     ["w.yaml:1"]),
    # Under the name of what was left out stands another: of that, at least, nothing is there.
    ({"kustomization_yaml": f"resources: [web.yaml, w.yaml]\n{DELETE}{RENAME}", "web_yaml": POD % "web",
      "w_yaml": POD % "w"}, ["web.yaml:1"]),
    # Twice, under names of which one is another's.
    ({"kustomization_yaml": "resources: [a, b]", "a__kustomization_yaml": "resources: [../c]\n",
      "b__kustomization_yaml": "resources: [../c]\nnamePrefix: x\n", "c__kustomization_yaml":
      "resources: [foo.yaml, xfoo.yaml]\n" + DELETE.replace("name: w", "name: xfoo"),
      "c__foo_yaml": POD % "foo", "c__xfoo_yaml": POD % "xfoo"}, ["c/xfoo.yaml:1"]),
    ({"kustomization_yaml": "resources: [a]\nnamespace: x\n", "a__kustomization_yaml": f"resources: [w.yaml]\n{DELETE}",
      "a__w_yaml": POD % "w", "b__kustomization_yaml": "resources: [w.yaml]", "b__w_yaml": POD % "w"}, ["a/w.yaml:1"]),
])  # fmt: skip
def test_no_other_name_stands_for_what_is_left_out(tmp_path, files, told):
    write(tmp_path, ok_yaml=CONFIG, **files)
    opened = open_source(tmp_path)
    assert opened.passed == tuple(f"{tmp_path}/{one} (left out by its kustomization)" for one in told)
    assert opened.unread == ()


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize(
    ("content", "place"),
    [
        ((LOCAL % "w").encode("utf-16"), "w.yaml"),
        (b"{apiVersion: v1, kind: PodList, metadata: {continue: abc}, items: []}", "w.yaml:1"),
    ],
)
def test_what_kscan_does_not_read_of_what_is_built_is_told(tmp_path, content, place):
    write(tmp_path, ok_yaml=CONFIG, kustomization_yaml="resources: [ok.yaml, w.yaml]\n")
    (tmp_path / "w.yaml").write_bytes(content)
    assert [one.partition(" (not read")[0] for one in open_source(tmp_path).passed] == [f"{tmp_path}/{place}"]


THINGS = """\
{apiVersion: v1, kind: Namespace, metadata: {name: nn}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: c, namespace: w}}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: crd}}
---
{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.foo}, spec: {group: foo, version: v1}}
---
{apiVersion: foo/v1, kind: Bar, metadata: {name: c}}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: c}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: z, namespace: q}}
---
{apiVersion: v1, kind: Secret, metadata: {name: z, annotations: {config.kubernetes.io/local-config: "false"}}}
"""


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize(
    "says", ["", "namePrefix: a-", "nameSuffix: -a", "namespace: x", "NamePrefix: a-\nnamespace: x"]
)
def test_what_is_built_under_another_name_is_not_told(tmp_path, says):
    write(tmp_path, over__kustomization_yaml=f"resources: [../base]\ncomponents: [../part]\n{says}\n",
          part__kustomization_yaml="apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: c-\n"
                                   "resources: [more.yaml]\n", part__more_yaml=POD % "more",
          base__kustomization_yaml="resources: [things.yaml, pod.yaml]\nnamePrefix: p-\nnameSuffix: -s\nnamespace: yy\n",
          base__things_yaml=THINGS, base__pod_yaml=POD % "web")  # fmt: skip
    opened = open_source(tmp_path)
    assert (opened.passed, opened.unread) == ((), ())


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize("key", ["configurations", "crds"])
@pytest.mark.parametrize("before", ["---\n---\n", "null\n---\n", "# Nothing\n---\nnull\n---\n"])
def test_no_document_before_a_manifest_hides_it(tmp_path, key, before):
    """kustomize reads the first document of these alone."""
    write(tmp_path, evil_yaml=before + POD % "evil", ok_yaml=CONFIG,
          kustomization_yaml=f"resources: [ok.yaml]\n{key}: [evil.yaml]\n")  # fmt: skip
    assert open_source(tmp_path).passed == (f"{tmp_path}/evil.yaml ({key} of {tmp_path})",)


UNDO = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: app, securityContext: null}]}}"
ROLE = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}, rules: %s}\n"
ALL = "[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]"
KEYS = ("patches: [{path: patch.yaml}, {patch: '%s'}]", "patchesStrategicMerge: [patch.yaml, '%s']")


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize(("key", "says"), [("patches", KEYS[0]), ("patchesStrategicMerge", KEYS[1])])
@pytest.mark.parametrize(("base", "patch", "after", "told"), [
    (POD % "web", POD % "web", UNDO, True), (ROLE % "[]", ROLE % ALL, ROLE % "[]", True),
    (ROLE % "[]", ROLE % ALL, UNDO.replace("Pod", "ConfigMap").replace("web", "ok"), False),
    (POD % "web", "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {hostPID: true}}", UNDO, False),
    (CONFIG.replace("ok", "c"), CONFIG.replace("ok", "c") + "data: {a: b}\n", UNDO.replace("Pod", "ConfigMap")
     .replace("web", "ok"), False),
    (POD % "web", "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {$patch: replace, containers: [{name: b,"
     " image: b}]}}", UNDO, False),
    (POD % "web", "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: b, image: b, "
     "$patch: delete}]}}", UNDO, False),
])  # fmt: skip
def test_a_patch_that_is_a_manifest_and_is_undone_is_told(tmp_path, key, says, base, patch, after, told):
    after = after.strip().replace("'", "''")
    write(tmp_path, base_yaml=base, patch_yaml=patch, ok_yaml=CONFIG,
          kustomization_yaml=f"resources: [base.yaml, ok.yaml]\n{says % after}\n")  # fmt: skip
    opened = open_source(tmp_path)
    assert opened.unread == ()
    assert opened.passed == ((f"{tmp_path}/patch.yaml ({key} of {tmp_path})",) if told else ())


PART = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
ALONE = "a component that no kustomization builds upon"
LAID = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {hostPID: true}}\n"


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize("key", ["patchesStrategicMerge: [laid.yaml]", "patches: [{path: laid.yaml}]"])
@pytest.mark.parametrize("more", ["", "components: [../used]\n"])
def test_a_component_that_nobody_names_is_not_built_and_its_objects_are_read_as_they_are(tmp_path, key, more):
    write(tmp_path, part__kustomization_yaml=f"{PART}resources: [own.yaml, ../base]\n{key}\n{more}",
          part__own_yaml=POD % "own", part__laid_yaml=LAID, used__kustomization_yaml=f"{PART}{key}\n",
          used__laid_yaml=LAID, base__kustomization_yaml="resources: [a.yaml]\n", base__a_yaml=POD % "a",
          over__kustomization_yaml="resources: [web.yaml]\ncomponents: [../used]\n", over__web_yaml=POD % "web")  # fmt: skip
    opened = open_source(tmp_path)
    assert opened.unread == ()
    assert {one for one, _ in found(opened)} == {f"Pod default/{one}" for one in ("own", "a", "web")}
    named = f"{key.partition(':')[0]} of {tmp_path}/part"
    assert opened.passed == (f"{tmp_path}/part ({ALONE})", f"{tmp_path}/part/laid.yaml ({named})")
    assert {one for one, _ in found(open_source(tmp_path / "part"))} == {"Pod default/own"}


@KUSTOMIZE_IS_HERE
def test_a_component_that_can_be_built_by_itself_is_read_as_it_is_built_too(tmp_path):
    patch = "patches:\n- target: {kind: Pod}\n  patch: |-\n    - {op: add, path: /spec/hostPID, value: true}\n"
    write(tmp_path, a__kustomization_yaml=f"{PART}resources: [own.yaml]\n{patch}", a__own_yaml=POD % "own",
          b__kustomization_yaml=f"{PART}resources: [config.yaml, pod.txt]\n", b__config_yaml=CONFIG, b__pod_txt=POD % "text",
          c__kustomization_yaml=f"{PART}components: [../d]\n", d__kustomization_yaml=f"{PART}resources: [ring.txt]\n",
          d__ring_txt=POD % "ring")  # fmt: skip
    opened = open_source(tmp_path)
    assert opened.unread == ()
    (listing,) = [one for path, one in opened.snapshot.entries.items() if path.endswith("/pods")]
    told = [json.loads(body) for body in listing.bodies()]
    assert sorted((one["metadata"]["name"], one["spec"].get("hostPID", False)) for one in told) == [
        ("own", False), ("own", True), ("ring", False), ("text", False),
    ]  # fmt: skip


@KUSTOMIZE_IS_HERE
@pytest.mark.parametrize(("says", "wanted"), [("resources: [../gone]\n", "gone"), ("resources: [a.yaml]\n", "")])
def test_a_component_that_nobody_names_and_that_wants_more_than_is_there_is_a_gap(tmp_path, says, wanted):
    write(tmp_path, part__kustomization_yaml=PART + says, part__a_yaml=CONFIG)
    assert [wanted in gap.detail for gap in open_source(tmp_path).unread] == ([True] if wanted else [])


def test_a_component_without_objects_is_said_to_be_one(tmp_path):
    write(tmp_path, kustomization_yaml=f"{PART}images: [{{name: a, newTag: b}}]\n")
    with pytest.raises(
        SnapshotError, match=r"holds no manifests: passed over: .*a component that no kustomization builds"
    ):
        open_source(tmp_path)


def test_components_that_build_upon_each_other_and_upon_nothing_else_are_not_built(tmp_path):
    write(tmp_path, a__kustomization_yaml=f"{PART}components: [../b]\n", c__kustomization_yaml="components: [../c]\n",
          b__kustomization_yaml=f"{PART}components: [../a]\nresources: [../c]\n")  # fmt: skip
    read = tree(tmp_path)
    assert [[one.name for one in them] for them in (read.kustomizations, read.components)] == [["c"], ["a", "b"]]


def test_kustomizations_are_built_by_kustomize_or_else_by_kubectl(overlays, tools):
    assert [gap.reason for gap in open_source(overlays).unread] == ["not rendered", "not rendered"]
    assert "neither kustomize nor kubectl" in open_source(overlays / "prod").unread[0].detail
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
    assert "wants https://example.com/a.yaml, which is not fetched" in gap.detail and len(gap.detail) < 600
    assert time.monotonic() - started < 10
    assert os.environ.get("GIT_ALLOW_PROTOCOL") is None
