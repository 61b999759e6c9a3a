"""The failures that a user can mend, each with the advice that mends it.

KscanError
 ├─ ConfigError      an option, an environment variable or kscan.yaml
 ├─ CheckError       a check, framework or template file
 ├─ ConnectError     the way to the API server
 ├─ SnapshotError    a saved snapshot or a folder of manifests
 └─ OutputError      a file that could not be written
"""

import difflib
from collections.abc import Iterable


class KscanError(Exception):
    """What went wrong, and what to do about it: one line for a person."""

    exit_code = 2

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}: {self.advice}" if self.advice else self.message


class ConfigError(KscanError):
    """An option, an environment variable or a key of kscan.yaml is wrong."""


class CheckError(KscanError):
    """A check, framework or template file is wrong."""


class ConnectError(KscanError):
    """The API server cannot be reached or does not know who we are."""


class SnapshotError(KscanError):
    """A file is not a snapshot, or not a whole one."""


class OutputError(KscanError):
    """A report or snapshot could not be written."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Advice that names the closest known word, or the place where all are listed."""
    names = {name.lower(): name for name in known}
    begun = sorted(name for name in names if name.startswith(f"{word.lower()}-"))
    close = begun[:3] or difflib.get_close_matches(word.lower(), list(names), n=1, cutoff=0.6)
    return f"did you mean {' or '.join(names[one] for one in close)}?" if close else ""
