"""Rules and views that raise: each costs the verdict of what it raises on, and never the scan."""

import logging

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
from kscan.rules import RULES
from kscan.rules.rule import Rule
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Reason
from kscan.views.objects import things
from kscan.views.targets import TARGETS
from kscan.views.view import Readings, View
from tests.test_engine import check

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
