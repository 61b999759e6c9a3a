"""What stops a privileged pod: matching, trials of policies, engines, and what is said where not all was seen."""

import msgspec
import pytest

from kscan.checks.judgement import Problem
from kscan.judge.refusals import denied
from kscan.model.admission import gatekeeper, kyverno
from kscan.model.admission.cases import ORDINARY, OTHER_WORDS, Case, Edit, account
from kscan.model.admission.gatekeeper import Constraint
from kscan.model.admission.guards import Action, Answer, Effect, Guard
from kscan.model.admission.guards import posture as around
from kscan.model.admission.kyverno_policies import KyvernoPolicy, PolicyException, doubts
from kscan.model.admission.kyverno_settings import Passed, passed
from kscan.model.admission.matching import CREATE_POD, DEBUG_POD, MatchResources, RequestRule, labels_of
from kscan.model.admission.patterns import UnknownPatternError, meets
from kscan.model.admission.policies import Policy
from kscan.model.admission.probes import EVERY, PLAIN, PRIVILEGED, PROBES
from kscan.model.admission.reading import OF_SPEC, unseen_by
from kscan.model.admission.templates import digest
from kscan.model.admission.trial import Budget, Trial
from kscan.model.cel.paths import read
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import violations
from kscan.rules.admission import only_watches
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.snapshot import About
from kscan.views.admission import ADMISSION
from kscan.views.shipped import gatekeeper_library
from kscan.views.view import Readings

SHOP = {"metadata": {"name": "shop", "labels": {"team": "web"}}}
FLAGS = {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"allow-privileged": "true"}}}
NAMESPACE = {"kind": "Namespace"} | SHOP
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
NO_PRIVILEGE = "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))"


def outcome(*validations, **spec):
    body = {"validations": [{"expression": one} for one in validations], **spec}
    return Trial(msgspec.convert({"metadata": {"name": "it"}, "spec": body}, Policy), Budget()).outcome(SHOP)


def reading(*documents, edit=lambda one: one, about=None):
    return Readings(edit(snapshot_of([NAMESPACE, *documents], about))).of(ADMISSION)


def posture(*documents, **more):
    (found,) = reading(*documents, **more).value
    return found


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
    (["object.spec.containers[0].securityContext.allowPrivilegeEscalation == false"], {}, {"privileged"}),
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
    trial = Trial(policy, Budget())
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
    trial = Trial(msgspec.convert({"metadata": {"name": "it"}, "spec": body}, Policy), Budget())
    spaces = [{"metadata": {"name": name, "labels": labels_of(name, {"team": "web"})}} for name in ("shop", "bank")]
    assert len({id(trial.outcome(space)) for space in spaces}) == answers
    met = expression.startswith("namespaceObject") and answers == 1
    assert [bool(trial.outcome(space).stops) for space in spaces] == [False, not met]


def trial(*validations, budget=None, **spec):
    body = {"validations": [{"expression": one} for one in validations], **spec}
    return Trial(msgspec.convert({"metadata": {"name": "it"}, "spec": body}, Policy), budget or Budget())


def space(name, **labels):
    return {"metadata": {"name": name, "labels": labels_of(name, labels)}}


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


