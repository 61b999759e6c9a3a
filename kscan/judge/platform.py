"""Which platform was judged, and by which benchmark it is measured: what a report says of itself."""

from collections.abc import Mapping

import msgspec

from kscan.checks.benchmarks import Benchmark, benchmark_for
from kscan.checks.frameworks import Framework
from kscan.judge.report import Report
from kscan.model.platform import Platform
from kscan.views.platform import PLATFORM
from kscan.views.server import MINOR
from kscan.views.view import Readings


def with_platform(report: Report, readings: Readings, frameworks: Mapping[str, Framework]) -> Report:
    """The report with the platform and the benchmark that fits it; manifests have neither."""
    if report.about.manifests:
        return report
    benchmark = benchmark_of(readings, frameworks)
    return msgspec.structs.replace(report, platform=readings.of(PLATFORM).value, benchmark=benchmark)


def benchmark_of(readings: Readings, frameworks: Mapping[str, Framework]) -> Benchmark:
    """The benchmark that fits the cluster, or what manifests are for: the newest."""
    platform = Platform() if readings.snapshot.about.manifests else readings.of(PLATFORM).value
    return benchmark_for(platform, readings.of(MINOR).value, frameworks)
