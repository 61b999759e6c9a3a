"""Settings of many nodes: one finding for those that are alike, one gap for those that could not be asked."""

import pytest

from kscan.checks.check import read_check
from kscan.checks.examples import made
from kscan.data import folder
from kscan.errors import CheckError
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.durations import seconds
from kscan.rules.conditions import clauses, met
from kscan.snapshot.documents import snapshot_of
from kscan.views.kubelets import CONFIGZ


def check(name):
    return read_check(folder("checks") / "nodes" / f"{name}.yaml")


def nodes(configurations, via=""):
    for name, told in configurations.items():
        yield {"kind": "Node", "metadata": {"name": name}}
        path = CONFIGZ.path(name)
        if isinstance(told, str):
            yield {"path": path, "gap": told}
        else:
            yield {"path": path, "json": {"kubeletconfig": told}, "via": via}


def result(name, configurations, via=""):
    return evaluate(snapshot_of(nodes(configurations, via)), plan([check(name)])).results[0]


def many(count, first=0, **told):
    return {f"n{number}": told | {"providerID": f"made:///{number}"} for number in range(first, first + count)}


def test_five_thousand_equal_nodes_are_one_finding_that_keeps_its_name():
    found = result("kubelet-read-only-port", many(5000, readOnlyPort=10255) | many(1, 5000, readOnlyPort=0))
    (finding,) = found.findings
    assert str(finding.object) == "Every node with readOnlyPort=10255"
    assert finding.notes == ("5,000 nodes: n0, n1, n10 and 4,997 more",)
    assert found.judged == 5001
    assert [(one.path, one.objects) for one in found.evidence if "configz" in one.path] == [(CONFIGZ.path("*"), 5001)]
    fewer = result("kubelet-read-only-port", many(2, 7, readOnlyPort=10255))
    assert fewer.findings[0].fingerprint == finding.fingerprint
    alone = result("kubelet-read-only-port", many(1, 7, readOnlyPort=10255))
    assert str(alone.findings[0].object) == "Node n7"


def test_nodes_of_unlike_settings_are_alike_to_a_check_that_looks_at_others():
    pools = many(3, podPidsLimit=-1, maxPods=10) | many(3, 3, podPidsLimit=-1, maxPods=20)
    assert len(result("kubelet-without-pid-limit", pools).findings) == 1


def test_nodes_that_were_not_asked_are_one_gap_for_each_reason():
    found = result(
        "kubelet-read-only-port", {"a": "forbidden", "b": "forbidden", "c": "timeout", "d": {"readOnlyPort": 1}}
    )
    assert found.status is Status.FAIL
    assert [(gap.path, gap.detail) for gap in found.gaps] == [
        (CONFIGZ.path("*"), "2 nodes: a, b"),
        (CONFIGZ.path("c"), ""),
    ]
    assert "there may be more" in found.reason


def test_how_it_was_asked_is_told_with_what_holds_and_with_what_does_not():
    via = "the kubelet, its certificate not verified"
    assert via in result("kubelet-read-only-port", many(1, readOnlyPort=1), via).findings[0].value
    (fact,) = result("kubelet-read-only-port", many(1, readOnlyPort=0), via).facts
    assert via in fact


def test_what_is_not_told_leaves_those_nodes_open():
    found = result(
        "kubelet-anonymous-auth", many(2, authentication={"anonymous": {"enabled": False}}) | many(1, 2, port=1)
    )
    assert found.status is Status.UNKNOWN
    (one,) = found.undecided
    assert (str(one.object), one.reason) == ("Node n2", "configz does not tell authentication.anonymous.enabled")


def test_a_node_that_differs_says_in_what():
    usual = {"seccompDefault": True, "authorization": {"mode": "Webhook"}, "maxPods": 1}
    other = {"seccompDefault": True, "authorization": {"mode": "AlwaysAllow"}, "maxPods": 2, "readOnlyPort": 10255}
    (finding,) = result("kubelet-set-otherwise", {"a": usual, "b": usual, "odd": other}).findings
    assert str(finding.object) == "Node odd"
    assert finding.notes == (
        'authorization.mode: "AlwaysAllow"; most have "Webhook"',
        "readOnlyPort: 10255; most have nothing",
    )


def test_where_no_settings_are_those_of_most_nodes_none_is_odd():
    pools = {f"n{number}": {"maxPods": 1, "seccompDefault": number % 2 == 0} for number in range(4)}
    found = result("kubelet-set-otherwise", pools)
    assert (found.status, found.judged) == (Status.PASS, 4)
    assert [fact.split(": ", 1)[1] for fact in found.facts] == [
        "2 of 2 kinds of v?: seccompDefault=true",
        "2 of 2 kinds of v?: seccompDefault=false",
    ]


