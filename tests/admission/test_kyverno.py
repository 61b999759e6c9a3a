"""Kyverno's policies, exceptions and configuration: what is not read of them is a doubt."""

import msgspec
import pytest

from kscan.model.admission import kyverno
from kscan.model.admission.cases import ORDINARY
from kscan.model.admission.guards import Action, Answer, Effect
from kscan.model.admission.kyverno_policies import KyvernoPolicy, PolicyException, doubts
from kscan.model.admission.kyverno_settings import Passed, passed
from kscan.model.admission.patterns import UnknownPatternError, meets
from kscan.model.admission.probes import EVERY
from kscan.model.admission.trial import Trials
from tests.admission.asking import FLAGS, NO_PRIVILEGE, PODS, SHOP, posture


@pytest.mark.parametrize(("pattern", "value", "meets_"), [
    ({"=(a)": "false"}, {}, True),
    ({"=(a)": "false"}, {"a": True}, False),
    ({"=(a)": "false"}, {"a": False}, True),
    ({"a": "false"}, {}, False),
    ({"X(a)": "null"}, {"a": 1}, False),
    ({"X(a)": "null"}, {}, True),
    ([{"=(a)": 0}], [{"a": 0}, {}], True),
    ([{"=(a)": 0}], [{"a": 1}, {}], False),
    ([{"=(a)": 0}], {}, False),
    ({"=(add)": "SYS_ADMIN"}, {"add": ["SYS_ADMIN"]}, True),
    ({"=(add)": "SYS_ADMIN"}, {"add": ["SYS_ADMIN", "KILL"]}, False),
    ({"=(add)": ["SYS_ADMIN"]}, {"add": ["SYS_ADMIN"]}, True),
    ({"a": "true"}, {"a": "true"}, True),
    ({"a": {"b": "web"}}, {"a": {"b": "web"}}, True),
    ({"a": {"b": "web"}}, {"a": 1}, False),
])  # fmt: skip
def test_patterns_of_kyverno(pattern, value, meets_):
    assert meets(pattern, value) is meets_


@pytest.mark.parametrize(
    "pattern",
    [
        {"(a)": 1},
        {"<(a)": 1},
        {"a": "?*"},
        {"a": ">3"},
        {"a": "web | db"},
        [{}, {}],
        {"a*": 1},
        {"a": "1"},
        {"a": "web "},
    ],
)
def test_a_pattern_that_is_not_read_is_not_guessed(pattern):
    value = [{}] if isinstance(pattern, list) else {"a": 1}
    with pytest.raises(UnknownPatternError):
        meets(pattern, value)


LEVEL = {"podSecurity": {"level": "baseline", "version": "latest"}}
PATTERN = {"pattern": {"spec": {"=(hostPID)": "false", "=(volumes)": [{"X(hostPath)": "null"}]}}}


@pytest.mark.parametrize(("rule", "spec", "action", "stops", "doubt"), [
    ({"validate": LEVEL}, {"validationFailureAction": "Enforce"}, Action.DENY, EVERY, False),
    ({"validate": LEVEL}, {"validationFailureAction": "enforce"}, Action.DENY, EVERY, False),
    ({"validate": LEVEL}, {}, Action.AUDIT, EVERY, False),
    ({"validate": LEVEL | {"failureAction": "Enforce"}}, {}, Action.DENY, EVERY, False),
    ({"validate": LEVEL}, {"validationFailureActionOverrides": [{"action": "Enforce", "namespaces": ["sh*"]}]},
     Action.DENY, EVERY, False),
    ({"validate": LEVEL}, {"validationFailureActionOverrides": [{"action": "Enforce", "namespaces": ["bank"]}]},
     Action.AUDIT, EVERY, False),
    ({"validate": PATTERN}, {}, Action.AUDIT, {"host-pid", "host-path"}, False),
    ({"validate": {"pattern": {"metadata": {"labels": {"owner": "?*"}}}}}, {}, Action.AUDIT, set(), True),
    ({"validate": {"deny": {"conditions": []}}}, {}, Action.AUDIT, set(), True),
    ({"validate": LEVEL, "preconditions": {"all": []}}, {}, Action.AUDIT, set(), True),
    ({"validate": {"podSecurity": {"level": "baseline", "exclude": [{"controlName": "Capabilities"}]}}}, {}, Action.AUDIT, set(), True),
    ({"validate": {"cel": {"expressions": [{"expression": NO_PRIVILEGE}]}}}, {}, Action.AUDIT, {"privileged"}, False),
    ({"validate": LEVEL, "match": {"any": [{"resources": {"kinds": ["Pod"], "selector": {"matchLabels": {"a": "b"}}}}]}},
     {}, Action.AUDIT, set(), False),
])  # fmt: skip
def test_rules_of_kyverno(rule, spec, action, stops, doubt):
    (found,) = _kyverno(rule, spec)
    assert (found.action, found.stops, bool(found.doubt)) == (action, frozenset(stops), doubt)


