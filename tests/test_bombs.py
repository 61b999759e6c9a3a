"""What would end a scan, or hold it up: one object, node, policy or rule costs at most its own verdict."""

import gc
import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import yaml

from kscan import data
from kscan.__main__ import run
from kscan.checks.check import by_id, read_checks
from kscan.checks.judgement import Fine, Problem
from kscan.errors import CheckError
from kscan.judge import guard as guarding
from kscan.judge.engine import evaluate, judge
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.bounds import MOST_ALIKE, MOST_ITEMS, too_much
from kscan.model.cel.binding import without_bind
from kscan.model.cel.bounded import Bounded, Process
from kscan.model.cel.questions import Question
from kscan.model.cel.runtime import Erred
from kscan.model.meta import Metadata
from kscan.model.rbac.roles import Ask, PolicyRule, Role
from kscan.model.rbac.rules import RuleIndex
from kscan.rules import RULES
from kscan.rules.rule import Rule
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Reason
from kscan.views.objects import things
from kscan.views.targets import TARGETS
from kscan.views.view import Readings, View
from tests.test_engine import check

ROOT = Path(__file__).parent.parent
FAULTS_ARE_MEANT = True
SHIPPED = by_id(read_checks(data.folder("checks")))
SERVICES = things("bomb services", kinds.SERVICES)


def service(name):
    return yaml.safe_dump({"kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": {"ports": []}})


def judged_by(things):
    for one in things:
        if one.ref.name.startswith("bomb"):
            raise ValueError("a secret of the object")
        yield Problem(one.ref, "is bad") if one.ref.name.startswith("bad") else Fine(one.ref)


def built_of(source):
    return tuple(judged_by(source.of(SERVICES)))


BUILT = View("bomb built", SERVICES.needs, built_of)


@pytest.fixture
def bombs(monkeypatch):
    """A rule that raises on some objects, and one over a view that does."""
    monkeypatch.setitem(RULES, "bomb.rule", Rule("bomb.rule", "services", (SERVICES,), judged_by))
    monkeypatch.setitem(RULES, "bomb.view", Rule("bomb.view", "services", (BUILT,), lambda built: built))
    return [check("rule: bomb.rule", "by-rule"), check("rule: bomb.view", "by-view")]


def results(names, *checks):
    snapshot = snapshot_of(list(yaml.safe_load_all("---\n".join(map(service, names)))))
    report = evaluate(snapshot, plan(checks))
    return report, {result.check.id: result for result in report.results}


@pytest.mark.parametrize("names", [["bomb"], ["bomb", "fine"], ["a", "b", "c", "bomb", "d"], ["a", "bomb-1", "bomb-2"]])
def test_what_raises_costs_the_object_that_it_raises_on(bombs, names):
    report, said = results(names, *bombs)
    for result in said.values():
        assert result.status is Status.UNKNOWN
        assert result.judged == sum(not name.startswith("bomb") for name in names)
        assert {gap.reason for gap in result.gaps} == {Reason.FAULT}
        assert result.gaps[0].path.startswith("/api/v1/services/shop/bomb")
        assert "ValueError" in result.gaps[0].detail and "secret" not in result.gaps[0].detail
    assert {gap.path.rpartition("/")[2] for gap in report.faults} == {one for one in names if one.startswith("bomb")}


def test_findings_on_others_stand_and_other_checks_hear_nothing_of_it(bombs):
    other = [one for one in SHIPPED.values() if one.file.target == "service"]
    _, said = results(["bad", "bomb", "bad-too"], *bombs, *other)
    for name in ("by-rule", "by-view"):
        assert said[name].status is Status.FAIL
        assert [one.object.name for one in said[name].findings] == ["bad", "bad-too"]
        assert "there may be more" in said[name].reason
    _, without = results(["bad", "bomb", "bad-too"], *other)
    assert all(said[name] == result for name, result in without.items())


