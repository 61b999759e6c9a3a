"""Benchmarks: every control once, older numbers, which one fits a cluster, and every control answered."""

from pathlib import Path

import pytest

from kscan.checks.benchmarks import benchmark_for
from kscan.checks.frameworks import Framework, Span, checks_of, known_framework
from kscan.commands.selected import catalogue
from kscan.judge.controls import with_controls
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.platform import Platform
from kscan.snapshot.folder import load_folder
from kscan.views.platform import PLATFORM
from kscan.views.view import Readings

CLUSTERS = Path(__file__).parent.parent / "fixtures" / "clusters"
CATALOGUE = catalogue()
EVERY = tuple(CATALOGUE.checks.values())


COUNTS = {
    "cis-1.8": 130, "cis-1.9": 130, "cis-1.10": 130, "cis-1.11": 133, "cis-1.12": 131, "cis-2.0": 131,
    "eks-1.8": 50, "gke-1.9": 57, "aks-1.8": 51,
}  # fmt: skip
# How many controls each benchmark calls manual.
MANUAL = {"eks-1.8": 23, "gke-1.9": 20, "aks-1.8": 35, "cis-1.12": 66, "cis-2.0": 66}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_a_benchmark_lists_every_control_once(name, count):
    framework = CATALOGUE.frameworks[name]
    ids = [control.id for control in framework.controls]
    assert len(ids) == len(set(ids)) == count
    assert sum(control.manual for control in framework.controls) == MANUAL.get(name, pytest.approx(66, abs=8))
    listed = {control.id for control in CATALOGUE.frameworks["cis-1.12"].controls}
    same = [other for control in framework.controls for other in control.same]
    assert {other.removeprefix("cis-1.12/") for other in same} <= listed
    assert all(control.title for control in framework.controls)


@pytest.mark.parametrize("name", COUNTS)
def test_no_control_is_left_without_a_way_to_answer_it(name):
    """Each is answered by a check of its own, by the same control of another benchmark, or by what a person looks at."""
    framework = CATALOGUE.frameworks[name]
    own = {control for check in EVERY for control in check.file.controls}
    for control in framework.controls:
        assert control.same or control.look or f"{name}/{control.id}" in own or name == "cis-1.12", control.id


RENUMBERED = [
    ("cis-1.8", "1.2.13", "1.2.12"), ("cis-1.8", "1.2.30", "1.2.29"), ("cis-1.8", "5.7.4", "5.6.4"),
    ("cis-1.9", "1.2.13", "1.2.13"), ("cis-1.10", "5.7.2", "5.6.2"), ("cis-1.10", "5.2.13", "5.2.12"),
    ("cis-1.11", "5.2.10", "5.2.9"), ("cis-1.11", "5.2.9", "5.2.9"), ("cis-1.11", "5.6.1", "5.6.1"),
    ("cis-2.0", "4.2.14", "4.2.14"), ("eks-1.8", "3.2.7", "4.2.8"), ("aks-1.8", "4.1.10", "5.1.11"),
    ("gke-1.9", "4.1.4", "5.1.5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new"), RENUMBERED)
def test_a_control_that_has_another_number(name, old, new):
    (control,) = (one for one in CATALOGUE.frameworks[name].controls if one.id == old)
    assert control.same == (f"cis-1.12/{new}",)


def test_where_an_older_benchmark_asks_for_more_a_later_answer_does_not_count():
    for name in ("cis-1.8", "cis-1.9", "cis-1.10"):
        stricter = [one for one in CATALOGUE.frameworks[name].controls if one.id in ("1.1.20", "4.1.7")]
        assert [(one.same, bool(one.look)) for one in stricter] == [((), True), ((), True)]


@pytest.mark.parametrize(
    ("family", "minor", "name", "why"),
    [
        ("cis", 20, "cis-1.8", "the oldest that kscan has, written for Kubernetes 1.26"),
        ("cis", 26, "cis-1.8", "written for Kubernetes 1.26"),
        ("cis", 27, "cis-1.9", "written for Kubernetes 1.27"),
        ("cis", 28, "cis-1.10", "written for Kubernetes 1.28"),
        ("cis", 29, "cis-1.11", "written for Kubernetes 1.29 to 1.31"),
        ("cis", 31, "cis-1.11", "written for Kubernetes 1.29 to 1.31"),
        ("cis", 33, "cis-1.12", "written for Kubernetes 1.32 to 1.34"),
        ("cis", 34, "cis-2.0", "written for Kubernetes 1.34 to 1.35"),
        ("cis", 36, "cis-2.0", "the newest that kscan has, written for Kubernetes 1.34 to 1.35"),
        ("cis", None, "cis-2.0", "the newest, as the version is not known"),
        ("eks", 35, "eks-1.8", "the newest that kscan has, written for Kubernetes 1.32 to 1.34"),
        ("eks", 30, "eks-1.8", "the oldest that kscan has, written for Kubernetes 1.32 to 1.34"),
        ("gke", 40, "gke-1.9", "written for Kubernetes 1.31 and newer"),
        ("aks", 31, "aks-1.8", "the oldest that kscan has, written for Kubernetes 1.32 and newer"),
    ],
)
def test_the_benchmark_that_fits(family, minor, name, why):
    found = benchmark_for(Platform(family=family), minor, CATALOGUE.frameworks)
    assert (found.name, found.why) == (name, why)
    assert known_framework(found.name, CATALOGUE.frameworks) == name


def test_a_minor_between_two_benchmarks_is_measured_by_the_newest():
    ours = {
        "a-1": Framework("A", (), "a-1", "a", Span(20, 22)),
        "a-2": Framework("A", (), "a-2", "a", Span(25, 26)),
        "b": Framework("B", (), "b", "b", Span(24)),
    }
    assert benchmark_for(Platform(family="a"), 23, ours).name == "a-2"


@pytest.mark.parametrize("folder", ["eks", "gke", "aks"])
def test_the_benchmark_of_a_managed_platform_answers_every_control(folder):
    readings = Readings(load_folder(CLUSTERS / folder))
    name = benchmark_for(readings.of(PLATFORM).value, 33, CATALOGUE.frameworks).name
    framework = CATALOGUE.frameworks[name]
    ids = checks_of(framework, EVERY)
    report = judge(readings, plan([check for check in EVERY if check.id in ids]))
    (answered,) = with_controls(report, [framework], CATALOGUE.checks).frameworks
    by_id = {one.control.id: one for one in answered.answers}
    assert len(by_id) == COUNTS[name]
    assert all(one.status is not Status.MANUAL or one.reason for one in by_id.values())
    (external,) = (i for i, one in by_id.items() if any(r.check.id == "node-with-public-address" for r in one.results))
    assert by_id[external].status is Status.PASS
    # What only the cloud knows is for a person, with the command.
    (logging,) = (one for one in by_id.values() if one.control.id == ("5.5.4" if folder == "gke" else "2.1.1"))
    assert logging.status is Status.MANUAL
    assert any(tool in logging.reason for tool in ("aws eks ", "gcloud container ", "az monitor "))
