"""`kscan rbac` from the command line: on manifests, on snapshots, live; and whatever is wrong in one line."""

import json

import pytest

from kscan.__main__ import run
from kscan.commands.rights import question
from kscan.snapshot.archive import save
from kscan.snapshot.manifests import load_manifests
from kscan.views.shipped import own_served
from tests.fake_api import Fault, cluster, fake_api

RBAC = "apiVersion: rbac.authorization.k8s.io/v1\n"
REFERENCE = "apiGroup: rbac.authorization.k8s.io, "
ROLES = f"""
{RBAC}kind: ClusterRole
metadata: {{name: reader}}
rules:
  - {{verbs: [get, list], apiGroups: [""], resources: [pods, nodes, orders]}}
  - {{verbs: [get], nonResourceURLs: [/metrics]}}
  - {{verbs: ["*"], apiGroups: [batch], resources: ["*"]}}
---
{RBAC}kind: ClusterRole
metadata: {{name: gathers}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to: gathers}}}}]}}
---
{RBAC}kind: ClusterRole
metadata: {{name: leaf, labels: {{to: gathers}}}}
rules: [{{verbs: [delete], apiGroups: [""], resources: [pods]}}]
"""
BINDINGS = f"""
{RBAC}kind: List
items:
  - {{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: readers}},
     roleRef: {{{REFERENCE}kind: ClusterRole, name: reader}}, subjects: [{{kind: Group, name: dev}}]}}
  - {{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: bot, namespace: shop}},
     roleRef: {{{REFERENCE}kind: ClusterRole, name: reader}}, subjects: [{{kind: ServiceAccount, name: bot}}]}}
  - {{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: jane, namespace: shop}},
     roleRef: {{{REFERENCE}kind: ClusterRole, name: gathers}}, subjects: [{{kind: User, name: jane}}]}}
  - {{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: odd, namespace: shop}},
     roleRef: {{kind: Robot, name: gathers}}, subjects: [{{kind: Martian, name: zork}}, {{kind: User, name: jane}}]}}
---
just some words
"""


@pytest.fixture
def told(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m/deep").mkdir(parents=True)
    (tmp_path / "m/roles.yaml").write_text(ROLES)
    (tmp_path / "m/deep/bindings.yml").write_text(BINDINGS)

    def ask(*words):
        code = run(["rbac", *words])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return ask


def rows(text):
    return [line.split() for line in text.splitlines()[1:]]


def subjects(text):
    return {" ".join(row[:2]) for row in rows(text)}


MASTERS = "Group system:masters"


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("list pods", {"Group dev", "ServiceAccount shop/bot"}),
        ("list pods -n shop", {"Group dev", "ServiceAccount shop/bot"}),
        ("list po -n bank", {"Group dev"}),
        ("list nodes", {"Group dev"}),
        ("get no -n shop", {"Group dev"}),
        ("get /metrics", {"Group dev"}),
        ("delete pod -n shop", {"User jane"}),
        ("update cj -n shop", {"Group dev", "ServiceAccount shop/bot"}),
        ("update cronjobs.batch/status -n shop", {"Group dev", "ServiceAccount shop/bot"}),
        ("get ns shop", set()),
        ("impersonate users", set()),
        ("* *", set()),
    ],
)
def test_who_can(told, question, found):
    code, out, _ = told("who-can", *question.split(), "--from", "m")
    assert code == 0
    assert subjects(out) == found | {MASTERS}


def test_who_can_as_data(told):
    _, out, _ = told("who-can", "delete", "pods", "--from", "m", "--format", "json")
    assert {one["subject"] for one in json.loads(out)} == {MASTERS, "User jane"}
    (jane,) = [one for one in json.loads(out) if one["subject"] == "User jane"]
    assert jane == {"subject": "User jane", "where": "namespace shop", "binding": "RoleBinding shop/jane",
                    "role": "ClusterRole gathers", "rule": "delete on pods"}  # fmt: skip


def test_everything_that_somebody_can(told):
    _, out, _ = told("can", "sa:shop/bot", "--from", "m")
    table = {row[0]: row for row in rows(out)}
    assert table["pods"][1:] == ["get,", "list", "namespace", "shop"]
    assert "nodes" not in table and "/metrics" not in table
    assert "orders" in table and "(not" in table["orders"]
    assert "deletecollection," in table["cronjobs.batch"] and "create," in table["jobs.batch"]
    _, out, _ = told("can", "group:dev", "--from", "m", "-n", "bank")
    assert {"/metrics", "nodes", "pods"} <= {row[0] for row in rows(out)}
    assert told("can", "jane", "--from", "m", "-n", "bank")[1] == "no binding lets User jane do anything\n"


