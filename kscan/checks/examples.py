"""The examples of a check as documents."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from kscan.checks.check import Check
from kscan.documents import documents
from kscan.errors import CheckError

Expected = Literal["fail", "pass", "misses", "unknown", "manual", "not applicable"]


class Example(msgspec.Struct, frozen=True):
    """One example: what it shows, what is expected, and its documents."""

    check: Check
    expected: Expected
    name: str
    text: str

    def documents(self) -> list[dict[str, Any]]:
        """Its documents; an example that is not YAML is an error of its check."""
        found = list(documents(self.text, f"check {self.check.id}: example {self.name!r}", CheckError))
        if not all(isinstance(one, dict) for one in found):
            raise CheckError(f"check {self.check.id}: example {self.name!r} is not a list of objects")
        return found


def examples(check: Check) -> Iterator[Example]:
    """Every example of a check."""
    kinds: tuple[tuple[Expected, dict[str, str]], ...] = (
        ("fail", check.file.examples.fail),
        ("pass", check.file.examples.pass_),
        ("misses", check.file.examples.misses),
        ("unknown", check.file.examples.unknown),
        ("manual", check.file.examples.manual),
        ("not applicable", check.file.examples.not_applicable),
    )
    for expected, texts in kinds:
        for name, text in texts.items():
            yield Example(check, expected, name, text)
