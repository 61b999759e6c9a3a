"""A gap that a view meets travels to whoever leans on the view, unless it is weighed away with a reason in words."""

import ast
from pathlib import Path

import pytest

import kscan
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.needs import Plain
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.reading import Weighed
from kscan.views.view import Readings, View

VIEWS = sorted((Path(kscan.__file__).parent / "views").glob("**/*.py"))
# The calls that weigh a gap away; `get` only where it is given a reason.
WEIGHING = {"weigh", "weighed"}


def trees():
    for path in VIEWS:
        yield path, ast.parse(path.read_text())


def named(tree):
    return {target.id: node.value.value for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets if isinstance(target, ast.Name)}  # fmt: skip


def places():
    """Each place that weighs a gap away, with its reason; None where that is not written there."""
    for path, tree in trees():
        if path.name == "view.py":
            continue
        names = named(tree)
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            given = next((one.value for one in node.keywords if one.arg == "because"), None)
            if node.func.attr in WEIGHING or given is not None:
                local = {target.id: one.value.value for one in ast.walk(tree)
                         if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
                         for target in one.targets if isinstance(target, ast.Name)}  # fmt: skip
                value = (
                    given.value if isinstance(given, ast.Constant) else (names | local).get(getattr(given, "id", ""))
                )
                yield f"{path.name}:{node.lineno}", value


PLACES = dict(places())


@pytest.mark.parametrize("place", PLACES)
def test_each_place_that_weighs_a_gap_away_says_why(place):
    reason = PLACES[place]
    assert isinstance(reason, str)
    assert len(reason.split()) >= 5
    # It is told behind what was missing, as the rest of a sentence.
    assert reason[0].islower() and not reason.endswith(".")


def test_no_reason_stands_for_several_things():
    # A reason that fits everywhere was not thought of for its place.
    assert len(PLACES) >= 25
    assert all(list(PLACES.values()).count(reason) <= 2 for reason in PLACES.values())


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.name)
def test_there_is_no_other_way_to_drop_a_gap(path):
    """Only the source knows what was missed; a view asks other views only through it."""
    if path.name == "view.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("_gaps", "_weighed", "_readings", "_snapshot"), f"line {node.lineno}"
            if node.attr == "gaps":
                assert isinstance(node.ctx, ast.Load), f"line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("Source", "Reading"), f"line {node.lineno}"


FLAGZ, VERSION = Plain("/flagz"), Plain("/version")
REFUSED = Gap("/flagz", Reason.FORBIDDEN)
SNAPSHOT = Snapshot(About(), {"/flagz": REFUSED, "/version": Body(b"{}")})
LEANED_ON = View("leaned on", (FLAGZ,), lambda source: source.get(FLAGZ))


def read(build):
    return Readings(SNAPSHOT).of(View("a view", (FLAGZ, VERSION, kinds.PODS), build))


def test_a_path_that_is_not_there_is_missed_unless_there_is_a_reason():
    assert read(lambda source: source.get(FLAGZ)).gaps == (REFUSED,)
    found = read(lambda source: source.get(FLAGZ, because="of this"))
    assert (found.value, found.gaps, found.weighed) == (REFUSED, (), (Weighed(REFUSED, "of this"),))
    absent = read(lambda source: source.get(FLAGZ, because="it is not there", only=(Reason.NOT_SERVED,)))
    assert (absent.gaps, absent.weighed) == ((REFUSED,), ())


def test_what_a_view_missed_is_missed_by_whoever_leans_on_it():
    assert read(lambda source: source.of(LEANED_ON)).gaps == (REFUSED,)
    weighed = read(lambda source: source.weighed(LEANED_ON, because="of this"))
    assert (weighed.gaps, weighed.weighed) == ((), (Weighed(REFUSED, "of this"),))
    # What is missed by another way stays missed.
    both = read(lambda source: (source.of(LEANED_ON), source.weighed(LEANED_ON, because="of this")))
    assert both.gaps == (REFUSED,)


def test_gaps_that_were_met_are_weighed_away_by_name():
    def build(source):
        list(source.items(kinds.PODS))
        source.get(FLAGZ)
        source.weigh(REFUSED, because="of this")

    found = read(build)
    assert [gap.path for gap in found.gaps] == ["/api/v1/pods"]
    assert found.weighed == (Weighed(REFUSED, "of this"),)


def test_reasons_travel_with_what_leans_on_them():
    inner = View("inner", (FLAGZ,), lambda source: source.weighed(LEANED_ON, because="of this"))
    assert read(lambda source: source.of(inner)).weighed == (Weighed(REFUSED, "of this"),)


def test_what_was_missed_cannot_be_changed():
    with pytest.raises(AttributeError):
        read(lambda source: source.gaps.clear())
