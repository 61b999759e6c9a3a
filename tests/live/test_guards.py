"""Guards and the ways around them: kscan's verdict beside what a real API server does about pods that a tenant makes.

Each namespace has one guard, or two. The tenant is who edits it: a user, a service account of it, and the controllers
that make pods for it. Where kscan says that a pod is let in, the very way that it names is tried; where it says that
it is refused, every way that any guard here is got around by.
"""

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle

import msgspec
import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.model.admission.cases import ANNOTATION, CONTROLLERS, PERSON, Case, Edit, account
from kscan.model.admission.pods import edited
from kscan.model.admission.policies import Policy
from kscan.model.admission.probes import PROBES
from kscan.model.admission.shown import Budget
from kscan.model.admission.trial import Trial
from kscan.views.admission import ADMISSION
from kscan.views.view import Readings
from tests.live.api_server import api_server, free_port, holds, running
from tests.live.conftest import need
from tests.live.guard_pairs import (
    ADMITTED,
    EDITS,
    JANE,
    JOBS,
    LEVEL,
    PAIRS,
    REFUSED,
    REPLICAS,
    UNKNOWN,
    Pair,
    a,
    by,
    label,
    policy,
)
from tests.live.tenant import Tenant
from tests.live.test_admission import GROUP, until
from tests.live.test_rbac import API_GROUP, RBAC

BY_NAME = {one.name: one for one in PROBES}


def probe_of(pair):
    """What its policy is tried with."""
    if len(pair.policies) != 1:
        return BY_NAME[pair.probe]
    one = msgspec.convert({"metadata": {"name": "it"}, "spec": pair.policies[0]["spec"]}, Policy)
    return next(probe for probe in Trial(one.spec, Budget()).probes if probe.name == pair.probe)


def write(tenant, place, pair):
    """A namespace with its editors and its guards."""

    def put(path, body):
        status, answer = tenant.client.ask(path, body)
        assert status == 201, (path, answer)

    labels = pair.labels | {"guard": place}
    put("/api/v1/namespaces", {"metadata": {"name": place, "labels": labels}})
    for name in ("default", "deployer", "runner"):
        put(f"/api/v1/namespaces/{place}/serviceaccounts", {"metadata": {"name": name}})
    roles = ["system:aggregate-to-edit", *(["debuggers"] if pair.debuggers else [])]
    users = [{"kind": "User", "name": one.identity.user} for one in (PERSON, JANE)]
    people = [*users, {"kind": "Group", "name": f"system:serviceaccounts:{place}"}]
    for role in roles:
        put(f"{RBAC}/namespaces/{place}/rolebindings", {
            "metadata": {"name": role}, "roleRef": {"apiGroup": API_GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [one | {"apiGroup": API_GROUP} for one in people]})  # fmt: skip
    here = {"matchLabels": {"kubernetes.io/metadata.name": place}}
    for at, one in enumerate(pair.policies):
        name = f"{place}-{at}"
        put(f"{GROUP}/validatingadmissionpolicies", {"metadata": {"name": name}, "spec": one["spec"]})
        bound = one["bound"] | {"policyName": name}
        bound["matchResources"] = bound.get("matchResources", {}) | {"namespaceSelector": here}
        put(f"{GROUP}/validatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": bound})
    hooks = [one | {"name": f"w{at}.policy.example", "namespaceSelector": here} for at, one in enumerate(pair.webhooks)]
    if hooks:
        put(f"{GROUP}/validatingwebhookconfigurations", {"metadata": {"name": place}, "webhooks": hooks})


def postures_of(server):
    snapshot = collect(Access(kubeconfig=str(server.kubeconfig())), ADMISSION.needs, Options())
    reading = Readings(snapshot).of(ADMISSION)
    assert reading.gaps == ()
    return {one.namespace: one for one in reading.value}


CONTROLLER_MANAGER = "kube-controller-manager"


def controllers(server, assets):
    """The controllers that make pods, each by its own account, as kubeadm starts them."""
    return running([
        assets / CONTROLLER_MANAGER, f"--kubeconfig={server.kubeconfig()}", f"--secure-port={free_port()}",
        "--bind-address=127.0.0.1", f"--cert-dir={server.folder}", "--leader-elect=false", "--use-service-account-credentials",
        f"--service-account-private-key-file={server.folder / 'sa.key'}",
        "--controllers=deployment-controller,replicaset-controller,job-controller",
    ], server.folder / "controllers.log", server.folder)  # fmt: skip