def test_what_raises_whatever_there_is_is_unknown_as_a_whole(monkeypatch):
    def always(found):
        raise RecursionError

    monkeypatch.setitem(RULES, "bomb.always", Rule("bomb.always", "services", (SERVICES,), always))
    report, said = results(
        ["a", "b"], check("rule: bomb.always"), *[one for one in SHIPPED.values() if one.file.target == "service"]
    )
    assert said["a-check"].status is Status.UNKNOWN
    assert [str(gap) for gap in said["a-check"].gaps] == [str(gap) for gap in report.faults]
    assert said["a-check"].gaps[0].path == "the rule bomb.always"


def test_looking_for_the_object_ends(bombs, monkeypatch):
    names = [f"bomb-{number}" for number in range(40)]
    report, said = results(names, *bombs)
    assert {result.status for result in said.values()} == {Status.UNKNOWN}
    assert 0 < len(report.faults) <= guarding._MOST_OBJECTS + 2
    monkeypatch.setattr(guarding, "_MOST_SECONDS", 0.0)
    report, said = results(["a", "bomb"], *bombs)
    assert [gap.path for gap in report.faults] == ["the rule bomb.rule", "the rule bomb.view"]


def test_expressions_over_a_view_that_raises(monkeypatch):
    def raising(source):
        found = source.of(SERVICES)
        if any(one.ref.name == "bomb" for one in found):
            raise KeyError("x")
        return found

    target = msgspec.structs.replace(TARGETS["service"], view=View("bomb targets", SERVICES.needs, raising))
    monkeypatch.setitem(TARGETS, "service", target)
    text = "target: service\nmessage: m\ncel: \"!object.metadata.name.startsWith('bad')\""
    _, said = results(["a", "bomb", "bad"], check(text), check(text.replace("bad", "worse"), "other"))
    assert [one.object.name for one in said["a-check"].findings] == ["bad"]
    assert (said["other"].status, said["other"].judged) == (Status.UNKNOWN, 2)


def test_params_that_a_rule_does_not_take_are_the_authors_fault():
    for text in ("params: {nothing: 1}", "params: {verbs: 7}", ""):
        with pytest.raises(CheckError, match="does not take these params"):
            plan([check(f"rule: rbac.grants\n{text}")])


def test_a_rule_that_raises_a_type_error_of_its_own_is_no_authors_fault(monkeypatch):
    def raising(found):
        return [len(1, 2) for _ in found]  # type: ignore[call-arg]

    monkeypatch.setitem(RULES, "bomb.type", Rule("bomb.type", "services", (SERVICES,), raising))
    _, said = results(["a"], check("rule: bomb.type"))
    assert said["a-check"].gaps[0].reason is Reason.FAULT


@pytest.fixture
def scan(tmp_path, capfd):
    def scanned(text, *words):
        file = tmp_path / "objects.yaml"
        file.write_text(text)
        code = run(["scan", str(file), "--format", "json", *words])
        return code, *capfd.readouterr()

    return scanned


def test_the_report_is_written_and_the_exit_code_says_it(monkeypatch, scan):
    def raising(*found, **params):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(logging.getLogger("kscan.faults"), "handlers", [])
    for name, old in list(RULES.items()):
        monkeypatch.setitem(RULES, name, msgspec.structs.replace(old, run=raising))
    monkeypatch.setattr("kscan.judge.plan._known_rule", lambda one: RULES[one.file.rule])
    code, out, err = scan(service("a"), "--fail-on", "never", "--quiet")
    assert code == 3 and '"results"' in out, err
    assert err.count("\n") == 1 and "kscan's own fault (ZeroDivisionError" in err and "KSCAN_DEBUG=1" in err
    monkeypatch.setenv("KSCAN_DEBUG", "1")
    code, out, err = scan(service("a"), "--fail-on", "never", "--quiet")
    assert code == 3 and "Traceback" in err and "boom" in err


