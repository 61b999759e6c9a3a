"""Every small change of a CEL check is noticed by one of its examples, or it is written down why none can."""

import msgspec
import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from tests.make.cel_mutants import mutants
from tests.make.cel_tree import parse
from tests.make.mutants import reasons, survey

CHECKS = {check.id: check for check in by_id(read_checks(data.folder("checks"))).values() if check.file.cel}
REASONS = reasons()


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_every_mutant_is_caught_or_has_a_reason(check):
    found = survey(check, REASONS.get(check.id, {}))
    assert found.problems == []
    assert found.made > found.stillborn + found.excused


def test_reasons_are_of_checks():
    assert set(REASONS) <= set(CHECKS)
    assert all(reason for known in REASONS.values() for reason in known.values())


def test_a_missing_example_and_a_needless_reason_are_told():
    check = CHECKS["privileged-container"]
    pod = "kind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: app, securityContext: {privileged: %s}}]}"
    two = msgspec.structs.replace(
        check.file.examples, fail={"true": pod % ("bad", "true")}, pass_={"false": pod % ("fine", "false")}
    )
    poorer = msgspec.structs.replace(check, file=msgspec.structs.replace(check.file, examples=two))
    found = survey(poorer, {"gone": "no reason at all"})
    # Neither container says nothing.
    assert {one.partition("‹")[2] for one in found.survivors} == {
        "? → ›securityContext.?pri",
        "false → true›)",
        ".orValue(false) → .value()›",
    }
    assert found.needless == ("gone",)
    assert len(found.problems) == len(found.survivors) + 1


def words(expression, **params):
    return {mutant.words for mutant in mutants(expression, params)}


def changed(expression, **params):
    return {mutant.expression for mutant in mutants(expression, params)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a.b < 1", {"a.b <= 1", "a.b >= 1", "a.bX < 1", "a.b < 2", "a.b < 0"}),
        ("a || b", {"((a) && (b))", "a", "b", "!(a) || b", "a || !(b)"}),
        ("!a.b", {"a.b", "!a.bX", "!!(a.b)"}),
        ('a in ["x", "y"]', {'!(a in ["x", "y"])', 'a in ["y"]', 'a in ["x"]', 'a in ["", "y"]', 'a in ["x~", "y"]',
                             'a in ["x", ""]', 'a in ["x", "y~"]'}),
        ("a ? true : b", {"((a) ? (b) : (true))", "true ? true : b", "false ? true : b", "!(a) ? true : b", "a ? false : b",
                          "a ? true : !(b)"}),
        ("has(a.b)", {"true", "false", "!(has(a.b))", "has(a.bX)"}),
        ("a.all(x, x == 1)", {"a.exists(x, x == 1)", "a.all(x, true)", "a.all(x, false)", "a.all(x, x != 1)", "a.all(x, x == 2)",
                              "a.all(x, x == 0)", "!(a.all(x, x == 1))"}),
        ("a.?b.?c.orValue(true)", {"a.b.?c.orValue(true)", "a.?bX.?c.orValue(true)", "a.?b.?cX.orValue(true)",
                                   "a.?b.?c.value()", "a.?b.?c.orValue(false)", "!(a.?b.?c.orValue(true))"}),
        ("a.?b.or(c) == d", {"a.?b == d", "c == d", "a.b.or(c) == d", "a.?bX.or(c) == d", "a.?b.or(c) != d"}),
        ('a.startsWith("b/")', {'a.contains("b/")', 'a.startsWith("b")', 'a.startsWith("")', 'a.startsWith("b/~")',
                                '!(a.startsWith("b/"))'}),
        ('a.matches("^(b|c)$")', {'a.matches("(b|c)$")', 'a.matches("^(b|c)")', 'a.matches("^(c)$")', 'a.matches("^(b)$")',
                                  'a.matches("^(b|c)$~")', 'a.matches("")', '!(a.matches("^(b|c)$"))'}),
        ("a * 2 + b == c", {"a / 2 + b == c", "2 + b == c", "a + b == c", "a * 3 + b == c", "a * 1 + b == c", "a * 0 + b == c",
                            "a * 2 - b == c", "b == c", "a * 2 == c", "a * 2 + b != c"}),
    ],
)  # fmt: skip
def test_the_changes_of_an_expression(expression, expected):
    assert changed(expression) == expected


def test_a_default_that_comes_to_the_same_is_no_change():
    assert 'a.?b.orValue("~") == "c"' not in changed('a.?b.orValue("") == "c"')
    assert 'a.?b.orValue("~") == ""' in changed('a.?b.orValue("") == ""')
    assert "a.?b.orValue(2) > 0" not in changed("a.?b.orValue(1) > 0")
    assert 'a.?b.orValue("~").trim().lowerAscii().contains("c")' not in changed(
        'a.?b.orValue("").trim().lowerAscii().contains("c")'
    )
    assert {"a.?b.orValue(0) > 0"} < changed("a.?b.orValue(1) > 0")
    assert 'a.?b.orValue("~") in params.known' in changed('a.?b.orValue("") in params.known', known=["", "x"])
    assert 'a.?b.orValue("~") in params.known' not in changed('a.?b.orValue("") in params.known', known=["x"])


def test_the_changes_of_params_and_their_words():
    assert {"params.names without 'a'", "params.names without 'b'"} < words("x in params.names", names=["a", "b"])
    assert {"params.least: ‹5 → 4›", "params.least: ‹5 → 6›", "params.least: ‹5 → 0›"} < words(
        "x > params.least", least=5
    )
    assert "params.like: (a‹|b → ›)$" in words("x.matches(params.like)", like="(a|b)$")
    assert {"a == 1 ‹|| → &&› a == 1", "‹a == 1 || → › a == 1"} < words("a == 1 || a == 1")


def test_words_that_are_said_twice_are_counted():
    twice = " && ".join(['some.rather.long.path.to.a.value == "x" && another.long.path == 1'] * 2)
    assert any(one.endswith("#2") for one in words(twice))
    assert len(words(twice)) == len(list(mutants(twice, {})))


@pytest.mark.parametrize("expression", ["a.", "a ? b", "f(1", "[1 2]", "a b", "", "'open"])
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(ValueError, match=r"stands|no CEL"):
        parse(expression)
