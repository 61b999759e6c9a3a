"""Expressions: asked together they say what each says alone; bindings are written so that no runtime mistakes them."""

import json
from itertools import islice
from pathlib import Path

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings

from kscan import data
from kscan.checks.cel import Facing, compile_checks
from kscan.checks.check import by_id, read_check, read_checks
from kscan.checks.examples import examples
from kscan.errors import CheckError
from kscan.model.cel.binding import without_bind
from kscan.snapshot.documents import snapshot_of
from kscan.views.targets import TARGETS
from kscan.views.view import Readings

CHECKS = by_id(read_checks(data.folder("checks")))


def subjects(target):
    for check in CHECKS.values():
        if check.file.target == target.name:
            for example in examples(check):
                documents = (one for one in example.documents() if "expect" not in one)
                for thing in Readings(snapshot_of(documents)).of(target.view).value:
                    yield from target.walk(thing)


@pytest.mark.parametrize("name", TARGETS)
def test_checks_asked_together_say_what_each_says_alone(name):
    target = TARGETS[name]
    checks = [check for check in CHECKS.values() if check.file.target == name]
    program = compile_checks(checks, target.variables, target.own)
    apart = [compile_checks([check], target.variables, target.own) for check in checks]
    asked = 0
    facing = Facing()
    for subject in islice(subjects(target), 0, None, 3):
        shared = subject.variables | {"namespaceObject": None}
        # Parts stand twice: what one leaves behind must not reach the next.
        parts = [part.variables for part in subject.parts] * (2 if target.own else 1)
        together = list(program.ask(shared, parts, facing))
        for part, said in zip(parts, together, strict=True):
            alone = [one._alone(0, shared, part, facing) for one in apart]
            # Why an expression errs is told in the words of the one that was asked.
            assert [str(one)[:5] if "Erred" in type(one).__name__ else one for one in said] == [
                str(one)[:5] if "Erred" in type(one).__name__ else one for one in alone
            ]
            asked += 1
    assert asked or not checks


LOOPS = 'l.exists(i, cel.bind(n, i, cel.bind(v, i, ["p", "x"].exists(w, n.contains(w)) && v != "")))'
TWICE = f'[{LOOPS}, ["a"].exists(i, cel.bind(n, i, cel.bind(v, i, ["p", "x"].exists(w, n.contains(w)) && v != "")))]'


def told(expression):
    environment = cel.NewEnv(variables={"l": cel.Type.DYN}, extensions=[ext_bindings.ExtBindings()])
    return environment.compile(expression).eval(data={"l": ["a", "p", "b"]}).plain_value()


def test_the_value_of_one_loop_does_not_reach_the_next():
    assert told(without_bind(TWICE)) == [True, False]


@pytest.mark.parametrize(("written", "same"), [
    ("1 + 2", "1 + 2"),
    ("cel.bind(a, 1, a + a)", "[1].map(a,  a + a)[0]"),
    ("cel.bind(a, f(1, 2), a) + 1", "[ f(1, 2)].map(a,  a)[0] + 1"),
    ("cel.bind(a, 1, cel.bind(b, [2, 3], a + b[0]))", "[1].map(a,  [ [2, 3]].map(b,  a + b[0])[0])[0]"),
    ('cel.bind(a, "),", a)', '[ "),"].map(a,  a)[0]'),
    ('cel.bind(a, "\\"),", a)', '[ "\\"),"].map(a,  a)[0]'),
    ("cel.bind(a, r'),\\', a)", "[ r'),\\'].map(a,  a)[0]"),
    ("cel.bind(a, {'b': 1, 'c': 2}, a.b)", "[ {'b': 1, 'c': 2}].map(a,  a.b)[0]"),
    ("'cel.bind(a, 1, a)'", "'cel.bind(a, 1, a)'"),
    ("x // cel.bind(a, 1, a)\n+ 1", "x // cel.bind(a, 1, a)\n+ 1"),
    ("mycel.bind(a, 1, a)", "mycel.bind(a, 1, a)"),
    ("cel.bind(a, 1)", "cel.bind(a, 1)"),
    ("cel.bind(a, 1, a", "cel.bind(a, 1, a"),
])  # fmt: skip
def test_a_binding_is_a_map_over_one_value(written, same):
    assert without_bind(written).replace("[1]", "[ 1]").replace("[ 1]", "[1]").replace(" ", "") == same.replace(" ", "")


def test_what_is_written_anew_means_the_same():
    for expression, value in (
        ("cel.bind(a, 1, cel.bind(b, a + 1, [a, b]))", [1, 2]),
        ('cel.bind(a, "x", l.map(i, cel.bind(b, i + a, b)))', ["ax", "px", "bx"]),
        ("l.filter(i, cel.bind(a, i, a == 'p'))", ["p"]),
    ):
        assert told(expression) == told(without_bind(expression)) == value


def test_what_is_nested_too_deep_to_stand_with_others_is_asked_by_itself():
    def check(name, cel_text):
        text = "title: t\nseverity: low\nlayer: code\ntarget: container\nmessage: m\nwhy: w\nfix: {text: f}\ncel: "
        return read_check(Path(f"family/{name}.yaml"), text + json.dumps(cel_text))

    target = TARGETS["container"]
    container, pod = {"name": "a", "l": [1]}, {"spec": {}}
    depths = []
    for depth in range(1, 40):
        deep = "container.l.exists(x, " * depth + "x == 2" + ")" * depth
        checks = [check("first", "true"), check("deep", f"!({deep})"), check("last", "container.name != 'a'")]
        try:
            program = compile_checks(checks, target.variables, target.own)
        except CheckError as error:
            assert "recursion" in str(error)
            break
        shared = {"object": pod, "pod": pod, "namespaceObject": None}
        parts = [{"container": container, "role": "app"}] * 2
        assert list(program.ask(shared, parts, Facing())) == [[True, True, "m"]] * 2
        depths.append(program.apart)
    assert depths[0] == () and depths[-1] == (1,)