def test_values_that_are_given_are_given_without_the_object_too(bombs):
    from kscan.views.server import MINOR

    seen = []

    def minor(found, told):
        seen.append(told)
        return judged_by(found)

    RULES["bomb.minor"] = Rule("bomb.minor", "services", (SERVICES, MINOR), minor)
    try:
        readings = Readings(snapshot_of(list(yaml.safe_load_all(f"{service('a')}---\n{service('bomb')}"))))
        judge(readings.given(MINOR, 17), plan([check("rule: bomb.minor")]))
        assert set(seen) == {17}
    finally:
        del RULES["bomb.minor"]


# What the API server takes and stops at its budget; kscan's runtime would take gigabytes, or hours.
DOUBLED = {
    "texts": ("'aaaaaaaaaa'", "{0} + {0}"),
    "lists": ("[1, 2, 3]", "{0} + {0}"),
    "lists of lists": ("[1]", "[{0}, {0}]"),
    "replaced": ("'aaaaaaaaaa'", "{0}.replace('a', 'aa')"),
}
NINETY = "[" + ",".join("1" * 90) + "]"
EXPRESSIONS = {
    "mapped": "['ab']" + ".map(a, a + a)" * 27 + ".all(a, size(a) > 0)",
    "replaced in loops": f"{NINETY}.all(a, {NINETY}.all(b, '{'a' * 9000}'.replace('a', 'aaaaaaa').size() > 1))",
    "matched in loops": f"{NINETY}.all(a, {NINETY}.all(b, !'{'a' * 9000}'.matches('(a*)*b')))",
    "grown": f"{NINETY}.map(a, {NINETY}.map(b, '{'a' * 15_000}' + '{'a' * 15_000}')).size() > 1",
    "nested": "(" * 5000 + "true" + ")" * 5000,
    "bound": "cel.bind(a, 1, " * 6000 + "a" + ")" * 6000,
    "negated": "!" * 30_000 + "true",
    "long": "true" + " && true" * 100_000,
}


def policy(name, validation, variables=()):
    variables = [{"name": name, "expression": text} for name, text in variables]
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}]
    spec = {"matchConstraints": {"resourceRules": rules}, "variables": variables,
            "validations": [{"expression": validation}]}  # fmt: skip
    return {"kind": "ValidatingAdmissionPolicy", "apiVersion": "admissionregistration.k8s.io/v1",
            "metadata": {"name": name}, "spec": spec}  # fmt: skip


