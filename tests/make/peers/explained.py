"""The disagreements that are explained: the tables of docs/peers.md, whose rows name a check and its fixtures."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[3] / "docs" / "peers.md"
_HEADING = re.compile(r"^(#+) (.+)$")
_QUOTED = re.compile(r"`([^`]+)`")
_VERDICTS = ("fails", "passes", "undecided")


class Explanation(NamedTuple):
    """One pattern of fixtures of one check, what both say of them, and the heading that the reason stands under."""

    tool: str
    check: str
    fixtures: str
    there: str
    here: str
    reason: str
    line: int

    def covers(self, tool: str, check: str, subject: str, there: str, here: str) -> bool:
        """Whether it is about this disagreement."""
        same = (self.tool, self.there, self.here) == (tool, there, here)
        return same and fnmatchcase(check, self.check) and fnmatchcase(subject, self.fixtures)


def explanations(text: str) -> Iterator[Explanation]:
    """Every row of every table that tells what is said there and here; the heading above names the tool."""
    tool = reason = ""
    for number, line in enumerate(text.splitlines(), 1):
        heading = _HEADING.match(line)
        if heading and heading[1] == "##":
            tool, reason = heading[2].lower().replace(" ", "-"), ""
        elif heading:
            reason = heading[2]
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[2] in _VERDICTS and cells[3] in _VERDICTS:
            for check in _QUOTED.findall(cells[0]):
                for fixtures in _QUOTED.findall(cells[1]):
                    yield Explanation(tool, check, fixtures, cells[2], cells[3], reason, number)