@pytest.mark.parametrize(("pods", "answer"), [
    ([{"labels": {"app": "gate"}, "ready": "True"}], Answer.REFUSED),
    ([{"labels": {"app": "gate"}, "ready": "False"}], Answer.ADMITTED),
    ([{"labels": {"app": "web"}, "ready": "True"}], Answer.ADMITTED),
    ([], Answer.ADMITTED),
    (None, Answer.UNKNOWN),
])  # fmt: skip
def test_a_webhook_that_fails_open_holds_where_a_pod_answers(pods, answer, own_library):
    hook = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "it"}, "webhooks": [
        {"name": "validation.gatekeeper.sh", "failurePolicy": "Ignore", "rules": [PODS],
         "clientConfig": {"service": {"name": "gate", "namespace": "gate"}}}]}  # fmt: skip
    service = {
        "kind": "Service",
        "metadata": {"name": "gate", "namespace": "gate"},
        "spec": {"selector": {"app": "gate"}},
    }
    documents = [FLAGS, hook, service, *_gatekeeper()[1:]]
    for at, one in enumerate(pods or ()):
        conditions = [{"type": "Ready", "status": one["ready"]}]
        documents.append({"kind": "Pod", "metadata": {"name": f"p{at}", "namespace": "gate", "labels": one["labels"]},
                          "status": {"conditions": conditions}})  # fmt: skip
    documents += [] if pods is not None else [{"path": kinds.PODS.path(), "gap": "forbidden"}]
    assert posture(*documents).privileged is answer
    closed = {**hook, "webhooks": [hook["webhooks"][0] | {"failurePolicy": "Fail"}]}
    assert posture(*[closed if one is hook else one for one in documents]).privileged is Answer.REFUSED


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
    ({"a": {"b": "web"}}, {"a": {"b": "web"}}, True),
    ({"a": {"b": "web"}}, {"a": 1}, False),
])  # fmt: skip
def test_patterns_of_kyverno(pattern, value, meets_):
    assert meets(pattern, value) is meets_


@pytest.mark.parametrize(
    "pattern", [{"(a)": 1}, {"<(a)": 1}, {"a": "?*"}, {"a": ">3"}, {"a": "web | db"}, [{}, {}], {"a*": 1}]
)
def test_a_pattern_that_is_not_read_is_not_guessed(pattern):
    value = [{}] if isinstance(pattern, list) else {"a": 1}
    with pytest.raises(UnknownPatternError):
        meets(pattern, value)


@pytest.mark.parametrize(("kind", "spec", "action", "stops"), [
    ("k8spspprivilegedcontainer", {}, Action.DENY, set(PRIVILEGED)),
    ("k8spspprivilegedcontainer", {"enforcementAction": "dryrun"}, Action.AUDIT, set(PRIVILEGED)),
    ("k8spspprivilegedcontainer", {"enforcementAction": "warn"}, Action.WARN, set(PRIVILEGED)),
    ("k8spspprivilegedcontainer", {"enforcementAction": "scoped", "scopedEnforcementActions": [
        {"action": "deny", "enforcementPoints": [{"name": "audit.gatekeeper.sh"}]}]}, Action.AUDIT, set(PRIVILEGED)),
    ("k8spspprivilegedcontainer", {"enforcementAction": "scoped", "scopedEnforcementActions": [
        {"action": "deny", "enforcementPoints": [{"name": "*"}]}]}, Action.DENY, set(PRIVILEGED)),
    ("k8spsphostnamespace", {}, Action.DENY, {"host-pid", "host-ipc"}),
    ("k8spsphostnetworkingports", {"parameters": {"hostNetwork": True}}, Action.DENY, set()),
    ("k8spsphostfilesystem", {"parameters": {"allowedHostPaths": [{"pathPrefix": "/"}]}}, Action.DENY, set()),
    ("k8spsphostfilesystem", {}, Action.DENY, {"host-path"}),
    ("k8spspcapabilities", {"parameters": {"allowedCapabilities": ["*"]}}, Action.DENY, set()),
    ("k8spspcapabilities", {"parameters": {"allowedCapabilities": ["CHOWN"]}}, Action.DENY, {"capability"}),
    ("k8spspvolumetypes", {"parameters": {"volumes": ["configMap"]}}, Action.DENY, {"host-path"}),
    ("k8spspvolumetypes", {"parameters": {"volumes": ["*"]}}, Action.DENY, set()),
    ("k8spspprivilegedcontainer", {"match": {"labelSelector": {"matchLabels": {"app": "web"}}}}, Action.DENY, set()),
])  # fmt: skip
def test_constraints_of_gatekeepers_library(kind, spec, action, stops):
    constraint = msgspec.convert({"metadata": {"name": "it"}, "spec": spec}, Constraint)
    found = gatekeeper.asking(kind, constraint, {kind: ""}).told((ORDINARY,))
    assert (found.action, found.stops, found.doubt) == (action, frozenset(stops), "")


