"""The difference of two texts: what patch makes of it, and what a terminal is spared."""

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.report.unified import coloured, unified

LINES = st.lists(st.sampled_from(("a\n", "b\n", "c\n", "\n", "d\r\n", "e\x0bf\u2028g\n", "-- h\n")), max_size=25)


@st.composite
def pairs(draw):
    old = draw(LINES)
    new = list(old)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(new)))
        new[place : place + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(("a\n", "new\n")), max_size=3))
    cut = draw(st.sampled_from(("", "\n")))
    return "".join(old).removesuffix(cut), "".join(new).removesuffix(draw(st.sampled_from(("", "\n"))))


def patched(before, lines):
    """What patch would make of it, to the letter of its headers."""
    text = "".join(lines).replace("\n\\ No newline at end of file\n", "\x00")
    rows = [row.replace("\x00", "") if "\x00" in row else row for row in re.findall(r"[^\n\x00]*[\n\x00]", text)][2:]
    old, result, place = re.findall(r"[^\n]*\n|[^\n]+$", before), [], 0
    for row in rows:
        if row.startswith("@@"):
            start, length = re.match(r"@@ -(\d+)(?:,(\d+))? ", row).groups()
            first = int(start) - (length != "0")
            result += old[place:first]
            place = first
            continue
        if row[0] in " -":
            assert old[place] == row[1:]
            place += 1
        if row[0] in " +":
            result.append(row[1:])
    return "".join(result + old[place:])


@given(pairs())
def test_the_difference_makes_one_text_of_the_other(pair):
    before, after = pair
    if before != after:
        assert patched(before, unified("x", before, after)) == after


def test_lines_that_did_not_change_are_not_touched():
    before = "".join(f"line {number}\n" for number in range(50))
    after = before.replace("line 10\n", "line 10\nnew\n").replace("line 40\n", "")
    assert [line for line in unified("x", before, after) if line[0] in "+-@"] == [
        "--- x\n", "+++ x\n", "@@ -9,6 +9,7 @@\n", "+new\n", "@@ -38,7 +39,6 @@\n", "-line 40\n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("a b/c-d.yaml", "a b/c-d.yaml"),
        ("a\x1b[2J\n+++ b", r'"a\033[2J\n+++ b"'),
        ('"\\\t', r'"\"\\\t"'),
        ("é\u202e\udcff\x7f", r'"\303\251\342\200\256\377\177"'),
    ],
)
def test_a_name_is_quoted_as_git_does(name, quoted):
    assert list(unified(name, "a\n", "b\n"))[:2] == [f"--- {quoted}\n", f"+++ {quoted}\n"]


def test_a_quoted_name_is_one_that_patch_finds(tmp_path):
    name = 'é\x1b\n"\\ \udcff.yaml'
    (tmp_path / name).write_text("a\n")
    lines = "".join(unified(name, "a\n", "b\n"))
    subprocess.run(["patch", "-s", "-p0"], input=lines.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / name).read_text() == "b\n"


def test_a_terminal_is_not_steered():
    shown = coloured(unified("x", "a: 1\n", "a: \x1b[2J\u202e\n"), 80).decode()
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown
    assert "+a: \ufffd[2J\ufffd" in re.sub(r"\x1b\[\d+m", "", shown)