@pytest.fixture(scope="module")
def live(assets, tmp_path_factory):
    with ExitStack() as stack:
        server = stack.enter_context(
            api_server(tmp_path_factory.mktemp("guards"), "--audit-log-mode=batch", assets=assets)
        )
        if holds(assets, CONTROLLER_MANAGER):
            stack.enter_context(controllers(server, assets))
        server.write(f"{RBAC}/clusterroles", {"metadata": {"name": "debuggers"}, "rules": [
            {"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["update", "patch"]}]})  # fmt: skip
        tenant = Tenant(server)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda one: write(tenant, *one), PAIRS.items()))
            # What is written comes into force a moment later, in its own time.
            list(pool.map(lambda one: in_force(tenant, *one), PAIRS.items()))
        yield tenant, postures_of(server)


def in_force(tenant, place, pair):
    if pair.stopped:
        until(lambda: not tenant.ask(place, pair.stopped[0], BY_NAME[pair.probe].created[0]))


@pytest.mark.every_version
@pytest.mark.parametrize("place", PAIRS)
def test_a_guard_holds_as_kscan_says(live, place):
    tenant, postures = live
    pair = PAIRS[place]
    probe = probe_of(pair)
    verdict = postures[place].verdicts[pair.probe]
    assert verdict.answer is pair.answer, (verdict, postures[place].guards)
    for case in pair.stopped:
        assert not tenant.ask(place, case, probe.by(case.request)[0]), case.words
    for case in pair.through:
        assert tenant.ask(place, case, probe.by(case.request)[0]), case.words
    if verdict.answer is ADMITTED:
        # One of the pods that do the thing gets in by the way that kscan names.
        assert any(tenant.ask(place, verdict.way, one) for one in probe.by(verdict.way.request)), verdict.way
    if verdict.answer is REFUSED:
        everybody = (PERSON, account(place), account(place, "deployer"), *CONTROLLERS)
        for case in (*map(Case, everybody), *map(Case, cycle(everybody), EDITS)):
            for tried in probe.created if not case.edits else probe.created[:1]:
                assert not tenant.ask(place, case, tried), case.words


@pytest.mark.every_version
def test_every_pod_that_guards_are_tried_with_is_one(live):
    """Where nothing is refused all of them are let in: none is refused because it is no pod."""
    tenant, _ = live
    tried = {
        id(one.pod): one for pair in PAIRS.values() for one in (*BY_NAME[pair.probe].created, *probe_of(pair).created)
    }
    assert [one.pod["spec"] for one in tried.values() if not tenant.ask("warns", a(), one)] == []


def made(tenant, place, kind, edits):
    """Whether a controller makes the pod that a tenant's Deployment or Job wants; its conditions tell that it cannot."""
    pod = edited(BY_NAME["privileged"].created[0].pod, Case(PERSON, edits), place)
    template = {"metadata": {"labels": {"by": kind} | pod["metadata"].get("labels", {}),
                             "annotations": pod["metadata"].get("annotations", {})},
                "spec": pod["spec"] | ({"restartPolicy": "Never"} if kind == "jobs" else {})}  # fmt: skip
    group = "batch" if kind == "jobs" else "apps"
    spec = {"template": template} | ({} if kind == "jobs" else {"selector": {"matchLabels": {"by": kind}}})
    path = f"/apis/{group}/v1/namespaces/{place}/{kind}"
    metadata = {"generateName": "made-"}
    status, answer = tenant.client.ask(path, {"metadata": metadata, "spec": spec}, identity=PERSON.identity)
    assert status == 201, answer
    for _ in range(50):
        pods = tenant.client.ask(f"/api/v1/namespaces/{place}/pods", None, method="GET")[1]["items"]
        if any(name_starts(one, answer["metadata"]["name"]) for one in pods):
            return True
        events = tenant.client.ask(f"/api/v1/namespaces/{place}/events", None, method="GET")[1]["items"]
        if any(one["reason"] == "FailedCreate" and name_starts({"metadata": one["involvedObject"]}, answer["metadata"]["name"])
               for one in events):  # fmt: skip
            return False
        time.sleep(0.4)
    raise AssertionError("no controller did anything")


def name_starts(one, name):
    return one["metadata"]["name"].startswith(name)


SKIP = label("skip")
BY_CONTROLLERS = [
    ("not-accounts", (), True), ("not-controllers", (), True), ("not-controllers-group", (), True),
    ("name-made-up", (), True), ("owned", (), True), ("label-out", (SKIP,), True), ("label-out", (), False),
    ("label-condition", (SKIP,), True), ("annotation", (Edit(ANNOTATION, "policy.example/skip", "true"),), True),
    ("image", (Edit("image", value="registry.example/trusted/x"),), True), ("two-labels", (SKIP,), False),
    ("each-other", (), False), ("not-masters", (), False), ("plain", (), False), ("level", (), False),
    ("under-a-level", (SKIP,), False), ("webhook-accounts", (), True), ("webhook", (), False),
]  # fmt: skip


@pytest.mark.every_version
def test_controllers_make_the_pods_that_kscan_says_they_may(live, assets):
    """A pod that really comes of a Deployment, and of a Job; where kscan says refused, none does."""
    need(assets, CONTROLLER_MANAGER)
    tenant, postures = live
    tried = [(one, kind) for one in BY_CONTROLLERS for kind in ("deployments", "jobs")]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: made(tenant, one[0][0], one[1], one[0][1]), tried))
    for ((place, edits, let_in), kind), answer in zip(tried, answers, strict=True):
        assert answer is let_in, (place, edits, kind)
        verdict = postures[place].answer("privileged")
        assert not (answer and verdict is REFUSED), (place, edits, kind)
        # The same as when somebody asks in the name of the controller.
        requester = JOBS if kind == "jobs" else REPLICAS
        assert place in ("name-made-up", "owned") or answer is tenant.ask(
            place, Case(requester, edits), BY_NAME["privileged"].created[0]
        )


