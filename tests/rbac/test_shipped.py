"""What ships is known by platform and by version: nobody hides behind the name of what another cluster has."""

import msgspec
import pytest

from kscan import data
from kscan.commands.selected import catalogue
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.refusals import denied
from kscan.judge.report import Status
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.views.groups import APIS
from kscan.views.platform import KUBEADM, as_told
from kscan.views.retaken import Retaken
from kscan.views.rights import RBAC
from kscan.views.server import VERSION
from kscan.views.shipped import known_minors
from kscan.views.view import Readings

CHECKS = catalogue().checks
RBAC_CHECKS = plan(check for check in CHECKS.values() if check.family == "rbac")
ADMIN = plan([CHECKS["cluster-admin-binding"]])
SHIPPED = data.folder("checks") / "shipped"
DISTRIBUTIONS = sorted(path.stem.removeprefix("rbac-") for path in SHIPPED.glob("rbac-*.jsonl"))
DISTRIBUTIONS.remove("kubernetes")
FLANNEL = (
    "helm-kube-system-rke2-flannel",
    {"kind": "ServiceAccount", "name": "helm-rke2-flannel", "namespace": "kube-system"},
)
CLUSTER_USER = ("aks-cluster-admin-binding", {"kind": "User", "name": "clusterUser"})


def lines(part):
    return [msgspec.json.decode(line) for line in (SHIPPED / f"rbac-{part}.jsonl").read_bytes().splitlines()]


def version(text):
    return {"path": "/version", "json": {"gitVersion": text}}


def kubernetes(minor=36):
    return [one for one in lines("kubernetes") if one["minors"][0] <= minor <= one["minors"][1]]


def admin(name, *subjects, labels=None):
    metadata = {"name": name, "labels": labels or {}}
    role = {"kind": "ClusterRole", "name": "cluster-admin"}
    return {"kind": "ClusterRoleBinding", "metadata": metadata, "roleRef": role, "subjects": list(subjects)}


def cluster(*documents, told="v1.36.0"):
    return Retaken(snapshot_of([version(told), *kubernetes(), *documents]))


def found(readings, ready=ADMIN):
    results = judge(readings, ready).results
    return {(one.check.id, str(finding.object)) for one in results for finding in one.findings}


@pytest.mark.parametrize("hidden", [FLANNEL, CLUSTER_USER])
def test_a_backdoor_under_another_distributions_name_is_found(hidden):
    (result,) = judge(cluster(admin(hidden[0], hidden[1])), ADMIN).results
    assert [one.object.name for one in result.findings] == [hidden[1]["name"]]
    assert "ships this binding, but nothing here says that this is" in " ".join(result.findings[0].notes)


@pytest.mark.parametrize("part", DISTRIBUTIONS)
def test_what_a_distribution_ships_counts_nowhere_else(part):
    baseline = cluster(*lines(part)).of(RBAC).value.baseline
    own = cluster().of(RBAC).value.baseline
    assert (baseline.roles, baseline.bindings) == (own.roles, own.bindings)
    given = as_told(cluster(*lines(part)), part).of(RBAC).value.baseline
    assert len(given.bindings) > len(own.bindings)


@pytest.mark.parametrize(("kind", "namespace", "where"), [
    ("ClusterRoleBinding", "", "in every namespace"),
    ("RoleBinding", "shop", "in namespace shop"),
    ("RoleBinding", "kube-system", ""),
])  # fmt: skip
def test_who_is_shipped_with_a_right_in_one_namespace_is_told_of_it_in_others(kind, namespace, where):
    """The account that signs bootstrap tokens is shipped with the secrets of kube-system, and with no others."""
    reads = [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["secrets"]}]
    role = {"kind": "ClusterRole", "metadata": {"name": "reader"}, "rules": reads}
    signer = {"kind": "ServiceAccount", "name": "bootstrap-signer", "namespace": "kube-system"}
    bound = {"kind": kind, "metadata": {"name": "reader", "namespace": namespace}, "subjects": [signer],
             "roleRef": {"kind": "ClusterRole", "name": "reader"}}  # fmt: skip
    (result,) = judge(cluster(role, bound), plan([CHECKS["secret-readers"]])).results
    assert [str(one.object) for one in result.findings] == (
        ["ServiceAccount kube-system/bootstrap-signer"] if where else []
    )
    assert all(one.message.endswith(where) for one in result.findings)


def statuses(readings, ready=RBAC_CHECKS):
    return {one.check.id: one.status for one in judge(readings, ready).results}


