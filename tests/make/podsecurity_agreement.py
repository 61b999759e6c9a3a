"""Compares kscan's Pod Security Standards with the test data of Kubernetes' own, level by level and version by version.

    python tests/make/podsecurity_agreement.py FOLDER

FOLDER is a checkout of kubernetes/pod-security-admission, or the unpacked zip file of the Go module
k8s.io/pod-security-admission. A pod that passes there has no violation here, and one that fails has a violation of the
control that it was made for. Anything else is printed, and makes the exit code 1.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import violations

# The controls by the names of the files, less their numbers.
CONTROLS = {
    "allowprivilegeescalation": "privilege-escalation",
    "apparmorprofile": "app-armor",
    "capabilities_baseline": "capabilities",
    "capabilities_restricted": "capabilities",
    "hostnamespaces": "host-namespaces",
    "hostpathvolumes": "volumes",
    "hostports": "host-ports",
    "hostprobesandhostlifecycle": "hook-hosts",
    "privileged": "privileged",
    "procmount": "proc-mount",
    "procmount_restricted": "proc-mount",
    "restrictedvolumes": "volumes",
    "runasnonroot": "run-as-non-root",
    "runasuser": "run-as-user",
    "seccompprofile_baseline": "seccomp",
    "seccompprofile_restricted": "seccomp",
    "selinuxoptions": "selinux",
    "sysctls": "sysctls",
    "windowshostprocess": "host-process",
}


class Case(NamedTuple):
    """One file and what its place says of it."""

    path: Path
    level: Level
    minor: int
    passes: bool


def cases(folder: Path) -> Iterator[Case]:
    """Every pod of the test data: LEVEL/v1.N/pass or fail/NAME.yaml."""
    for path in sorted(folder.rglob("testdata/*/v1.*/*/*.yaml")):
        verdict, version, level = (parent.name for parent in list(path.parents)[:3])
        yield Case(path, Level(level), int(version.removeprefix("v1.")), verdict == "pass")


def disagreement(case: Case) -> str:
    """What is wrong with our answer, if anything is."""
    pod = yaml.load(case.path.read_bytes(), yaml.CSafeLoader)
    found = {one.control for one in violations(pod, case.level, case.minor)}
    if case.passes:
        return f"passes there, here it violates {', '.join(sorted(found))}" if found else ""
    wanted = CONTROLS[case.path.stem.rstrip("0123456789")]
    if wanted in found:
        return ""
    return f"fails {wanted} there, here {', '.join(sorted(found)) or 'nothing'}"


def main() -> int:
    """Compare, print and say whether all agree."""
    arguments = argparse.ArgumentParser(description="Compare the Pod Security Standards with Kubernetes' test data.")
    arguments.add_argument("folder", type=Path)
    agreed: dict[tuple[Level, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for case in cases(arguments.parse_args().folder):
        wrong = disagreement(case)
        agreed[case.level, case.minor][2 if wrong else 0 if case.passes else 1] += 1
        if wrong:
            print(f"{case.path}: {wrong}")
    print(f"{'level':<12}{'version':<9}{'pass':>6}{'fail':>6}{'differ':>8}")
    for (level, minor), counts in sorted(agreed.items()):
        print(f"{level:<12}{f'v1.{minor}':<9}{counts[0]:>6}{counts[1]:>6}{counts[2]:>8}")
    totals = [sum(column) for column in zip(*agreed.values(), strict=True)]
    if not totals:
        raise SystemExit("no test data in that folder")
    print(f"{'all':<21}{totals[0]:>6}{totals[1]:>6}{totals[2]:>8}")
    return 1 if totals[2] else 0


if __name__ == "__main__":
    sys.exit(main())
