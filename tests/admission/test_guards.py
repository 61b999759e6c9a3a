"""What guards are asked about, and with which pods each is tried."""

import msgspec
import pytest

from kscan.model.admission.cases import Case, account
from kscan.model.admission.guards import Answer
from kscan.model.admission.matching import CREATE_POD, DEBUG_POD, MatchResources, RequestRule, labels_of
from kscan.model.admission.policies import Policy
from kscan.model.admission.probes import EVERY, PLAIN, PRIVILEGED, PROBES
from kscan.model.admission.shown import Budget
from kscan.model.admission.trial import Trial
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import violations
from tests.admission.asking import ALL, FLAGS, NO_PRIVILEGE, PODS, SHOP, changing, outcome, reading, space, trial


def test_the_plain_pod_is_harmless_and_each_probe_is_not():
    assert violations(PLAIN, Level.RESTRICTED) == ()
    assert all(violations(probe.pod, Level.BASELINE) for probe in PROBES)


@pytest.mark.parametrize(("rule", "request_", "sees"), [
    ({}, CREATE_POD, True),
    ({}, DEBUG_POD, False),
    ({"operations": ["*"], "resources": ["pods/*"]}, CREATE_POD, True),
    ({"operations": ["*"], "resources": ["pods/*"]}, DEBUG_POD, True),
    ({"operations": ["*"], "resources": ["*"]}, DEBUG_POD, False),
    ({"operations": ["*"], "resources": ["*/*"]}, DEBUG_POD, True),
    ({"operations": ["UPDATE"]}, CREATE_POD, False),
    ({"apiGroups": ["apps"]}, CREATE_POD, False),
    ({"apiGroups": ["*"], "apiVersions": ["*"]}, CREATE_POD, True),
    ({"apiVersions": ["v1beta1"]}, CREATE_POD, False),
    ({"scope": "Cluster"}, CREATE_POD, False),
    ({"scope": "Namespaced"}, CREATE_POD, True),
    ({"resourceNames": ["web"]}, CREATE_POD, False),
])  # fmt: skip
def test_rules_see_what_the_api_server_asks_them_about(rule, request_, sees):
    assert msgspec.convert(PODS | rule, RequestRule).sees(request_) is sees


def test_what_is_excluded_is_not_seen_and_nothing_said_is_everything():
    assert MatchResources().sees(CREATE_POD)
    assert not msgspec.convert({"resourceRules": [PODS], "excludeResourceRules": [PODS]}, MatchResources).sees(
        CREATE_POD
    )


def test_a_namespace_has_a_label_that_nobody_can_change():
    assert labels_of("shop", {"kubernetes.io/metadata.name": "other"})["kubernetes.io/metadata.name"] == "shop"


@pytest.mark.parametrize(("validations", "spec", "stops"), [
    ([NO_PRIVILEGE], {}, {"privileged"}),
    (["true"], {}, set()),
    (["!object.spec.?hostPID.orValue(false)", "!object.spec.?hostIPC.orValue(false)"], {}, {"host-pid", "host-ipc"}),
    (["variables.pods.all(c, !has(c.securityContext.privileged))"],
     {"variables": [{"name": "pods", "expression": "object.spec.containers + object.spec.initContainers"}]}, set(PRIVILEGED)),
    ([NO_PRIVILEGE], {"matchConditions": [{"name": "no", "expression": "request.operation == 'DELETE'"}]}, set()),
    ([NO_PRIVILEGE], {"matchConditions": [{"name": "yes", "expression": "request.namespace == 'shop'"}]}, {"privileged"}),
    ([NO_PRIVILEGE], {"failurePolicy": "Ignore", "matchConditions": [{"name": "errs", "expression": "object.nothing"}]}, set()),
    (["namespaceObject.metadata.labels.team == 'web' ? !has(object.spec.hostPID) : true"], {}, {"host-pid"}),
    (["namespaceObject.metadata.labels.team == 'bank' ? !has(object.spec.hostPID) : true"], {}, set()),
    (["params == null && oldObject == null"], {}, set()),
    (["object.spec.containers[0].securityContext.allowPrivilegeEscalation == false"], {"failurePolicy": "Ignore"}, set()),
    (["object.spec.containers.all(c, c.securityContext.allowPrivilegeEscalation == false)"], {}, {"privileged"}),
])  # fmt: skip
def test_a_trial_finds_what_a_policy_objects_to(validations, spec, stops):
    assert (outcome(*validations, **spec).stops, outcome(*validations, **spec).doubt) == (frozenset(stops), "")


