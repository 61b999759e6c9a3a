"""Writes docs/coverage.md and docs/not-checked.md from coverage.yaml: python -m tests.make.coverage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kscan.checks.peers import Answer, peers

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).parent / "coverage.yaml"
EVERYBODY = "everybody"

_COVERAGE = """\
# What is checked

What linters and scanners of Kubernetes objects check, and which check answers it here. `kscan checks show NAME` tells
more of each. What is left out stands in [not-checked.md](not-checked.md), with the reason. The list is made by
`python -m tests.make.coverage`.

The first tables have one row for each thing that kube-linter, kubeaudit, kubesec, Polaris, Popeye, kube-score,
Terrascan and the Pod Security Standards check, whatever they call it; those after them go by the ids of one tool. Of
Kubescape and Prowler they are those of workloads and of the objects around them. An asterisk stands for whatever follows.
"""
_NOT_CHECKED = """\
# What is not checked

What others check and kscan does not, and why. The list is made by `python -m tests.make.coverage`; what is checked
stands in [coverage.md](coverage.md).
"""


def mapping() -> dict[str, dict[str, Any]]:
    """By table: what is checked, and the checks or the reason."""
    content = own()
    tools = {name: rows for name, rows in content.items() if name != EVERYBODY}
    known = {name: {check: _value(one) for check, one in rows.items()} for name, rows in peers().items()}
    return content[EVERYBODY] | tools | known


def own() -> dict[str, Any]:
    """What is written for these pages alone."""
    content: dict[str, Any] = yaml.safe_load(SOURCE.read_text())
    return content


def _value(answer: Answer) -> list[str] | str:
    return list(answer.checks) or f"{answer.reason[:1].upper()}{answer.reason[1:]}."


def coverage() -> str:
    """The page of what is checked."""
    return _COVERAGE + "".join(_table(name, list(_rows(rows, list)), "check") for name, rows in mapping().items())


def not_checked() -> str:
    """The page of what is not, with the reasons."""
    tables = ((name, list(_rows(rows, str))) for name, rows in mapping().items())
    return _NOT_CHECKED + "".join(_table(name, rows, "why not") for name, rows in tables if rows)


def _rows(rows: dict[str, Any], wanted: type) -> Iterator[tuple[str, str]]:
    for key, value in rows.items():
        if isinstance(value, wanted):
            yield key, ", ".join(f"`{check}`" for check in value) if isinstance(value, list) else value


def _table(name: str, rows: list[tuple[str, str]], heading: str) -> str:
    lines = "".join(f"| {key} | {words} |\n" for key, words in rows)
    return f"\n## {name}\n\n| what | {heading} |\n|---|---|\n{lines}"


if __name__ == "__main__":
    (ROOT / "docs" / "coverage.md").write_text(coverage())
    (ROOT / "docs" / "not-checked.md").write_text(not_checked())
