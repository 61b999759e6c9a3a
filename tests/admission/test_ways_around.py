"""Ways around a policy: what its texts name, and what a maker of pods may put beside it."""

import pytest

from kscan.model.admission.cases import OTHER_WORDS, Case, Edit
from kscan.model.admission.guards import Answer
from kscan.model.admission.probes import EVERY
from kscan.model.admission.reading import OF_SPEC, unseen_by
from kscan.model.cel.paths import read
from tests.admission.asking import FLAGS, NO_PRIVILEGE, PODS, SHOP, outcome, posture, trial

TRUE = [{"name": "ex", "expression": "true"}]


@pytest.mark.parametrize(
    "named", ["variables . ex", "variables.?ex.orValue(false)", "variables. // why\nex", "[variables].all(v, v.ex)"]
)
def test_variables_are_followed_however_they_are_named(named):
    assert outcome(f"{NO_PRIVILEGE} || {named}", variables=TRUE) == outcome("true")


def test_what_looks_at_variables_looks_at_what_they_hold():
    skip = [{"name": "meta", "expression": "object.metadata"}, {"name": "who", "expression": "request.userInfo"},
            {"name": "groups", "expression": "request.userInfo.groups"}]  # fmt: skip
    label = trial(f"{NO_PRIVILEGE} || variables.meta.?labels.skip.orValue('') == 'yes'", variables=skip).dims("shop")
    assert "with the label skip=yes" in [one.words for one in label.edits]
    for groups in ("variables.groups", "variables.who.groups"):
        assert trial(f"{NO_PRIVILEGE} || 'admins' in {groups}", variables=skip).dims("shop").who_else


@pytest.mark.parametrize("group", ["capabilities", "path", "spec", "v1", "CREATE"])
def test_groups_named_like_fields_are_groups(group):
    assert trial(f"{NO_PRIVILEGE} || '{group}' in request.userInfo.groups").dims("shop").who_else


def test_what_the_request_is_said_to_be_is_nobody():
    one = "request.operation in ['CREATE', 'UPDATE'] && 'system:masters' in request.userInfo.groups"
    assert trial(f"{NO_PRIVILEGE} || {one}").dims("shop").who_else == ""


def test_a_label_may_be_called_like_a_field():
    found = trial(f"{NO_PRIVILEGE} || object.metadata.?labels.tier.orValue('') == 'path'").dims("shop")
    assert "with the label tier=path" in [one.words for one in found.edits]


@pytest.mark.parametrize(("kind", "failure", "answer"), [
    (None, "Ignore", Answer.REFUSED),
    ({"apiVersion": "v1", "kind": "ConfigMap"}, "Ignore", Answer.REFUSED),
    ({"apiVersion": "v1", "kind": "Nope"}, "Ignore", Answer.UNKNOWN),
    # Where there is no such kind everything is refused.
    ({"apiVersion": "v1", "kind": "Nope"}, "Fail", Answer.REFUSED),
])  # fmt: skip
def test_a_policy_whose_parameters_may_have_no_kind_may_be_passed_over(kind, failure, answer):
    every = " && ".join(f"object.spec.?{field}.orValue([]).all(c, !c.?securityContext.?privileged.orValue(false))"
                        for field in ("containers", "initContainers", "ephemeralContainers"))  # fmt: skip
    spec = {"validations": [{"expression": every}], "matchConstraints": {"resourceRules": [PODS]},
            "failurePolicy": failure} | ({"paramKind": kind} if kind else {})  # fmt: skip
    documents = [
        {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "it"}, "spec": spec},
        {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "it"},
         "spec": {"policyName": "it", "validationActions": ["Deny"]}},
    ]  # fmt: skip
    assert posture(FLAGS, *documents).privileged is answer


ONE = "!object.spec.{}.?securityContext.?privileged.orValue(false)"


@pytest.mark.parametrize(("guard", "doubted"), [
    ([ONE.format("containers[?0]"), ONE.format("containers[?1]")], True),
    ([ONE.format("containers[2]")], True),
    (["[0, 1].all(i, " + ONE.format("containers[i]") + ")"], True),
    ([ONE.format("containers[0 + 1]")], True),
    ([ONE.format("containers[variables.at]")], True),
    ([NO_PRIVILEGE, "object.spec.containers.all(c, !(c.?securityContext.?privileged.orValue(false) in [1, true]))"], False),
    ([ONE.format("containers[0]")], False),
])  # fmt: skip
def test_where_something_stands_is_for_the_maker_to_choose(guard, doubted):
    found = trial(*guard, variables=[{"name": "at", "expression": "1"}]).dims("shop")
    assert bool(found.what_else) is doubted


@pytest.mark.parametrize("guard", [
    "!has(object.spec.initContainers) || !object.spec.initContainers[0].?securityContext.?privileged.orValue(false)",
    ONE.format("?initContainers[?0]"),
])  # fmt: skip
def test_the_second_init_container_is_one_too(guard):
    assert outcome(guard) == outcome("true")


def test_not_exactly_one_may_be_two():
    guard = "!object.spec.containers.exists_one(c, c.?securityContext.?privileged.orValue(false))"
    assert outcome(guard).stops == frozenset()


