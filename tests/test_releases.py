"""Releases and the dated lists beside them: which faults a version has, and that the lists are what they say."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.checks.check import Severity
from kscan.model.releases import Fault, Release, release
from kscan.views.lifecycle import minors, retired_apis
from kscan.views.lifecycle import shipped_faults as faults

SPANS = [(fault, *span.split("..")) for fault in faults().faults for span in fault.affected]
COMPONENTS = {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"}


@pytest.mark.parametrize(
    ("text", "wanted", "mended", "preview"),
    [
        ("v1.36.3", (1, 36, 3), False, False),
        ("1.36.3", (1, 36, 3), False, False),
        ("v1.35.1+k3s1", (1, 35, 1), False, False),
        ("v1.35.1+rke2r1", (1, 35, 1), False, False),
        ("v1.31.9-eks-5d4a308", (1, 31, 9), True, False),
        ("v1.33.3-gke.1001", (1, 33, 3), True, False),
        ("v1.28.3+20a5764", (1, 28, 3), True, False),
        ("v1.37.0-rc.1", (1, 37, 0), False, True),
        ("v1.37.0-alpha.1.12+0123456789abcd", (1, 37, 0), False, True),
    ],
)
def test_versions_as_they_are_told(text, wanted, mended, preview):
    found = release(text)
    assert (found.number, found.may_be_mended, found.preview) == (wanted, mended, preview)
    assert str(found) == text.removeprefix("v")


@pytest.mark.parametrize("text", ["", "custom", "v1", "v1.36", "latest", "v1.36.3 dirty", "sha256:0123", "v1.36.x"])
def test_what_is_no_version(text):
    assert release(text) is None


RELEASES = st.builds(Release, st.just(1), st.integers(0, 60), st.integers(0, 40))


@given(RELEASES, RELEASES, RELEASES)
def test_a_span_holds_its_first_and_not_its_last(first, last, found):
    fault = Fault("CVE", ("kubelet",), "low", "", (f"{first}..{last}",), 1)
    assert bool(fault.mended_in(found)) == (first.number <= found.number < last.number)


@given(RELEASES, st.sampled_from(faults().faults))
def test_what_mends_a_fault_has_it_no_more(found, fault):
    mended = fault.mended_in(found)
    assert not mended or (release(mended).number > found.number and not fault.mended_in(release(mended)))


def test_spans_are_in_order_and_apart():
    for fault in faults().faults:
        ends = (0, 0, 0)
        for span in fault.affected:
            first, _, last = span.partition("..")
            begin = release(first).number if first else (0, 0, 0)
            assert ends <= begin < release(last).number, (fault.id, span)
            # After the first, each span stands in the minor that its end mends, or reaches over minors that nobody mended.
            ends = release(last).number


@pytest.mark.parametrize("fault", faults().faults, ids=lambda one: one.id)
def test_faults_are_told_whole(fault):
    assert re.fullmatch(r"CVE-20\d\d-\d{4,7}", fault.id)
    assert set(fault.components) <= COMPONENTS and fault.components and fault.affected
    assert Severity(fault.severity)
    assert fault.summary and not fault.summary.endswith(".") and not fault.where.endswith(".")


def test_each_fault_stands_there_once():
    ids = [one.id for one in faults().faults]
    assert len(ids) == len(set(ids))
    assert all(int(one.split("-")[1]) <= faults().as_of.year for one in ids)


def test_minors_follow_each_other():
    known = minors().minors
    numbers = [int(one.minor.split(".")[1]) for one in known]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    for before, after in itertools.pairwise(known):
        assert before.released < after.released and before.ends < after.ends
        # A minor is mended for a year and two months, give or take.
        assert 11 * 30 < (after.ends - after.released).days < 18 * 30
    assert known[-1].released <= minors().as_of


def test_retired_versions_are_of_kinds_and_went_after_they_were_deprecated():
    pairs = [(one.version, kind) for one in retired_apis().apis for kind in one.kinds]
    assert len(pairs) == len(set(pairs)) == len(retired_apis().by_kind())
    for one in retired_apis().apis:
        assert re.fullmatch(r"[\w.]+/v\d(?:(?:alpha|beta)\d)?", one.version)
        if one.deprecated:
            assert int(one.deprecated.split(".")[1]) < int(one.removed.split(".")[1])
