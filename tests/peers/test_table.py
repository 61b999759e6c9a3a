"""The table of what other tools check: it names checks that there are."""

import pytest

from kscan.checks.peers import Answer, answer, peers
from tests.make import peers_agreement
from tests.make.peers.explained import PAGE, explanations
from tests.make.peers.judged import known


@pytest.mark.parametrize("checks", peers().values(), ids=peers())
def test_the_table_names_checks_that_there_are(checks):
    for name, one in checks.items():
        assert bool(one.checks) != bool(one.reason), name
        assert set(one.checks) <= set(known()), name


def test_every_tool_has_a_table_and_a_reader():
    assert set(peers()) == set(peers_agreement.TOOLS)


def test_reasons_are_about_checks_that_are_compared():
    for one in explanations(PAGE.read_text()):
        assert one.tool in peers(), one
        assert one.check == "*" or answer(peers()[one.tool], one.check).checks, one
        assert one.there != one.here, one


def test_a_full_name_comes_before_the_longest_beginning():
    rows = {"A*": Answer(reason="a"), "AB*": Answer(reason="ab"), "ABC": Answer(reason="abc")}
    assert [answer(rows, name).reason for name in ("ABC", "ABD", "AC", "X")] == ["abc", "ab", "a", "not in the table"]
