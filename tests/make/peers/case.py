"""A case: one fixture of another tool, one of its checks, and what it says."""

from pathlib import Path
from typing import Any, NamedTuple

Documents = tuple[dict[str, Any], ...]


class Case(NamedTuple):
    """What a tool says of a fixture, or of one object in it."""

    check: str
    fixture: str
    source: Path | Documents
    fails: bool
    kind: str = ""
    name: str = ""

    @property
    def subject(self) -> str:
        """What people call it: the fixture, and the object where only that is meant."""
        return f"{self.fixture}#{self.kind}/{self.name}" if self.name else self.fixture


class Unread(NamedTuple):
    """A fixture, or one of its verdicts, that cannot be read exactly, and why."""

    check: str
    fixture: str
    reason: str
