"""Kyverno's policies in odd forms: a rule holds where every version of Kyverno reads it so, and else it is a doubt."""

import pytest

from kscan.model.admission.guards import Answer, Effect
from kscan.model.admission.kyverno_kinds import kinds_of
from kscan.model.admission.wildcards import gatekeeper_matches, kyverno_matches
from tests.admission.asking import FLAGS, NO_PRIVILEGE, posture
from tests.admission.test_kyverno import LEVEL, _kyverno

WEB = {"matchLabels": {"team": "w*"}}
ANY_KEY = {"matchLabels": {"te*": "*"}}
ENFORCE, AUDIT = {"action": "Enforce"}, {"action": "Audit"}
SURE, DOUBT, NONE = Effect.REFUSES, Effect.UNKNOWN, Effect.AUDITS
PODS = {"kinds": ["Pod"]}


def _effects(rule=None, before=(), **spec):
    spec = {"validationFailureAction": "Enforce"} | spec
    return [one.effect for one in _kyverno(rule or {}, spec, before=before)]


def _rule(name, action="", **validate):
    told = LEVEL | ({"failureAction": action} if action else {}) | validate
    return {"name": name, "match": {"any": [{"resources": PODS}]}, "validate": told}


@pytest.mark.parametrize(("pattern", "name", "kyverno", "gatekeeper"), [
    ("shop", "shop", True, True), ("sh*", "shop", True, True), ("*op", "shop", True, True), ("*ho*", "shop", True, True),
    ("*", "shop", True, True), ("s*p", "shop", True, False), ("sho?", "shop", True, False), ("sh.p", "shop", False, False),
    ("[s]hop", "shop", False, False), ("shop?", "shop", False, False), ("s*p", "s*p", True, True), ("", "shop", False, False),
])  # fmt: skip
def test_wildcards_as_each_engine_reads_them(pattern, name, kyverno, gatekeeper):
    assert (kyverno_matches(pattern, name), gatekeeper_matches(pattern, name)) == (kyverno, gatekeeper)


@pytest.mark.parametrize("selector", [WEB, ANY_KEY, {"matchLabels": {"t?am": "web"}}, {}])
def test_a_selector_with_wildcards_excludes_what_they_stand_for(selector):
    exclude = {"any": [{"resources": {"namespaceSelector": selector}}]}
    assert _effects({"exclude": exclude}) == []


@pytest.mark.parametrize(("selector", "effects"), [
    (WEB, [SURE]),
    ({"matchLabels": {"team": "b*"}}, []),
    ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["w*"]}]}, []),
    ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["b*"]}]}, []),
    ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["bank"]}]}, [SURE]),
    ({"matchExpressions": [{"key": "team", "operator": "Exists", "values": ["web"]}]}, []),
    ({"matchExpressions": [{"key": "no key", "operator": "DoesNotExist"}]}, []),
])  # fmt: skip
def test_a_selector_that_cannot_be_read_selects_nothing(selector, effects):
    assert _effects({"match": {"any": [{"resources": PODS | {"namespaceSelector": selector}}]}}) == effects


def test_a_selector_of_pods_with_wildcards_is_left_by_leaving_out_the_label():
    these = {"any": [{"resources": PODS | {"selector": {"matchLabels": {"ap*": "*"}}}}]}
    assert posture(FLAGS, *_cluster(_policy(match=these))).privileged is Answer.ADMITTED
    others = {"any": [{"resources": {"selector": {"matchLabels": {"let*": "in?"}}}}]}
    found = posture(FLAGS, *_cluster(_policy(exclude=others)))
    assert (found.privileged, found.guards[0].around[0]) == (
        Answer.ADMITTED,
        "passes over a pod with the label let0=inx",
    )


@pytest.mark.parametrize(("filters", "effects"), [
    ({"any": [{}]}, []),
    ({}, []),
    ({"all": [{"resources": PODS}, {}]}, []),
    ({"any": [{"resources": {"namespaces": ["shop"]}}]}, [DOUBT]),
    ({"all": [{"resources": PODS}, {"resources": {"namespaces": ["sh?p"]}}]}, [SURE]),
    ({"any": [{"resources": PODS | {"namespaces": ["[s]hop"]}}]}, []),
    ({"any": [{"resources": PODS | {"name": "other", "names": ["probe"]}}]}, []),
    ({"any": [{"resources": PODS, "subjects": [{"kind": "ServiceAccount", "name": "*"}]}]}, []),
    ({"any": [{"resources": PODS, "subjects": [{"kind": "user", "name": "*"}]}]}, []),
    ({"any": [{"resources": PODS, "subjects": [{"kind": "User", "name": "*"}]}]}, [SURE]),
])  # fmt: skip
def test_what_a_rule_is_for(filters, effects):
    assert [one for one in _effects({"match": filters}) if one is not Effect.NOTHING] == effects


