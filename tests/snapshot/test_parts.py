"""A text is cut into documents where Kubernetes' own readers cut it, or there is a gap: nothing stands between two cuts."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kscan.snapshot.parts import parts
from kscan.snapshot.written import written

FIRST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first, namespace: default}\n"
OBJECT = '{"apiVersion":"v1","kind":"%s","metadata":{"name":"%s","namespace":"default"}}'
EVIL = OBJECT % ("ConfigMap", "evil")
# What strings.TrimSpace of Go takes away, but for the end of a line.
SPACES = [*"\t\v\f\r \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"]

# Texts in which kubectl finds what is called evil; tests/live/test_manifests.py asks it.
TAKEN = [
    *(f"{FIRST}---{space}\n{EVIL}" for space in [*SPACES, "\xa0 \u2003", "\xa0# a", "\u3000#", " #", "#a", "#"]),
    *(f"{space}\n{EVIL}" for space in ["\xa0", "\u2028", "\x85", "\f", "\v"]),
    *(f"{space}{EVIL}" for space in ["\xa0", "\u3000", "\u2029", "\x85"]),
    f"{FIRST}---\n\ufeff{EVIL}", f"\ufeff\ufeff{EVIL}", f"{FIRST}--- # a\n\ufeff{EVIL}\n",
    f"{OBJECT % ('ConfigMap', 'first')}\xa0{EVIL}", f"{OBJECT % ('ConfigMap', 'first')}\n\ufeff{EVIL}",
    f"just words\n---#\n{EVIL}", f"{EVIL}\u2003", f"a: |\n  b\n---\u2003\n{EVIL}", f"--- #\n---\xa0\n{EVIL}\n---\n",
    f"{FIRST}--- # a\u2028|\n {EVIL}", f"{FIRST}--- # a\x85x: >\n {EVIL}", f"{FIRST}--- # a\r|\n {EVIL}",
]  # fmt: skip


def names(text):
    """The names of what is read of a text; None where some of it is not."""
    found = written("x", text.removeprefix("\ufeff"))
    return None if found.unread else [value["metadata"]["name"] for value, _ in found.objects]


@pytest.mark.parametrize("text", TAKEN)
def test_nothing_is_hidden_by_how_documents_are_parted(text):
    found = names(text)
    assert found is None or "evil" in found


@pytest.mark.parametrize(("text", "value"), [
    ('? "host\\\r\r\n    PID"\n: true\n', {"hostPID": True}),
    ('a: "x\\\r\r\n  y"\r\n', {"a": "xy"}),
    ("a: |\r\r\n  x\r\n", {"a": "x\n"}),
])  # fmt: skip
def test_one_carriage_return_goes_with_the_end_of_a_line(text, value):
    """As kubectl reads it; tests/live/test_manifests.py asks it."""
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"
    spec = "".join(f"  {line}\n" for line in text.removesuffix("\n").split("\n"))
    assert [one["spec"] for one, _ in written("x", head + spec).objects] == [value]


@pytest.mark.parametrize("space", [one for one in SPACES if one not in "\r"])
def test_white_space_of_any_kind_behind_a_separator_or_before_an_object_is_read(space):
    assert names(f"{FIRST}---{space}\n{EVIL}") == names(f"{FIRST}---\n{space}{EVIL}{space}") == ["first", "evil"]


@pytest.mark.parametrize("text", [f"words {EVIL}", f"null{EVIL}# a", f"\x1b[0m\n--- |\n {EVIL}", f"---{EVIL}"])
def test_a_text_in_which_an_object_stands_is_a_gap(text):
    assert names(text) is None


def chunks(text):
    """The documents of a text, as YAMLReader of k8s.io/apimachinery cuts them; up to where it refuses the text."""
    buffer = ""
    for line in text.split("\n"):
        if line.startswith("---"):
            rest = line[3:].strip("".join(SPACES))
            if rest and rest[0] != "#":
                return
            yield buffer
            buffer = ""
        else:
            buffer += line.removesuffix("\r") + "\n"
    yield buffer


PIECES = st.sampled_from([
    EVIL, EVIL, "\n", "\n", "---", "\n---", "---\n", "#", " # a", "\ufeff", "a: |\n", "words", '"', "...\n", "[", "- ", "null",
    FIRST, OBJECT % ("ConfigMap", "first"),
]) | st.sampled_from(SPACES)  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join))
@example(f"{FIRST}---\xa0\n{EVIL}")
@settings(deadline=None, max_examples=600)
def test_what_kubernetes_cuts_out_is_found_or_a_gap(text):
    assert "".join(parts(text)) == text
    first = next(iter(chunks(text)), "")
    cut = [one.strip("\ufeff") if one is not first else one.strip("\ufeff\n" + "".join(SPACES)) for one in chunks(text)]
    wanted = sum(one.strip("\n\t\r ") == EVIL for one in cut)
    found = names(text)
    assert found is None or found.count("evil") >= wanted, (text, found)
