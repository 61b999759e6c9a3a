"""In which namespace what is written without one is taken to be, and that it is told."""

import pytest

from kscan import data
from kscan.__main__ import run
from kscan.checks.check import by_id, read_checks
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.snapshot.manifests import open_source

CHECKS = by_id(read_checks(data.folder("checks")))
ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: server%s}
---
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: server}
spec: {template: {spec: {serviceAccountName: server, containers: [{name: app, image: "app:1"}]}}}
---
"""
BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: server%(more)s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: server, namespace: %(place)s}]
---
"""
ARGO = ACCOUNT % "" + DEPLOYMENT + BINDING % {"more": "", "place": "argocd"}


def opened(tmp_path, namespace="", **files):
    for name, text in files.items():
        file = tmp_path / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
    return open_source(tmp_path, namespace=namespace)


def places(found):
    return {f"{ref.kind} {ref.name}": ref.namespace for ref in found.origins if ref.namespace}


def findings(found, check):
    return evaluate(found.snapshot, plan([CHECKS[check]])).results[0]


def test_what_bindings_name_is_where_it_belongs(tmp_path):
    found = opened(tmp_path, all=ARGO)
    assert places(found) == {"ServiceAccount server": "argocd", "Deployment server": "argocd"}
    assert found.homes == (
        "2 objects without a namespace taken to be in argocd, which the bindings of the same scan name"
        " (--namespace says otherwise)",
    )
    assert str(findings(found, "binding-to-missing-account").status) == "pass"
    (finding,) = findings(found, "cluster-admin-binding").findings
    assert finding.notes == ("Deployment argocd/server runs as it",)


def test_a_namespace_that_is_asked_for_counts_before_it(tmp_path):
    found = opened(tmp_path, namespace="tools", all=ARGO)
    assert set(places(found).values()) == {"tools"}
    assert found.homes == ()
    # Then the binding is of another account, which may be in the cluster.
    assert str(findings(found, "binding-to-missing-account").status) == "unknown"


def test_nothing_names_one(tmp_path):
    found = opened(tmp_path, all=ACCOUNT % "" + DEPLOYMENT)
    assert set(places(found).values()) == {"default"}
    assert found.homes == ()


def test_two_names_are_none(tmp_path):
    found = opened(tmp_path, all=ARGO + BINDING % {"more": "-2", "place": "other"})
    assert set(places(found).values()) == {"default"}


def test_an_account_that_is_written_there_is_the_one_that_is_meant(tmp_path):
    found = opened(tmp_path, all=ARGO + ACCOUNT % ", namespace: argocd")
    assert places(found)["Deployment server"] == "default"
    found = opened(tmp_path, all=ARGO + ACCOUNT % ", namespace: other" + BINDING % {"more": "-2", "place": "other"})
    assert places(found)["Deployment server"] == "argocd"


def test_each_file_is_in_its_own_and_others_in_that_of_their_folder(tmp_path):
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {}\n"
    found = opened(
        tmp_path,
        argo__account=ACCOUNT % "",
        argo__binding=BINDING % {"more": "", "place": "argocd"},
        argo__service=service % "near",
        elsewhere__service=service % "far",
    )
    assert places(found) == {
        "ServiceAccount server": "argocd", "Service near": "argocd", "Service far": "default",
    }  # fmt: skip
    assert len(found.homes) == 1 and found.homes[0].startswith("2 objects")


def test_what_says_its_namespace_or_lies_in_none_is_left_alone(tmp_path):
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: a}]}\n"
    found = opened(tmp_path, namespace="tools", all=text + "---" + BINDING % {"more": "", "place": "argocd"})
    assert places(found) == {"Pod web": "shop"}
    assert found.homes == ()


@pytest.mark.parametrize("odd", ["{}", "[1]", "7", "''", "null"])
def test_odd_names_end_no_scan(tmp_path, odd):
    text = ARGO.replace("name: server, namespace: argocd", f"name: {odd}, namespace: {odd}")
    assert set(places(opened(tmp_path, all=text)).values()) == {"default"}


def test_the_scan_says_which(tmp_path, capfd):
    path = tmp_path / "all.yaml"
    path.write_text(ARGO)
    for words, code, said in (
        ((), 0, "2 objects without a namespace taken to be in argocd"),
        (("-n", "tools"), 0, ""),
        (("-n", "a,b"), 2, "--namespace of manifests is one"),
    ):
        assert run(["scan", str(path), "--check", "host-port", *words]) == code
        assert said in capfd.readouterr().err
