"""The benchmark that fits a cluster: of its platform's family, the one written for its Kubernetes version."""

from collections.abc import Mapping

import msgspec

from kscan.checks.frameworks import Framework
from kscan.model.platform import Platform


class Benchmark(msgspec.Struct, frozen=True):
    """A framework by its name, and why this one."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}, {self.why}"


def benchmark_for(platform: Platform, minor: int | None, frameworks: Mapping[str, Framework]) -> Benchmark:
    """The newest benchmark that is written for the version; for newer ones the newest, for older ones the oldest."""
    family = sorted((span.first, name) for name, one in frameworks.items()
                    if one.family == platform.family and (span := one.kubernetes))  # fmt: skip
    newest, oldest = family[-1][1], family[0][1]
    if minor is None:
        return Benchmark(newest, "the newest, as the version is not known")
    for first, name in reversed(family):
        last = _span(frameworks, name).last
        if first <= minor and (minor <= last or not last):
            return Benchmark(name, f"written for {_span(frameworks, name)}")
    chosen, word = (newest, "newest") if minor > family[-1][0] else (oldest, "oldest")
    return Benchmark(chosen, f"the {word} that kscan has, written for {_span(frameworks, chosen)}")
