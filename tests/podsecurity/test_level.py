"""The level that a pod meets, and the version that a label means."""

import pytest

from kscan.model.podsecurity.controls import LATEST
from kscan.model.podsecurity.level import Level, minor_of
from kscan.model.podsecurity.standards import meets
from tests.podsecurity.pods import of_pod, pod, secured


@pytest.mark.parametrize(
    ("change", "minor", "level"),
    [
        ({}, LATEST, Level.RESTRICTED),
        (of_pod(runAsNonRoot=None), LATEST, Level.BASELINE),
        ({"hostPID": True}, LATEST, Level.PRIVILEGED),
        (secured(allowPrivilegeEscalation=None), 7, Level.RESTRICTED),
        (secured(allowPrivilegeEscalation=None), 8, Level.BASELINE),
        (secured(procMount="Unmasked") | {"hostUsers": False}, 34, Level.PRIVILEGED),
        (secured(procMount="Unmasked") | {"hostUsers": False}, 35, Level.BASELINE),
    ],
)
def test_the_strictest_level_that_a_pod_meets(change, minor, level):
    assert meets(pod(**change), minor) is level


def test_an_empty_pod_meets_restricted():
    assert meets({}) is Level.RESTRICTED


def test_levels_have_an_order():
    assert sorted(Level, key=lambda level: level.rank) == [Level.PRIVILEGED, Level.BASELINE, Level.RESTRICTED]


@pytest.mark.parametrize(
    ("version", "minor"),
    [("latest", 36), ("v1.0", 0), ("v1.30", 30), ("v1.36", 36), ("v1.99", 36), ("v1.030", 36), ("1.30", 36), ("v2.0", 36),
     ("v1.30.1", 36), ("v1.30\n", 36), ("", 36), ("v1." + "9" * 5000, 36)],
)  # fmt: skip
def test_the_version_that_a_label_means(version, minor):
    assert minor_of(version, latest=36) == minor
