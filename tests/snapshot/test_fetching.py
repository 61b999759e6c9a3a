"""What a kustomization or a chart would fetch: no tool is started for it, and it is a gap that says why."""

import gzip
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kscan.snapshot.manifests import open_source
from tests.snapshot.rendering import POD, write
from tests.snapshot.test_kustomizations import BUILD, KUSTOMIZE_IS_HERE

ADDRESS = "http://127.0.0.1:28765/x.yaml"
PLUGIN = "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: a}\nfiles: [%s]\n"


@pytest.mark.parametrize(
    "text",
    [
        f"resources: ['{ADDRESS}']",
        f"Resources: ['{ADDRESS}']",
        f"resources: [pod.yaml, HTTP{ADDRESS[4:]}]",
        "resources: ['file:///srv/repository']",
        "bases: ['file:///srv/repository//a?ref=b']",
        "components: ['git::file:///srv/repository']",
        "resources: ['gh:a/b']",
        "resources: [github.com/a/b]",
        "resources: ['git@example.com:a/b.git']",
        "resources: ['example.com:a/b']",
        "resources: ['ssh://git@example.com/a']",
        "resources: [elsewhere.example.com/a/b.git]",
        f"patches: [{{path: '{ADDRESS}'}}]",
        f"patchesStrategicMerge: ['{ADDRESS}']",
        f"configMapGenerator: [{{name: a, files: ['a={ADDRESS}']}}]",
        f"secretGenerator: [{{name: a, envs: ['{ADDRESS}']}}]",
        f"openapi: {{path: '{ADDRESS}'}}",
        f"crds: ['{ADDRESS}']",
        f"generators: ['{ADDRESS}']",
        "generators: [plugin.yaml]",
        f"generators:\n- |\n  {PLUGIN.replace(chr(10), chr(10) + '  ') % ADDRESS}",
        f"anchor: &a ['{ADDRESS}']\nresources: *a",
        "generators:\n- |\n  files: ['http\\x3a//127.0.0.1/x']\n".replace("'", '"'),
        "generators:\n- |\n  files: [!!binary aHR0cDovLzEyNy4wLjAuMS94]\n",
        "transformers: [github_com]",
        "crds: [!!binary aHR0cDovLzEyNy4wLjAuMS94]",
        f"Resources: ['{ADDRESS}']\nresources: [pod.yaml]",
        f"resources: ['{ADDRESS}']\nRe\u017fources: [pod.yaml]",
        f"resources: [pod.yaml]\nresources: ['{ADDRESS}']",
        f"<<: {{resources: ['{ADDRESS}']}}",
        f"a: &a {{resources: ['{ADDRESS}']}}\n<<: [*a]",
        f"a: &a {{resources: ['{ADDRESS}']}}\n<<: [*a]\nresources: [pod.yaml]",
        "resources: [\n",
        "resources: [pod.yaml]\n---\nresources: [x]\n",
        "[]",
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_what_would_be_fetched_is_not_built(text, nested, tmp_path, tools):
    write(tmp_path, deploy__kustomization_yaml=text, deploy__pod_yaml=POD % "web", deploy__plugin_yaml=PLUGIN % ADDRESS,
          deploy__github_com__a__b__x_yaml=POD % "x")  # fmt: skip
    if nested:
        write(tmp_path, deploy__over__kustomization_yaml="resources: [../middle]",
              deploy__middle__Kustomization="components: [../]")  # fmt: skip
    notes = tools("kustomize", BUILD % (POD % "web"))
    gaps = [gap for gap in open_source(tmp_path).unread if gap.reason == "not rendered"]
    assert gaps and all("a kustomization that is not built: " in gap.detail for gap in gaps)
    assert not notes.exists()


def test_what_is_given_as_it_is_means_no_address(tmp_path, tools):
    write(tmp_path, kustomization_yaml="resources: [pod.yaml]\ncommonAnnotations: {at: 'https://example.com/'}\n"
          "configMapGenerator: [{name: a, literals: ['URL=https://example.com/'], files: [a=pod.yaml]}]\n"
          "patches: [{patch: '[{op: add, path: /a, value: \"https://example.com\"}]', target: {kind: Pod}}]\n"
          "images: [{name: app, newName: 'example.com:5000/app'}]\n", pod_yaml=POD % "web")  # fmt: skip
    tools("kustomize", BUILD % (POD % "web"))
    assert open_source(tmp_path).unread == ()


@KUSTOMIZE_IS_HERE
def test_nobody_on_this_machine_is_asked(tmp_path):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/x.yaml"
        write(tmp_path, base__kustomization_yaml=f"resources: ['{address}']\n", pod_yaml=POD % "web",
              over__kustomization_yaml="resources: [../base]\n")  # fmt: skip
        (gap,) = open_source(tmp_path).unread
        server.shutdown()
    assert asked == [] and f"wants {address}, which is not fetched" in gap.detail


@pytest.mark.parametrize(
    ("schema", "rendered"),
    [
        ({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a"}, True),
        ({"properties": {"a": [{"$ref": ADDRESS}]}}, False),
        ({"$id": ADDRESS, "$ref": "y.json"}, False),
        ({"$schema": ADDRESS}, False),
        ("{", False),
    ],
)
def test_a_chart_whose_schema_would_be_fetched_is_not_rendered(schema, rendered, chart, tools):
    text = schema if isinstance(schema, str) else json.dumps(schema)
    (chart / "charts" / "side" / "values.schema.json").write_text(text)
    tools("helm", "#!/bin/sh\n")
    gaps = open_source(chart.parent).unread
    assert [("not rendered: " in gap.detail) for gap in gaps] == ([] if rendered else [True])
    (chart / "charts" / "side" / "values.schema.json").rename(chart.parent / "schema")
    with tarfile.open(chart / "charts" / "packed.tgz", "w:gz") as packed:
        packed.add(chart.parent / "schema", "packed/values.schema.json")
    gaps = open_source(chart.parent).unread
    assert [("not rendered: " in gap.detail) for gap in gaps] == ([] if rendered else [True])


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"x", mtime=0), gzip.compress(bytes(33 << 20), mtime=0), None]
)
def test_a_packed_chart_that_cannot_be_looked_into_is_not_rendered(content, chart, tools):
    path = chart / "charts" / "packed.tgz"
    if content is None:
        (chart.parent / "inner.tgz").write_bytes(b"")
        with tarfile.open(path, "w:gz") as packed:
            packed.add(chart.parent / "inner.tgz", "packed/charts/inner.tgz")
    else:
        path.write_bytes(content)
    tools("helm", "#!/bin/sh\n")
    assert [("cannot be looked into" in gap.detail) for gap in open_source(chart.parent).unread] == [True]
