"""That a guard stops a thing is shown of every pod that does it, and not by trying some."""

import random
from itertools import product

import msgspec
import pytest

from kscan.model.admission.cases import ANYBODY, ORDINARY
from kscan.model.admission.deeds import deeds
from kscan.model.admission.expressions import Expressions
from kscan.model.admission.known import Place
from kscan.model.admission.matching import CREATE_POD, DEBUG_POD
from kscan.model.admission.policies import PolicySpec
from kscan.model.admission.probes import PROBES
from kscan.model.admission.shown import Budget
from kscan.model.admission.tailored import tailored
from tests.admission.asking import EVERYBODY, SHOP, outcome
from tests.live.guard_pairs import PAIRS

SAFE = "!c.?securityContext.?privileged.orValue(false)"
ADDED = "c.?securityContext.?capabilities.?add.orValue([])"
PRIVILEGED = {"privileged", "privileged-init"}
NOT = "c, has(c.securityContext) && has(c.securityContext.privileged) && c.securityContext.privileged"
VOLUMES = "object.spec.?volumes.orValue([])"


@pytest.mark.parametrize(("guard", "stops"), [
    ("variables.all.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || c.securityContext.privileged == false)",
     PRIVILEGED),
    (f"!variables.all.exists({NOT})", PRIVILEGED),
    (f"size(variables.all.filter({NOT})) == 0", PRIVILEGED),
    (f"variables.all.filter({NOT}).map(c, c.name).size() < 1", PRIVILEGED),
    ("variables.all.map(c, c.?securityContext.?privileged.orValue(false)).all(x, x == false)", PRIVILEGED),
    ("!variables.all.map(c, c.?securityContext.?privileged.orValue(false)).exists(x, x)", PRIVILEGED),
    ("!(true in variables.all.map(c, c.?securityContext.?privileged.orValue(false)))", PRIVILEGED),
    (f"object.kind != 'Pod' || variables.all.all(c, {SAFE})", PRIVILEGED),
    (f"request.operation == 'DELETE' || variables.all.all(c, {SAFE})", PRIVILEGED),
    (f"request.namespace == 'bank' || variables.all.all(c, {SAFE})", PRIVILEGED),
    (f"variables.all.all(c, {SAFE}) ? true : false", PRIVILEGED),
    (f"!(!variables.all.all(c, {SAFE}) && namespaceObject.metadata.name == 'shop')", PRIVILEGED),
    (f"variables.all.all(c, {ADDED}.all(x, x in ['CHOWN', 'NET_BIND_SERVICE']))", {"capability"}),
    (f"variables.all.all(c, {ADDED}.all(x, x.upperAscii() in ['CHOWN', 'KILL']))", {"capability"}),
    (f"variables.all.all(c, {ADDED}.all(x, x == 'NET_BIND_SERVICE'))", {"capability"}),
    (f"variables.all.all(c, {ADDED} == [])", {"capability"}),
    (f"variables.all.all(c, {ADDED} in [[], ['NET_BIND_SERVICE']])", {"capability"}),
    (f"variables.all.all(c, size({ADDED}) == 0)", {"capability"}),
    ("!has(object.spec.hostPID) || !object.spec.hostPID", {"host-pid"}),
    ("has(object.spec.hostPID) ? object.spec.hostPID == false : true", {"host-pid"}),
    ("object.spec.?hostIPC.orValue(false) != true", {"host-ipc"}),
    ("!('hostNetwork' in object.spec)", {"host-network"}),
    (f"{VOLUMES}.all(v, !has(v.hostPath))", {"host-path"}),
    (f"{VOLUMES}.all(v, !('hostPath' in v))", {"host-path"}),
    (f"{VOLUMES}.all(v, has(v.emptyDir) || has(v.configMap) || has(v.secret))", {"host-path"}),
    (f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path in ['/srv/data', '/data/a'])", {"host-path"}),
    (f"{VOLUMES}.filter(v, has(v.hostPath)).all(v, ['/srv', '/data/a'].exists(p, v.hostPath.path == p))", {"host-path"}),
    (f"variables.all.all(c, {ADDED}.all(x, x == '' || x in ['KILL']))", {"capability"}),
])  # fmt: skip
def test_what_people_write_is_shown_to_hold(guard, stops):
    found = outcome(guard, variables=EVERYBODY)
    assert (found.stops, found.doubt) == (frozenset(stops), "")