@pytest.mark.every_version
def test_what_costs_too_much_is_let_in_where_that_fails_open(live):
    """Of a thousand containers, each is held against each: more than an expression may cost."""
    tenant, _ = live
    tried = BY_NAME["privileged"].created[0]
    many = [{"name": f"c{at}", "image": "registry.example/more:1"} for at in range(1500)]
    large = copy.deepcopy(tried.pod)
    large["spec"]["containers"] = many + large["spec"]["containers"]
    assert not tenant.ask("costs-too-much", a(), tried)
    assert tenant.ask("costs-too-much", a(), msgspec.structs.replace(tried, pod=large))


EXEMPTIONS = """
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: PodSecurity
    configuration:
      apiVersion: pod-security.admission.config.k8s.io/v1
      kind: PodSecurityConfiguration
      defaults: {enforce: baseline, enforce-version: latest}
      exemptions:
        namespaces: [locked]
        runtimeClasses: [kata]
        usernames: ["system:serviceaccount:kube-system:replicaset-controller"]
"""


@pytest.fixture(scope="module")
def exempting(assets, tmp_path_factory):
    """A server whose file sets a level for all, and exempts from levels a namespace, a controller and a runtime class."""
    folder = tmp_path_factory.mktemp("exempting")
    (folder / "admission.yaml").write_text(EXEMPTIONS)
    flags = ("--audit-log-mode=batch", f"--admission-control-config-file={folder / 'admission.yaml'}")
    with api_server(folder, *flags, assets=assets) as server:
        tenant = Tenant(server)
        server.write("/apis/node.k8s.io/v1/runtimeclasses", {"metadata": {"name": "kata"}, "handler": "kata"})
        for place in ("locked", "guarded"):
            level = Pair(labels={f"{LEVEL}enforce": "restricted"}, answer=UNKNOWN)
            write(tenant, place, level)
        write(tenant, "unlabelled", Pair(answer=UNKNOWN))
        # A policy of the API server holds whatever is exempt from levels.
        write(tenant, "policed", Pair(labels={f"{LEVEL}enforce": "restricted"}, policies=(policy(),), answer=REFUSED))
        in_force(tenant, "policed", Pair(answer=REFUSED, stopped=(by(REPLICAS),)))
        yield tenant, postures_of(server)


@pytest.mark.parametrize(("place", "case", "let_in", "answer"), [
    ("locked", a(), True, UNKNOWN),
    ("unlabelled", a(), False, UNKNOWN),
    ("unlabelled", by(REPLICAS), True, UNKNOWN),
    ("guarded", a(), False, UNKNOWN),
    ("guarded", by(account("guarded")), False, UNKNOWN),
    ("guarded", by(REPLICAS), True, UNKNOWN),
    ("guarded", by(JOBS), False, UNKNOWN),
    ("guarded", a(Edit("runtimeClassName", value="kata")), True, UNKNOWN),
    ("policed", by(REPLICAS), False, REFUSED),
    ("policed", a(Edit("runtimeClassName", value="kata")), False, REFUSED),
])  # fmt: skip
def test_a_level_and_exemptions_that_nobody_sees_are_a_doubt(exempting, place, case, let_in, answer):
    tenant, postures = exempting
    probe = BY_NAME["privileged"]
    assert postures[place].answer("privileged") is answer
    assert tenant.ask(place, case, probe.created[0]) is let_in
