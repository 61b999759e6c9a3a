"""What may not be read may refuse, and what is set for all namespaces; who is no tenant."""

import pytest

from kscan.judge.refusals import denied
from kscan.model.admission.guards import Action, Answer, Effect, Guard
from kscan.model.admission.guards import posture as around
from kscan.model.admission.probes import EVERY
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.snapshot import About
from tests.admission.asking import FLAGS, NO_PRIVILEGE, PODS, posture, reading


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
    kinds.MUTATING_POLICIES, kinds.MUTATING_BINDINGS, kinds.CONSTRAINTS, kinds.GATEKEEPER_CONFIGS, kinds.KYVERNO_CLUSTER_POLICIES, kinds.KYVERNO_POLICIES, kinds.KYVERNO_VALIDATING,
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


END = 'workqueue_depth{name="all"} 0\n'
METRICS = f'pod_security_evaluations_total{{decision="allow",mode="enforce",policy_level="privileged"}} 3\n{END}'
STATIC = (
    f'apiserver_manifest_admission_config_controller_last_config_info{{plugin="ValidatingAdmissionPolicy"}} 1\n{END}'
)


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


RBAC = "rbac.authorization.k8s.io"
DEBUG = {"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["patch"]}
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
ADMISSION_POLICIES = {"apiGroups": ["admissionregistration.k8s.io"], "resources": ["*"], "verbs": ["*"]}


def _granted(subject, *rules, name="debuggers", namespace=""):
    role = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": name}}
    binding = {"name": name} | ({"namespace": namespace} if namespace else {})
    return [
        {**role, "kind": "ClusterRole", "rules": list(rules)},
        {**role, "kind": "RoleBinding" if namespace else "ClusterRoleBinding", "metadata": binding,
         "subjects": [subject], "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}},
    ]  # fmt: skip


def _guarded(*documents):
    """What a policy of pods alone comes to, which no debug container is asked by."""
    policy = {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "it"}, "spec": {
        "matchConstraints": {"resourceRules": [PODS]},
        "validations": [{"expression": f"({NO_PRIVILEGE}) && ({NO_PRIVILEGE.replace('containers', 'initContainers')})"
                                       .replace("object.spec.initContainers", "object.spec.?initContainers.orValue([])")}]}}  # fmt: skip
    binding = {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "it"},
               "spec": {"policyName": "it", "validationActions": ["Deny"]}}  # fmt: skip
    return posture(FLAGS, policy, binding, *documents).privileged


ANA = {"kind": "User", "name": "ana"}


@pytest.mark.parametrize(("subject", "answer"), [
    (ANA, Answer.ADMITTED),
    ({"kind": "User", "name": "xsystem:serviceaccount:kube-system:z"}, Answer.ADMITTED),
    ({"kind": "Group", "name": "system:serviceaccount:kube-system:z"}, Answer.ADMITTED),
    ({"kind": "ServiceAccount", "name": "z", "namespace": "kube-system"}, Answer.REFUSED),
    ({"kind": "Group", "name": "system:masters"}, Answer.REFUSED),
])  # fmt: skip
def test_who_adds_debug_containers_is_the_clusters_own_only_by_its_whole_name(subject, answer):
    assert _guarded(*_granted(subject, DEBUG)) is answer


@pytest.mark.parametrize(("rules", "namespace", "answer"), [
    ([EVERYTHING], "", Answer.REFUSED),
    ([EVERYTHING], "shop", Answer.ADMITTED),
    ([{**EVERYTHING, "verbs": ["update"]}], "", Answer.ADMITTED),
    ([{**DEBUG, "resourceNames": ["web-0"]}], "", Answer.ADMITTED),
    ([{**DEBUG, "verbs": ["get"]}, ADMISSION_POLICIES], "", Answer.REFUSED),
])  # fmt: skip
def test_who_owns_everything_is_no_tenant(rules, namespace, answer):
    assert _guarded(*_granted(ANA, *rules, namespace=namespace)) is answer


@pytest.mark.parametrize("more", [DEBUG, EVERYTHING, ADMISSION_POLICIES])
@pytest.mark.parametrize("subject", [ANA, {"kind": "Group", "name": "system:authenticated"}])
def test_more_rights_make_no_guard_hold(more, subject):
    assert _guarded(*_granted(ANA, DEBUG, more)) is Answer.ADMITTED
    assert _guarded(*_granted(ANA, DEBUG), *_granted(subject, more, name="more")) is Answer.ADMITTED


@pytest.mark.parametrize("reason", ["forbidden", "undecodable", "unavailable", "timeout", "not served"])
def test_groups_that_are_not_told_may_be_those_of_openshift(reason):
    groups = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": [
        {"metadata": {"name": "security.openshift.io"}, "versions": [{"version": "v1", "resources": []}]}]}  # fmt: skip
    assert posture(FLAGS, {"path": "/apis", "json": groups}).privileged is Answer.UNKNOWN
    assert posture(FLAGS, {"path": "/apis", "gap": reason}).privileged is Answer.UNKNOWN
    assert posture(FLAGS).privileged is Answer.ADMITTED
