"""Objects are known by their API group too: what differs only in it shares nothing."""

import ast
import importlib
import pkgutil
from itertools import product
from pathlib import Path

import msgspec
import pytest
import yaml

import kscan
from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.report import fingerprint
from kscan.judge.suppress import with_suppressions
from kscan.model import kinds as model_kinds
from kscan.model.kinds import GroupKind, meant, of_version, spoken
from kscan.model.meta import Metadata, ObjectRef
from kscan.snapshot.documents import ref_of, snapshot_of
from kscan.snapshot.kinds import KNOWN
from kscan.views.targets import TARGETS
from kscan.views.view import Readings, View
from kscan.views.workloads import WORKLOADS

CHECKS = by_id(read_checks(data.folder("checks")))
GROUPS = ["", "apps", "acme.io", "extensions", "serving.knative.dev"]
OWN = [one for one in KNOWN if not one.whole_group]


def reading(text):
    return Readings(snapshot_of(yaml.safe_load_all(text)))


def found(text, *checks):
    result = judge(reading(text), plan([CHECKS[name] for name in checks])).results
    return {(one.check.id, str(finding.object)) for one in result for finding in one.findings}


@pytest.mark.parametrize("kind", ["Deployment", "Service", "Ingress", "Event", "Cluster", "Policy", "Widget", "User"])
def test_objects_of_two_groups_share_no_address_and_no_fingerprint(kind):
    metadata = Metadata(name="one", namespace="shop")
    refs = [metadata.ref(GroupKind(group, kind)) for group in GROUPS]
    assert len(set(refs)) == len(refs) == len({fingerprint("check", "uid", ref, "", "") for ref in refs})
    own = meant(kind).group if kind != "Widget" else None
    assert own is None or [str(ref) for ref in refs if str(ref) == f"{kind} shop/one"] == (
        [f"{kind} shop/one"] if own in GROUPS else []
    )


# A kind that two groups have means neither by itself.
ALONE = [one for one in OWN if sum(each.kind == one.kind for each in OWN) == 1]


@pytest.mark.parametrize("resource", ALONE, ids=str)
def test_a_kind_alone_means_the_one_that_is_listed(resource):
    assert meant(resource.kind) == GroupKind(resource.group, resource.kind)
    assert spoken(resource.group, resource.kind) == resource.kind
    assert spoken("acme.io", resource.kind) == f"{resource.kind}.acme.io"
    assert of_version("", resource.kind) == meant(resource.kind)