DENIED = " && ".join(
    f"!v.hostPath.path.startsWith('/{one}')" for one in ("etc", "var", "run", "proc", "sys", "dev", "usr")
)
BESIDE = f"{VOLUMES}.exists(v, v.?hostPath.?path.orValue('') == '/var/lib/kubelet/plugins/csi')"
FIRST = "object.spec.containers[0].?securityContext.?privileged.orValue(true) == false"
# What kscan had called a guard, and a real server let in.
LET_IN = {
    "beside-a-path": ("privileged", f"variables.all.all(c, {SAFE}) || {BESIDE}"),
    "a-socket": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path in ['/var/log', '/var/run/docker.sock'])"),
    "keys": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path.startsWith('/etc/kubernetes/pki'))"),
    "by-its-end": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path.endsWith('.sock'))"),
    "by-pattern": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path.matches('^/usr/local/.*'))"),
    "denied-paths": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || ({DENIED} && v.hostPath.path != '/'))"),
    "denied-capabilities": ("capability", f"variables.all.all(c, !{ADDED}.exists(x, x.upperAscii() in ['ALL', 'SYS_ADMIN']))"),
    "two-added": ("privileged", f"variables.all.all(c, {SAFE} || {ADDED} == ['NET_ADMIN', 'NET_RAW'])"),
    "nothing-dropped": ("privileged",
                        f"variables.all.all(c, {SAFE} || (has(c.securityContext.capabilities) && !has(c.securityContext.capabilities.drop)))"),
    "no-capabilities": ("privileged", f"variables.all.all(c, {SAFE} || (object.spec.hostPID && !has(c.securityContext.capabilities)))"),
    "no-volumes": ("privileged", f"variables.all.all(c, {SAFE}) || (!has(object.spec.volumes) && has(object.spec.initContainers))"),
    "empty-context": ("privileged",
                      f"variables.all.all(c, {SAFE}) || object.spec.?securityContext.orValue({{}}) == {{}} && has(object.spec.initContainers)"),
    "the-first": ("privileged", f"variables.all.all(c, {SAFE}) || {FIRST}"),
    "each-list": ("privileged", f"variables.all.all(c, {SAFE}) || object.spec.containers.map(c, {ADDED}) == [['CHOWN'], ['KILL']]"),
    "truths-in-order": ("host-pid", "object.spec.?hostPID.orValue(false) <= object.spec.?hostNetwork.orValue(false)"),
    "privileged-in-order": ("privileged", "variables.all.all(c, c.?securityContext.?privileged.orValue(false) <= "
                                          "c.?securityContext.?allowPrivilegeEscalation.orValue(true))"),
    "a-field-of-null": ("privileged", f"variables.all.all(c, {SAFE}) || !has(oldObject.spec)"),
    "a-value-of-null": ("privileged", f"variables.all.all(c, {SAFE}) || !oldObject.?spec.hasValue()"),
    "what-is-not-asked": ("privileged", f"variables.all.all(c, {SAFE}) || optional.of(true).orValue([][0])"),
    "large-numbers": ("privileged", f"variables.all.all(c, {SAFE}) || dyn(9007199254740993) == 9007199254740992.0"),
    "large-in-order": ("privileged", f"variables.all.all(c, {SAFE}) || dyn(9007199254740993) <= 9007199254740992.0"),
    "of-the-namespace": ("privileged", f"variables.all.all(c, {SAFE}) || namespaceObject.status.phase != 'Terminating'"),
    "of-the-metadata": ("privileged", f"variables.all.all(c, {SAFE}) || has(object.metadata.managedFields)"),
    "of-the-status": ("privileged", f"variables.all.all(c, {SAFE}) || has(object.status)"),
    "of-who-asks": ("privileged", f"variables.all.all(c, {SAFE}) || has(request.userInfo.extra)"),
    "a-link": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path.startsWith('/srv/data/'))"),
    "relative": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path in ['.', 'etc'])"),
    "other-disks": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path.startsWith('/mnt/'))"),
    "one-of-two": ("host-path", f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path == '/data') || "
                                f"{VOLUMES}.exists(v, has(v.hostPath) && v.hostPath.path == '/data')"),
}  # fmt: skip


