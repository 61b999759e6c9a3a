"""Controls: one verdict each, made of the verdicts of the checks that stand for it."""

import msgspec
import pytest

from kscan.checks.check import read_check
from kscan.checks.frameworks import Control, Framework, checks_of, titled
from kscan.checks.selection import Selection, select
from kscan.commands.scan import known_grouping
from kscan.errors import CheckError, ConfigError
from kscan.judge.controls import with_controls
from kscan.judge.report import Report, Result, Score, Status
from kscan.snapshot.snapshot import About

OURS = Framework("Ours", (Control("1", "One"), Control("2", "Two", look="ask the provider")), "ours")
THEIRS = Framework("Theirs", (Control("9", same=("ours/1",)), Control("10", "Ten")), "theirs")


def a_check(tmp_path, name, controls="[ours/1]", *, opt_in="false"):
    text = f"""
title: {name}
severity: low
layer: cluster
optIn: {opt_in}
target: pod
message: is wrong
cel: "true"
why: because
fix: {{text: do}}
controls: {controls}
"""
    return read_check(tmp_path / "ours" / f"{name}.yaml", text)


def answers(framework, results, every=()):
    report = Report(about=About(), results=tuple(results), score=Score(None, 0, 0, 0))
    answered = with_controls(report, [framework], {check.id: check for check in every}).frameworks[0]
    return {one.control.id: one for one in answered.answers}


@pytest.mark.parametrize(
    ("statuses", "together"),
    [
        ([Status.PASS], Status.PASS),
        ([Status.PASS, Status.FAIL, Status.UNKNOWN], Status.FAIL),
        ([Status.PASS, Status.UNKNOWN], Status.UNKNOWN),
        ([Status.PASS, Status.MANUAL], Status.MANUAL),
        ([Status.PASS, Status.SUPPRESSED], Status.SUPPRESSED),
        ([Status.NOT_APPLICABLE, Status.PASS], Status.PASS),
        ([Status.NOT_APPLICABLE], Status.NOT_APPLICABLE),
    ],
)
def test_checks_of_a_control_decide_it_together(tmp_path, statuses, together):
    results = [Result(check=a_check(tmp_path, f"check-{i}"), status=one) for i, one in enumerate(statuses)]
    answer = answers(OURS, results)["1"]
    assert answer.status is together
    assert {result.status for result in answer.results} == {together}


def test_a_control_without_checks_is_for_a_person(tmp_path):
    found = answers(OURS, [])
    assert (found["2"].status, found["2"].reason) == (Status.MANUAL, "ask the provider")
    assert found["1"].status is Status.MANUAL
    not_asked = answers(OURS, [], [a_check(tmp_path, "left-out")])["1"]
    assert (not_asked.status, not_asked.reason) == (Status.UNKNOWN, "not asked: left-out")


def test_the_same_control_elsewhere_takes_its_checks_and_its_title(tmp_path):
    frameworks = titled({"ours": OURS, "theirs": THEIRS})
    check = a_check(tmp_path, "one")
    assert frameworks["theirs"].controls[0].title == "One"
    assert checks_of(frameworks["theirs"], [check]) == {"one"}
    assert answers(frameworks["theirs"], [Result(check=check, status=Status.PASS)])["9"].status is Status.PASS


def test_a_control_that_is_the_same_as_nothing_is_an_error():
    wrong = msgspec.structs.replace(THEIRS, controls=(Control("9", same=("ours/7",)),))
    with pytest.raises(CheckError, match="control 9 is the same as ours/7, which no framework lists"):
        titled({"ours": OURS, "theirs": wrong})
    with pytest.raises(CheckError, match="control 3 has no title"):
        titled({"ours": Framework("Ours", (Control("3"),), "ours")})


def test_checks_that_run_only_when_asked_answer_a_control_that_no_other_does(tmp_path):
    optional = a_check(tmp_path, "optional", opt_in="true")
    usual = a_check(tmp_path, "usual")
    alone = {"optional": optional}
    both = alone | {"usual": usual}
    frameworks = {"ours": OURS}
    asked = Selection(framework=("ours",))
    assert [one.id for one in select(alone, frameworks, asked)] == ["optional"]
    assert [one.id for one in select(both, frameworks, asked)] == ["usual"]
    every = msgspec.structs.replace(asked, every=True)
    assert [one.id for one in select(both, frameworks, every)] == ["optional", "usual"]


def test_grouping_by_control_wants_a_framework():
    with pytest.raises(ConfigError, match="--by control is for a framework"):
        known_grouping("control")
    assert known_grouping("control", ["cis-1.12"]) == "control"
