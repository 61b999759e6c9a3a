"""The editor: what a text comes to mean, and what of it stays."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.mend.edit import rewritten
from kscan.mend.values import patched, same
from kscan.snapshot.marked import values
from tests.mend.writing import DOCUMENTS, SCALARS, VALUES, Writer, maps

PATCHES = maps(st.recursive(st.one_of(SCALARS, VALUES), lambda inner: maps(inner), max_leaves=6), least=1)


@st.composite
def written(draw):
    value = draw(DOCUMENTS)
    writer = Writer(draw)
    return value, writer.text(value), writer.lines


def touched(old, new, path=()):
    """The members that differ, as deep as one can say so."""
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        for key in {**old, **new}:
            if key not in new or key not in old:
                yield (*path, key)
            elif not same(old[key], new[key]):
                yield from touched(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        for index in range(max(len(old), len(new))):
            if index >= len(new) or index >= len(old):
                yield (*path, index)
            elif not same(old[index], new[index]):
                yield from touched(old[index], new[index], (*path, index))
    else:
        yield path


def is_subsequence(some, every):
    rest = iter(every)
    return all(one in rest for one in some)


def check(old, new, text, lines):
    result = rewritten(text, [old], [new])
    assert same(values(result), [new])
    places = list(touched(old, new))
    stay = [
        line.replace("\x00", "")
        for line, path in lines
        if path is not None and not any(path[: len(one)] == one or one[: len(path)] == path for one in places)
    ]
    assert is_subsequence(stay, [line.rstrip("\r") for line in result.split("\n")])
    assert rewritten(result, [new], [new]) == result
    ends = text.count("\r\n"), result.count("\r\n")
    assert bool(ends[0]) == bool(ends[1]) or text.count("\n") == 0 or result.count("\n") == 0
    assert result.count("\n") == ends[1] or not ends[0]


@settings(max_examples=600, deadline=None)
@given(written(), PATCHES)
def test_a_patched_text_means_the_patched_value_and_keeps_its_other_lines(document, patch):
    value, text, lines = document
    assert same(values(text), [value])
    wanted = patched(value, patch)
    if value.keys() & wanted.keys():
        check(value, wanted, text, lines)


@settings(max_examples=300, deadline=None)
@given(written(), DOCUMENTS)
def test_a_text_can_come_to_mean_anything_that_keeps_a_member(document, wanted):
    value, text, lines = document
    if value.keys() & wanted.keys():
        check(value, wanted, text, lines)