@pytest.mark.parametrize("name", LET_IN)
def test_what_a_server_lets_in_is_not_shown_to_be_stopped(name):
    probe, guard = LET_IN[name]
    assert probe not in outcome(guard, variables=EVERYBODY).stops


@pytest.mark.parametrize(
    "errs", ["9223372036854775807 + 1 == 0", "dyn([false])[?'a'].orValue(false)", "oldObject.spec.x == 1"]
)
def test_what_errs_is_let_in_where_it_fails_open(errs):
    found = outcome(f"variables.all.all(c, {SAFE}) || {errs}", failurePolicy="Ignore", variables=EVERYBODY)
    assert "privileged" not in found.stops


def test_what_makes_lists_may_cost_too_much_where_it_fails_open():
    assert "costs more" in _what_else(f"!{VOLUMES}.map(v, has(v.hostPath)).exists(x, x)", "Ignore")


@pytest.mark.parametrize("more", [".matches('^/srv/data/[a-z0-9]+$')", ".contains('/srv/')", ".lowerAscii() == '/srv'"])
def test_what_fails_open_is_not_shown_where_a_large_pod_may_cost_too_much(more):
    guard = f"{VOLUMES}.all(v, !has(v.hostPath) || v.hostPath.path{more})"
    found = outcome(guard, failurePolicy="Ignore", variables=EVERYBODY)
    assert "host-path" not in found.stops or "costs more" in _what_else(guard, "Ignore")
    assert "costs more" not in _what_else(guard, "Fail")


@pytest.mark.parametrize(("guard", "costs"), [
    (f"{VOLUMES}.all(v, 'system:masters' in request.userInfo.groups || !has(v.hostPath))", True),
    (f"{VOLUMES}.all(v, !('x' in object.spec.containers.map(c, c.name)) && !has(v.hostPath))", True),
    (f"{VOLUMES}.all(v, !('hostPath' in v))", False),
    (f"variables.all.all(c, !('privileged' in c.?securityContext.orValue({{}})) && {SAFE})", True),
    (f"dyn({' + '.join([VOLUMES] * 16)}).filter(v, has(v.hostPath)).size() == 0", True),
    (f"[{' + '.join([VOLUMES] * 16)}][0].all(v, !has(v.hostPath))", True),
    (f"[{' + '.join([VOLUMES] * 16)}].all(l, l.all(v, !has(v.hostPath)))", True),
    (f"dyn({VOLUMES}).all(v, !has(v.hostPath))", False),
    (f"object.spec.containers.all(c, {SAFE}) && object.spec.?tolerations.orValue([]).all(t, t.key != 'a')", True),
    (f"!('system:masters' in request.userInfo.groups && {VOLUMES}.exists(v, has(v.hostPath)))", False),
])  # fmt: skip
def test_each_item_of_a_list_of_a_known_type_counts_where_it_fails_open(guard, costs):
    assert ("costs more" in _what_else(guard, "Ignore")) is costs


def test_what_is_looked_up_for_words_counts_too():
    words = f"{[1] * 150}.all(i, !(2 in variables.big)) ? 'a' : 'b'"
    body = {"failurePolicy": "Ignore", "variables": [{"name": "big", "expression": str([1] * 3000)}],
            "validations": [{"expression": f"object.spec.containers.all(c, {SAFE})"},
                            *[{"expression": "true", "messageExpression": words}] * 30]}  # fmt: skip
    assert "costs more" in Expressions(msgspec.convert(body, PolicySpec)).dims("shop").what_else


