"""The console for files and pipes prints what rich prints."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from kscan.report.plain import Plain, wrapped

WORDS = st.lists(st.text("abcdefgh/.:-[]=,→é深", min_size=1, max_size=40), min_size=1, max_size=30).map(" ".join)


def printed(console_type, width, *parts):
    buffer = io.StringIO()
    console = console_type(file=buffer, width=width, color_system=None)
    for part in parts:
        console.print(part)
    return [line.rstrip() for line in buffer.getvalue().splitlines()]


@given(WORDS, st.integers(20, 120), st.integers(0, 8))
def test_lines_are_those_of_rich(words, width, left):
    parts = (Text(words), Padding(Text(words), (0, 0, 0, left), expand=False), Group(Text("  " + words), Text(words)))
    assert printed(Plain, width, *parts) == printed(Console, width, *parts)


def test_what_is_no_text_is_left_to_rich():
    assert printed(Plain, 40, "[bold]plain[/bold] words") == ["plain words"]


def test_a_line_breaks_at_spaces_and_a_word_only_where_it_must():
    assert list(wrapped("aa bb cc", 5)) == ["aa bb", "cc"]
    assert list(wrapped("a " + "b" * 12, 5)) == ["a", "bbbbb", "bbbbb", "bb"]
    assert list(wrapped("", 5)) == [""]