@pytest.mark.parametrize("kind", ["k8spspprivilegedcontainer", "k8srequiredlabels"])
@pytest.mark.parametrize(("templates", "doubt"), [({}, "was not found"), (None, "it is other code")])
def test_a_constraint_is_a_doubt_whose_template_is_not_known(kind, templates, doubt):
    found = gatekeeper.asking(kind, _constraint(), {kind: doubt} if templates is None else templates)
    told = found.told((ORDINARY,))
    assert (told.effect, told.stops, doubt in told.doubt) == (Effect.UNKNOWN, frozenset(), True)


ENFORCED = {"enforced": True, "operations": ["webhook"]}


@pytest.mark.parametrize(("pods", "effect"), [
    ([ENFORCED], Effect.REFUSES),
    ([{"enforced": True}], Effect.REFUSES),
    ([ENFORCED, {"enforced": False, "operations": ["audit"]}], Effect.REFUSES),
    ([], Effect.UNKNOWN),
    ([{"operations": ["webhook"]}], Effect.UNKNOWN),
    ([ENFORCED, {"enforced": False, "operations": ["webhook"]}], Effect.UNKNOWN),
    ([ENFORCED | {"errors": [{"message": "no"}]}], Effect.UNKNOWN),
    ([{"enforced": True, "operations": ["audit", "status"]}], Effect.UNKNOWN),
])  # fmt: skip
def test_a_constraint_holds_where_gatekeeper_says_that_its_webhooks_enforce_it(pods, effect):
    kind = "k8spspprivilegedcontainer"
    assert gatekeeper.asking(kind, _constraint(pods), {kind: ""}).told((ORDINARY,)).effect is effect


def _constraint(pods=(), **spec):
    return msgspec.convert({"metadata": {"name": "it"}, "spec": spec, "status": {"byPod": pods}}, Constraint)


@pytest.mark.parametrize(("prefixes", "stops", "doubted"), [
    ([], True, False),
    (["/run"], False, False),
    (["/var/run/"], False, False),
    (["/run/containerd/containerd.sock"], False, False),
    (["/data", "/etc/kubernetes"], False, False),
    (["/"], False, False),
    ([""], False, False),
    (["/var/log"], False, True),
    (["/runner"], False, True),
])  # fmt: skip
def test_paths_of_the_node_that_are_allowed(prefixes, stops, doubted):
    constraint = _constraint(parameters={"allowedHostPaths": [{"pathPrefix": one} for one in prefixes]})
    found = gatekeeper.asking("k8spsphostfilesystem", constraint, {"k8spsphostfilesystem": ""}).told((ORDINARY,))
    assert (found.stops, bool(found.doubt)) == ({"host-path"} if stops else set(), doubted)


def test_what_may_not_gain_privileges_may_still_add_sys_admin():
    kind = "k8spspallowprivilegeescalationcontainer"
    assert gatekeeper.asking(kind, _constraint(), {kind: ""}).told((ORDINARY,)).stops == set(PRIVILEGED)


TARGETS = [
    {"target": "admission.k8s.gatekeeper.sh", "rego": "package it\n\nviolation[{}] { input.review.object.spec }\n"}
]


def _gatekeeper(*more, targets=TARGETS, **constraint):
    names = {"kind": "K8sPSPPrivilegedContainer"}
    return [
        {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "it"},
         "webhooks": [{"name": "validation.gatekeeper.sh", "rules": [PODS]}]},
        {"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate",
         "metadata": {"name": "k8spspprivilegedcontainer"},
         "spec": {"crd": {"spec": {"names": names}}, "targets": targets}},
        {"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "K8sPSPPrivilegedContainer",
         "metadata": {"name": "it"}, "status": {"byPod": [ENFORCED]}} | constraint,
        *more,
    ]  # fmt: skip