NEWEST = known_minors()[1]
NEWER = f"v1.{NEWEST + 2}.0"
LABEL = {"kubernetes.io/bootstrapping": "rbac-defaults"}
NEW_CONTROLLER = {"kind": "ServiceAccount", "name": "new-controller", "namespace": "kube-system"}
WIDE = {"verbs": ["list", "patch"], "apiGroups": ["*"], "resources": ["*"]}


def role(name, *rules, **labels):
    return {"kind": "ClusterRole", "metadata": {"name": name, "labels": labels}, "rules": list(rules)}


def binding(name, role, *subjects, **labels):
    ref = {"kind": "ClusterRole", "name": role}
    metadata = {"name": name, "labels": labels}
    return {"kind": "ClusterRoleBinding", "metadata": metadata, "roleRef": ref, "subjects": list(subjects)}


def of_a_newer_minor(told):
    """What the newest minor ships, changed as the minors before it changed each other."""
    changed = [one | {"rules": [*one["rules"], WIDE]} if (one["kind"], one["metadata"]["name"]) == ("ClusterRole", "system:kube-scheduler") else one
               for one in kubernetes(NEWEST)]  # fmt: skip
    new = [
        role("system:controller:new", WIDE, **LABEL),
        binding("system:controller:new", "system:controller:new", NEW_CONTROLLER, **LABEL),
        role(
            "system:discovery-of-new", {"verbs": ["get"], "apiGroups": ["new.k8s.io"], "resources": ["news"]}, **LABEL
        ),
        binding("system:discovery-of-new", "system:discovery-of-new", EVERYBODY, ACCOUNTS, **LABEL),
        role("system:bound-to-nobody", WIDE, WIDE, **LABEL),
    ]
    return Readings(snapshot_of([version(told), *changed, *new]))


EVERYBODY = {"kind": "Group", "name": "system:authenticated"}
ACCOUNTS = {"kind": "Group", "name": "system:serviceaccounts"}


def test_what_the_newest_known_minor_ships_is_accused_in_no_newer_one():
    newest = Readings(snapshot_of([version(f"v1.{NEWEST}.0"), *kubernetes(NEWEST)]))
    newer = Readings(snapshot_of([version(NEWER), *kubernetes(NEWEST)]))
    assert found(newest, RBAC_CHECKS) == found(newer, RBAC_CHECKS) == set()


def test_what_looks_like_kubernetes_own_is_unknown_in_a_newer_minor():
    results = judge(of_a_newer_minor(NEWER), RBAC_CHECKS).results
    assert [one.check.id for one in results if one.findings] == []
    why = f"what Kubernetes 1.{NEWEST + 2} ships is not in kscan's data (1.30 to 1.{NEWEST})"
    unknown = {one.check.id for one in results if one.status is Status.UNKNOWN and why in one.reason}
    assert {"shipped-role-changed", "wildcard-role", "every-object-listers", "unused-role"} <= unknown


def test_nobody_hides_behind_such_names_in_a_known_minor():
    told = found(of_a_newer_minor(f"v1.{NEWEST}.0"), RBAC_CHECKS)
    assert {
        ("shipped-role-changed", "ClusterRole system:kube-scheduler"),
        ("wildcard-role", "ClusterRole system:controller:new"),
        ("every-object-listers", "ServiceAccount kube-system/new-controller"),
        ("unused-role", "ClusterRole system:bound-to-nobody"),
        ("default-account-rights", "Group system:serviceaccounts"),
    } <= told


@pytest.mark.parametrize(
    ("subject", "name", "labels", "status"),
    [
        ({"kind": "User", "name": "mallory"}, "mallory", {}, Status.FAIL),
        ({"kind": "User", "name": "mallory"}, "system:mallory", LABEL, Status.FAIL),
        ({"kind": "User", "name": "system:mallory"}, "system:mallory", LABEL, Status.UNKNOWN),
        ({"kind": "User", "name": "system:mallory"}, "system:mallory", {}, Status.FAIL),
        ({"kind": "User", "name": "system:mallory"}, "mallory", LABEL, Status.FAIL),
        ({"kind": "ServiceAccount", "name": "mallory", "namespace": "shop"}, "system:mallory", LABEL, Status.FAIL),
        (EVERYBODY, "system:mallory", LABEL, Status.FAIL),
        ({"kind": "Group", "name": "system:serviceaccounts:shop"}, "system:mallory", LABEL, Status.FAIL),
    ],
)
def test_a_newer_minor_hides_nobody_else(subject, name, labels, status):
    documents = [version(NEWER), *kubernetes(NEWEST), binding(name, "cluster-admin", subject, **labels)]
    (result,) = judge(Readings(snapshot_of(documents)), ADMIN).results
    assert result.status is status