def binding(name):
    return {"kind": "ValidatingAdmissionPolicyBinding", "apiVersion": "admissionregistration.k8s.io/v1",
            "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}  # fmt: skip


def policy_bombs():
    for name, (first, more) in DOUBLED.items():
        chain = [("v0", first), *((f"v{one}", more.format(f"variables.v{one - 1}")) for one in range(1, 31))]
        yield policy(name.replace(" ", "-"), "size(variables.v30) > 1", chain)
    chain = [("v0", "1"), *((f"v{one}", f"variables.v{one - 1} + 1") for one in range(1, 5000))]
    yield policy("chained", "variables.v4999 > 1", chain)
    for name, text in EXPRESSIONS.items():
        yield policy(name.replace(" ", "-"), text)


HONEST = policy("honest", "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))")


# What a process is born with counts as its own `ru_maxrss`: the memory of the one that started it.
PEAKS = """
import re, resource
from pathlib import Path
from kscan.model.cel.bounded import process
process().end()
own = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(int(own) >> 10, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""


def under_limits(code, *, megabytes=1000, seconds=120):
    """Run some Python with a limit on its memory and time; gives what it prints, and the most it and its worker took."""
    limits = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({megabytes << 20},) * 2)\n"
    done = subprocess.run(
        [sys.executable, "-c", limits + code + PEAKS], capture_output=True, text=True, timeout=seconds, cwd=ROOT
    )
    assert not done.returncode, done.stderr[-2000:]
    *lines, peaks = done.stdout.splitlines()
    own, workers = map(int, peaks.split())
    return "\n".join(lines), own, workers


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


def rbac_bomb(name, rules, subjects):
    """A role and whom it is bound to, as an owner of a namespace may write them: each is stored by the API server."""
    metadata = {"name": name, "namespace": "bombs"}
    group = "rbac.authorization.k8s.io"
    role = {"kind": "Role", "apiVersion": f"{group}/v1", "metadata": metadata, "rules": rules}
    bound = {"kind": "RoleBinding", "apiVersion": f"{group}/v1", "metadata": metadata, "subjects": subjects,
             "roleRef": {"kind": "Role", "name": name, "apiGroup": group}}  # fmt: skip
    return [role, bound]


def accounts(of, many):
    return [{"kind": "ServiceAccount", "namespace": "bombs", "name": f"bomb-{of}-{one}"} for one in range(many)]


def words(many):
    return [f"w{one}" for one in range(many)]


DANGERS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]},
           {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}]  # fmt: skip


def rbac_bombs():
    """More rules than anybody reads, each of them asked of each of many; long rules; kinds as a product; names of many."""
    same = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}] * 10_000
    unlike = [{"apiGroups": [""], "resources": [f"r{one}"], "verbs": ["get"]} for one in range(8000)]
    long = {"apiGroups": [""], "resources": [*words(30_000), "secrets"], "verbs": [*words(30_000), "get", "list"]}
    groups = [f"g{one}.example.com" for one in range(5000)]
    rbac = "rbac.authorization.k8s.io"
    named = [
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"], "resourceNames": words(10_000)},
        {"apiGroups": [rbac], "resources": ["roles"], "verbs": ["escalate", "update"], "resourceNames": words(10_000)},
    ]
    product = {"apiGroups": groups, "resources": words(40_000), "verbs": ["get"]}
    return [
        *rbac_bomb("bomb-same", [*same, *DANGERS], accounts("same", 12_000)),
        *rbac_bomb("bomb-unlike", [*unlike, *DANGERS], accounts("unlike", 2000)),
        *rbac_bomb("bomb-long", [long], accounts("long", 2000)),
        *rbac_bomb("bomb-product", [product], []),
        *rbac_bomb("bomb-names", named, accounts("names", 2000)),
    ]


OTHERS = [
    *rbac_bomb("reader", DANGERS, [{"kind": "ServiceAccount", "namespace": "shop", "name": "app"}]),
    # Who is one of a crowd, and holds more beside, is told by name.
    *rbac_bomb(
        "worse", [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}], accounts("same", 12_000)[-1:]
    ),
]
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


def deployment(name, containers, volumes=()):
    spec = {"containers": containers, "volumes": list(volumes)}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template}}  # fmt: skip


def large():
    """What an editor of a namespace may make: each is stored by the API server."""
    app = {"name": "app", "image": "app:1"}
    yield deployment("capabilities", [app | {"securityContext": {"capabilities": {"add": ["A"] * 150_000}}}])
    paths = [{"name": f"v{one}", "hostPath": {"path": f"/x{one}"}} for one in range(4000)]
    yield deployment(
        "volumes", [app | {"volumeMounts": [{"name": one["name"], "mountPath": "/m"} for one in paths]}], paths
    )
    yield deployment("containers", [app | {"name": f"c{one}"} for one in range(8000)])
    yield deployment("values", [app | {"name": f"c{one}", "env": [{"name": f"E{two}", "value": "x"} for two in range(60)]}
                                for one in range(200)])  # fmt: skip
    rules = [{"verbs": [f"v{one}" for one in range(30)], "apiGroups": [f"g{one}" for one in range(30)],
              "resources": [f"r{one + two}" for one in range(30)]} for two in range(900)]  # fmt: skip
    yield {"kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "wide", "namespace": "shop"},
           "rules": rules}  # fmt: skip


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
