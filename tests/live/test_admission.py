"""What becomes of pods that take over a node, by namespace: kscan's answers beside those of a real API server."""

import time
from itertools import product

import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.model.admission.cases import PERSON
from kscan.model.admission.guards import Answer, Effect
from kscan.model.admission.probes import PLAIN, PROBES, placed
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Listing, Reason
from kscan.views.admission import ADMISSION
from kscan.views.view import Readings
from tests.live.api_server import api_server
from tests.live.tenant import Tenant
from tests.live.test_rbac import Client

GROUP = "/apis/admissionregistration.k8s.io/v1"
LABEL = "pod-security.kubernetes.io/"
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
USER = PERSON.identity
NO_PRIVILEGE = "!has(c.securityContext) || !has(c.securityContext.privileged) || !c.securityContext.privileged"

# Each namespace with its labels.
NAMESPACES = {
    "open": {},
    "baseline": {f"{LABEL}enforce": "baseline"},
    "restricted": {f"{LABEL}enforce": "restricted"},
    "old": {f"{LABEL}enforce": "baseline", f"{LABEL}enforce-version": "v1.20"},
    "said-privileged": {f"{LABEL}enforce": "privileged"},
    "warned": {f"{LABEL}warn": "restricted", f"{LABEL}audit": "restricted"},
    "denied": {"policy": "deny"},
    "audited": {"policy": "audit"},
    "halves": {"policy": "containers"},
    "conditions": {"policy": "conditions"},
    "condition-errs": {"policy": "condition-errs"},
    "object": {"policy": "object"},
    "errs-closed": {"policy": "errs-closed"},
    "errs-open": {"policy": "errs-open"},
    "by-name-a": {"policy": "by-name"},
    "by-name-b": {"policy": "by-name"},
    "by-object": {"policy": "by-object"},
    "by-variable": {"policy": "by-variable"},
    "excluded": {"policy": "excluded"},
    "dead-open": {"webhook": "open"},
    "dead-closed": {"webhook": "closed"},
    "given": {"policy": "given"},
    "everything": {"policy": "everything"},
    "authorized": {"policy": "authorized"},
    "answered": {"webhook": "url"},
}  # fmt: skip
# Where kscan says that it cannot tell.
UNKNOWN = {"dead-closed", "given", "authorized", "answered", "condition-errs"}


def policy(name, *validations, actions=("Deny",), bound=None, **spec):
    """A policy and its binding, for the namespaces whose label `policy` has its name."""
    constraints = {"resourceRules": [PODS]} | spec.pop("matchConstraints", {})
    body = {"matchConstraints": constraints, "validations": [{"expression": one} for one in validations], **spec}
    selector = {"namespaceSelector": {"matchLabels": {"policy": name}}}
    binding = {"policyName": name, "validationActions": list(actions), "matchResources": selector} | (bound or {})
    return {"metadata": {"name": name}, "spec": body}, {"metadata": {"name": name}, "spec": binding}


POLICIES = [
    policy(
        "deny",
        "variables.all.all(c, !c.?securityContext.?privileged.orValue(false))",
        "!(object.spec.?hostPID.orValue(false) || object.spec.?hostIPC.orValue(false) || object.spec.?hostNetwork.orValue(false))",
        "object.spec.?volumes.orValue([]).all(v, !has(v.hostPath))",
        "variables.all.all(c, c.?securityContext.?capabilities.?add.orValue([]).size() == 0)",
        variables=[
            {"name": "init", "expression": "object.spec.?initContainers.orValue([])"},
            {"name": "all", "expression": "object.spec.containers + variables.init"},
        ],
    ),
    policy("audit", "!object.spec.containers.exists(c, has(c.securityContext.privileged))", actions=("Audit", "Warn")),
    policy("containers", f"object.spec.containers.all(c, {NO_PRIVILEGE})"),
    policy(
        "conditions",
        "!object.spec.?hostPID.orValue(false)",
        matchConditions=[
            {"name": "create", "expression": "request.operation == 'CREATE' && oldObject == null"},
            {"name": "not-a-node", "expression": "!('system:nodes' in request.userInfo.groups)"},
            {"name": "no-object", "expression": "!has(namespaceObject.metadata)"},
        ],
    ),
    policy("object", "namespaceObject.metadata.labels.policy != 'object' || !object.spec.?hostPID.orValue(false)"),
    policy(
        "condition-errs",
        "!object.spec.?hostPID.orValue(false)",
        matchConditions=[{"name": "errs", "expression": "namespaceObject.metadata.name == 'condition-errs'"}],
    ),
    policy("errs-closed", "object.spec.containers.all(c, c.securityContext.allowPrivilegeEscalation == false)"),
    policy(
        "errs-open",
        "object.spec.containers[0].securityContext.allowPrivilegeEscalation == false",
        failurePolicy="Ignore",
    ),
    policy("by-name", f"request.namespace == 'by-name-b' || object.spec.containers.all(c, {NO_PRIVILEGE})"),
    policy(
        "by-object",
        f"object.spec.containers.all(c, {NO_PRIVILEGE})",
        matchConstraints={"objectSelector": {"matchLabels": {"tier": "web"}}},
    ),
    policy(
        "by-variable",
        "variables.missing || object.spec.containers.size() > 0",
        "!variables.pid",
        variables=[
            {"name": "missing", "expression": "object.spec.nothing == 1"},
            {"name": "pid", "expression": "'hostPID' in object.spec && object.spec.hostPID"},
        ],
    ),
    policy("excluded", "false", matchConstraints={"excludeResourceRules": [PODS]}),
    policy(
        "given",
        "params.data.privileged == 'yes'",
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        bound={"paramRef": {"name": "it", "namespace": "default", "parameterNotFoundAction": "Deny"}},
    ),
    policy("everything", "object.metadata.labels['owner'] != ''"),
    policy("authorized", "authorizer.group('').resource('nodes').check('update').allowed()"),
]  # fmt: skip