def _what_else(guard, policy):
    return Expressions(spec([guard], policy)).dims("shop").what_else


def spec(guards, policy="Fail", variables=EVERYBODY):
    body = {"validations": [{"expression": one} for one in guards], "variables": variables, "failurePolicy": policy}
    return msgspec.convert(body, PolicySpec)


ATOMS = (
    "object.spec.?hostPID.orValue(false)", "has(object.spec.hostNetwork)", "has(object.spec.initContainers)",
    f"variables.all.all(c, {SAFE})", f"variables.all.exists({NOT})", f"variables.all.all(c, {ADDED} == [])",
    "object.spec.containers[0].?securityContext.?privileged.orValue(false)", "size(object.spec.containers) == 1",
    f"size({VOLUMES}) > 0", f"{VOLUMES}.all(v, has(v.emptyDir))", f"{VOLUMES}.exists_one(v, has(v.hostPath))",
    f"{VOLUMES}.exists(v, v.?hostPath.?path.orValue('') == '/')", "object.spec.containers.all(c, has(c.securityContext))",
    f"variables.all.exists(c, {ADDED}.exists(x, x.startsWith('SYS')))", "object.spec.nothing.at.all == 1",
    "object.metadata.name == 'probe'", "request.operation == 'CREATE'", "oldObject == null", "'app' in object.metadata.labels",
    f"variables.all.map(c, size({ADDED})).exists(n, n > 1)", "object.spec.restartPolicy in ['Always', 'Never']",
    "dyn(object.spec.containers[0].name).contains('app')", "object.spec.containers.filter(c, has(c.image)).size() > 1",
    f"{VOLUMES}.map(v, has(v.hostPath), v.hostPath.path) == ['/']", "[1, 2].exists(i, i == 2)", "{'a': 1}.a == 1",
)  # fmt: skip
SHAPES = ("({0}) || ({1})", "({0}) && ({1})", "!({0})", "({0}) ? ({1}) : ({2})", "!(({0}) && !({1}))", "({0}) == ({1})")


def some_expressions(count):
    chosen = random.Random(5)
    found = list(ATOMS)
    while len(found) < count:
        found.append(chosen.choice(SHAPES).format(*(chosen.choice(found[-60:] + list(ATOMS)) for _ in range(3))))
    return found


OF_PAIRS = [one["expression"] for pair in PAIRS.values() for policy in pair.policies
            for one in policy["spec"].get("validations", ())]  # fmt: skip


HERE = Place("shop", frozenset(SHOP["metadata"]["labels"].items()))


def test_what_is_shown_is_true_of_every_pod_that_is_tried():
    shown, chosen = 0, random.Random(6)
    texts = list(dict.fromkeys([*some_expressions(110), *OF_PAIRS, *(guard for _, guard in LET_IN.values())]))
    for text in texts:
        expressions = Expressions(spec([text]))
        shows = expressions.shown(Budget())
        for probe, request in product(tailored(expressions.reads), (CREATE_POD, DEBUG_POD)):
            case = msgspec.structs.replace(ORDINARY, request=request)
            surely = [shows.surely(one, request, ANYBODY, HERE) for one in deeds(probe.name, request)]
            if surely and all(surely):
                shown += 1
                tried = probe.by(request)
                for one in (*tried[:4], *chosen.sample(tried, min(8, len(tried)))):
                    assert expressions.validations(one.pod, SHOP, case) in ([False], []), (text, probe.name, request)
    assert shown > 60


def test_each_thing_is_a_deed_in_each_place_where_it_can_be_done():
    for probe in PROBES:
        assert deeds(probe.name, CREATE_POD)
        assert bool(deeds(probe.name, DEBUG_POD)) is bool(probe.debug)
