"""Levels and versions of the policy, as the labels of a namespace write them."""

import re
from enum import StrEnum

_VERSION = re.compile(r"v1\.(0|[1-9][0-9]{0,8})")


class Level(StrEnum):
    """How much a pod may do, the most lenient first."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """0 for the most lenient."""
        return list(Level).index(self)


def minor_of(version: str, *, latest: int) -> int:
    """The minor version that a label's value means to a server whose newest is `latest`, as a bad value does."""
    found = _VERSION.fullmatch(version)
    return min(int(found[1]), latest) if found else latest