@pytest.mark.parametrize(("rule", "spec"), [
    ({"match": {"any": [{"resources": {"kinds": ["Deployment"]}}]}}, {}),
    ({"match": {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["bank"]}}]}}, {}),
    ({"match": {"resources": {"kinds": ["Pod"], "operations": ["DELETE"]}}}, {}),
    ({"exclude": {"any": [{"resources": {"namespaces": ["shop"]}}]}}, {}),
    ({"exclude": {"any": [{"resources": {"namespaceSelector": {"matchLabels": {"team": "web"}}}}]}}, {}),
    ({}, {"admission": False}),
    ({"validate": None}, {}),
])  # fmt: skip
def test_rules_of_kyverno_that_are_not_asked(rule, spec):
    assert _kyverno(rule, spec) == []


def test_ways_around_kyverno_are_told():
    (found,) = _kyverno({"exclude": {"any": [{"clusterRoles": ["admin"]}]}})
    assert (found.stops, found.doubt) == (frozenset(), "it is for some pods only, or for some who create them")
    (found,) = _kyverno({}, {"validationFailureAction": "Enforce"}, excused=["shop/it"])
    assert (found.stops, found.unsure) == (EVERY, "PolicyException shop/it may excuse pods from it")
    assert (found.effect, found.ways) == (Effect.UNKNOWN, ())


def _kyverno(rule, spec=None, excused=(), *, before=(), exceptions=(), own="", status=None):
    whole = {"name": "it", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, "validate": LEVEL} | rule
    body = {"metadata": {"name": "it", "namespace": own}, "spec": (spec or {}) | {"rules": [*before, whole]},
            "status": status or {}}  # fmt: skip
    policy = msgspec.convert(body, KyvernoPolicy)
    exceptions = [*exceptions, *(_exception(*one.split("/")) for one in excused)]
    ready = kyverno.ready(policy, Trials(), doubts(policy, body["spec"]))
    return [one.told((ORDINARY,)) for one in kyverno.asking(ready, SHOP, SHOP["metadata"]["labels"], 36, exceptions)]


@pytest.mark.parametrize(("rule", "spec", "unsure"), [
    ({}, {"webhookConfiguration": {"matchConditions": [{"name": "no", "expression": "false"}]}},
     "spec.webhookConfiguration.matchConditions"),
    ({}, {"webhookConfiguration": {"failurePolicy": "Ignore"}}, "spec.webhookConfiguration.failurePolicy"),
    ({}, {"somethingNew": {"a": 1}}, "spec.somethingNew"),
    ({"match": {"any": [{"resources": {"kinds": ["Pod"], "newFilter": "a"}}]}}, {},
     "spec.rules[0].match.any.resources.newFilter"),
    ({"exclude": {"any": [{"somebody": ["ana"]}]}}, {}, "spec.rules[0].exclude.any.somebody"),
    ({}, {"background": False, "webhookConfiguration": {"timeoutSeconds": 3}, "emitWarning": True}, ""),
    ({"validate": LEVEL | {"message": "no"}, "skipBackgroundRequests": True}, {}, ""),
    ({"match": {"all": [{"resources": {"kinds": ["Pod"]}}]}, "context": []}, {}, ""),
])  # fmt: skip
def test_what_is_not_read_of_a_policy_of_kyverno_makes_it_a_doubt(rule, spec, unsure):
    (found,) = _kyverno(rule, {"validationFailureAction": "Enforce"} | spec)
    assert (found.unsure, found.effect) == (
        (f"kscan does not read its {unsure}", Effect.UNKNOWN) if unsure else ("", Effect.REFUSES))  # fmt: skip


