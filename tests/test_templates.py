"""Pod templates in objects of any kind: which are found, where, and which only look like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.documents import documents
from kscan.errors import CheckError
from kscan.judge.engine import evaluate
from kscan.judge.origins import located
from kscan.judge.plan import plan
from kscan.mend.mend import Text, mend
from kscan.model.templates import pod_templates
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.manifests import open_source

CHECKS = by_id(read_checks(data.folder("checks")))
BAD = "[{name: app, image: app:1, securityContext: {privileged: true}}]"
HEAD = "apiVersion: %s\nkind: %s\nmetadata: {name: x, namespace: shop}\n"
ROLLOUT = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: shop}\n"
TEMPLATE = f"spec: {{template: {{spec: {{containers: {BAD}}}}}}}\n"


def results(snapshot, *names):
    return evaluate(snapshot, plan([CHECKS[name] for name in names or ("privileged-container",)])).results


def found(text):
    (result,) = results(snapshot_of(documents(text, "text", CheckError)))
    return [(str(one.object), one.path, one.pods) for one in result.findings]


@pytest.mark.parametrize(
    ("version", "kind", "body", "paths"),
    [
        ("argoproj.io/v1alpha1", "Rollout", TEMPLATE, ["spec.template"]),
        ("apps.openshift.io/v1", "DeploymentConfig", TEMPLATE, ["spec.template"]),
        ("extensions/v1beta1", "Deployment", TEMPLATE, ["spec.template"]),
        ("v1", "PodTemplate", f"template: {{spec: {{containers: {BAD}}}}}\n", ["template"]),
        ("serving.knative.dev/v1", "Service",
         "spec: {template: {spec: {containers: [{image: a, securityContext: {privileged: true}}]}}}\n", ["spec.template"]),
        ("core.strimzi.io/v1", "StrimziPodSet", f"spec: {{pods: [{{spec: {{containers: {BAD}}}}}, {{metadata: {{labels: {{a: b}}}}, spec: {{containers: {BAD}}}}}]}}\n",
         ["spec.pods[0]", "spec.pods[1]"]),
        ("template.openshift.io/v1", "Template", f"objects: [{{kind: Deployment, {TEMPLATE.strip()}}}, {{kind: Route, spec: {{}}}}]\n",
         ["objects[0].spec.template"]),
        ("batch.volcano.sh/v1alpha1", "Job", f"spec: {{tasks: [{{name: w, template: {{spec: {{containers: {BAD}}}}}}}]}}\n",
         ["spec.tasks[0].template"]),
    ],
)  # fmt: skip
def test_a_template_is_found_by_its_shape(version, kind, body, paths):
    assert [(path.rpartition(".spec.containers")[0], pods) for _, path, pods in found(HEAD % (version, kind) + body)] == [
        (path, 0) for path in paths
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "kind", "body"),
    [
        ("kyverno.io/v1", "ClusterPolicy", f"spec: {{rules: [{{validate: {{pattern: {{spec: {{containers: {BAD}}}}}}}}}]}}\n"),
        ("policy.open-cluster-management.io/v1", "Policy", f"spec: {{policy-templates: [{{objectDefinition: {{spec: {{containers: {BAD}}}}}}}]}}\n"),
        ("cli.kyverno.io/v1alpha1", "Test", f"resources: [{{spec: {{containers: {BAD}}}}}]\n"),
        ("mutations.gatekeeper.sh/v1", "Assign", f"spec: {{parameters: {{assign: {{value: {{spec: {{containers: {BAD}}}}}}}}}}}\n"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"spec: {{versions: [{{example: {{spec: {{containers: {BAD}}}}}}}]}}\n"),
        ("apps/v1", "ControllerRevision", f"data: {TEMPLATE.strip().removeprefix('spec: ')}\n"),
        ("v1", "ConfigMap", f"data: {{pod: 'spec: {{containers: {BAD}}}'}}\n"),
        # An operator merges these with what it makes itself: of its own spec, or of a template without an image.
        ("monitoring.coreos.com/v1", "Prometheus", f"spec: {{containers: {BAD}}}\n"),
        ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch",
         "spec: {nodeSets: [{podTemplate: {spec: {containers: [{name: e, securityContext: {privileged: true}}]}}}]}\n"),
        ("a.b/v1", "C", "spec: {template: {spec: {containers: {image: a}}}, other: {spec: {containers: [a, {image: b}]}}}\n"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_template_is_none(version, kind, body):
    assert found(HEAD % (version, kind) + body) == []


def test_findings_in_a_template_name_file_and_line(tmp_path):
    (tmp_path / "a.yaml").write_text(
        ROLLOUT + "spec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: a:1\n"
        "        securityContext:\n          privileged: true\n---\n"
        + HEAD % ("core.strimzi.io/v1", "StrimziPodSet")
        + f"spec:\n  pods:\n  - spec:\n      containers: {BAD}\n  - spec:\n      hostNetwork: true\n      containers: {BAD}\n"
    )
    opened = open_source(tmp_path)
    report = evaluate(opened.snapshot, plan([CHECKS["privileged-container"], CHECKS["host-network"]]))
    assert [
        one.source.rpartition(":")[2]
        for result in located(report, opened.origins).results
        for one in result.findings
    ] == [
        "11", "19", "22", "21",
    ]  # fmt: skip


def test_every_check_of_workloads_takes_such_objects():
    snapshot = snapshot_of(documents(ROLLOUT + TEMPLATE, "text", CheckError))
    names = [check.id for check in CHECKS.values() if check.family == "workloads"]
    for result in results(snapshot, *names):
        paths = [one.path for one in result.findings if one.object.kind == "Rollout" and one.path]
        assert all(path.startswith(("spec.template.spec", "spec.template.metadata")) for path in paths), result.check.id
        assert not any(path.endswith(".") for path in paths)


def test_pods_that_run_for_such_an_object_are_judged_in_its_stead():
    owned = "ownerReferences: [{kind: %s, name: %s, apiVersion: argoproj.io/v1alpha1, controller: true}]"
    text = f"""{ROLLOUT}{TEMPLATE}
