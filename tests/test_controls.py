"""Controls: one verdict each, made of the verdicts of the checks that stand for it."""

import msgspec
import pytest

from kscan.checks.check import read_check
from kscan.checks.frameworks import Control, Framework, checks_of, titled
from kscan.checks.selection import Selection, select
from kscan.commands.options import collecting
from kscan.commands.scan import known_grouping
from kscan.errors import CheckError, ConfigError
from kscan.judge.controls import with_controls
from kscan.judge.report import Report, Result, Score, Status
from kscan.report.controls import told_controls
from kscan.report.text import told_once
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


def answers(framework, results, every=(), about=None):
    report = Report(about=about or About(), results=tuple(results), score=Score(None, 0, 0, 0, 0))
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


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_APPLICABLE])
def test_a_control_half_of_whose_checks_were_left_out_is_not_decided(tmp_path, status):
    asked, left_out = a_check(tmp_path, "asked"), a_check(tmp_path, "left-out")
    answer = answers(OURS, [Result(check=asked, status=status)], [asked, left_out])["1"]
    assert (answer.status, answer.reason) == (Status.UNKNOWN, "not asked: left-out")
    # What is found stands whatever else was not asked; and what runs only when asked is not missed beside others.
    assert answers(OURS, [Result(check=asked, status=Status.FAIL)], [asked, left_out])["1"].status is Status.FAIL
    optional = a_check(tmp_path, "left-out", opt_in="true")
    assert answers(OURS, [Result(check=asked, status=status)], [asked, optional])["1"].status is status


def test_some_namespaces_do_not_decide_a_control_of_the_whole_cluster(tmp_path):
    check, part = a_check(tmp_path, "one"), About(namespaces=("shop",))

    def said(status, reason=""):
        found = answers(OURS, [Result(check=check, status=status, scope="pods", reason=reason)], about=part)["1"]
        return found.status, found.reason

    unknown = (Status.UNKNOWN, "asked of namespace shop alone")
    assert said(Status.PASS) == unknown
    assert said(Status.NOT_APPLICABLE, "there are no pods here") == unknown
    assert said(Status.NOT_APPLICABLE, "run by Google GKE")[0] is Status.NOT_APPLICABLE
    assert said(Status.FAIL)[0] is Status.FAIL


def test_manifests_do_not_decide_a_control_of_a_cluster(tmp_path):
    check, written = a_check(tmp_path, "one"), About(manifests=True)

    def said(framework, status, reason=""):
        result = Result(check=check, status=status, scope="pods", reason=reason)
        return answers(framework, [result], about=written)["1"].status

    of_objects = msgspec.structs.replace(OURS, objects=True)
    unseen = msgspec.structs.replace(OURS, controls=(Control("1", "One", unseen="look elsewhere too"),))
    for status in (Status.PASS, Status.NOT_APPLICABLE):
        assert said(OURS, status, "there are no pods here") is Status.NOT_APPLICABLE
        assert said(unseen, status, "there are no pods here") is Status.NOT_APPLICABLE
        assert said(of_objects, status, "there are no pods here") is status
    for status in (Status.FAIL, Status.UNKNOWN):
        assert said(OURS, status) is said(of_objects, status) is status


def test_what_no_check_can_see_of_a_control_is_for_a_person(tmp_path):
    ours = msgspec.structs.replace(OURS, controls=(Control("1", "One", unseen="look elsewhere too"),))
    theirs = titled({"ours": ours, "theirs": THEIRS})["theirs"]
    check = a_check(tmp_path, "one")
    for framework, control in ((ours, "1"), (theirs, "9")):
        answer = answers(framework, [Result(check=check, status=Status.PASS)])[control]
        assert (answer.status, answer.reason) == (Status.MANUAL, "one found nothing; look elsewhere too")
        empty = Result(check=check, status=Status.NOT_APPLICABLE, scope="pods", reason="there are no pods here")
        assert answers(framework, [empty])[control].status is Status.MANUAL
        assert answers(framework, [Result(check=check, status=Status.FAIL)])[control].status is Status.FAIL


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


def test_a_reason_that_many_controls_share_is_told_with_the_first():
    reasons = [("1", "no agent"), ("2", "other"), ("3", "no agent"), ("4", "no agent"), ("5", "other"), ("6", "")]
    assert told_once(reasons) == [reason for _, reason in reasons]
    told = told_once([*reasons, ("7", "no agent"), ("8", ""), ("9", ""), ("10", "")])
    assert told == ["no agent", "other", "as for 1", "as for 1", "other", "", "as for 1", "", "", ""]


def test_controls_that_fail_name_their_checks_each_time(tmp_path):
    results = [
        Result(check=a_check(tmp_path, "one", "[ours/1, ours/2, ours/3, ours/4]"), status=Status.UNKNOWN, reason="gone")
    ]
    ours = Framework("Ours", tuple(Control(str(number), str(number)) for number in range(1, 5)), "ours")
    unknown = answers(ours, results).values()
    assert told_controls(unknown) == ["gone", "as for 1", "as for 1", "as for 1"]
    assert set(told_controls(msgspec.structs.replace(one, status=Status.PASS) for one in unknown)) == {""}


def test_insecure_kubelet_tls_is_for_kubelets_that_are_asked_directly():
    for how in ("proxy", "none"):
        with pytest.raises(ConfigError, match=f"does nothing with --kubelets {how}: "):
            collecting("", 1, 1, how, insecure=True)
    assert collecting("", 1, 1, "auto", insecure=True).insecure_kubelet_tls
