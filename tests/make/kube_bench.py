"""Compares the verdicts of kscan and kube-bench on one cluster, control by control, as the table of docs/kube-bench.md.

    kube-bench run --benchmark cis-1.12 --json > bench.json                    # on the node
    kscan scan --framework cis-1.12 --node-results DIR --format json > kscan.json
    python -m tests.make.kube_bench bench.json kscan.json

Each difference has its reason in kube_bench.yaml, by the control's id. One without a reason, and a reason that is no
longer needed, make the exit code 1.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

REASONS = Path(__file__).with_name("kube_bench.yaml")
# What kube-bench's words mean for a control that it really tests: it warns where one that is not scored fails.
_TESTED = {"PASS": "pass", "FAIL": "fail", "WARN": "fail", "INFO": "not run"}


class Row(NamedTuple):
    """One control with both verdicts."""

    id: str
    there: str
    here: str
    checks: str

    @property
    def kind(self) -> str:
        """Whether both say the same, and if not, who leaves it open."""
        if self.there == self.here:
            return "same"
        if self.there == "left to people":
            return "only here" if self.here in ("pass", "fail", "not-applicable") else "both open"
        return "differ"


def rows(bench: dict[str, Any], report: dict[str, Any]) -> Iterator[Row]:
    """Every control of the benchmark, in kscan's order."""
    theirs = {str(one["test_number"]): _verdict(one)
              for part in bench["Controls"] for group in part["tests"] for one in group["results"]}  # fmt: skip
    for control in report["frameworks"][0]["controls"]:
        yield Row(control["id"], theirs.get(control["id"], "no such control"), control["status"],
                  ", ".join(control["checks"]))  # fmt: skip


def _verdict(one: dict[str, Any]) -> str:
    """kube-bench warns of what it does not test at all, too: then it is left to people."""
    if one["status"] == "WARN" and (one.get("type") == "manual" or not one.get("expected_result")):
        return "left to people"
    return _TESTED.get(one["status"], one["status"])


def table(found: list[Row], reasons: dict[str, str]) -> Iterator[str]:
    """The counts, then every control where the two differ."""
    counts = Counter((row.there, row.here) for row in found)
    yield "| kube-bench | kscan | controls |\n|---|---|---:|"
    yield from (f"| {there} | {here} | {count} |" for (there, here), count in sorted(counts.items()))
    yield "\n| control | kube-bench | kscan | by | why they differ |\n|---|---|---|---|---|"
    for row in found:
        if row.kind == "differ":
            why = " ".join(reasons.get(row.id, "**no reason**").split())
            yield f"| {row.id} | {row.there} | {row.here} | {row.checks} | {why} |"


def main() -> int:
    """Print the table; 1 where a reason is missing or needless."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("report", type=Path)
    asked = parser.parse_args()
    reasons = yaml.safe_load(REASONS.read_text()) or {}
    found = list(rows(json.loads(asked.bench.read_text()), json.loads(asked.report.read_text())))
    print("\n".join(table(found, reasons)))
    differ = {row.id for row in found if row.kind == "differ"}
    open_here = [row.id for row in found if row.here == "unknown"]
    for problem, ids in (("without a reason", differ - reasons.keys()), ("needless reason", reasons.keys() - differ),
                         ("unknown here", open_here)):  # fmt: skip
        if ids:
            print(f"{problem}: {', '.join(sorted(ids))}", file=sys.stderr)
    return 1 if differ ^ reasons.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