@pytest.fixture
def own_library(monkeypatch):
    """A library that has released the template of these tests, and no other."""
    library = {"K8sPSPPrivilegedContainer": frozenset({digest(TARGETS)})}
    monkeypatch.setattr("kscan.views.admission.gatekeeper_library", lambda: library)


def test_gatekeepers_library_is_known_by_its_code_and_not_by_a_name(own_library):
    assert posture(FLAGS, *_gatekeeper()).privileged is Answer.REFUSED
    spaced = [{**TARGETS[0], "rego": TARGETS[0]["rego"].replace("\n", "  \n\n")}]
    assert posture(FLAGS, *_gatekeeper(targets=spaced)).privileged is Answer.REFUSED
    idle = [{**TARGETS[0], "rego": "package it\n\nviolation[{}] { false }\n"}]
    found = posture(FLAGS, *_gatekeeper(targets=idle))
    assert (found.privileged, found.guards[0].doubt) == (
        Answer.UNKNOWN, "its template is not one of the library that kscan knows")  # fmt: skip
    unbuilt = _gatekeeper()
    unbuilt[1]["status"] = {"byPod": [{"errors": [{"code": "ingest_error"}]}]}
    assert posture(FLAGS, *unbuilt).privileged is Answer.UNKNOWN


def test_a_template_that_is_not_read_makes_its_constraints_a_doubt_and_nothing_else(own_library):
    def edit(snapshot):
        return denied(snapshot, kinds.CONSTRAINT_TEMPLATES)

    assert posture(FLAGS, *_gatekeeper(), edit=edit).privileged is Answer.UNKNOWN
    assert posture(FLAGS, edit=edit).privileged is Answer.ADMITTED


@pytest.mark.parametrize("spec", [{"match": {"labels": {"a": "b"}}}, {"except": ["shop"]}])
def test_a_constraint_with_a_field_that_is_not_read_is_a_doubt(own_library, spec):
    found = posture(FLAGS, *_gatekeeper(spec=spec))
    assert (found.privileged, "kscan does not read its spec." in found.guards[0].unsure) == (Answer.UNKNOWN, True)


def test_a_constraint_that_only_watches_is_found_where_its_template_is_known(own_library):
    def found(**more):
        guards = reading(FLAGS, *_gatekeeper(spec={"enforcementAction": "dryrun"}, **more)).value
        return [type(one) for one in only_watches.run(guards, all_bindings=True)]

    assert found() == [Problem]
    assert found(targets=[]) == []


def test_every_kind_that_is_said_to_refuse_was_released_by_the_library():
    assert {kind for kind, _ in gatekeeper._KINDS} <= set(gatekeeper_library())