@pytest.mark.parametrize(("made", "effect"), [(True, Effect.UNKNOWN), (False, Effect.REFUSES)])
def test_a_rule_that_kyverno_leaves_to_the_api_server_is_a_doubt(made, effect):
    cel = {"generate": made, "expressions": [{"expression": NO_PRIVILEGE}]}
    (found,) = _kyverno({"validate": {"cel": cel}}, {"validationFailureAction": "Enforce"})
    assert found.effect is effect


@pytest.mark.parametrize(("status", "effect"), [
    ({}, Effect.REFUSES),
    ({"ready": True, "conditions": [{"type": "Ready", "status": "True"}]}, Effect.REFUSES),
    ({"ready": False}, Effect.UNKNOWN),
    ({"conditions": [{"type": "Ready", "status": "False"}]}, Effect.UNKNOWN),
])  # fmt: skip
def test_a_policy_that_kyverno_says_is_not_ready_is_a_doubt(status, effect):
    (found,) = _kyverno({}, {"validationFailureAction": "Enforce"}, status=status)
    assert found.effect is effect


def test_where_one_rule_may_end_a_policy_the_first_alone_holds():
    mutate = {"name": "labels", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, "mutate": {"a": 1}}
    first = {"name": "first", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, "validate": LEVEL}
    spec = {"validationFailureAction": "Enforce"}
    for before, one, effects in (
        ([first], "One", [Effect.REFUSES, Effect.UNKNOWN]),
        ([first], "All", [Effect.REFUSES] * 2),
        ([mutate], "One", [Effect.REFUSES]),
    ):
        assert [found.effect for found in _kyverno({}, spec | {"applyRules": one}, before=before)] == effects


@pytest.mark.parametrize(("kinds_", "matched", "excluded"), [
    (["Pod"], Effect.REFUSES, []),
    (["*/Pod"], Effect.REFUSES, []),
    (["Deployment", "Pod"], Effect.REFUSES, []),
    (["Po*"], Effect.UNKNOWN, [Effect.UNKNOWN]),
    (["Pod/*"], Effect.UNKNOWN, [Effect.UNKNOWN]),
    (["*/v1/Pod"], Effect.UNKNOWN, [Effect.UNKNOWN]),
    (["a/b/c/d/e"], Effect.UNKNOWN, [Effect.UNKNOWN]),
    (["Deployment", "apps/v1/*", "v1beta1/Pod", "batch/*/CronJob"], None, [Effect.REFUSES]),
])  # fmt: skip
def test_kinds_of_kyverno_that_may_be_pods(kinds_, matched, excluded):
    these, spec = {"any": [{"resources": {"kinds": kinds_}}]}, {"validationFailureAction": "Enforce"}
    assert [one.effect for one in _kyverno({"match": these}, spec)] == ([matched] if matched else [])
    assert [one.effect for one in _kyverno({"exclude": these}, spec)] == excluded


@pytest.mark.parametrize(("named", "own", "effect"), [
    ("it", "", Effect.UNKNOWN),
    ("other", "", Effect.REFUSES),
    ("shop/it", "", Effect.REFUSES),
    ("shop/it", "shop", Effect.UNKNOWN),
    ("it", "shop", Effect.UNKNOWN),
    ("*", "shop", Effect.UNKNOWN),
    ("bank/it", "shop", Effect.REFUSES),
])  # fmt: skip
def test_exceptions_name_a_policy_with_its_namespace(named, own, effect):
    exception = _exception("shop", "let", named)
    (found,) = _kyverno({}, {"validationFailureAction": "Enforce"}, exceptions=[exception], own=own)
    assert found.effect is effect


