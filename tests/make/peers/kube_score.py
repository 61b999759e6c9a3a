"""kube-score: testExpectedScore(t, "file.yaml", "Check Name", scorecard.GradeX) in its Go tests.

A critical grade or a warning is a failure; 0 says that the check did not run.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.make.peers.case import Case, Unread

_FAILS = {"GradeCritical": True, "GradeWarning": True, "GradeAllOK": False, "GradeAlmostOK": False}
_CALL = re.compile(r'testExpectedScore\(t, ("[^)]*?"), "([^"]+)", (?:scorecard\.)?(\w+)\)')
_WITH = re.compile(
    r'testExpectedScoreWithConfig\(t,\s*\[\]ks\.NamedReader\{testFile\("([^"]+)"\)\},(.*?)"([A-Z][^"]+)",\s*'
    r"scorecard\.(\w+),?\s*\)",
    re.DOTALL,
)
_EVERY = re.compile(r"for _, v := range \[\]string\{([^}]*)\}")
_OTHER = re.compile(r"Ignore\w+:\s*true|KubernetesVersion: config\.Semver\{[^}]*\}|MinReplicas\w+|Semver")


def cases(checkout: Path) -> Iterator[Case | Unread]:
    """Each call of the tests."""
    folder = checkout / "score" / "testdata"
    for tests in sorted((checkout / "score").glob("*_test.go")):
        text = tests.read_text()
        for name, check, grade in _CALL.findall(text):
            for file in _files(name, text):
                yield _case(folder / file, check, grade)
        for file, options, check, grade in _WITH.findall(text):
            other = _OTHER.search(options)
            yield (
                Unread(check, file, f"under other settings: {other[0]}")
                if other
                else _case(folder / file, check, grade)
            )


def _files(name: str, text: str) -> list[str]:
    """The names that an expression stands for: some are made of versions that a loop goes through."""
    if "+v+" not in name:
        return [name.strip('"')]
    versions = sorted({one.strip(' "') for listed in _EVERY.findall(text) for one in listed.split(",")})
    return [name.replace('"+v+"', version).strip('"') for version in versions]


def _case(file: Path, check: str, grade: str) -> Case | Unread:
    if grade not in _FAILS:
        return Unread(check, file.name, "the check does not run on it there")
    return Case(check, file.name, file, _FAILS[grade])
