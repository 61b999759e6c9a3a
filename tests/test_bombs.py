"""What would end a scan, or hold it up: one object, node, policy or rule costs at most its own verdict."""

import gc
import json
import sys
import time

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.model.bounds import MOST_ALIKE, MOST_ITEMS, too_much
from kscan.model.cel.binding import without_bind
from kscan.model.cel.bounded import Bounded, Process
from kscan.model.cel.questions import Question
from kscan.model.cel.runtime import Erred
from kscan.model.meta import Metadata
from kscan.model.rbac.roles import Ask, PolicyRule, Role
from kscan.model.rbac.rules import RuleIndex
from kscan.snapshot.documents import snapshot_of
from tests.bombs import (
    EXPRESSIONS,
    HONEST,
    OTHERS,
    binding,
    deployment,
    large,
    policy_bombs,
    rbac_bombs,
    under_limits,
)

SHIPPED = by_id(read_checks(data.folder("checks")))


def test_policies_that_the_server_takes_and_the_runtime_does_not_cost_their_own_verdict(tmp_path):
    documents = [{"kind": "Namespace", "metadata": {"name": "shop"}}]
    for one in (*policy_bombs(), HONEST):
        documents += [one, binding(one["metadata"]["name"])]
    file = tmp_path / "objects.json"
    file.write_text(json.dumps(documents))
    out, own, workers = under_limits(
        f"""
import json
from kscan.snapshot.documents import snapshot_of
from kscan.views.admission import ADMISSION
from kscan.views.view import Readings
(posture,) = Readings(snapshot_of(json.load(open({str(file)!r})))).of(ADMISSION).value
print(json.dumps({{one.name.split()[0]: [one.doubt, sorted(one.stops)] for one in posture.guards}}))
"""
    )
    said = json.loads(out)
    assert said["honest"][1] == ["privileged"]
    # An even number of these signs is no more than `true`, and stops nothing.
    assert "negated" not in said
    for one in policy_bombs():
        if one["metadata"]["name"] == "negated":
            continue
        doubt, stops = said[one["metadata"]["name"]]
        assert doubt.startswith("kscan cannot evaluate it: ") and not stops
    assert "holds more than" in said["texts"][0] and "more than 300 expressions" in said["chained"][0]
    assert "more memory than the 256 MB" in said["grown"][0] or "more time than" in said["grown"][0]
    assert own < 200 and workers < 400, (own, workers)


def test_what_is_asked_after_a_stop_is_answered_and_each_policy_has_its_own_budget():
    bomb, honest = Bounded(("object",)), Bounded(("object",))
    text, _ = bomb.compile(EXPRESSIONS["replaced in loops"])
    for _ in range(3):
        (said,) = bomb.ask([text], (), {"object": {}})
        assert said.ours and "more time" in said.reason
        assert honest.ask([honest.compile("object.a == 1")[0]], (), {"object": {"a": 1}}) == (True,)
    (again,) = bomb.ask(["true"], (), {"object": {}})
    assert isinstance(again, Erred), "its time was over"


def test_a_process_that_is_gone_is_started_anew():
    found = Process()
    question = Question(("object",), ("object.a == 1",), (), {"object": {"a": 1}})
    assert found.ask(question).said == (True,)
    found._running.kill()
    found._running.wait()
    assert found.ask(question).said == (True,)
    found._running.stdin.close()
    found._running.wait(10)
    assert found.ask(question).said == (True,)
    found.end()


