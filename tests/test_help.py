"""The help of every command, as a terminal of 80 columns shows it."""

import re

import pytest
import typer
from typer.testing import CliRunner

from kscan.commands.app import app


def commands(command, words=()):
    """Every command and group of commands, by the words that call it."""
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


EVERY = tuple(commands(typer.main.get_command(app)))


def shown(*words):
    return CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80", "TERM": "dumb"}).output


def panels(text):
    """What stands in each panel, by its title."""
    found, title = {}, ""
    for line in text.splitlines():
        begun = re.match(r"╭─ (.*?) ─", line)
        title = begun[1] if begun else title
        if line.startswith("│"):
            found.setdefault(title, []).append(line.strip("│ "))
    return {title: "\n".join(lines) for title, lines in found.items()}


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_it_fits_and_no_choice_is_cut_and_no_bracket_is_doubled(words):
    text = shown(*words)
    assert text.count("Usage:") == 1
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"\|\w+ {2,}|\[\[|\{\{|\.\.\.[\]}]", text)


def test_what_a_list_of_commands_says_of_each_is_its_first_sentence():
    groups = [panels(shown(*words)).get("Commands", "") for words in EVERY]
    assert any(groups)
    assert not any("Exit code" in group for group in groups)


def test_what_is_about_the_report_stands_together():
    found = panels(shown("scan"))
    names = set(re.findall(r"^--[\w-]+", found["The report"], re.MULTILINE))
    assert names >= {"--format", "--output", "--template", "--by", "--fail-on", "--honour-annotations", "--strict"}
    assert "--honour-annotations" in panels(shown("fix"))["Options"]