@pytest.mark.parametrize(("validation", "spec", "doubt"), [
    ("authorizer.path('/healthz').check('get').allowed()", {}, "undeclared reference to 'authorizer'"),
    ("quantity('1Gi').isGreaterThan(quantity('1Mi'))", {}, "undeclared reference to 'quantity'"),
    ("object.metadata.labels.owner == 'web'", {}, "it refuses the harmless pod as well"),
    ("false", {}, "it refuses the harmless pod as well"),
    ("variables.it", {"variables": [{"name": "it", "expression": "authorizer.path('/').check('get').allowed()"}]},
     "undeclared reference to 'authorizer'"),
    ("variables.more", {"variables": [{"name": "it", "expression": "ip('::1') == null"},
                                      {"name": "more", "expression": "variables.it"}]}, "undeclared reference to 'ip'"),
    ("true", {"matchConditions": [{"name": "errs", "expression": "object.nothing == 1"}]}, "it refuses the harmless pod"),
    ("1", {}, "it refuses the harmless pod as well"),
])  # fmt: skip
def test_what_cannot_be_told_is_said_to_be_so(validation, spec, doubt):
    found = outcome(validation, **spec)
    assert found.stops == frozenset()
    assert doubt in found.doubt


def test_one_answer_serves_all_namespaces_where_none_is_looked_at():
    policy = msgspec.convert(
        {"metadata": {"name": "it"}, "spec": {"validations": [{"expression": NO_PRIVILEGE}]}}, Policy
    )
    trial = Trial(policy.spec, Budget())
    assert trial.outcome(SHOP) is trial.outcome({"metadata": {"name": "bank"}})


@pytest.mark.parametrize(("expression", "answers"), [
    ("namespaceObject.metadata.labels.team == 'web'", 1),
    ("namespaceObject.metadata.labels['team'] == 'web'", 1),
    ("namespaceObject.metadata.labels.exists(k, namespaceObject.metadata.labels[k] == 'shop')", 2),
    ("namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'shop'", 2),
    ("request.namespace == 'shop'", 2),
    ("object.metadata.namespace == 'shop'", 2),
])  # fmt: skip
def test_namespaces_share_an_answer_only_where_they_look_the_same(expression, answers):
    body = {"validations": [{"expression": f"{expression} || {NO_PRIVILEGE}"}]}
    trial = Trial(msgspec.convert({"metadata": {"name": "it"}, "spec": body}, Policy).spec, Budget())
    spaces = [{"metadata": {"name": name, "labels": labels_of(name, {"team": "web"})}} for name in ("shop", "bank")]
    assert len({id(trial.outcome(space)) for space in spaces}) == answers
    met = expression.startswith("namespaceObject") and answers == 1
    assert [bool(trial.outcome(space).stops) for space in spaces] == [False, not met]


@pytest.mark.parametrize(("expression", "alike"), [
    ("request.namespace in ['kube-system', 'bank']", [("shop-a", "shop-b")]),
    ("namespaceObject.metadata.name.startsWith('shop-')", [("shop-a", "shop-b")]),
    ("request.namespace.contains('op')", [("shop-a", "shop-b")]),
    # What may find anything in a name, or sets one before another, is asked of each.
    ("request.namespace.matches('^shop-')", []),
    ("request.namespace < 'shop-b'", []),
    ("size(request.namespace) == 6", []),
    ("namespaceObject.metadata.annotations['a'] == 'b'", []),
])  # fmt: skip
def test_namespaces_that_no_text_tells_apart_share_an_answer(expression, alike):
    asked = trial(f"{expression} || ({NO_PRIVILEGE})")
    names = ["shop-a", "shop-b", "bank", "web"]
    found = {name: asked.outcome(space(name)) for name in names}
    assert [(a, b) for a in names for b in names if a < b and found[a] is found[b] and b.startswith("shop")] == alike
    assert all(
        found[name].stops == trial(f"{expression} || ({NO_PRIVILEGE})").outcome(space(name)).stops for name in names
    )


def test_a_namespace_whose_label_is_its_name_is_not_like_another():
    asked = trial(f"namespaceObject.metadata.labels.team == request.namespace || ({NO_PRIVILEGE})")
    assert [bool(asked.outcome(space(name, team="shopping")).stops) for name in ("shopping", "banking")] == [
        False,
        True,
    ]


def test_accounts_are_told_apart_by_what_expressions_find_in_them():
    """A text that begins an account's name may mean one namespace and not another."""
    expression = "request.userInfo.username.startsWith('system:serviceaccount:team-')"
    asked = trial(f"{expression} || ({NO_PRIVILEGE})")
    found = [asked.outcome(space(name), Case(account(name))) for name in ("team-a", "shop")]
    assert [bool(one.stops) for one in found] == [False, True]


def test_what_is_not_tried_for_want_of_time_is_a_doubt():
    asked = trial(f"request.namespace.matches('^a') || ({NO_PRIVILEGE})", budget=Budget(ordinary=20))
    first, *_, last = [asked.outcome(space(name)) for name in ("b", "c", "d", "e")]
    assert (bool(first.stops), first.doubt) == (True, "")
    assert not last.stops and last.doubted == EVERY and "did not try them all" in last.doubt


IN_ALL = f"{ALL}.all(c, !c.?securityContext.?privileged.orValue(false))"
KUBE_SYSTEM = "request.userInfo.groups.exists(g, g == 'system:serviceaccounts:kube-system')"


def guarding(name, condition, **match):
    """A policy of no privilege that holds for some requests, and its binding."""
    rules = [PODS | {"resources": ["pods", "pods/ephemeralcontainers"], "operations": ["*"]}]
    return [
        {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": {
            "matchConstraints": {"resourceRules": rules} | match,
            "matchConditions": [{"name": "it", "expression": condition}], "validations": [{"expression": IN_ALL}]}},
        {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
         "spec": {"policyName": name, "validationActions": ["Deny"]}},
    ]  # fmt: skip