def test_why(told):
    code, out, _ = told("why", "sa:shop/bot", "get", "pods", "-n", "shop", "--from", "m")
    assert code == 0
    assert (
        out.splitlines()[1]
        .strip()
        .startswith("ServiceAccount shop/bot ← RoleBinding shop/bot ← ClusterRole reader: get")
    )
    code, out, _ = told("why", "sa:shop/bot", "get", "pods", "--from", "m")
    assert code == 1
    assert "only in namespace shop" in out
    code, out, _ = told("why", "sa:shop/bot", "get", "nodes", "-n", "shop", "--from", "m", "-f", "json")
    assert (code, json.loads(out)["answer"]) == (1, "no")
    code, out, _ = told("why", "system:node:n1", "get", "secrets", "a", "-n", "shop", "--from", "m")
    assert (code, "the Node authorizer decides" in out) == (3, True)
    assert told("why", "group:system:masters", "delete", "nodes", "--from", "m")[0] == 0


def test_differences_are_of_rights(told, tmp_path):
    assert told("diff", "m", "m")[:2] == (0, "the same rights\n")
    (tmp_path / "new").mkdir()
    (tmp_path / "new/roles.yaml").write_text(ROLES.replace("[get, list]", "[get, watch]"))
    (tmp_path / "new/bindings.yaml").write_text(BINDINGS)
    code, out, _ = told("diff", "m", "new")
    assert code == 1
    assert ["+", "Group", "dev", "watch", "on", "pods", "everywhere"] in rows(out)
    assert ["-", "ServiceAccount", "shop/bot", "list", "on", "pods", "namespace", "shop"] in rows(out)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("who-can list podz --from m", "did you mean pod"),
        ("who-can lst pods --from m", "did you mean list?"),
        ("who-can list pods/exek --from m", "did you mean pods/exec?"),
        ("who-can list secrets/ --from m", "did you mean secrets?"),
        ("can sa:bot --from m", "sa:namespace/name"),
        ("why group: get pods --from m", "is no subject"),
        ("who-can get pods --from none", "cannot read none"),
        ("who-can get pods --from empty", "holds no manifests"),
        ("who-can get pods --from latin.yaml", "is not UTF-8"),
        ("who-can get pods --from m/roles.zip", "not a whole snapshot"),
        ("who-can get pods --format xml --from m", "--format"),
        ("who-can get", "Missing argument"),
        ("diff m none", "cannot read none"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(told, tmp_path, words, advice):
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\xfe")
    (tmp_path / "m/roles.zip").write_text("no zip")
    code, out, err = told(*words.split())
    assert (code, out) == (2, "")
    assert advice in err and err.count("\n") == 1


def test_what_could_not_be_read_leaves_the_answer_open(told, tmp_path):
    (tmp_path / "m/broken.yaml").write_text("a: [\n---\nkind: {{- .Values.kind }\n")
    code, out, err = told("who-can", "list", "nodes", "--from", "m")
    assert (code, subjects(out)) == (3, {MASTERS, "Group dev"})
    assert "m/broken.yaml:1:1" in err and "m/broken.yaml:3:" in err


def test_live_and_saved_answer_alike_and_say_what_they_could_not_see(told, tmp_path):
    objects = list(load_manifests(tmp_path / "m").snapshot.entries.items())
    found = cluster(0, [{"path": "/flagz", "json": {"kind": "Flagz", "flags": {"authorization-mode": "[Node,RBAC]"}}}])
    snapshot = type(found)(found.about, {**found.entries, **{path: one for path, one in objects if "rbac" in path}})
    with (tmp_path / "saved").open("wb") as file:
        save(snapshot, file)
    with fake_api(snapshot) as fake:
        live = told("who-can", "list", "pods", "--kubeconfig", fake.kubeconfig(tmp_path))
    assert live[0] == 0
    assert subjects(live[1]) == {MASTERS, "Group dev", "ServiceAccount shop/bot"}
    assert "--kubeconfig" not in live[2]
    bindings = "/apis/rbac.authorization.k8s.io/v1/rolebindings"
    with fake_api(snapshot, {bindings: [Fault("status", None, value=403)]}) as fake:
        code, out, err = told("why", "jane", "list", "pods", "-n", "shop", "--kubeconfig", fake.kubeconfig(tmp_path))
    assert code == 3, err
    assert out.startswith("unknown: ") and "forbidden" in out
    webhook = type(found)(found.about, dict(snapshot.entries) | cluster(0, [
        {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"authorization-mode": "Node,RBAC,Webhook"}}}
    ]).entries)  # fmt: skip
    with fake_api(webhook) as fake:
        code, out, err = told("who-can", "list", "pods", "--kubeconfig", fake.kubeconfig(tmp_path))
    assert code == 3
    assert "Webhook may allow more than RBAC does" in err


@pytest.mark.parametrize(
    ("verb", "thing"), [("patch", "namespaces"), ("patch", "ns/status"), ("update", "ns/finalize")]
)
def test_a_namespace_and_its_subresources_are_asked_about_within_it(verb, thing):
    ask, inside = question(own_served(), verb, thing, "shop", "")
    assert (ask.name, ask.namespace, inside) == ("shop", "shop", True)