def test_credentials_for_pods_from_an_address_are_not_shown():
    secret = {"staticPodURL": "http://x/", "staticPodURLHeader": {"Authorization": ["Bearer hunter2hunter2"]}}
    for name in ("kubelet-set-otherwise", "kubelet-pods-from-url"):
        assert "hunter2" not in str(result(name, {"a": {}, "b": {}, "c": secret}).findings)


def proxy(node, config="/etc/kube-proxy/config"):
    container = {"name": "kube-proxy", "command": ["kube-proxy", f"--config={config}"]}
    metadata = {"name": f"kube-proxy-{node}", "namespace": "kube-system"}
    return {
        "kind": "Pod",
        "madeBy": "DaemonSet/kube-proxy",
        "metadata": metadata,
        "spec": {"nodeName": node, "containers": [container]},
    }


def test_kube_proxy_that_no_api_shows_is_unknown_once_and_says_why():
    ready = plan([check("kube-proxy-metrics-exposed")])
    many_files = evaluate(snapshot_of(made([proxy(f"n{number}") for number in range(500)])), ready).results[0]
    nobody = evaluate(snapshot_of([{"kind": "Node", "metadata": {"name": "n"}}]), ready).results[0]
    for found, words in ((many_files, "/etc/kube-proxy/config"), (nobody, "no pod of kube-system runs it")):
        assert found.status is Status.UNKNOWN
        (one,) = found.undecided
        assert words in one.reason
        assert found.gaps == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0s", 0), ("0", 0), ("0h0m0s", 0), ("4h0m0s", 14400), ("1.5s", 1.5), ("-5s", -5), ("100ms", 0.1), (".5h", 1800),
     ("10us", 1e-5), ("3µs", 3e-6), ("", None), ("5", None), ("s", None), ("1 h", None), ("1h!", None)],
)  # fmt: skip
def test_durations(text, expected):
    assert seconds(text) == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("wanted", "told", "expected"),
    [
        ({"field": "a.b", "is": [False]}, {"a": {"b": False}}, True),
        ({"field": "a.b", "is": [0]}, {"a": {"b": False}}, False),
        ({"field": "a.b", "is": [1]}, {"a": {"b": True}}, False),
        ({"field": "a.b", "is": [0]}, {"a": 7}, None),
        ({"field": "a", "is": [0], "absent": 0}, {}, True),
        ({"field": "a", "is": [0], "absent": 0}, {"a": None}, True),
        ({"field": "a", "not": ["x"]}, {"a": "y"}, True),
        ({"field": "a", "above": 0}, {"a": 1}, True),
        ({"field": "a", "above": 0}, {"a": -1}, False),
        ({"field": "a", "above": 0}, {"a": True}, None),
        ({"field": "a", "above": 0}, {"a": "0s"}, False),
        ({"field": "a", "only": ["x"]}, {"a": ["x", "x"]}, True),
        ({"field": "a", "only": ["x"]}, {"a": "x"}, None),
        ({"field": "a", "set": True}, {"a": ""}, False),
        ({"field": "a", "loopback": True}, {"a": "127.0.0.1:1"}, True),
        ({"field": "a", "loopback": True}, {"a": "[::1]:1"}, True),
        ({"field": "a", "loopback": True}, {"a": "::1"}, True),
        ({"field": "a", "loopback": True}, {"a": "localhost:1"}, True),
        ({"field": "a", "loopback": True}, {"a": "0.0.0.0:1"}, False),
        ({"field": "a", "loopback": True}, {"a": "[::]:1"}, False),
        ({"field": "a", "loopback": True}, {"a": ":1"}, False),
        ({"field": "a", "loopback": True}, {"a": "$(POD_IP):1"}, None),
        ([{"field": "a", "is": [1]}, {"field": "b", "is": [1]}], {"a": 0, "b": 1}, True),
        ([{"field": "a", "is": [1]}, {"field": "b", "is": [1]}], {"a": 0}, None),
        ([{"field": "a", "is": [1]}, {"field": "b", "is": [1]}], {"b": 1}, True),
    ],
)
def test_conditions(wanted, told, expected):
    (clause,) = clauses("some.rule", [wanted])
    assert met(clause, told) is expected


def test_a_condition_that_nobody_knows_names_itself():
    with pytest.raises(CheckError, match=r"some\.rule"):
        clauses("some.rule", [{"field": "a", "equals": 1}])