IN_ALL = [f"object.spec.?{field}.orValue([])" for field in ("containers", "initContainers", "ephemeralContainers")]
SAFE = "!c.?securityContext.?privileged.orValue(false)"
ADDED = "c.?securityContext.?capabilities.?add.orValue([])"
DROPPED = "c.?securityContext.?capabilities.?drop.orValue([])"
GAINS = "c.?securityContext.?allowPrivilegeEscalation"
BASELINE = "['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE']"
HOST = "object.spec.?volumes.orValue([]).all(v, !has(v.hostPath) || {})"
NET, PID = "object.spec.?hostNetwork.orValue(false)", "object.spec.?hostPID.orValue(false)"


def in_all(text):
    return " && ".join(f"{field}.all(c, {text})" for field in IN_ALL)


@pytest.mark.parametrize(("guard", "probe"), [
    (in_all(f"{GAINS}.orValue(true) == false"), "capability"),
    (HOST.format("!(v.hostPath.path in ['/', '/etc', '/var/lib/kubelet'])"), "host-path"),
    (HOST.format("v.hostPath.path != '/' && !v.hostPath.path.startsWith('/etc') && !v.hostPath.path.startsWith('/var')"),
     "host-path"),
    (HOST.format("v.hostPath.path.startsWith('/run')"), "host-path"),
    (HOST.format("v.hostPath.path in ['/var/log', '/proc', '/sys', '/dev']"), "host-path"),
    (HOST.format("v.hostPath.path == '/usr//'"), "host-path"),
    (in_all(f"!('SYS_ADMIN' in {ADDED}) && !('ALL' in {ADDED})"), "capability"),
    (in_all(f"!{ADDED}.exists(x, x in ['SYS_ADMIN', 'NET_ADMIN', 'ALL'])"), "capability"),
    (in_all(f"{SAFE} || 'X' in {DROPPED}"), "privileged"),
    (in_all(f"{SAFE} || {DROPPED}.exists(d, d == 'KILL')"), "privileged"),
    (in_all(f"{SAFE} || {ADDED} == ['CHOWN']"), "privileged"),
    (in_all(f"{SAFE} || {GAINS}.hasValue()"), "privileged"),
    (in_all(f"{SAFE} || ({GAINS}.hasValue() && 'X' in {DROPPED} && 'Y' in {DROPPED})"), "privileged"),
    (in_all(f"!has(c.securityContext) || 'X' in {DROPPED}"), "privileged"),
    (f"{in_all(SAFE)} || ({NET} && !{PID})", "privileged"),
    (f"{in_all(SAFE)} || ({NET} && {PID} && !object.spec.?hostIPC.orValue(false))", "privileged"),
    (f"{in_all(SAFE)} || object.spec.containers.exists(c, {GAINS}.hasValue() && {SAFE} && has(c.securityContext.privileged))",
     "privileged"),
])  # fmt: skip
def test_what_stands_beside_the_thing_may_let_it_in(guard, probe):
    found = outcome(guard)
    assert (probe in found.stops, found.doubt) == (False, "")


RESTRICTED = (
    in_all(
        f"{ADDED}.all(x, x == 'NET_BIND_SERVICE') && 'ALL' in {DROPPED} && {GAINS}.orValue(true) == false && {SAFE}"
    ),
    HOST.format("false"),
    *(f"!object.spec.?{one}.orValue(false)" for one in ("hostPID", "hostIPC", "hostNetwork")),
)


@pytest.mark.parametrize(("guards", "stops"), [
    ([in_all(SAFE)], {"privileged", "privileged-init"}),
    ([in_all(f"{ADDED}.all(x, x in {BASELINE})")], {"capability"}),
    ([in_all(f"!has(c.securityContext) || !has(c.securityContext.capabilities) || size({ADDED}) == 0")], {"capability"}),
    ([HOST.format("v.hostPath.path in ['/srv/data', '/etc/localtime', '/data']")], {"host-path"}),
    (["object.spec.?volumes.orValue([]).all(v, !has(v.hostPath))"], {"host-path"}),
    (RESTRICTED, EVERY),
])  # fmt: skip
@pytest.mark.parametrize("together", [False, True])
def test_plain_guards_hold(guards, stops, together):
    found = outcome(" && ".join(f"({one})" for one in guards)) if together else outcome(*guards)
    assert (found.stops, found.doubt) == (frozenset(stops), "")
    assert trial(*guards).dims("shop").what_else == ""


def test_what_one_validation_refuses_is_refused_whatever_another_says():
    guard = trial("object.metadata.?labels.owner.orValue('') != ''", in_all(SAFE))
    for case in (Case(edits=(Edit("label", "owner", "x"),)), Case(edits=(Edit("label", "owner", "x"), OTHER_WORDS))):
        assert guard.outcome(SHOP, case).stops >= {"privileged"}


@pytest.mark.parametrize(("expression", "seen"), [
    ("object.spec.hostPID", {"hostPID"}),
    ("object['spec']['hostPID'] || 'volumes' in object.spec.containers", {"hostPID", "volumes"}),
    ("object.spec.exists(k, k.startsWith('host'))", None),
    ("object == oldObject", None),
    ("[object].all(o, o.spec[variables.field])", None),
    ("variables.spec.hostPID", {"hostPID"}),
])  # fmt: skip
def test_what_an_expression_cannot_see_of_a_pod(expression, seen):
    hidden = unseen_by([read(expression)])
    assert hidden == (frozenset() if seen is None else OF_SPEC - seen)