def test_an_empty_filter_excludes_nothing_and_empty_selectors_exclude_all():
    assert _effects({"exclude": {"any": [{}]}}) == [SURE]
    assert _effects({"exclude": {"all": [{"resources": PODS}, {}]}}) == [SURE]
    assert _effects({"exclude": {"any": [{"resources": {"selector": {}}}]}}) == []


@pytest.mark.parametrize(("spec", "action", "effects"), [
    ({}, "", [SURE]),
    ({"validationFailureAction": "ENFORCE"}, "", [NONE]),
    ({"validationFailureActionOverrides": [AUDIT | {"namespaceSelector": WEB}]}, "", [DOUBT]),
    ({"validationFailureActionOverrides": [AUDIT | {"namespaceSelector": {"matchLabels": {"team": "web"}}}]}, "", [NONE]),
    ({"validationFailureActionOverrides": [AUDIT | {"namespaces": ["sh?p"]}]}, "", [NONE]),
    ({"validationFailureActionOverrides": [AUDIT | {"namespaces": ["bank"]}]}, "", [SURE]),
    ({"validationFailureActionOverrides": [AUDIT | {"namespaces": ["bank"], "namespaceSelector": WEB}]}, "", [DOUBT]),
    ({"validationFailureActionOverrides": [AUDIT]}, "", [DOUBT]),
    ({"validationFailureAction": "Audit", "validationFailureActionOverrides": [ENFORCE]}, "", [DOUBT]),
    ({"validationFailureAction": "Audit", "validationFailureActionOverrides": [ENFORCE | {"namespaces": ["shop"]}]},
     "Audit", [DOUBT]),
    ({"validationFailureAction": "Audit", "validationFailureActionOverrides": [ENFORCE | {"namespaces": ["shop"]}]},
     "Enforce", [SURE]),
    ({"validationFailureAction": "Audit"}, "Enforce", [SURE]),
    ({}, "Audit", [NONE]),
])  # fmt: skip
def test_a_rule_is_enforced_where_every_version_says_so(spec, action, effects):
    assert _effects(_rule("it", action), **spec) == effects


IMAGES = {"name": "images", "match": {"any": [{"resources": PODS}]}, "verifyImages": [{"failureAction": "Audit"}]}


@pytest.mark.parametrize(("before", "action", "effects"), [
    (_rule("first", "Audit"), "", [NONE, DOUBT]),
    (_rule("first", "Audit"), "Enforce", [NONE, DOUBT]),
    (_rule("first", "Enforce"), "Enforce", [SURE, SURE]),
    (_rule("first", "Enforce"), "Audit", [SURE, DOUBT]),
    (_rule("first"), "Enforce", [SURE, SURE]),
    (_rule("first", failureActionOverrides=[AUDIT | {"namespaces": ["shop"]}]), "Enforce", [NONE, DOUBT]),
    (IMAGES, "", [DOUBT]),
])  # fmt: skip
def test_a_mixture_of_actions_is_a_doubt(before, action, effects):
    assert _effects(_rule("it", action), [before]) == effects


@pytest.mark.parametrize(("selector", "found"), [
    ("Pod.status", [("Pod", "status")]), ("v1/Pod.*", [("Pod", "*")]), ("Pod.*", [("Pod", "*")]),
    ("*/ephemeralcontainers", [("*", "ephemeralcontainers"), ("ephemeralcontainers", "")]),
    ("apps/v1/Deployment.scale", [("", "scale")]), ("[P]od", [("[P]od", "")]),
])  # fmt: skip
def test_selectors_of_kinds(selector, found):
    assert kinds_of(selector) == found


@pytest.mark.parametrize(("filters", "answer"), [
    ("[Pod.*,shop,*]", Answer.ADMITTED),
    ("[Pod,sh?p,*]", Answer.ADMITTED),
    ("[*/ephemeralcontainers,shop,*]", Answer.UNKNOWN),
    ("[Pod,[s]hop,*]", Answer.UNKNOWN),
    ("[Node,*,*]", Answer.REFUSED),
])  # fmt: skip
def test_resource_filters_with_wildcards_and_parts(filters, answer):
    assert posture(FLAGS, *_cluster(_policy(), filters=filters)).privileged is answer


