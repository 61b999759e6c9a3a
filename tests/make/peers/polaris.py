"""Polaris: test/checks/CHECK/success….yaml and failure….yaml; what the fixer writes is named mutated…"""

from collections.abc import Iterator
from pathlib import Path

from tests.make.peers.case import Case, Unread


def cases(checkout: Path) -> Iterator[Case | Unread]:
    """Each file by its name; one that the fixer has written passes what it was written for."""
    for file in sorted((checkout / "test" / "checks").glob("*/*.yaml")):
        if file.name != "check.yaml":
            yield Case(file.parent.name, f"{file.parent.name}/{file.name}", file, file.name.startswith("failure"))
