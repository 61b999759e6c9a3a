"""What holds of the Pod Security Standards whatever stands in a pod."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.model.base import without_nulls
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import meets, violations
from tests.podsecurity.cases import MINORS
from tests.podsecurity.pods import APP_ARMOR, SECCOMP, SECCOMP_POD

WORDS = [
    "metadata",
    "annotations",
    "spec",
    "securityContext",
    "containers",
    "initContainers",
    "ephemeralContainers",
    "name",
    "os",
    "windows",
    "hostUsers",
    "hostPID",
    "hostNetwork",
    "volumes",
    "hostPath",
    "nfs",
    "emptyDir",
    "ports",
    "hostPort",
    "privileged",
    "capabilities",
    "add",
    "drop",
    "ALL",
    "NET_RAW",
    "allowPrivilegeEscalation",
    "runAsNonRoot",
    "runAsUser",
    "seccompProfile",
    "appArmorProfile",
    "seLinuxOptions",
    "type",
    "user",
    "role",
    "sysctls",
    "procMount",
    "windowsOptions",
    "hostProcess",
    "livenessProbe",
    "lifecycle",
    "preStop",
    "httpGet",
    "host",
    "restartPolicy",
    "Unconfined",
    "Localhost",
]
NAMES = st.sampled_from([*WORDS, APP_ARMOR + "a", SECCOMP + "a", SECCOMP_POD])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)
CONTEXTS = st.dictionaries(NAMES, VALUES, max_size=4)
CONTAINERS = st.lists(
    VALUES | st.fixed_dictionaries({"securityContext": CONTEXTS}, optional={"ports": VALUES}), max_size=3
)
SPECS = st.fixed_dictionaries(
    {"securityContext": CONTEXTS, "containers": CONTAINERS},
    optional={"volumes": st.lists(VALUES, max_size=3), "hostUsers": st.booleans(), "initContainers": CONTAINERS,
              "os": VALUES | st.just({"name": "windows"})},
)  # fmt: skip
ANNOTATIONS = st.fixed_dictionaries({"annotations": st.dictionaries(NAMES, VALUES, max_size=3)})
PODS = st.dictionaries(NAMES, VALUES, max_size=5) | st.fixed_dictionaries(
    {"metadata": VALUES | ANNOTATIONS, "spec": VALUES | SPECS}
)
VERSIONS = st.sampled_from(MINORS)


@settings(max_examples=200, deadline=None)
@given(PODS, VERSIONS)
def test_no_shape_of_a_pod_makes_it_raise(subject, minor):
    level = meets(subject, minor)
    assert not violations(subject, level, minor)
    assert all(one.reason and one.path for one in violations(subject, Level.RESTRICTED, minor))


@settings(max_examples=120, deadline=None)
@given(PODS, VERSIONS)
def test_nulls_say_nothing(subject, minor):
    for level in Level:
        assert violations(subject, level, minor) == violations(without_nulls(subject), level, minor)


@settings(max_examples=120, deadline=None)
@given(SPECS, VERSIONS)
def test_restricted_forbids_what_baseline_does_except_on_windows(spec, minor):
    subject = {"spec": {key: value for key, value in spec.items() if key != "os"}}
    baseline = {one.control for one in violations(subject, Level.BASELINE, minor)}
    assert baseline <= {one.control for one in violations(subject, Level.RESTRICTED, minor)}