def webhook(name, policy, where, **config):
    return {"name": f"{name}.policy.example", "failurePolicy": policy, "sideEffects": "None", "timeoutSeconds": 1,
            "admissionReviewVersions": ["v1"], "rules": [PODS], "clientConfig": config,
            "namespaceSelector": {"matchLabels": {"webhook": where}}}  # fmt: skip


WEBHOOKS = [
    webhook("open", "Ignore", "open", service={"name": "gone", "namespace": "default"}),
    webhook("closed", "Fail", "closed", service={"name": "gone", "namespace": "default"}),
    webhook("url", "Ignore", "url", url="https://127.0.0.1:1/"),
]


@pytest.fixture(scope="module")
def live(assets, tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("admission"), "--audit-log-mode=batch", assets=assets) as server:
        client = Client(server)
        for name, labels in NAMESPACES.items():
            server.write("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
            server.write(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
        for one, binding in POLICIES:
            server.write(f"{GROUP}/validatingadmissionpolicies", one)
            server.write(f"{GROUP}/validatingadmissionpolicybindings", binding)
        server.write(f"{GROUP}/validatingwebhookconfigurations",
                     {"metadata": {"name": "webhooks"}, "webhooks": WEBHOOKS})  # fmt: skip
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}]
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        server.write(f"{rbac}/clusterroles", {"metadata": {"name": "creators"}, "rules": rules})
        names = [{"kind": "User", "name": USER.user}, {"kind": "Group", "name": "system:serviceaccounts"}]
        subjects = [one | {"apiGroup": "rbac.authorization.k8s.io"} for one in names]
        server.write(f"{rbac}/clusterrolebindings", {
            "metadata": {"name": "creators"}, "subjects": subjects,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "creators"}})  # fmt: skip
        wait(client)
        yield server, client


def wait(client):
    """Policies, bindings and webhooks come into force a moment after they are written, in their own time."""
    for place in (
        "denied",
        "errs-closed",
        "everything",
        "given",
        "authorized",
        "by-name-a",
        "dead-closed",
        "halves",
        "condition-errs",
    ):
        until(lambda place=place: create(client, place, PROBES[0].pod)[0] != 201)


def create(client, place, pod):
    """The answer to a creation, as an ordinary user, that is only tried."""
    pod = {key: value for key, value in placed(pod, place).items() if key != "status"}
    return client.ask(f"/api/v1/namespaces/{place}/pods?dryRun=All", pod, identity=USER)


@pytest.fixture(scope="module")
def postures(live):
    server, _ = live
    snapshot = collect(Access(kubeconfig=str(server.kubeconfig())), ADMISSION.needs, Options())
    reading = Readings(snapshot).of(ADMISSION)
    assert reading.gaps == ()
    return {one.namespace: one for one in reading.value}


@pytest.mark.every_version
@pytest.mark.parametrize("place", NAMESPACES)
def test_the_server_does_what_kscan_says(live, postures, place):
    server, client = live
    tenant = Tenant(server)
    for probe in PROBES:
        verdict = postures[place].verdicts[probe.name]
        status, body = create(client, place, probe.pod)
        assert status in (201, 403, 422, 500), body
        if verdict.answer is Answer.REFUSED:
            assert status != 201, (place, probe.name, body.get("message"))
        elif verdict.answer is Answer.ADMITTED:
            assert any(tenant.ask(place, verdict.way, one) for one in probe.by(verdict.way.request)), verdict
    answers = {one.answer for one in postures[place].verdicts.values()}
    assert (Answer.UNKNOWN in answers) == (place in UNKNOWN), answers