---
kind: ReplicaSet
metadata: {{name: web-1, namespace: shop, {owned % ("Rollout", "web")}}}
{TEMPLATE}
---
kind: ReplicaSet
metadata: {{name: web-0, namespace: shop, {owned % ("Rollout", "web")}}}
{TEMPLATE}"""
    assert found(text) == [("Rollout shop/web", "spec.template.spec.containers[app].securityContext.privileged", 0)]
    pod = f"""
---
kind: Pod
metadata: {{name: web-1-a, namespace: shop, {owned.replace("argoproj.io/v1alpha1", "apps/v1") % ("ReplicaSet", "web-1")}}}
spec: {{containers: {BAD}}}
"""
    assert found(text + pod) == [("Rollout shop/web", "spec.containers[app].securityContext.privileged", 1)]


def test_an_operators_deployment_is_judged_where_its_owner_is_not_there(tmp_path):
    owned = "ownerReferences: [{kind: Kafka, name: k, apiVersion: a/v1, controller: true}]"
    text = f"apiVersion: apps/v1\nkind: %s\nmetadata: {{name: web, namespace: shop, {owned}}}\n{TEMPLATE}"
    assert [one[0] for one in found(text % "Deployment")] == ["Deployment shop/web"]
    # In a cluster a ReplicaSet that nothing runs for is what a roll-out has left behind; written down it is meant.
    assert found(text % "ReplicaSet") == []
    (tmp_path / "a.yaml").write_text(text % "ReplicaSet")
    assert [str(one.object) for one in results(open_source(tmp_path).snapshot)[0].findings] == ["ReplicaSet shop/web"]
    pod = text % "Deployment" + f"---\nkind: Pod\nmetadata: {{name: p, namespace: shop, {owned}}}\nspec: {{containers: {BAD}}}\n"  # fmt: skip
    # What runs for the owner stands for all that the owner has.
    assert [(one[0], one[2]) for one in found(pod)] == [("Kafka shop/k", 1)]


def test_a_template_that_is_misshapen_is_a_gap():
    snapshot = snapshot_of(documents(ROLLOUT + TEMPLATE.replace("}}}", ", volumes: 3}}}"), "text", CheckError))
    (result,) = results(snapshot)
    assert [gap.path for gap in result.gaps] == ["/apis/argoproj.io/v1alpha1/rollouts/shop/web"]


def test_a_template_is_judged_though_another_field_of_its_controller_is_misshapen():
    text = HEAD % ("apps/v1", "Deployment") + TEMPLATE.replace("{template", "{replicas: '${REPLICAS}', template")
    assert found(text) == [("Deployment shop/x", "spec.containers[app].securityContext.privileged", 0)]


def test_a_patch_goes_where_the_template_stands():
    text = (
        HEAD % ("core.strimzi.io/v1", "StrimziPodSet")
        + f"""\
spec:
  pods:
    - spec:
        containers: []
    - spec:
        containers: {BAD}
"""
    )
    rollout = ROLLOUT + TEMPLATE
    texts = [Text("a.yaml", text), Text("b.yaml", rollout)]
    done = mend(texts, [CHECKS["privileged-container"]], risky=True)
    assert [one.text for one in done.texts] == [
        one.replace("privileged: true", "privileged: false") for one in (text, rollout)
    ]


JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["image", "spec"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["spec", "containers", "image", "name"]), inner, max_size=3)
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["spec", "template"]), JSON))
def test_whatever_stands_there_a_template_has_containers(body):
    for path, template in pod_templates(body):
        assert path
        assert any("image" in one for one in template["spec"]["containers"])


def test_the_search_is_linear_in_depth():
    body = {"spec": {"containers": [{"image": "a"}]}}
    for _ in range(50_000):
        body = {"a": body}
    ((path, _),) = pod_templates({"b": body})
    assert path == ("b", *("a",) * 50_000)
