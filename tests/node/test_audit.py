"""What an audit policy logs, walked as the API server walks it."""

import pytest
import yaml

from kscan.node.audit import AREAS, audit
from kscan.node.root import Root
from tests.node.trees import Tree

EVERYTHING = {"level": "Metadata"}
CORE = {"group": "", "resources": ["secrets", "configmaps"]}


def summary(tmp_path, *rules, **policy):
    tree = Tree(tmp_path)
    tree.write("/a.yaml", yaml.safe_dump({"rules": list(rules), **policy}))
    return audit(Root(tmp_path), "/a.yaml")


def levels(tmp_path, *rules, **policy):
    return summary(tmp_path, *rules, **policy).levels


def test_nothing_and_everything(tmp_path):
    assert set(levels(tmp_path).values()) == {"None"}
    found = summary(tmp_path, EVERYTHING)
    assert dict.fromkeys((area.name for area in AREAS), "Metadata") == found.levels
    assert found.catch_all == "Metadata" and not found.left_out
    assert summary(tmp_path).catch_all == ""


@pytest.mark.parametrize(
    ("rule", "silent"),
    [
        ({"resources": [{"group": "", "resources": ["secrets"]}]}, {"secrets"}),
        ({"resources": [{"group": "", "resources": ["pods"]}]}, {"changes of pods"}),
        ({"resources": [{"group": "", "resources": ["pods/exec"]}]}, {"pods/exec"}),
        ({"resources": [{"group": "", "resources": ["*/proxy"]}]}, {"pods/proxy", "services/proxy"}),
        (
            {"resources": [{"group": "", "resources": ["pods/*"]}]},
            {"changes of pods", "pods/exec", "pods/portforward", "pods/proxy"},
        ),
        ({"resources": [{"group": "", "resources": ["serviceaccounts"]}]}, set()),
        ({"resources": [{"group": "apps"}]}, {"changes of deployments"}),
        ({"resources": [{"group": "extensions", "resources": ["*"]}]}, set()),
        ({"resources": [{"group": "apps", "resources": ["*"]}]}, {"changes of deployments"}),
        ({"verbs": ["get"], "resources": [CORE]}, {"secrets", "config maps"}),
        (
            {"verbs": ["get", "list", "watch"]},
            {"secrets", "config maps", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"},
        ),
        ({"verbs": ["watch"], "resources": [{"group": "", "resources": ["endpoints"]}]}, set()),
        ({"nonResourceURLs": ["*"]}, set()),
        ({"userGroups": ["system:authenticated"], "resources": [CORE]}, {"secrets", "config maps"}),
    ],
)
def test_what_a_rule_silences(tmp_path, rule, silent):
    found = levels(tmp_path, {"level": "None", **rule}, EVERYTHING)
    assert {area for area, level in found.items() if level == "None"} == silent


def test_rules_for_some_leave_out_these_alone(tmp_path):
    found = summary(
        tmp_path,
        {"level": "None", "users": ["system:apiserver"], "resources": [CORE]},
        {"level": "None", "userGroups": ["system:nodes"], "verbs": ["get"], "resources": [CORE]},
        {"level": "None", "namespaces": ["kube-system"], "resources": [{"group": "", "resources": ["configmaps"]}]},
        {"level": "None", "resources": [{"group": "", "resources": ["configmaps"], "resourceNames": ["leader"]}]},
        {"level": "RequestResponse", "users": ["jane"]},
        {"level": "Request", "resources": [CORE]},
        EVERYTHING,
    )
    assert found.levels["secrets"] == "Request"
    assert found.left_out == {
        "secrets": ("group system:nodes", "user system:apiserver"),
        "config maps": ("group system:nodes", "namespace kube-system", "object leader", "user system:apiserver"),
    }
    assert found.catch_all == "Metadata"


def test_stages_that_are_all_left_out_log_nothing(tmp_path):
    every = ["RequestReceived", "ResponseStarted", "ResponseComplete"]
    assert levels(tmp_path, EVERYTHING, omitStages=["RequestReceived"])["secrets"] == "Metadata"
    assert levels(tmp_path, EVERYTHING, omitStages=every)["secrets"] == "None"
    assert levels(tmp_path, EVERYTHING | {"omitStages": every[1:]}, omitStages=every[:1])["secrets"] == "None"


def test_odd_policies(tmp_path):
    assert levels(tmp_path, {"level": "Loud"})["secrets"] == "None"
    assert set(levels(tmp_path, rules=None).values()) == {"None"}
    assert set(levels(tmp_path, {"level": "Metadata", "resources": "all"}).values()) == {"Metadata"}
    Tree(tmp_path).write("/a.yaml", "- a list")
    assert audit(Root(tmp_path), "/a.yaml").gap == "unreadable"
    assert audit(Root(tmp_path), "/none.yaml").gap == "missing"