def test_a_pod_that_does_nothing_is_refused_only_where_all_are(live):
    _, client = live
    refused = {place for place in NAMESPACES if create(client, place, PLAIN)[0] != 201}
    assert refused == {"dead-closed", "everything", "given", "authorized", "condition-errs"}


def test_what_only_warns_or_audits_is_named_so(postures):
    effects = {place: {one.effect for one in postures[place].guards} for place in ("warned", "audited", "denied")}
    assert effects == {"warned": {Effect.WARNS, Effect.AUDITS}, "audited": {Effect.WARNS}, "denied": {Effect.REFUSES}}


def test_holes_are_told(postures):
    (dead,) = postures["dead-open"].guards
    assert dead.holes == ("its service default/gone does not exist: everything passes",)
    (denied,) = postures["denied"].guards
    assert "is not asked about debug containers (pods/ephemeralcontainers)" in denied.holes
    assert postures["errs-open"].guards == ()


def test_what_flags_do_is_seen(assets, tmp_path):
    """A plugin that is off, so that no level holds, and privileged pods, that are refused to all."""
    flags = ("--disable-admission-plugins=PodSecurity", "--allow-privileged=false")
    with api_server(tmp_path, *flags, assets=assets) as server:
        client = Client(server)
        for name, labels in {"plain": {}, "level": {f"{LABEL}enforce": "baseline"}}.items():
            server.write("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
            server.write(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
        snapshot = collect(Access(kubeconfig=str(server.kubeconfig())), ADMISSION.needs, Options())
        postures = {one.namespace: one for one in Readings(snapshot).of(ADMISSION).value}
        for place, (probe, said, status) in product(("plain", "level"), (
            ("privileged", Answer.REFUSED, 422), ("host-pid", Answer.ADMITTED, 201))):  # fmt: skip
            pod = next(one.pod for one in PROBES if one.name == probe)
            written = {key: value for key, value in placed(pod, place).items() if key != "status"}
            answered = client.ask(f"/api/v1/namespaces/{place}/pods?dryRun=All", written)[0]
            assert (postures[place].answer(probe), answered) == (said, status), (place, probe)


def definition(group, kind, plural, version, scope="Cluster"):
    """A kind of an engine's, as far as the API server has to know it."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {"metadata": {"name": f"{plural}.{group}"}, "spec": {
        "group": group, "scope": scope, "names": names,
        "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}}  # fmt: skip


def test_policies_of_engines_are_found_whatever_kinds_there_are(live):
    """A constraint of a kind that only discovery tells, and a policy in a version that kscan does not read."""
    server, client = live
    group, kyverno = "constraints.gatekeeper.sh", "kyverno.io"
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    server.write(definitions, definition(group, "K8sPSPHostNamespace", "k8spsphostnamespace", "v1beta1"))
    server.write(definitions, definition(group, "OurOwn", "ourown", "v1beta1"))
    server.write(definitions, definition(kyverno, "ClusterPolicy", "clusterpolicies", "v7"))
    for plural, kind in (("k8spsphostnamespace", "K8sPSPHostNamespace"), ("ourown", "OurOwn")):
        body = {"apiVersion": f"{group}/v1beta1", "kind": kind, "metadata": {"name": "it"}, "spec": {}}
        until(lambda plural=plural, body=body: client.ask(f"/apis/{group}/v1beta1/{plural}", body)[0] == 201)
    needs = [kinds.CONSTRAINTS, kinds.KYVERNO_CLUSTER_POLICIES, kinds.KYVERNO_POLICIES]
    access = Access(kubeconfig=str(server.kubeconfig()))

    def whole():
        snapshot = collect(access, needs, Options())
        found = {path: len(one.items) for path, one in snapshot.listings(kinds.CONSTRAINTS) if isinstance(one, Listing)}
        gaps = {path: one.reason for path, one in snapshot.entries.items() if isinstance(one, Gap)}
        return (found, gaps) == (
            {f"/apis/{group}/v1beta1/k8spsphostnamespace": 1, f"/apis/{group}/v1beta1/ourown": 1},
            {
                f"/apis/{kyverno}/v1/clusterpolicies": Reason.UNDECODABLE,
                f"/apis/{kyverno}/v1/policies": Reason.NOT_SERVED,
            },
        )

    until(whole)


def until(holds):
    """Wait for what the server does in its own time."""
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends, "it does not come to hold"
        time.sleep(0.3)
