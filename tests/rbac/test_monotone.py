"""Giving more rights never finds less: a binding, a member of a group, a rule more takes no finding away."""

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.documents import snapshot_of
from kscan.views.view import Readings

# They ask for what is used: more rights, and a token or a role is idle no more; or for what no binding says.
ABOUT_USE = {"idle-token", "unused-role", "aggregated-role-changed", "legacy-token", "cloud-role-accounts"}
CHECKS = [one for one in by_id(read_checks(data.folder("checks"))).values()
          if one.family == "rbac" and one.id not in ABOUT_USE]  # fmt: skip
READY = plan(CHECKS)
NAMESPACES = ("shop", "bank")
SHIPPED = ("cluster-admin", "edit", "view", "system:node", "system:controller:replicaset-controller")
OWN = ("one", "two", "three")
SUBJECTS = (
    {"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
    {"kind": "ServiceAccount", "name": "default", "namespace": "bank"},
    {"kind": "ServiceAccount", "name": "replicaset-controller", "namespace": "kube-system"},
    {"kind": "User", "name": "jo"},
    {"kind": "User", "name": "system:serviceaccount:shop:web"},
    {"kind": "User", "name": "system:anonymous"},
    {"kind": "User", "name": "system:node:worker"},
    {"kind": "Group", "name": "developers"},
    {"kind": "Group", "name": "system:authenticated"},
    {"kind": "Group", "name": "system:unauthenticated"},
    {"kind": "Group", "name": "system:serviceaccounts"},
    {"kind": "Group", "name": "system:serviceaccounts:shop"},
    {"kind": "Group", "name": "system:nodes"},
    {"kind": "Group", "name": "system:masters"},
)
RBAC, CERTIFICATES = "rbac.authorization.k8s.io", "certificates.k8s.io"
HOOKS, AUTHENTICATION = "admissionregistration.k8s.io", "authentication.k8s.io"


def rule(verbs, resources, group="", names=()):
    return {"verbs": verbs, "apiGroups": [group], "resources": resources} | ({"resourceNames": names} if names else {})


# The parts of which the dangers are made, so that some are composed of several.
RULES = (
    rule(["*"], ["*"], "*"),
    rule(["list"], ["*"], "*"),
    rule(["get"], ["secrets"]),
    rule(["create"], ["secrets"]),
    rule(["create"], ["pods"]),
    rule(["create"], ["persistentvolumes", "persistentvolumeclaims"]),
    rule(["delete"], ["pods"]),
    rule(["create"], ["pods/exec", "pods/eviction"]),
    rule(["create"], ["pods/exec"], "", ["nothing"]),
    # What is milder by a name that is enough, in several ways.
    rule(["create"], ["pods/attach", "pods/ephemeralcontainers"], "", ["nothing"]),
    rule(["patch"], ["pods", "pods/ephemeralcontainers"], "", ["nothing"]),
    rule(["patch"], ["deployments", "statefulsets"], "apps", ["nothing"]),
    rule(["delete"], ["secrets", "configmaps"], "", ["nothing", "coredns"]),
    rule(["get"], ["nodes/proxy"], "", ["worker"]),
    rule(["patch"], ["mutatingwebhookconfigurations", "mutatingadmissionpolicies"], HOOKS, ["nothing"]),
    rule(["patch"], ["pods", "deployments"], "*"),
    rule(["create"], ["pods/attach", "configmaps", "serviceaccounts/token"]),
    rule(["update"], ["nodes/status", "namespaces"]),
    rule(["patch"], ["namespaces/status"], "", ["shop"]),
    rule(["escalate", "bind"], ["roles", "clusterroles"], RBAC),
    rule(["bind"], ["clusterroles"], RBAC, ["edit"]),
    rule(["escalate"], ["roles", "clusterroles"], RBAC, ["one", "two"]),
    rule(["bind"], ["clusterroles"], RBAC, ["one", "three"]),
    rule(["create", "update"], ["roles", "clusterroles"], RBAC),
    rule(["patch"], ["roles", "clusterroles"], RBAC, ["one"]),
    rule(["patch"], ["rolebindings", "clusterrolebindings"], RBAC, ["binding-0", "binding-1"]),
    rule(["create"], ["rolebindings", "clusterrolebindings"], RBAC),
    rule(["create"], ["certificatesigningrequests"], CERTIFICATES),
    rule(["update"], ["certificatesigningrequests/approval", "certificatesigningrequests/status"], CERTIFICATES),
    rule(["approve", "sign"], ["signers"], CERTIFICATES),
    rule(["impersonate"], ["users", "groups", "serviceaccounts"]),
    rule(["impersonate"], ["users", "groups", "serviceaccounts"], "", ["jo", "developers", "web", "default"]),
    rule(["create"], ["serviceaccounts/token"], "", ["web", "replicaset-controller"]),
    rule(["impersonate:associated-node", "impersonate:arbitrary-node"], ["nodes"], AUTHENTICATION, ["*", "worker"]),
    rule(
        ["impersonate:user-info", "impersonate:serviceaccount"],
        ["users", "serviceaccounts"],
        AUTHENTICATION,
        ["jo", "web"],
    ),
    rule(["impersonate-on:associated-node:create"], ["serviceaccounts/token"]),
    rule(["get"], ["configmaps"]),
    {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)

places = st.sampled_from(("", *NAMESPACES))
roles = st.lists(st.sampled_from(RULES), min_size=1, max_size=3)
members = st.lists(st.sampled_from(SUBJECTS), min_size=1, max_size=3)
bindings = st.builds(
    lambda place, role, subjects: {"place": place, "role": role, "subjects": subjects},
    places,
    st.sampled_from((*OWN, *OWN, *SHIPPED)),
    members,
)
worlds = st.builds(
    lambda rules, bound: {"roles": dict(zip(OWN, rules, strict=True)), "bindings": bound},
    st.tuples(roles, roles, roles),
    st.lists(bindings, min_size=1, max_size=4),
)
mores = st.one_of(
    st.tuples(st.just("binding"), bindings),
    st.tuples(st.just("member"), st.integers(0, 3), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("rule"), st.sampled_from(OWN), st.sampled_from(RULES)),
)


def with_more(world, more):
    """The same world, with one thing more in it."""
    world = copy.deepcopy(world)
    kind, where, *what = more
    if kind == "binding":
        world["bindings"].append(where)
    elif kind == "member":
        world["bindings"][where % len(world["bindings"])]["subjects"] += what
    else:
        world["roles"][where] += what
    return world


def documents(world):
    yield {"kind": "Namespace", "metadata": {"name": "shop"}}
    for name, rules in world["roles"].items():
        yield {"kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
    for number, one in enumerate(world["bindings"]):
        metadata = {"name": f"binding-{number}"} | ({"namespace": one["place"]} if one["place"] else {})
        yield {"kind": "RoleBinding" if one["place"] else "ClusterRoleBinding", "metadata": metadata,
               "roleRef": {"kind": "ClusterRole", "name": one["role"]}, "subjects": one["subjects"]}  # fmt: skip


def judged(world):
    return judge(Readings(snapshot_of(documents(world))), READY)


def found(report):
    """Each finding by its check and its object, with how bad it is."""
    return {(result.check.id, str(one.object)): one.severity.rank
            for result in report.results for one in result.findings}  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds, mores)
def test_more_rights_take_no_finding_away_and_better_no_verdict(world, more):
    before, after = judged(world), judged(with_more(world, more))
    now = found(after)
    for key, rank in found(before).items():
        assert key in now, f"{key} is gone"
        assert now[key] <= rank, f"{key} became milder"
    verdicts = {one.check.id: one.status for one in after.results}
    for result in before.results:
        if result.status is Status.FAIL:
            assert verdicts[result.check.id] is Status.FAIL, result.check.id
    assert after.score.lower <= before.score.lower


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds)
def test_whoever_holds_a_danger_by_a_binding_of_its_own_is_told(world):
    """The same without the others: what somebody is granted alone is found also where groups are granted things."""
    every = found(judged(world))
    for subject in SUBJECTS:
        alone = copy.deepcopy(world)
        for one in alone["bindings"]:
            one["subjects"] = [member for member in one["subjects"] if member == subject]
        assert found(judged(alone)).keys() <= every.keys()