@pytest.mark.parametrize(("excluded", "answer"), [
    ([], Answer.REFUSED),
    # A StatefulSet of a tenant's is called so that its pods are; of others part of the name is not theirs to choose.
    (["web-0"], Answer.ADMITTED),
    (["web"], Answer.UNKNOWN),
])  # fmt: skip
def test_what_controllers_call_pods_may_be_a_way_around(excluded, answer):
    match = {"excludeResourceRules": [PODS | {"resourceNames": excluded}]} if excluded else {}
    found = reading(FLAGS, *guarding("people", f"!({KUBE_SYSTEM})"), *guarding("controllers", KUBE_SYSTEM, **match))
    (one,) = found.value
    assert one.privileged is answer, one.guards


@pytest.mark.parametrize(("first", "second", "answer"), [
    ({"key": "tier", "operator": "DoesNotExist"}, {"key": "tier", "operator": "In", "values": ["true"]}, Answer.ADMITTED),
    ({"key": "tier", "operator": "NotIn", "values": [*"abcde"]}, {"key": "tier", "operator": "In", "values": [*"abcd"]},
     Answer.ADMITTED),
    ({"key": "tier", "operator": "NotIn", "values": [*"abcde"]}, {"key": "tier", "operator": "In", "values": [*"abcde"]},
     Answer.REFUSED),
    ({"key": "tier", "operator": "DoesNotExist"}, {"key": "tier", "operator": "Exists"}, Answer.REFUSED),
])  # fmt: skip
def test_policies_that_part_pods_by_a_label_leave_none_out(first, second, answer):
    policies = [guarding(name, "true", objectSelector={"matchExpressions": [one]})
                for name, one in (("a", first), ("b", second))]  # fmt: skip
    assert reading(FLAGS, *policies[0], *policies[1]).value[0].privileged is answer


@pytest.mark.parametrize(("documents", "answer"), [
    (changing(PODS), Answer.UNKNOWN),
    (changing(PODS, {"matchLabels": {"team": "web"}}), Answer.UNKNOWN),
    (changing(PODS, {"matchLabels": {"team": "bank"}}), Answer.ADMITTED),
    (changing(PODS | {"apiGroups": ["apps"], "resources": ["deployments"]}), Answer.ADMITTED),
    (changing(PODS, bound="another"), Answer.ADMITTED),
    (changing(PODS)[:1], Answer.ADMITTED),
])  # fmt: skip
def test_a_policy_that_changes_pods_may_take_out_of_them_what_is_let_in_else(documents, answer):
    flags = {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"allow-privileged": "true"}}}
    (found,) = reading(flags, *documents).value
    assert found.privileged is answer
    if answer is Answer.UNKNOWN:
        assert [(str(one.ref), one.doubt != "") for one in found.guards if one.kind == "MutatingAdmissionPolicy"] == [
            ("MutatingAdmissionPolicy it", True)
        ]


def test_where_nothing_more_is_looked_at_no_guard_is_shown_but_those_that_hold_in_every_case(monkeypatch):
    documents = [
        {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "it"}, "spec": {
            "matchConstraints": {"resourceRules": [PODS | {"resources": ["pods", "pods/ephemeralcontainers"]}]},
            "validations": [{"expression": f"request.namespace.matches('^a') || ({NO_PRIVILEGE})"}]}},
        {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "it"},
         "spec": {"policyName": "it", "validationActions": ["Deny"]}},
        *({"kind": "Namespace", "metadata": {"name": f"n{at}", "labels": {
            **({"pod-security.kubernetes.io/enforce": "restricted"} if at == 5 else {})}}} for at in range(6)),
        {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"allow-privileged": "true"}}},
    ]  # fmt: skip
    monkeypatch.setattr("kscan.model.admission.shown.LOOKS", 60)
    found = {one.namespace: one.privileged for one in reading(*documents).value}
    assert (found["n4"], found["n5"]) == (Answer.UNKNOWN, Answer.REFUSED)


@pytest.mark.parametrize(("flags", "answer"), [
    ({"allow-privileged": "true"}, Answer.REFUSED),
    ({"allow-privileged": "true", "admission-control-config-file": "/a.yaml"}, Answer.UNKNOWN),
    (None, Answer.UNKNOWN),
])  # fmt: skip
def test_a_level_holds_where_no_file_may_exempt_from_it(flags, answer):
    labelled = {
        "kind": "Namespace",
        "metadata": {"name": "aaa", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
    told = (
        {"path": "/flagz", "json": {"kind": "Flagz", "flags": flags}}
        if flags
        else {"path": "/flagz", "gap": "forbidden"}
    )
    assert reading(told, labelled).value[0].privileged is answer
    # Who runs these is known to exempt nobody.
    eks = {"path": "/version", "json": {"gitVersion": "v1.33.1-eks-1a2b3c"}}
    assert flags or reading(told, labelled, eks).value[0].privileged is Answer.REFUSED