def _calls(name):
    for path in sorted(Path(kscan.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and node.args:
                yield f"{path.name}:{node.lineno}", node


def test_addresses_are_made_with_their_group():
    """An address by a kind's name alone is one of the core group, or of what is no object at all."""
    for where, call in _calls("ObjectRef"):
        given = len(call.args) > 4 or any(one.arg == "group" for one in call.keywords)
        kind = call.args[0].value if isinstance(call.args[0], ast.Constant) else ""
        known = model_kinds._MEANT.get(kind)
        assert given or known == "", f"{where}: {kind or 'what is no literal'} is made without its group"
    for where, call in _calls("meant"):
        names = {one.value for one in ast.walk(call.args[0]) if isinstance(one, ast.Constant)} - {None}
        assert all(name in model_kinds._MEANT for name in names if name), f"{where}: {names}"


EVIL = """
apiVersion: acme.io/v1
kind: Deployment
metadata: {name: evil, namespace: shop, uid: crd}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: evil, namespace: shop, uid: own}
spec: {replicas: 0, template: {spec: {containers: [{name: app, image: a, securityContext: {privileged: true}}]}}}
---
kind: Pod
metadata:
  name: harmless
  namespace: shop
  ownerReferences: [{apiVersion: acme.io/v1, kind: Deployment, name: evil, uid: crd, controller: true}]
spec: {containers: [{name: app, image: a}]}
"""


def test_an_owner_of_another_group_hides_no_template():
    assert found(EVIL, "privileged-container") == {("privileged-container", "Deployment shop/evil")}
    assert {str(one.ref) for one in reading(EVIL).of(WORKLOADS).value} == {
        "Deployment shop/evil", "Deployment.acme.io shop/evil"}  # fmt: skip


@pytest.mark.parametrize("phase", ["Running", "Succeeded"])
@pytest.mark.parametrize("uid", ["", "own"])
def test_who_names_an_owner_of_another_uid_has_none(phase, uid):
    """No API server compares the uid: whoever makes a pod may write any."""
    text = f"""
kind: Deployment
metadata: {{name: web, namespace: shop, uid: {uid or '""'}}}
spec: {{template: {{spec: {{containers: [{{name: app, image: a}}]}}}}}}
---
kind: Pod
metadata:
  name: stranger
  namespace: shop
  ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: other, controller: true}}]
spec: {{containers: [{{name: app, image: a, securityContext: {{privileged: true}}}}]}}
status: {{phase: {phase}}}
"""
    finished = {"Running": {("privileged-container", "Deployment shop/web")}, "Succeeded": set()}[phase]
    assert found(text, "privileged-container") == ({("privileged-container", "Pod shop/stranger")} if uid else finished)


def test_findings_of_a_core_service_are_not_those_of_a_knative_service():
    text = """
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: app, image: a, securityContext: {privileged: true}}]}}}
---
kind: Service
metadata: {name: web, namespace: shop, annotations: {ignore.kscan/privileged-container: mine}}
spec: {type: NodePort, selector: {app: none}}
"""
    readings = reading(text)
    checks = [CHECKS["privileged-container"], CHECKS["service-of-no-pod"]]
    report = with_suppressions(judge(readings, plan(checks)), readings)
    told = {result.check.id: [str(one.object) for one in result.open] for result in report.results}
    assert told == {"privileged-container": ["Service.serving.knative.dev shop/web"], "service-of-no-pod": ["Service shop/web"]}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [pair for pair in product(GROUPS, GROUPS) if pair[0] < pair[1]])
def test_no_two_groups_share_a_finding(one, other):
    """Every workload kind, written in two groups: each is found by itself, and an owner of one is none of the other."""
    objects = [
        {"apiVersion": f"{group}/v1".lstrip("/"), "kind": "Widget", "metadata": {"name": "bad", "namespace": "shop"},
         "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "a", "securityContext": {"privileged": True}}]}}}}
        for group in (one, other)
    ]  # fmt: skip
    result = judge(Readings(snapshot_of(objects)), plan([CHECKS["privileged-container"]])).results[0]
    assert {finding.object for finding in result.findings} == {ref_of(value) for value in objects}
    assert len({finding.fingerprint for finding in result.findings}) == 2


def test_a_job_of_another_group_is_no_history_of_an_owner_that_is_not_read():
    owner = "ownerReferences: [{apiVersion: acme.io/v1, kind: Queue, name: q, controller: true}]"
    spec = "containers: [{name: app, image: a, securityContext: {privileged: true}}]"
    text = f"apiVersion: batch.volcano.sh/v1\nkind: Job\nmetadata: {{name: run, namespace: shop, {owner}}}\nspec: {{tasks: [{{template: {{spec: {{{spec}}}}}}}]}}"
    assert found(text, "privileged-container") == {("privileged-container", "Job.batch.volcano.sh shop/run")}


def test_no_two_views_share_a_name():
    """A snapshot's readings are kept by the names of views."""
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(kscan.__path__, "kscan.")
               if not one.name.endswith("__main__")]  # fmt: skip
    values = [value for module in modules for value in vars(module).values()]
    values += [one for value in values if isinstance(value, dict) for one in value.values()]
    views = {id(one): one.name for one in values if isinstance(one, View)}
    views |= {id(one.view): one.view.name for one in TARGETS.values()}
    assert len(set(views.values())) == len(views) > 60


def test_an_address_survives_being_written_down():
    ref = ObjectRef("Deployment", "web", "shop", group="apps")
    assert msgspec.json.decode(msgspec.json.encode(ref), type=ObjectRef) == ref