@pytest.mark.parametrize(("match", "answer"), [
    ({"any": [{"resources": PODS | {"namespaceSelector": WEB}}]}, Answer.UNKNOWN),
    ({"any": [{"resources": PODS | {"operations": ["DELETE"]}}]}, Answer.UNKNOWN),
    ({"any": [{"resources": {"kinds": ["v1/Po?"], "namespaces": ["*"]}}]}, Answer.UNKNOWN),
    ({"any": [{"resources": PODS | {"namespaces": ["bank"]}}]}, Answer.REFUSED),
    ({"any": [{}]}, Answer.REFUSED),
])  # fmt: skip
def test_an_exception_that_may_excuse_a_pod(match, answer):
    exception = {"apiVersion": "kyverno.io/v2", "kind": "PolicyException",
                 "metadata": {"name": "let", "namespace": "kyverno"},
                 "spec": {"exceptions": [{"policyName": "it", "ruleNames": ["it"]}], "match": match}}  # fmt: skip
    assert posture(FLAGS, *_cluster(_policy(), exception)).privileged is answer


@pytest.mark.parametrize("rule", [
    {"celPreconditions": [{"name": "no", "expression": "false"}]},
    {"preconditions": {"all": []}},
    {"context": [{"name": "a", "variable": {"value": 1}}]},
    {"validate": {"podSecurity": {"level": "baseline", "version": "v9.9"}}},
    {"validate": {"podSecurity": {"level": "Baseline", "version": "latest"}}},
    {"validate": LEVEL | {"foreach": [{"list": "request.object.spec.containers"}]}},
    {"validate": LEVEL, "verifyImages": [{"imageReferences": ["*"]}]},
    {"validate": {"cel": {"expressions": [{"expression": NO_PRIVILEGE}], "paramKind": {"kind": "ConfigMap"}}}},
])  # fmt: skip
def test_what_a_rule_says_besides_makes_it_a_doubt(rule):
    assert _effects(rule) == [DOUBT]


def test_annotations_are_met_by_wildcards_in_key_and_value():
    exclude = {"any": [{"resources": {"annotations": {"let/*": "y?s"}}}]}
    found = posture(FLAGS, *_cluster(_policy(exclude=exclude)))
    assert found.privileged is Answer.ADMITTED
    assert found.guards[0].around[0] == "passes over a pod with the annotation let/0=yxs"


def _policy(**rule):
    return {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "it"},
            "spec": {"validationFailureAction": "Enforce", "rules": [_rule("it") | rule]}}  # fmt: skip


K = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
     "resources": ["pods", "pods/ephemeralcontainers"]}  # fmt: skip
SERVICE = {"kind": "Service", "metadata": {"name": "kyverno-svc", "namespace": "kyverno"}, "spec": {}}


def _cluster(*more, filters="[Event,*,*]", hooks=("validate.kyverno.svc-fail",), **hook):
    webhooks = [{"name": one, "rules": [K], "clientConfig": {"service": SERVICE["metadata"]}} | hook for one in hooks]
    yield {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "it"}, "webhooks": webhooks}
    yield SERVICE
    yield {"kind": "ConfigMap", "metadata": {"name": "kyverno", "namespace": "kyverno"},
           "data": {"resourceFilters": filters}}  # fmt: skip
    yield from more


SAFE = " && ".join(
    f"object.spec.?{field}.orValue([]).all(c, !c.?securityContext.?privileged.orValue(false))"
    for field in ("containers", "initContainers", "ephemeralContainers")
)


def _validating_policy(**more):
    return {"apiVersion": "policies.kyverno.io/v1", "kind": "ValidatingPolicy", "metadata": {"name": "it"}, "spec": {
        "matchConstraints": {"resourceRules": [K]}, "validations": [{"expression": SAFE}]} | more}  # fmt: skip


ELSEWHERE = {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["web"]}]}}
VPOL, IGNORED = "vpol.validate.kyverno.svc-fail", "vpol.validate.kyverno.svc-ignore"


@pytest.mark.parametrize(("hooks", "more", "answer"), [
    ([VPOL], {}, Answer.REFUSED),
    (["validate.kyverno.svc-fail"], {}, Answer.UNKNOWN),
    ([VPOL], ELSEWHERE, Answer.ADMITTED),
    ([IGNORED], {"failurePolicy": "Ignore"}, Answer.UNKNOWN),
    ([], {}, Answer.ADMITTED),
    (["vpol.validate.kyverno.svcs"], {}, Answer.UNKNOWN),
    ([VPOL], {"clientConfig": {"service": SERVICE["metadata"] | {"path": "/vpol/other"}}}, Answer.UNKNOWN),
    ([VPOL], {"clientConfig": {"service": SERVICE["metadata"] | {"path": "/vpol/it/other"}}}, Answer.REFUSED),
    ([VPOL], {"clientConfig": {"service": SERVICE["metadata"] | {"path": "/vpol"}}}, Answer.REFUSED),
])  # fmt: skip
def test_a_validating_policy_is_asked_by_webhooks_of_its_own(hooks, more, answer):
    assert posture(FLAGS, *_cluster(_validating_policy(), hooks=hooks, **more)).privileged is answer


