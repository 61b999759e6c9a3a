"""Compares kscan with what six other tools expect of their own fixtures, check by check.

    python -m tests.make.peers_agreement FOLDER [--verbose]

FOLDER holds checkouts called kube-linter, kubeaudit, polaris, kube-score, checkov and trivy-checks; those that are not
there are left out. Every disagreement has its reason in docs/peers.md: one without, and a reason that is no longer
needed, make the exit code 1.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kscan.checks.peers import Answer, answer, peers
from kscan.errors import KscanError
from tests.make.peers import checkov, kube_linter, kube_score, kubeaudit, polaris, trivy
from tests.make.peers.case import Case, Unread
from tests.make.peers.explained import PAGE, Explanation, explanations
from tests.make.peers.judged import Verdict, judged

TOOLS = {
    "kube-linter": kube_linter.cases,
    "kubeaudit": kubeaudit.cases,
    "polaris": polaris.cases,
    "kube-score": kube_score.cases,
    "checkov": checkov.cases,
    "trivy-checks": trivy.cases,
}
COLUMNS = ("rows", "agree", "explained", "unexplained", "not mapped", "not read")


class Row(NamedTuple):
    """One question that both answer: what a tool says of a fixture, and what kscan says."""

    tool: str
    checks: tuple[str, ...]
    case: Case
    here: Verdict

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return not self.here.undecided and self.here.fails == self.case.fails

    @property
    def there(self) -> str:
        """What the tool says, as a table says it."""
        return "fails" if self.case.fails else "passes"


def asked(cases: Iterable[Case], rows: dict[str, Answer]) -> Iterator[tuple[Case, Answer]]:
    """Each question once: where several rules of a tool ask what one check here asks, any of them may fail."""
    merged: dict[tuple[object, ...], tuple[Case, Answer]] = {}
    for case in cases:
        found = answer(rows, case.check)
        one = case._replace(kind="", name="") if found.whole else case
        key = (found.checks, one.subject)
        if key not in merged:
            merged[key] = one, found
        elif case.fails and not merged[key][0].fails:
            merged[key] = one._replace(fails=True), found
    yield from merged.values()


def compare(tool: str, checkout: Path) -> tuple[list[Row], list[Unread], Counter[str]]:
    """The questions that both answer, what could not be read, and what has no answer here, by its reason."""
    rows = peers()[tool]
    found = list(TOOLS[tool](checkout))
    answers = [(case, answer(rows, case.check)) for case in found if isinstance(case, Case)]
    unmapped = Counter(one.reason for _, one in answers if not one.checks)
    unread = [one for one in found if isinstance(one, Unread) and answer(rows, one.check).checks]
    judgements = []
    for case, one in asked((case for case, one in answers if one.checks), rows):
        try:
            judgements.append(Row(tool, one.checks, case, judged(case, one.checks, bind=one.bind)))
        except KscanError as error:
            unread.append(Unread(case.check, case.subject, str(error)))
    return judgements, unread, unmapped


def main() -> int:
    """Compare, print and say whether all is explained."""
    arguments = argparse.ArgumentParser(description="Compare kscan with what other tools expect of their fixtures.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--verbose", action="store_true", help="print every row that is not compared, and why")
    options = arguments.parse_args()
    reasons = list(explanations(PAGE.read_text())) if PAGE.exists() else []
    used: set[Explanation] = set()
    table: dict[str, list[int]] = {}
    for tool in (name for name in TOOLS if (options.folder / name).is_dir()):
        rows, unread, unmapped = compare(tool, options.folder / tool)
        wrong = [row for row in rows if not row.agrees]
        open_ones = [row for row in wrong if not _explained(row, reasons, used)]
        for row in open_ones:
            print(f"{tool} {row.case.check} {row.case.subject}: {row.there} there, here it {row.here.word}"
                  f" ({', '.join(row.checks)}) {row.here.undecided}")  # fmt: skip
        if options.verbose:
            _print_left_out(tool, unread, unmapped)
        counts = [len(rows), len(rows) - len(wrong), len(wrong) - len(open_ones), len(open_ones)]
        table[tool] = [*counts, sum(unmapped.values()), len(unread)]
    if not table:
        raise SystemExit(f"{options.folder} holds no checkout that is called {', '.join(TOOLS)}")
    stale = [one for one in reasons if one.tool in table and one not in used]
    for one in stale:
        print(f"{PAGE.name}:{one.line}: nothing disagrees as it says of {one.check} {one.fixtures}")
    _print_table(table)
    return 1 if stale or any(counts[3] for counts in table.values()) else 0


def _explained(row: Row, reasons: list[Explanation], used: set[Explanation]) -> bool:
    about = [one for one in reasons
             if one.covers(row.tool, row.case.check, row.case.subject, row.there, row.here.word)]  # fmt: skip
    used.update(about)
    return bool(about)


def _print_left_out(tool: str, unread: list[Unread], unmapped: Counter[str]) -> None:
    for reason, count in unmapped.most_common():
        print(f"{tool}: {count} not mapped: {reason}")
    for one in unread:
        print(f"{tool}: {one.check} {one.fixture} not read: {one.reason}")


def _print_table(table: dict[str, list[int]]) -> None:
    print(f"{'tool':<14}" + "".join(f"{name:>13}" for name in COLUMNS))
    for tool, counts in [*table.items(), ("all", [sum(column) for column in zip(*table.values(), strict=True)])]:
        print(f"{tool:<14}" + "".join(f"{count:>13}" for count in counts))


if __name__ == "__main__":
    sys.exit(main())
