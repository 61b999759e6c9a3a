"""Whatever stands as a key, as an alias or as what is merged: it means what it means to Kubernetes, or is a gap."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kscan.snapshot.marked import Broken, Marked, marked
from kscan.snapshot.written import written

# Texts, and what kubectl makes of them; tests/live/test_manifests.py asks it.
TAKEN = [
    # An alias is no merge key, whatever it stands for.
    ('x: &a "<<"\n*a : {b: 1}', {"x": "<<", "<<": {"b": 1}}),
    ("x: &a <<\n*a : {b: 1}", {"x": "<<", "<<": {"b": 1}}),
    ("&x <<: {b: 1}\n*x : 1", {"b": 1, "<<": 1}),
    # Nor is what has a tag, but for that of a merge and for the one that is none.
    ("!!str <<: {b: 1}", {"<<": {"b": 1}}), ("!x <<: {b: 1}", {"<<": {"b": 1}}), ('"<<": {b: 1}', {"<<": {"b": 1}}),
    ("!!merge <<: {b: 1}", {"b": 1}), ('!!merge "<<": {b: 1}', {"b": 1}),
    ("! <<: {b: 1}", {"b": 1}), ('! "<<": {b: 1}', {"b": 1}), ("? ! |-\n  <<\n: {b: 1}", {"b": 1}),
    ("!!merge x: {b: 1}", {"x": {"b": 1}}), ("!!binary PDw=: {b: 1}", {"<<": {"b": 1}}),
    ("<<: &m {a: 1}\nb: *m", {"a": 1, "b": {"a": 1}}),
    ("x: &a {b: 1}\n<<: [*a, {c: 2}]", {"x": {"b": 1}, "b": 1, "c": 2}),
    # An anchor counts from where it stands, and not from where its value ends.
    ("x: &a {b: &a {c: 1}}\nz: *a", {"x": {"b": {"c": 1}}, "z": {"c": 1}}),
    ("x: &a [&a 1, *a]\nz: *a", {"x": [1, 1], "z": 1}),
    ("x: &a k\n*a : 2", {"x": "k", "k": 2}),
    # A key that is a number is written anew.
    ("1.10: x", {"1.1": "x"}), ("1.0: x", {"1": "x"}), ("0x1F: x", {"31": "x"}), ("1e300: x", {".inf": "x"}),
    ("1234567.0: x", {"1.234567e+06": "x"}), ("16777217.5: x", {"1.6777218e+07": "x"}), ("0.00001: x", {"1e-05": "x"}),
    ("99999999999999999999: x", {"1e+20": "x"}), ("-9223372036854775808: x", {"-9223372036854775808": "x"}),
    ("yes: x", {"true": "x"}), ("0X1F: 0O17", {"31": 15}), ("x: 0x1FFFFFFFFFFFFFFFFF", {"x": "0x1FFFFFFFFFFFFFFFFF"}),
]  # fmt: skip
REFUSED = [
    "~: x", "? !!null ''\n: x", "18446744073709551615: x", "? [a]\n: x", "? {a: b}\n: x", "x: &a [1]\n*a : x",
    "<<: ~", "<<: x", "<<: [a]", "x: &a [{b: 1}]\n<<: *a", "x: &a {b: 1}\n<<: [[*a]]", "x: &a {b: *a}", "x: &a [*a]",
    "x: &a <<\n<<: *a",
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), TAKEN)
def test_a_key_means_what_it_means_to_kubernetes(text, value):
    (found,) = marked(text)
    assert isinstance(found, Marked) and found.value == value


@pytest.mark.parametrize("text", REFUSED)
def test_what_kubernetes_takes_for_no_key_or_for_nothing_to_merge_is_a_gap(text):
    (found,) = marked(text)
    assert isinstance(found, Broken)


WORDS = st.sampled_from([
    "<<", '"<<"', "! <<", "!!merge <<", "!!merge x", "!!str <<", "!x <<", "x", "1.0", "true", "~", '""', "!!null ''",
    "!!binary PDw=", "99999999999999999999", "18446744073709551615", "0x1F", ".inf", "2001-01-01", "!!int x",
])  # fmt: skip
NAMES = st.sampled_from("ab")


def nodes(inside):
    """Nodes of each kind, as a key and as a value, with any anchor and tag."""
    maps = st.lists(st.tuples(inside, inside), max_size=3).map(
        lambda pairs: f"{{{', '.join(f'? {key} : {value}' for key, value in pairs)}}}"
    )
    bare = maps | st.lists(inside, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    return (
        bare
        | st.builds("&{} {}".format, NAMES, inside)
        | st.builds("{} {}".format, st.sampled_from(["!!map", "!x"]), bare)
    )


NODES = st.recursive(
    WORDS | st.builds("*{} ".format, NAMES) | st.builds("&{} {}".format, NAMES, WORDS), nodes, max_leaves=6
)


def keys(value):
    """All keys within a value."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(value, dict):
            yield key
        yield from keys(one)


@given(st.lists(st.tuples(NODES, NODES), min_size=1, max_size=3))
@example([("x", '&a "<<"'), ("*a ", "{y: 1}")])
@settings(deadline=None, max_examples=400)
def test_any_events_are_a_document_or_a_gap(pairs):
    text = "".join(f"? {key}\n: {value}\n" for key, value in pairs)
    for found in marked(text):
        assert isinstance(found, Broken) or all(isinstance(key, str) for key in keys(found.value)), text
    assert written("x", text)