def _exception(namespace, name, policy="it"):
    pods = {"any": [{"resources": {"kinds": ["Pod"]}}]}
    spec = {"exceptions": [{"policyName": policy}], "match": pods}
    return msgspec.convert({"metadata": {"name": name, "namespace": namespace}, "spec": spec}, PolicyException)


def test_kyverno_passes_over_what_its_configuration_says():
    hook = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "it"},
            "webhooks": [{"name": "validate.kyverno.svc-fail", "rules": [PODS]}]}  # fmt: skip
    rule = {"name": "it", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, "validate": LEVEL}
    policy = {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "it"},
              "spec": {"validationFailureAction": "Enforce", "rules": [rule]}}  # fmt: skip
    filters = {"kind": "ConfigMap", "metadata": {"name": "kyverno", "namespace": "kyverno"},
               "data": {"resourceFilters": "[Event,*,*] [*/*,kube-system,*] [Pod,shop,*]"}}  # fmt: skip
    found = posture(FLAGS, hook, policy)
    assert (found.privileged, found.guards[0].stops) == (Answer.UNKNOWN, EVERY)
    assert "ConfigMap kyverno/kyverno was not read" in found.guards[0].unsure
    elsewhere = filters | {
        "data": {"resourceFilters": "[Event,*,*] [*/*,kube-system,*]", "excludeGroups": "system:nodes"}
    }
    assert posture(FLAGS, hook, policy, elsewhere).privileged is Answer.REFUSED
    assert posture(FLAGS, policy).privileged is Answer.ADMITTED
    assert posture(FLAGS, hook, policy, filters).privileged is Answer.ADMITTED
    controllers = elsewhere["data"] | {"excludeGroups": "system:serviceaccounts:shop"}
    assert posture(FLAGS, hook, policy, filters | {"data": controllers}).privileged is Answer.ADMITTED


@pytest.mark.parametrize(("filters", "found"), [
    ("[Event,*,*] [*/*,kube-system,*][Pod,shop,*]", Passed(pods=("kube-system", "shop"))),
    ("[v1/Pod,shop,*]", Passed(pods=("shop",))),
    ("[Pod/*,shop,*]", Passed(pods=("shop",))),
    ("[Po*,team-*,*]\n[*,a,*]", Passed(pods=("team-*", "a"))),
    ("[/v1/Pod,a,*][*/v1/Pod,b,*]", Passed(pods=("a",), perhaps=("b",))),
    ("[Pod/?*,shop,*][Pod/ephemeral*,a,*]", Passed(debug=("shop", "a"))),
    ("[Pod/binding,*,*][Node/?*,*,*][ReplicaSet,*,*][apps/v1/*,*,*][Binding,*,*][v1beta1/Pod,*,*]", Passed()),
    ("[Pod,shop,debug-*]", Passed(perhaps=("shop",))),
    ("[Pod,shop]", Passed(perhaps=("*",))),
    ("[*]", Passed(perhaps=("*",))),
    ("[a/b/c/d/e,shop,*]", Passed(perhaps=("shop",))),
    ("Pod,shop,*", Passed(perhaps=("*",))),
    ("", Passed()),
])  # fmt: skip
def test_resource_filters_of_kyverno(filters, found):
    assert passed(filters) == found


VALIDATING = {"matchConstraints": {"resourceRules": [PODS]}, "validations": [
    {"expression": f"{NO_PRIVILEGE} && !has(object.spec.initContainers)", "message": "no"}]}  # fmt: skip


def _validating(*more, status=None, **spec):
    hook = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "it"}, "webhooks": [
        {"name": "vpol.validate.kyverno.svc-fail", "rules": [PODS],
         "clientConfig": {"service": {"name": "kyverno-svc", "namespace": "kyverno"}}}]}  # fmt: skip
    service = {"kind": "Service", "metadata": {"name": "kyverno-svc", "namespace": "kyverno"}, "spec": {}}
    policy = {"apiVersion": "policies.kyverno.io/v1", "kind": "ValidatingPolicy", "metadata": {"name": "it"},
              "spec": VALIDATING | spec, "status": status or {}}  # fmt: skip
    settings = {"kind": "ConfigMap", "metadata": {"name": "kyverno", "namespace": "kyverno"},
                "data": {"resourceFilters": "[*/*,kube-system,*]"}}  # fmt: skip
    documents = {one["kind"]: one for one in (hook, service, policy, settings, *more)}
    return posture(FLAGS, *documents.values())


