"""kubeaudit: tables of {"file.yml", fixtureDir, []string{RuleNames}} in the tests of each auditor.

The names are those of all rules that the whole file breaks. One that the file itself excuses bears the ending Allowed
there; what it is about stands in the file all the same, so here it counts as broken.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.make.peers.case import Case, Unread

FOLDER = "auditors"
_ROW = re.compile(r'\{"([^"]+\.ya?ml)",(?:\s*(?:fixtureDir|"[^"]*"),)*\s*(?:\[\]string\{([^}]*)\}|nil)', re.DOTALL)
_NAME = re.compile(r"\b([A-Z]\w+)\b(?!\()")
_ABOUT_EXCUSES = {"RedundantAuditorOverride"}
_ALL = re.compile(r"allErrors := \[\]string\{([^}]*)\}", re.DOTALL)


def cases(checkout: Path) -> Iterator[Case | Unread]:
    """For each file of each auditor every rule of that auditor, and the files that break them all."""
    for auditor in sorted((checkout / FOLDER).iterdir()):
        tests = auditor / ("depreceatedapis_test.go" if auditor.name == "deprecatedapis" else f"{auditor.name}_test.go")
        if auditor.name == "all":
            yield from _all(checkout, tests.read_text())
        else:
            yield from _auditor(auditor, tests.read_text())


def _auditor(auditor: Path, tests: str) -> Iterator[Case]:
    rows = [(file, set(_NAME.findall(listed)) - _ABOUT_EXCUSES) for file, listed in _ROW.findall(tests)]
    seen = set()
    for file, broken in rows:
        for rule in sorted(set().union(*(names for _, names in rows))):
            if (file, rule, rule in broken) not in seen:
                seen.add((file, rule, rule in broken))
                yield Case(rule, f"{auditor.name}/{file}", auditor / "fixtures" / file, rule in broken)


def _all(checkout: Path, tests: str) -> Iterator[Case]:
    listed = _ALL.search(tests)
    folder = checkout / "internal" / "test" / "fixtures" / "all_resources"
    for file in sorted(folder.glob("*.y*ml")):
        for rule in _NAME.findall(listed[1] if listed else ""):
            yield Case(rule, f"all/{file.name}", file, True)