def test_a_process_that_cannot_start_leaves_it_unknown(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nothing/python")
    said = Process().ask(Question(("object",), ("true",)))
    assert "did not answer: FileNotFoundError" in said


@pytest.mark.parametrize("text", ["cel.bind(a, 1, ", "cel.bind(", "'\\'", '"""', "cel.bind(cel.bind(", "([{", "r'"])
def test_bindings_are_written_anew_in_a_time_that_grows_as_they_do(text):
    def seconds(times):
        gc.disable()
        started = time.process_time()
        without_bind(text * times)
        gc.enable()
        return time.process_time() - started

    few, many = min(seconds(500) for _ in range(3)), min(seconds(4000) for _ in range(2))
    assert many < 20 * few + 0.05


def test_a_binding_takes_a_time_that_grows_as_its_subjects_do():
    def seconds(many):
        subjects = [{"kind": "User", "name": f"u{number}"} for number in range(many)]
        role = {"kind": "Role", "metadata": {"name": "a", "namespace": "shop"}, "rules": []}
        bound = {"kind": "RoleBinding", "metadata": role["metadata"], "subjects": subjects,
                 "roleRef": {"kind": "Role", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}}  # fmt: skip
        snapshot, ready = snapshot_of([role, bound]), plan([SHIPPED["user-bound-by-name"]])
        started = time.process_time()
        evaluate(snapshot, ready)
        return time.process_time() - started

    few, many = min(seconds(250) for _ in range(3)), min(seconds(2000) for _ in range(2))
    assert many < 25 * few + 0.1


SAID = """
import json
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.report.html import to_html
from kscan.snapshot.documents import snapshot_of
report = evaluate(snapshot_of(json.load(open({!r}))), plan(catalogue().checks.values()))
html = to_html(report)
print(json.dumps({{one.check.id: [str(one.status), sorted({{str(it.object) for it in one.findings}}),
                  sorted({{f"{{it.object}}: {{it.reason}}" for it in one.undecided}})] for one in report.results}}))
"""


def test_roles_and_bindings_that_a_namespace_may_hold_cost_their_own_verdict(tmp_path):
    def said(documents):
        file = tmp_path / "objects.json"
        file.write_text(json.dumps(documents))
        started = time.monotonic()
        out, peak, _ = under_limits(SAID.format(str(file)))
        return json.loads(out), time.monotonic() - started, peak

    clean, before, _ = said(OTHERS)
    told, after, peak = said([*OTHERS, *rbac_bombs()])
    assert after < before + 30 and peak < 400, (before, after, peak)
    for name, (status, found, _) in clean.items():
        others = [one for one in told[name][1] if "bombs/bomb-" not in one or one in found]
        assert others == found and (told[name][0] == status or "bomb-" in str(told[name])), name
    assert "too many to look for each" in str(told["rule-for-nothing"][2])
    # Those who are told stand for the crowd, and its binding says how many more they are.
    status, found, left = told["secret-readers"]
    assert (status, len(found)) == ("fail", 3 * MOST_ALIKE + 2)
    assert [one.partition(" who")[0] for one in left] == [
        "RoleBinding bombs/bomb-long: it names 1,800 more", "RoleBinding bombs/bomb-same: it names 11,799 more",
        "RoleBinding bombs/bomb-unlike: it names 1,800 more"]  # fmt: skip
    assert len(told["role-escalators"][1]) == MOST_ALIKE
    assert told["pod-execs"][1] == ["ServiceAccount bombs/bomb-same-11999"]


def test_whoever_holds_a_thing_by_one_role_of_many_is_told_with_its_first_rule():
    """The index of rules says what each rule by itself says."""
    rules = [PolicyRule(verbs=verbs, api_groups=groups, resources=resources)
             for verbs in (("get",), ("*",), ("list", "get"))
             for groups in (("",), ("*",), ("apps",))
             for resources in (("pods",), ("*",), ("*/exec",), ("pods/exec", "secrets"))]  # fmt: skip
    roles = [Role(metadata=Metadata(name=f"r{at}", namespace="a"), rules=tuple(rules[at:])) for at in range(len(rules))]
    index = RuleIndex(roles)
    for verb in ("get", "list", "*", "create"):
        for group in ("", "apps", "*"):
            for resource in ("pods", "pods/exec", "secrets", "nodes", "*"):
                ask = Ask(verb, resource, group)
                first = {role.ref: next((one for one in role.rules if one.allows(ask)), None) for role in roles}
                assert index.allowing(ask) == {ref: one for ref, one in first.items() if one}


def test_objects_that_hold_too_much_cost_their_own_verdicts(tmp_path):
    documents = [{"kind": "Namespace", "metadata": {"name": "shop"}}, *large(),
                 deployment("bad", [{"name": "app", "image": "app:1", "securityContext": {"privileged": True}}])]  # fmt: skip
    file = tmp_path / "objects.json"
    file.write_text(json.dumps(documents))
    out, peak, _ = under_limits(
        f"""
import json
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.snapshot.documents import snapshot_of
report = evaluate(snapshot_of(json.load(open({str(file)!r}))), plan(catalogue().checks.values()))
told = {{one.check.id: one for one in report.results}}
print(json.dumps({{
    "found": [str(one.object) for one in told["privileged-container"].findings],
    "open": sorted({{f"{{one.object}}: {{one.reason}}" for one in told["privileged-container"].undecided}}),
    "faults": len(report.faults),
}}))
""",
        megabytes=1500,
        seconds=180,
    )
    said = json.loads(out)
    assert said["found"] == ["Deployment shop/bad"] and not said["faults"]
    assert [one.partition(":")[0].rpartition("/")[2] for one in said["open"]] == [
        "capabilities", "containers", "values", "volumes"]  # fmt: skip
    assert all("and kscan judges" in one for one in said["open"])
    assert peak < 500


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": [0] * MOST_ITEMS}, ""),
        ({"a": {"b": [{}, [0] * (MOST_ITEMS + 1)]}}, "a list of 2,001 items"),
        ([{"a": {str(two): 0 for two in range(100)}} for _ in range(300)], "more than 20,000 values"),
        ({}, ""),
    ],
)
def test_how_much_is_judged(value, words):
    assert (words in too_much(value)) if words else not too_much(value)