WORLDS = {
    "stock": kubernetes(NEWEST),
    "older": kubernetes(30),
    "RKE2": [*kubernetes(33), *lines("rke2")],
    "kubeadm": [*kubernetes(36), *lines("kubeadm")],
    "somebody's": [*kubernetes(36), admin("mine", {"kind": "User", "name": "mallory"})],
    "hidden": [*kubernetes(36), admin(FLANNEL[0], FLANNEL[1]), admin(CLUSTER_USER[0], CLUSTER_USER[1])],
    "of a newer minor": [*kubernetes(36), *lines("kind"), admin("system:new", NEW_CONTROLLER, labels=LABEL)],
}
TOLD = ("v1.36.0", "v1.33.1+rke2r1", "v1.30.0", NEWER)


# Each world as the newest sees it, and as one that is told in its turn.
SEEN = [*((world, NEWER) for world in WORLDS), *((world, TOLD[at % 3]) for at, world in enumerate(WORLDS))]


@pytest.mark.parametrize(("world", "told"), SEEN)
def test_no_refusal_accuses_or_excuses_anything(world, told):
    """That a version or a sign may not be read makes no finding, and no pass."""
    readings = Retaken(snapshot_of([version(told), CONFIG, *WORLDS[world]]))
    whole = judge(readings, RBAC_CHECKS).results
    for refused in (VERSION, kinds.NODES, KUBEADM, APIS):
        less = judge(Retaken(denied(readings.snapshot, refused), readings), RBAC_CHECKS).results
        for before, after in zip(whole, less, strict=True):
            assert {one.object for one in after.findings} <= {one.object for one in before.findings}, before.check.id
            decided = (Status.PASS, Status.NOT_APPLICABLE)
            assert after.status not in decided or before.status in decided, (refused, before.check.id, before.reason)


CONFIG = {"kind": "ConfigMap", "metadata": {"name": "kubeadm-config", "namespace": "kube-system"}}


HIDDEN = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"]}
GATHERS = {"clusterRoleSelectors": [{"matchLabels": {"tide": "1"}}]}
TIDE = {"kind": "ClusterRole", "metadata": {"name": "hidden", "labels": {"tide": "1"}}, "rules": [HIDDEN]}


def _changed(name, aggregation, *rules):
    """Kubernetes' own objects, of which a role gathers others, as its controller has left it."""
    for one in kubernetes():
        if (one["kind"], one["metadata"]["name"]) != ("ClusterRole", name):
            yield one
            continue
        selectors = [*one.get("aggregationRule", GATHERS | {"clusterRoleSelectors": []})["clusterRoleSelectors"],
                     *aggregation["clusterRoleSelectors"]]  # fmt: skip
        yield one | {
            "rules": [*(one.get("rules") or []), *rules],
            "aggregationRule": {"clusterRoleSelectors": selectors},
        }


# A role that ships without an aggregationRule, and two that ship with one: by what is gathered and before it is.
@pytest.mark.parametrize("name", ["system:public-info-viewer", "system:basic-user", "view", "cluster-admin"])
@pytest.mark.parametrize("rules", [(HIDDEN,), ()])
def test_an_aggregation_that_is_not_shipped_hides_nothing(name, rules):
    told = found(Readings(snapshot_of([version("v1.36.0"), *_changed(name, GATHERS, *rules), TIDE])), RBAC_CHECKS)
    assert ("shipped-role-changed", f"ClusterRole {name}") in told
    reads = {who for check, who in told if check in ("anonymous-rights", "authenticated-rights")}
    groups = {"system:public-info-viewer": {"Group system:unauthenticated", "Group system:authenticated"},
              "system:basic-user": {"Group system:authenticated"}}.get(name, set())  # fmt: skip
    assert reads == (groups if rules else set())


def test_what_a_role_is_shipped_to_gather_is_no_change():
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    more = {"kind": "ClusterRole", "metadata": {"name": "more", "labels": labels}, "rules": [HIDDEN]}
    told = found(Readings(snapshot_of([version("v1.36.0"), *_gathered("view", HIDDEN), more])), RBAC_CHECKS)
    assert not {name for name, _ in told} & {"shipped-role-changed", "anonymous-rights", "authenticated-rights"}


def _gathered(name, *rules):
    return _changed(name, {"clusterRoleSelectors": []}, *rules)
