"""Frameworks, and the platform whose benchmark fits, as they leave kscan in reports."""

from kscan.checks.benchmarks import Benchmark
from kscan.judge.report import Answered
from kscan.model.platform import Platform
from kscan.report.shape import Shape, word


class ExportedPlatform(Shape, frozen=True):
    """What runs the cluster, by which sign, and what of it the provider keeps to itself; empty where not known."""

    name: str
    title: str
    sign: str
    provider_runs: tuple[str, ...]
    unseen: str


class ExportedBenchmark(Shape, frozen=True):
    """The framework that fits the cluster, and why."""

    name: str
    why: str


class ExportedControl(Shape, frozen=True):
    """One control of a framework, with the checks that decided it."""

    id: str
    title: str
    status: str
    reason: str
    checks: tuple[str, ...]


class ExportedFramework(Shape, frozen=True):
    """A framework that was asked for, every control answered."""

    name: str
    title: str
    controls: tuple[ExportedControl, ...]


def platform(one: Platform) -> ExportedPlatform:
    """The exported one."""
    return ExportedPlatform(
        name=one.name,
        title=one.title,
        sign=one.sign,
        provider_runs=tuple(sorted(one.owned)),
        unseen=one.unseen,
    )


def benchmark(one: Benchmark) -> ExportedBenchmark:
    """The exported benchmark."""
    return ExportedBenchmark(name=one.name, why=one.why)


def framework(one: Answered) -> ExportedFramework:
    """The exported framework, every control answered."""
    controls = (ExportedControl(id=answer.control.id, title=answer.control.title, status=word(answer.status),
                                reason=answer.reason, checks=tuple(result.check.id for result in answer.results))
                for answer in one.answers)  # fmt: skip
    return ExportedFramework(name=one.framework.name, title=one.framework.title, controls=tuple(controls))
