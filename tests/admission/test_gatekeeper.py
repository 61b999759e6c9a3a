"""Gatekeeper's constraints: believed by the code of their template, where Gatekeeper says that it enforces them."""

import msgspec
import pytest

from kscan.checks.judgement import Problem
from kscan.judge.refusals import denied
from kscan.model.admission import gatekeeper
from kscan.model.admission.cases import ORDINARY
from kscan.model.admission.gatekeeper import Constraint
from kscan.model.admission.gatekeeper_library import LIBRARY, TAKE_OVER
from kscan.model.admission.guards import Action, Answer, Effect
from kscan.model.admission.probes import PRIVILEGED, PROBES
from kscan.model.admission.templates import digest
from kscan.rules.admission import only_watches
from kscan.snapshot import kinds
from kscan.views.shipped import gatekeeper_library
from tests.admission.asking import FLAGS, PODS, SHOP, posture, reading


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
    (None, True, False),
    ([], False, True),
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
    paths = {} if prefixes is None else {"allowedHostPaths": [{"pathPrefix": one} for one in prefixes]}
    constraint = _constraint(parameters=paths)
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
        return [type(one) for one in only_watches.run(guards, all_bindings=True, all_namespaces=True)]

    assert found() == [Problem]
    assert found(targets=[]) == []


def test_every_kind_that_is_said_to_refuse_was_released_by_the_library():
    assert {one.kind for one in LIBRARY.values()} <= set(gatekeeper_library())


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
                          "spec": {"containers": [{"name": "gate", "image": "gate:1"}]},
                          "status": {"phase": "Running", "conditions": conditions}})  # fmt: skip
    documents += [] if pods is not None else [{"path": kinds.PODS.path(), "gap": "forbidden"}]
    assert posture(*documents).privileged is answer
    closed = {**hook, "webhooks": [hook["webhooks"][0] | {"failurePolicy": "Fail"}]}
    assert posture(*[closed if one is hook else one for one in documents]).privileged is Answer.REFUSED


def _stops(kind, match=None, **parameters):
    constraint = _constraint([ENFORCED], match=match or {}, parameters=parameters)
    templates = {kind: "", "k8spspprivilegedcontainer": ""} if kind in LIBRARY else {"k8spspprivilegedcontainer": ""}
    return gatekeeper.asking(kind, constraint, templates).told((ORDINARY,)).effect


SURE, DOUBT, NOTHING = Effect.REFUSES, Effect.UNKNOWN, Effect.NOTHING


@pytest.mark.parametrize(("allowed", "effect"), [
    ([], SURE),
    (["CHOWN", "net_bind_service", "CAP_NET_RAW"], SURE),
    (["SYS_MODULE"], NOTHING),
    (["SYS_PTRACE", "BPF"], NOTHING),
    (["cap_sys_rawio"], NOTHING),
    (["CHOWN", "All"], NOTHING),
    (["PERFMON"], DOUBT),
    (["SYS_*"], DOUBT),
    ("SYS_ADMIN", DOUBT),
    ([1], DOUBT),
])  # fmt: skip
def test_capabilities_that_are_allowed(allowed, effect):
    assert _stops("k8spspcapabilities", allowedCapabilities=allowed) is effect


def test_every_capability_that_pods_are_tried_with_takes_over_a_node():
    (probe,) = (one for one in PROBES if one.name == "capability")
    pods = [one.pod["spec"] for one in (*probe.created, *probe.debug)]
    containers = [one for pod in pods for field in pod if field.lower().endswith("containers") for one in pod[field]]
    added = {one for it in containers for one in it.get("securityContext", {}).get("capabilities", {}).get("add", ())}
    assert {one.upper().removeprefix("CAP_") for one in added} <= TAKE_OVER