@pytest.mark.parametrize(("match", "sees"), [
    ({}, True),
    ({"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]}, True),
    ({"kinds": [{"apiGroups": ["*"], "kinds": ["*"]}]}, True),
    ({"kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]}, False),
    ({"namespaces": ["sh*"]}, True),
    ({"namespaces": ["bank"]}, False),
    ({"excludedNamespaces": ["*op"]}, False),
    ({"excludedNamespaces": ["kube-*"]}, True),
    ({"namespaceSelector": {"matchLabels": {"team": "bank"}}}, False),
    ({"scope": "Cluster"}, False),
])  # fmt: skip
def test_constraints_match_namespaces_as_gatekeeper_does(match, sees):
    constraint = msgspec.convert({"metadata": {"name": "it"}, "spec": {"match": match}}, Constraint)
    assert constraint.spec.match.sees("shop", SHOP["metadata"]["labels"]) is sees


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
    assert (found.effect, found.around) == (Effect.UNKNOWN, ())


def _kyverno(rule, spec=None, excused=(), *, before=(), exceptions=(), own="", status=None):
    whole = {"name": "it", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, "validate": LEVEL} | rule
    body = {"metadata": {"name": "it", "namespace": own}, "spec": (spec or {}) | {"rules": [*before, whole]},
            "status": status or {}}  # fmt: skip
    policy = msgspec.convert(body, KyvernoPolicy)
    exceptions = [*exceptions, *(_exception(*one.split("/")) for one in excused)]
    ready = kyverno.ready(policy, Budget(), doubts(policy, body["spec"]))
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


def test_a_privileged_pod_is_refused_only_if_every_kind_of_it_is():
    half = Guard(kind="policy", name="a", stops=frozenset({"privileged"}))
    rest = Guard(kind="policy", name="b", stops=frozenset({"privileged-init"}))
    doubt = Guard(kind="policy", name="c", doubt="nobody knows")
    warns = Guard(kind="policy", name="d", action=Action.WARN, stops=EVERY, doubt="nobody knows")
    answers = {
        (half,): Answer.ADMITTED,
        (half, rest): Answer.REFUSED,
        (half, doubt): Answer.UNKNOWN,
        (warns,): Answer.ADMITTED,
        (): Answer.ADMITTED,
    }
    assert {guards: around("shop", guards).privileged for guards in answers} == answers
    assert around("shop", (half, rest)).all(Answer.ADMITTED) == (
        "hostPID", "hostIPC", "hostNetwork", "hostPath volumes", "capabilities such as SYS_ADMIN")  # fmt: skip


@pytest.mark.parametrize("hidden", [
    kinds.ADMISSION_POLICIES, kinds.ADMISSION_BINDINGS, kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS,
    kinds.CONSTRAINTS, kinds.GATEKEEPER_CONFIGS, kinds.KYVERNO_CLUSTER_POLICIES, kinds.KYVERNO_POLICIES, kinds.KYVERNO_VALIDATING,
    kinds.KYVERNO_EXCEPTIONS, kinds.KYVERNO_VALIDATING_EXCEPTIONS,
], ids=str)  # fmt: skip
def test_what_may_not_be_read_may_refuse(hidden):
    found = reading(FLAGS, edit=lambda snapshot: denied(snapshot, hidden))
    assert found.gaps
    assert found.value[0].privileged is Answer.UNKNOWN
    assert posture(FLAGS).privileged is Answer.ADMITTED


@pytest.mark.parametrize("kind", [kinds.ADMISSION_POLICIES, kinds.KYVERNO_POLICIES, kinds.GATEKEEPER_CONFIGS], ids=str)
def test_what_is_not_served_is_not_there(kind):
    gap = Gap(kind.path(), Reason.NOT_SERVED)
    found = reading(FLAGS, {"path": gap.path, "gap": "not served"})
    assert (found.gaps, found.value[0].privileged) == ((), Answer.ADMITTED)
    gap = {"path": kind.path(), "gap": "undecodable"}
    assert reading(FLAGS, gap).value[0].privileged is Answer.UNKNOWN


def test_manifests_do_not_say_what_the_cluster_lets_in():
    assert posture(FLAGS, about=About(manifests=True)).privileged is Answer.UNKNOWN


METRICS = 'pod_security_evaluations_total{decision="allow",mode="enforce",policy_level="privileged"} 3\n'
STATIC = 'apiserver_manifest_admission_config_controller_last_config_info{plugin="ValidatingAdmissionPolicy"} 1\n'


@pytest.mark.parametrize(("documents", "answer"), [
    ([], Answer.UNKNOWN),
    ([{"path": "/metrics", "text": METRICS}], Answer.ADMITTED),
    ([{"path": "/metrics", "text": METRICS.replace(" 3", " 0")}], Answer.UNKNOWN),
    ([{"path": "/metrics", "text": METRICS},
      {"kind": "Namespace", "metadata": {"name": "aaa", "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}],
     Answer.UNKNOWN),
    ([{"path": "/version", "json": {"gitVersion": "v1.33.1-eks-1a2b3c"}}], Answer.ADMITTED),
    ([FLAGS], Answer.ADMITTED),
    ([FLAGS, {"path": "/metrics", "text": STATIC}], Answer.UNKNOWN),
])  # fmt: skip
def test_what_tells_whether_a_level_is_set_for_all_namespaces(documents, answer):
    assert reading(*documents).value[-1].privileged is answer


def test_a_service_that_cannot_be_looked_up_is_not_gone():
    hook = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "it"}, "webhooks": [
        {"name": "a.example", "failurePolicy": "Ignore", "rules": [PODS],
         "clientConfig": {"service": {"name": "gone", "namespace": "shop"}}}]}  # fmt: skip
    (guard,) = posture(FLAGS, hook).guards
    assert guard.effect is Effect.NOTHING
    (guard,) = posture(FLAGS, hook, edit=lambda snapshot: denied(snapshot, kinds.SERVICES)).guards
    assert guard.effect is Effect.UNKNOWN


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
        {"name": "validate.kyverno.svc-fail", "rules": [PODS],
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
        {"name": "validate.kyverno.svc-fail", "rules": [PODS],
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


def test_security_context_constraints_are_told_of():
    served = {
        "path": "/apis",
        "json": {
            "kind": "APIGroupDiscoveryList",
            "items": [{"metadata": {"name": "security.openshift.io"}, "versions": []}],
        },
    }
    found = posture(FLAGS, served)
    assert (found.privileged, [str(one) for one in found.guards]) == (
        Answer.UNKNOWN, ["OpenShift security context constraints"])  # fmt: skip


@pytest.mark.parametrize(("name", "effects"), [
    ("rev.namespace.sidecar-injector.istio.io", []),
    ("change.policy.example", [Effect.UNKNOWN]),
])  # fmt: skip
def test_webhooks_that_are_known_to_change_and_never_refuse(name, effects):
    hook = {
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "it"},
        "webhooks": [{"name": name, "rules": [PODS]}],
    }
    assert [one.effect for one in posture(FLAGS, hook).guards] == effects


def _debugger(subject):
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "debuggers"}}
    return [
        {**role, "kind": "ClusterRole",
         "rules": [{"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["patch"]}]},
        {**role, "kind": "ClusterRoleBinding", "subjects": [subject],
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "debuggers"}},
    ]  # fmt: skip


@pytest.mark.parametrize(("subject", "answer"), [
    ({"kind": "User", "name": "ana"}, Answer.ADMITTED),
    ({"kind": "User", "name": "xsystem:serviceaccount:kube-system:z"}, Answer.ADMITTED),
    ({"kind": "Group", "name": "system:serviceaccount:kube-system:z"}, Answer.ADMITTED),
    ({"kind": "ServiceAccount", "name": "z", "namespace": "kube-system"}, Answer.REFUSED),
    ({"kind": "Group", "name": "system:masters"}, Answer.REFUSED),
])  # fmt: skip
def test_who_adds_debug_containers_is_the_clusters_own_only_by_its_whole_name(subject, answer):
    policy = {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "it"}, "spec": {
        "matchConstraints": {"resourceRules": [PODS]},
        "validations": [{"expression": f"({NO_PRIVILEGE}) && ({NO_PRIVILEGE.replace('containers', 'initContainers')})"
                                       .replace("object.spec.initContainers", "object.spec.?initContainers.orValue([])")}]}}  # fmt: skip
    binding = {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "it"},
               "spec": {"policyName": "it", "validationActions": ["Deny"]}}  # fmt: skip
    assert posture(FLAGS, policy, binding, *_debugger(subject)).privileged is answer


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
    ([HOST.format("v.hostPath.path in ['/var/log', '/etc/localtime', '/run/systemd/notify']")], {"host-path"}),
    ([HOST.format("v.hostPath.path.startsWith('/var/log/')")], {"host-path"}),
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
