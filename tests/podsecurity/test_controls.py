"""Each control of the Pod Security Standards with its near misses, at every version."""

import pytest

from kscan.model.podsecurity.controls import CONTROLS
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import Violation, violations
from tests.podsecurity.cases import CASES, MINORS
from tests.podsecurity.pods import APP_ARMOR, adding, of_pod, pod, secured, volume

FIELDS = ("containers", "initContainers", "ephemeralContainers")
PLACED = [
    (control, change | ({"field": field} if field != "containers" else {}), baseline, restricted)
    for control, change, baseline, restricted in CASES
    for field in (FIELDS if "container" in change else FIELDS[:1])
]


@pytest.mark.parametrize(("control", "change", "baseline", "restricted"), PLACED)
def test_a_control_holds_where_it_should_and_nothing_else_does(control, change, baseline, restricted):
    subject = pod(**change)
    for minor in MINORS:
        for level, versions in ((Level.BASELINE, baseline), (Level.RESTRICTED, restricted)):
            found = {one.control for one in violations(subject, level, minor)}
            assert found == ({control} if minor in versions else set()), f"{level} v1.{minor}"
        assert violations(subject, Level.PRIVILEGED, minor) == ()


def test_every_control_has_cases_for_and_against_it():
    broken = {control for control, _, baseline, restricted in CASES if baseline or restricted}
    kept = {control for control, _, baseline, restricted in CASES if not baseline and not restricted}
    assert broken == {control.id for control in CONTROLS}
    # What asks for something at restricted has its near misses in versions and in the pods that the others start from.
    assert kept == broken - {"run-as-non-root", "privilege-escalation"}


def test_every_change_of_a_rule_is_in_a_case():
    switches = {
        (control, bound)
        for control, _, baseline, restricted in CASES
        for versions in (baseline, restricted)
        for bound in (versions.start, versions.stop)
        if bound not in (0, MINORS.stop)
    }
    assert switches == {
        (control.id, minor) for control in CONTROLS for minor in {*control.baseline, *control.restricted} - {0}
    }


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"hostPID": True, "hostIPC": True}, ["spec.hostPID", "spec.hostIPC"]),
        (secured(privileged=True), ["spec.containers[app].securityContext.privileged"]),
        (secured(runAsNonRoot=False), ["spec.containers[app].securityContext.runAsNonRoot"]),
        (of_pod(runAsNonRoot=False), ["spec.securityContext.runAsNonRoot"]),
        (of_pod(seccompProfile={}) | secured(seccompProfile={"type": "x"}),
         ["spec.containers[app].securityContext.seccompProfile.type"]),
        (of_pod(runAsNonRoot=None) | secured(runAsNonRoot="true"),
         ["spec.containers[first].securityContext.runAsNonRoot", "spec.containers[app].securityContext.runAsNonRoot"]),
        (volume(nfs={}), ["spec.volumes[data].nfs"]),
        ({"container": {"ports": [{}, {"hostPort": 9}]}}, ["spec.containers[app].ports[1].hostPort"]),
        ({"annotations": {APP_ARMOR + "app": "x"}}, [f"metadata.annotations[{APP_ARMOR}app]"]),
        ({"container": {"lifecycle": {"preStop": {"httpGet": {"host": "x"}}}}},
         ["spec.containers[app].lifecycle.preStop.httpGet.host"]),
    ],
)  # fmt: skip
def test_a_violation_names_its_field(change, paths):
    assert [one.path for one in violations(pod(**change), Level.RESTRICTED)] == paths


def test_a_violation_says_what_is_wrong():
    wanted = Violation(
        "capabilities", "adds CHOWN, NET_RAW", "spec.containers[app].securityContext.capabilities.add", "app"
    )
    assert violations(pod(**adding("NET_RAW", "CHOWN")), Level.RESTRICTED) == (wanted,)
