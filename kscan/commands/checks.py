"""`kscan checks list|show|test`."""

import sys
from pathlib import Path

import yaml

from kscan.checks.check import Check, by_id, read_checks
from kscan.checks.examples import examples
from kscan.checks.selection import known_check
from kscan.commands.output import print_bytes
from kscan.commands.selected import Catalogue
from kscan.report.text import clean


def listed(checks: tuple[Check, ...]) -> None:
    """One line a check."""
    width = max(len(check.id) for check in checks)
    lines = (f"{check.id:<{width}}  {check.file.severity:<8}  {clean(check.file.title)}\n" for check in checks)
    print_bytes("".join(lines).encode())


def shown(found: Catalogue, name: str) -> None:
    """A check in full: its words, its mapping, its logic and its examples."""
    check = found.checks[known_check(name, found.checks)]
    file = check.file
    logic = f"{file.cel}\n(CEL, for each {file.target})" if file.cel else f"rule {file.rule} {file.params or ''}"
    patch = yaml.safe_dump(file.fix.patch, default_flow_style=False) if file.fix.patch else ""
    for_pod = yaml.safe_dump(file.fix.pod_patch, default_flow_style=False) if file.fix.pod_patch else ""
    notes = (
        f"or for the whole pod\n{for_pod}" if for_pod else "",
        f"where {file.fix.when}" if file.fix.when else "",
        f"may break: {file.fix.breaks}" if file.fix.breaks else "",
    )
    parts = [
        f"{check.id}\n{file.title}\n\nseverity {file.severity}, layer {file.layer}",
        "controls: " + ", ".join(file.controls) if file.controls else "",
        f"Why\n{_indented(file.why)}",
        f"Fix\n{_indented(file.fix.text)}" + "".join(f"\n{_indented(part)}" for part in (patch, *notes) if part),
        f"How it is decided\n{_indented(logic)}",
        *(f"Example, {one.expected}: {one.name}\n{_indented(one.text)}" for one in examples(check)),
    ]
    print_bytes(("\n\n".join(part for part in parts if part) + "\n").encode())


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.strip().splitlines())


def tested(folders: list[Path], shipped: Catalogue) -> int:
    """Run the examples of the checks in these folders, or of the shipped ones."""
    from kscan.judge.farm import run_examples  # noqa: PLC0415 - the farm is for this command alone

    checks = by_id(check for folder in folders for check in read_checks(folder)) if folders else shipped.checks
    outcomes = list(run_examples(tuple(checks.values())))
    failed = [outcome for outcome in outcomes if not outcome.ok]
    for outcome in failed:
        print(clean(str(outcome)))
    print(f"{len(checks)} checks, {len(outcomes)} examples and properties, {len(failed)} failed", file=sys.stderr)
    return 1 if failed else 0