@pytest.mark.parametrize(("spec", "status", "effects"), [
    ({}, {}, [Effect.REFUSES]),
    ({}, {"conditionStatus": {"ready": True}}, [Effect.REFUSES]),
    ({}, {"conditionStatus": {"ready": False}}, [Effect.UNKNOWN]),
    ({"evaluation": {"admission": {"enabled": False}}}, {}, []),
    ({"evaluation": {"mode": "JSON"}}, {}, []),
    ({"evaluation": {"mode": "Kubernetes", "background": {"enabled": False}}}, {}, [Effect.REFUSES]),
    ({"evaluation": {"mode": "Envoy"}}, {}, [Effect.UNKNOWN]),
    ({"evaluation": {"somethingNew": True}}, {}, [Effect.UNKNOWN]),
    ({"autogen": {"validatingAdmissionPolicy": {"enabled": True}}}, {}, [Effect.UNKNOWN]),
    ({"autogen": {"podControllers": {"controllers": ["jobs"]}}, "webhookConfiguration": {"timeoutSeconds": 3}}, {},
     [Effect.REFUSES]),
    ({"webhookConfiguration": {"matchConditions": [{"expression": "false"}]}}, {}, [Effect.UNKNOWN]),
])  # fmt: skip
def test_a_validating_policy_of_kyverno_holds_where_it_is_asked_and_read_whole(spec, status, effects):
    assert [one.effect for one in _validating(status=status, **spec).guards] == effects


@pytest.mark.parametrize(("ref", "effect"), [
    ({"name": "it", "kind": "ValidatingPolicy"}, Effect.UNKNOWN),
    ({"name": "it"}, Effect.UNKNOWN),
    ({"name": "other", "kind": "ValidatingPolicy"}, Effect.REFUSES),
    ({"name": "it", "kind": "ImageValidatingPolicy"}, Effect.REFUSES),
])  # fmt: skip
def test_an_exception_of_the_same_group_may_excuse_from_a_validating_policy(ref, effect):
    exception = {"apiVersion": "policies.kyverno.io/v1", "kind": "PolicyException",
                 "metadata": {"name": "let", "namespace": "shop"}, "spec": {"policyRefs": [ref]}}  # fmt: skip
    (guard,) = _validating(exception).guards
    assert guard.effect is effect


def test_kyverno_in_another_namespace_has_its_configuration_there():
    (guard,) = _validating().guards
    assert guard.effect is Effect.REFUSES
    hook = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "it"}, "webhooks": [
        {"name": "vpol.validate.kyverno.svc-fail", "rules": [PODS],
         "clientConfig": {"service": {"name": "kyverno-svc", "namespace": "policy"}}}]}  # fmt: skip
    service = {"kind": "Service", "metadata": {"name": "kyverno-svc", "namespace": "policy"}, "spec": {}}
    (guard,) = _validating(hook, service).guards
    assert (guard.effect, "ConfigMap kyverno/kyverno" in guard.unsure) == (Effect.UNKNOWN, True)


@pytest.mark.parametrize(("filters", "answer"), [
    ("[Pod/*,sh*,*]", Answer.ADMITTED),
    ("[Pod,shop,debug-*]", Answer.UNKNOWN),
    ("[Pod/?*,shop,*]", Answer.REFUSED),
])  # fmt: skip
def test_resource_filters_leave_out_what_they_name(filters, answer):
    settings = {"kind": "ConfigMap", "metadata": {"name": "kyverno", "namespace": "kyverno"},
                "data": {"resourceFilters": filters}}  # fmt: skip
    assert _validating(settings).privileged is answer
