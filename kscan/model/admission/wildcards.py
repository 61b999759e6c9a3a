"""Names with wildcards, as each engine reads them."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

_SAMPLE = str.maketrans("*?", "0x")


def kyverno_matches(pattern: str, name: str) -> bool:
    """Whether a name meets a pattern of Kyverno's: `*` stands for anything, `?` for one sign, and nothing else does."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def kyverno_matches_any(patterns: Iterable[str], name: str) -> bool:
    """Whether a name meets one of the patterns."""
    return any(kyverno_matches(pattern, name) for pattern in patterns)


def sample(pattern: str) -> str:
    """A name that meets a pattern of Kyverno's, or of Gatekeeper's."""
    return pattern.translate(_SAMPLE)


def gatekeeper_matches(pattern: str, name: str) -> bool:
    """Whether a name meets a pattern of Gatekeeper's: `*` stands for anything at either end, and for itself within."""
    start, end = pattern.startswith("*"), pattern.endswith("*")
    if start and end:
        return pattern.removeprefix("*").removesuffix("*") in name
    if start:
        return name.endswith(pattern[1:])
    return name.startswith(pattern[:-1]) if end else name == pattern


def gatekeeper_matches_any(patterns: Iterable[str], name: str) -> bool:
    """Whether a name meets one of the patterns."""
    return any(gatekeeper_matches(pattern, name) for pattern in patterns)
