"""The benchmark that fits a cluster: of its platform's family, the one written for its Kubernetes version."""

from collections.abc import Mapping

import msgspec

from kscan.checks.frameworks import Framework
from kscan.model.platform import Platform


class Benchmark(msgspec.Struct, frozen=True):
    """A framework by its name, and why this one; without a name where nothing was asked for it."""

    name: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name}, {self.why}"


def benchmark_for(platform: Platform, minor: int | None, frameworks: Mapping[str, Framework]) -> Benchmark:
    """The newest benchmark that is written for the version; for newer ones the newest, for older ones the oldest."""
    found = ((one.kubernetes, name) for name, one in frameworks.items() if one.family == platform.family)
    family = sorted(((span, name) for span, name in found if span), key=lambda pair: pair[0].first)
    (oldest, first), (newest, last) = family[0], family[-1]
    if minor is None:
        return Benchmark(last, "the newest, as the version is not known")
    for span, name in reversed(family):
        if span.first <= minor and (minor <= span.last or not span.last):
            return Benchmark(name, f"written for {span}")
    if minor < oldest.first:
        return Benchmark(first, f"the oldest that kscan has, written for {oldest}")
    return Benchmark(last, f"the newest that kscan has, written for {newest}")
