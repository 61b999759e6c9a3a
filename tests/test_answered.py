"""Every control of CIS 1.12 has an answer, and the checks that give it show by examples when it holds and when not."""

import json
import re

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.frameworks import read_frameworks, titled

CHECKS = by_id(read_checks(data.folder("checks")))
FRAMEWORKS = titled(read_frameworks(data.folder("checks")))
CONTROLS = {one.id: one for one in FRAMEWORKS["cis-1.12"].controls}
# A person must decide them, whatever is found: their checks gather the facts.
FOR_A_PERSON = {"1.2.20", "3.1.1", "3.1.2", "3.1.3", "5.4.2", "5.5.1", "5.6.1"}


def answering(control):
    return [check for check in CHECKS.values() if f"cis-1.12/{control}" in check.file.controls]


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_is_answered_by_checks_that_show_both_ways(control):
    checks = answering(control)
    assert checks, "no check answers it"
    if control in FOR_A_PERSON:
        assert any(check.file.examples.manual for check in checks)
    else:
        assert any(check.file.examples.fail and check.file.examples.pass_ for check in checks)


SETTINGS = {
    check.id: check
    for check in CHECKS.values()
    if re.match(r"flags\.|kubelets\.setting|kubelets\.flag", check.file.rule)
    and any(control.startswith("cis-1.12/") for control in check.file.controls)
}


def names(check):
    """The flags or fields that a check asks for."""
    wants = json.dumps(check.file.params.get("wants", []))
    return re.findall(r'"(?:flag|field)": "([^"]+)"', wants)


@pytest.mark.parametrize("check", [one for one in SETTINGS.values() if names(one)], ids=lambda one: one.id)
def test_a_setting_is_shown_unset_and_refused(check):
    told = check.file.examples
    every = [text for texts in (told.fail, told.pass_, told.unknown, told.manual, told.not_applicable)
             for text in texts.values()]  # fmt: skip
    leaves = [name.rpartition(".")[2] for name in names(check)]
    assert any(all(leaf not in text for leaf in leaves) for text in every), "no example leaves it unset"
    assert any("gap:" in text for text in every), "no example refuses it"
