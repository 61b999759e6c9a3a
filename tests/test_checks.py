"""The farm over the shipped checks: each example finds exactly what it says, nothing refused is called a pass."""

import msgspec
import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples
from kscan.checks.frameworks import read_frameworks, unmapped
from kscan.judge.engine import evaluate
from kscan.judge.farm import run_example, run_examples, snapshot_of_example
from kscan.judge.plan import plan
from kscan.judge.refusals import denied
from kscan.judge.report import Status
from kscan.rules import RULES

CHECKS = by_id(read_checks(data.folder("checks")))
EACH = pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)


@EACH
def test_each_example_and_each_refusal(check):
    outcomes = list(run_examples([check]))
    assert [f"{one.name}: {one.problem}" for one in outcomes if one.problem] == []
    assert len(outcomes) == 1 + len(list(examples(check))) + len(plan([check]).needs())


@EACH
def test_with_everything_refused_nothing_is_decided(check):
    ready = plan([check])
    for example in examples(check):
        report = evaluate(denied(snapshot_of_example(example), *ready.needs()), ready)
        (result,) = report.results
        if report.about.manifests and "only a running cluster" in result.reason:
            continue  # What no manifest can tell is not open for want of one.
        assert result.status is Status.UNKNOWN, example.name
        assert result.gaps


def test_a_wrong_example_is_told():
    check = CHECKS["privileged-container"]
    fail, passing = (next(one for one in examples(check) if one.expected == kind) for kind in ("fail", "pass"))
    ready = plan([check])
    assert "not fail" in run_example(ready, type(fail)(check, "fail", "swapped", passing.text))
    renamed = fail.text.replace("name: bad", "name: good")
    assert "to be found" in run_example(ready, type(fail)(check, "fail", "renamed", renamed))
    assert "not pass" in run_example(ready, type(fail)(check, "pass", "swapped", fail.text))


def test_the_containers_that_are_found_are_named_bad():
    check = CHECKS["privileged-container"]
    (sidecar,) = (one for one in examples(check) if one.name == "a sidecar counts")
    assert run_example(plan([check]), sidecar) == ""
    renamed = sidecar.text.replace("bad-mesh", "mesh")
    assert "found Pod/bad mesh where Pod/bad app, Pod/bad mesh" in run_example(
        plan([check]), type(sidecar)(check, "fail", "renamed", renamed)
    )


def test_a_message_that_errs_is_told_where_a_check_is_tried():
    check = CHECKS["host-path"]
    file = msgspec.structs.replace(check.file, message_expression="object.spec.nothing")
    erring = msgspec.structs.replace(check, file=file)
    problems = [one.problem for one in run_examples([erring]) if one.name.startswith("fail: ")]
    assert problems and all("host-path: its messageExpression errs: NOT_FOUND" in one for one in problems)


def test_every_control_is_listed_by_its_framework():
    frameworks = read_frameworks(data.folder("checks"))
    assert unmapped(frameworks, CHECKS.values()) == []
    # What is of style or of running well answers no framework for security.
    assert all(one.file.controls or one.file.opt_in or one.file.severity.rank >= 3 for one in CHECKS.values())
    assert {control.split("/")[0] for check in CHECKS.values() for control in check.file.controls} <= set(frameworks)


def test_cis_lists_every_control_once():
    controls = [control.id for control in read_frameworks(data.folder("checks"))["cis-1.12"].controls]
    assert len(controls) == len(set(controls)) == 131


def test_no_rule_without_a_check():
    assert {check.file.rule for check in CHECKS.values() if check.file.rule} == set(RULES)