def test_the_webhook_of_other_policies_asks_about_no_validating_policy():
    first, *others = _cluster(_validating_policy(), hooks=["validate.kyverno.svc-fail", VPOL])
    first["webhooks"][1] |= ELSEWHERE
    assert posture(FLAGS, first, *others).privileged is Answer.ADMITTED
    first["webhooks"].reverse()
    assert posture(FLAGS, first, *others).privileged is Answer.ADMITTED


@pytest.mark.parametrize(("hook", "more", "answer"), [
    ("validate.kyverno.svc-fail", {}, Answer.REFUSED),
    ("validate.kyverno.svc-fail-finegrained-it", {}, Answer.REFUSED),
    ("validate.kyverno.svc-fail-finegrained-other", {}, Answer.ADMITTED),
    ("validate.kyverno.svc-ignore", {"failurePolicy": "Ignore"}, Answer.UNKNOWN),
    (VPOL, {}, Answer.ADMITTED),
])  # fmt: skip
def test_a_policy_is_asked_by_webhooks_of_its_own(hook, more, answer):
    assert posture(FLAGS, *_cluster(_policy(), hooks=[hook], **more)).privileged is answer


@pytest.mark.parametrize(("policy", "failure", "effect"), [
    ({"=(hostPID)": "false", "=(volumes)": [{"X(hostPath)": "null"}]}, "Fail", SURE),
    ({"=(hostPID)": "false", "=(volumes)": [{"X(hostPath)": "null"}]}, "Ignore", DOUBT),
    ({"=(hostPID)": "false"}, "Ignore", SURE),
])  # fmt: skip
def test_an_anchor_that_errs_passes_where_a_policy_fails_open(policy, failure, effect):
    assert _effects({"validate": {"pattern": {"spec": policy}}}, failurePolicy=failure) == [effect]


def test_a_policy_of_which_one_of_the_api_server_was_made_is_a_doubt():
    (found,) = _kyverno({}, {"validationFailureAction": "Enforce"},
                        status={"validatingadmissionpolicy": {"generated": True}})  # fmt: skip
    assert found.effect is DOUBT
    vpol = _validating_policy()
    assert posture(FLAGS, *_cluster(vpol, hooks=[VPOL])).privileged is Answer.REFUSED
    assert posture(FLAGS, *_cluster(vpol | {"status": {"generated": True}}, hooks=[VPOL])).privileged is Answer.UNKNOWN


def test_a_validating_policy_for_no_resources_is_a_doubt():
    assert posture(FLAGS, *_cluster(_validating_policy(matchConstraints={}), hooks=[VPOL])).privileged is Answer.UNKNOWN


@pytest.mark.parametrize(("allowed", "told"), [({}, True), ({"allowExistingViolations": False}, False)])
def test_what_broke_a_rule_before_may_be_changed(allowed, told):
    (found,) = _kyverno({"validate": LEVEL | allowed}, {"validationFailureAction": "Enforce"})
    assert any("allowExistingViolations" in one for one in found.around) is told


@pytest.mark.parametrize(("settings", "answer"), [
    ({"excludeGroupRole": "system:serviceaccounts:shop"}, Answer.ADMITTED),
    ({"excludeUsername": "system:serviceaccount:shop:*"}, Answer.ADMITTED),
    ({"excludeGroupRole": "system:nodes"}, Answer.REFUSED),
    ({"excludeGroups": "system:serviceaccounts:[s]hop"}, Answer.UNKNOWN),
])  # fmt: skip
def test_whom_kyverno_passes_over_by_the_names_of_each_version(settings, answer):
    documents = list(_cluster(_policy()))
    documents[2]["data"] |= settings
    assert posture(FLAGS, *documents).privileged is answer


@pytest.mark.parametrize(("operations", "answer"), [
    (["UPDATE"], Answer.REFUSED), (["DELETE"], Answer.REFUSED), (["CREATE"], Answer.ADMITTED),
    (["CREATE", "UPDATE"], Answer.ADMITTED), ([], Answer.ADMITTED),
])  # fmt: skip
def test_an_exclusion_is_for_its_operations(operations, answer):
    exclude = {"any": [{"resources": PODS | {"operations": operations}}]}
    assert posture(FLAGS, *_cluster(_policy(exclude=exclude))).privileged is answer
