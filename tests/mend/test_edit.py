"""The editor: what a text comes to mean, and what of it stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.mend.edit import Refused, rewritten
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


@settings(max_examples=250, deadline=None)
@given(written(), PATCHES)
def test_a_patched_text_means_the_patched_value_and_keeps_its_other_lines(document, patch):
    value, text, lines = document
    assert same(values(text), [value])
    wanted = patched(value, patch)
    if value.keys() & wanted.keys():
        check(value, wanted, text, lines)


@settings(max_examples=150, deadline=None)
@given(written(), DOCUMENTS)
def test_a_text_can_come_to_mean_anything_that_keeps_a_member(document, wanted):
    value, text, lines = document
    if value.keys() & wanted.keys():
        check(value, wanted, text, lines)


def edited(text, patch):
    (old,) = values(text)
    return rewritten(text, [old], [patched(old, patch)])


PRIVILEGED = {"c": {"securityContext": {"privileged": False, "capabilities": {"drop": ["ALL"]}}}}
BLOCK = "\n    privileged: false\n    capabilities:\n      drop: [ALL]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  securityContext:\n", f"  securityContext:{BLOCK}"),
        ("  securityContext: # why\n", f"  securityContext: # why{BLOCK}"),
        ("  securityContext: {}\n", f"  securityContext:{BLOCK}"),
        ("  securityContext: null # why\n", f"  securityContext: # why{BLOCK}"),
        ("  'securityContext': ~\n", f"  'securityContext':{BLOCK}"),
        ("  securityContext: {privileged: true}\n",
         "  securityContext: {privileged: false, capabilities: {drop: [ALL]}}\n"),
        ("  securityContext: {privileged: true, }\n",
         "  securityContext: {privileged: false, capabilities: {drop: [ALL]}, }\n"),
        ("  securityContext: &own\n    privileged: true\n", f"  securityContext: &own{BLOCK}"),
        ("  securityContext:\n    capabilities:\n      drop:\n      - KILL # a\n      - CHOWN\n    privileged: yes\t# b\n",
         "  securityContext:\n    capabilities:\n      drop:\n      - ALL # a\n    privileged: false\t# b\n"),
        ('  "securityContext":\n    "privileged": true\n',
         '  "securityContext":\n    "privileged": false\n    "capabilities":\n      "drop": ["ALL"]\n'),
    ],
)  # fmt: skip
def test_each_way_to_write_it_is_kept(before, after):
    for rest in ("", "  # at the end\n", "  name: é😀 # behind\n", "d: |\n  text\n\n"):
        for newline in ("\n", "\r\n"):
            old, new = (f"# t\nc:\n{text}{rest}".replace("\n", newline) for text in (before, after))
            assert edited(old, PRIVILEGED) == new


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"c":{"name":"a"}}', '{"c":{"name":"a","securityContext":{"privileged":false,"capabilities":{"drop":["ALL"]}}}}'),
        ('{"c": {"name": "a"}}\n',
         '{"c": {"name": "a", "securityContext": {"privileged": false, "capabilities": {"drop": ["ALL"]}}}}\n'),
        ('{\n\t"c": {\n\t\t"name": "a"\n\t}\n}\n',
         '{\n\t"c": {\n\t\t"name": "a",\n\t\t"securityContext": {\n\t\t\t"privileged": false,\n'
         '\t\t\t"capabilities": {\n\t\t\t\t"drop": ["ALL"]\n\t\t\t}\n\t\t}\n\t}\n}\n'),
        ("c:\n  name: |+\n    a\n\n", f"c:\n  name: |+\n    a\n\n  securityContext:{BLOCK}"),
        ("c:\n  name: |\n    a\n\n\nd: 1\n", f"c:\n  name: |\n    a\n  securityContext:{BLOCK}\n\nd: 1\n"),
    ],
)  # fmt: skip
def test_what_is_new_is_written_as_what_stands_around_it(before, after):
    assert edited(before, PRIVILEGED) == after


def test_what_is_removed_goes_with_its_line():
    text = "spec:\n  # about a\n  a: 1 # one\n  # about b\n  b:\n  - 1\n  - 2\n  c: {x: 1, z: 2}\n"
    assert edited(text, {"spec": {"a": None}}) == text.replace("  a: 1 # one\n", "")
    assert edited(text, {"spec": {"b": None}}) == text.replace("  b:\n  - 1\n  - 2\n", "")
    assert edited(text, {"spec": {"c": {"x": None}}}) == text.replace("x: 1, ", "")
    assert edited(text, {"spec": {"c": {"x": None, "z": None}}}) == text.replace("{x: 1, z: 2}", "{}")
    assert edited(text, {"spec": {"z": {"x": None}}}) == text


def test_what_would_be_a_guess_is_refused():
    for text, reason in {
        "c: &c {a: 1}\nd: *c\n": "behind the alias",
        "x: &x {a: 1}\nd:\n  <<: *x\n": "merge key",
        "d:\n  a: 1\n  a: 2\n": "key a stands there twice",
        "d: &d {a: 1}\nc: *d\n": "cannot be changed in this place alone",
    }.items():
        with pytest.raises(Refused, match=reason):
            edited(text, {"d": {"a": 5}})
