"""Changes each CEL check in every small way, and prints the changes that none of its examples notices.

    python -m tests.make.mutants [CHECK…]

A mutant is caught where an example no longer comes to what it says, exactly as `kscan checks test` judges it. One that
does not compile is nobody's fault. What is left either wants an example, or stands in mutants.yaml with the reason why
no example can tell it from the original; a reason for a mutant that is caught or gone is told too. Exit code 1 if so.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml

from kscan import data
from kscan.checks.check import Check, by_id, read_checks
from kscan.checks.examples import examples
from kscan.errors import CheckError
from kscan.judge.farm import Case, case, wrong
from kscan.judge.plan import plan
from tests.make.cel_mutants import Mutant, mutants

REASONS = Path(__file__).with_name("mutants.yaml")


class Survey(NamedTuple):
    """What became of the mutants of one check."""

    check: str
    made: int
    stillborn: int
    excused: int
    survivors: tuple[str, ...]
    needless: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """What is to be mended, one line each."""
        return [*self.survivors, *(f"has a reason, but is caught or gone: {words}" for words in self.needless)]


def reasons() -> dict[str, dict[str, str]]:
    """Why nothing can notice some mutants, by check and by the words of the mutant."""
    return yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {}


def survey(check: Check, excused: dict[str, str]) -> Survey:
    """Try every mutant of a check on its examples."""
    cases = [case(example) for example in examples(check)]
    fates = {mutant.words: fate(check, mutant, cases) for mutant in mutants(check.file.cel, check.file.params)}
    alive = [words for words, one in fates.items() if one == "alive"]
    return Survey(
        check.id,
        len(fates),
        sum(one == "stillborn" for one in fates.values()),
        sum(words in excused for words in alive),
        tuple(words for words in alive if words not in excused),
        tuple(words for words in excused if words not in alive),
    )


def fate(check: Check, mutant: Mutant, cases: list[Case]) -> str:
    """Whether a mutant is caught, alive, or stillborn: no expression at all."""
    # The words of a finding are no part of the verdict, and cost time.
    changed = {"cel": mutant.expression, "params": mutant.params, "message": "m", "message_expression": ""}
    try:
        ready = plan([msgspec.structs.replace(check, file=msgspec.structs.replace(check.file, **changed))])
    except CheckError:
        return "stillborn"
    for place, one in enumerate(cases):
        if wrong(ready, one):
            # What caught this one is likely to catch the next.
            cases.insert(0, cases.pop(place))
            return "caught"
    return "alive"


def surveys(checks: dict[str, Check]) -> Iterator[Survey]:
    """The mutants of every check with an expression."""
    known = reasons()
    for check in checks.values():
        if check.file.cel:
            yield survey(check, known.get(check.id, {}))


def main() -> int:
    """Print what is left, check by check, and whether it is nothing."""
    arguments = argparse.ArgumentParser(description="Print the changes of CEL checks that no example notices.")
    arguments.add_argument("checks", nargs="*", metavar="CHECK")
    chosen = arguments.parse_args().checks
    every = by_id(read_checks(data.folder("checks")))
    start, found = time.monotonic(), []
    for one in surveys({name: every[name] for name in chosen} if chosen else every):
        found.append(one)
        print(f"{one.check}: {one.made} mutants, {one.stillborn} do not compile, {one.excused} with a reason, "
              f"{len(one.survivors)} survive", flush=True)  # fmt: skip
        for problem in one.problems:
            print(f"  {problem}")
    made, left = sum(one.made for one in found), sum(len(one.survivors) for one in found)
    caught = made - left - sum(one.stillborn + one.excused for one in found)
    print(f"{len(found)} checks, {made} mutants: {caught} caught, {sum(one.stillborn for one in found)} do not compile, "
          f"{sum(one.excused for one in found)} with a reason, {left} survive; {time.monotonic() - start:.0f} s")  # fmt: skip
    return 1 if any(one.problems for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