@pytest.mark.parametrize(("kind", "parameters", "effect"), [
    ("k8spsphostnetworkingports", {}, SURE),
    ("k8spsphostnetworkingports", {"hostNetwork": False}, SURE),
    ("k8spsphostnetworkingports", {"hostNetwork": 0}, DOUBT),
    ("k8spsphostnetworkingports", {"hostNetwork": "false"}, DOUBT),
    ("k8spsphostfilesystem", {"allowedHostPaths": [{"readOnly": True}]}, DOUBT),
    ("k8spsphostfilesystem", {"allowedHostPaths": [{"pathPrefix": "/", "readOnly": True}]}, NOTHING),
    ("k8spsphostfilesystem", {"allowedHostPaths": [{"pathPrefix": "//etc"}]}, DOUBT),
    ("k8spsphostfilesystem", {"allowedHostPaths": [{"pathPrefix": "/va"}]}, DOUBT),
    ("k8spsphostfilesystem", {"allowedHostPaths": {"pathPrefix": "/"}}, DOUBT),
    ("k8spspvolumetypes", {"volumes": "*"}, DOUBT),
    ("k8spspvolumetypes", {"volumes": ["hostpath"]}, SURE),
    ("k8spspprivilegedcontainer", {"exemptImages": "*"}, DOUBT),
    ("k8spspprivilegedcontainer", {"exemptImages": [1]}, DOUBT),
    ("k8spsphostfilesystem", {"allowedHostPaths": []}, DOUBT),
    ("k8spspprivilegedcontainers", {}, DOUBT),
])  # fmt: skip
def test_odd_kinds_and_parameters_of_the_library_are_doubts(kind, parameters, effect):
    assert _stops(kind, **parameters) is effect


@pytest.mark.parametrize(("match", "effect"), [
    ({"source": "Original"}, SURE),
    ({"source": "generated"}, DOUBT),
    ({"labelSelector": {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["w*"]}]}}, DOUBT),
    ({"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Unlike", "values": ["w"]}]}}, DOUBT),
    ({"name": "pro*e"}, NOTHING),
    ({"name": "*rob*"}, SURE),
])  # fmt: skip
def test_what_gatekeeper_errs_about_is_a_doubt(match, effect):
    assert _stops("k8spspprivilegedcontainer", match) is effect


@pytest.mark.parametrize(("match", "sees"), [
    ({"namespaces": ["s*p"]}, False),
    ({"namespaces": ["sho?"]}, False),
    ({"namespaces": ["[s]hop"]}, False),
    ({"namespaces": ["*ho*"]}, True),
    ({"excludedNamespaces": ["*ho*"]}, False),
    ({"excludedNamespaces": ["s*p"]}, True),
    ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["w*"]}]}}, True),
    ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["web"]}]}}, True),
    ({"scope": "namespaced"}, True),
    ({"kinds": [{"kinds": ["Pod"]}, {"apiGroups": ["apps"]}]}, True),
    ({"kinds": [{"apiGroups": ["v1"], "kinds": ["Pod"]}]}, False),
])  # fmt: skip
def test_wildcards_of_gatekeeper_stand_at_the_ends_of_a_name(match, sees):
    constraint = msgspec.convert({"metadata": {"name": "it"}, "spec": {"match": match}}, Constraint)
    assert constraint.spec.match.sees("shop", SHOP["metadata"]["labels"]) is sees


def test_images_are_exempt_of_what_containers_may_do_and_of_nothing_else():
    def images(kind, exempt=("busy*", "")):
        constraint = _constraint([ENFORCED], parameters={"exemptImages": list(exempt)})
        return [one.value for one in gatekeeper.asking(kind, constraint, {kind: ""}).dims.edits]

    assert images("k8spspprivilegedcontainer") == images("k8spspcapabilities") == ["busyx"]
    assert images("k8spsphostnamespace") == images("k8spsphostfilesystem") == []


def test_a_kind_that_is_called_nearly_as_one_of_the_library_is_somebodys_own(own_library):
    hook, template, constraint = _gatekeeper()
    assert posture(FLAGS, hook, template, constraint).privileged is Answer.REFUSED
    near = {**constraint, "kind": "K8sPSPPrivilegedContainerS"}
    assert posture(FLAGS, hook, template, near).privileged is Answer.UNKNOWN
