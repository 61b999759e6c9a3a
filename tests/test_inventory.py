"""The same results by workload and by namespace."""

import json

import jsonschema
import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.commands.output import plain_text
from kscan.judge.engine import judge
from kscan.judge.inventory import with_inventory
from kscan.judge.plan import plan
from kscan.judge.refusals import denied
from kscan.judge.score import WEIGHTS
from kscan.model.admission.guards import Answer
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.modes import Mode, modes
from kscan.report.export import export
from kscan.report.formats import FORMATS
from kscan.report.json import SCHEMA_FILE
from kscan.snapshot import kinds
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.snapshot import About
from kscan.views.server import MINOR
from kscan.views.view import Readings

CHECKS = by_id(read_checks(data.folder("checks")))
HARD = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "app", "image": "app:1", "securityContext": {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}  # fmt: skip
SOFT = {"containers": [{"name": "app", "image": "app:1"}]}
BAD = {"containers": [{"name": "app", "image": "app:1", "securityContext": {"privileged": True}}]}


def pod(name, spec, namespace="shop", **metadata):
    return {"kind": "Pod", "metadata": {"name": name, "namespace": namespace} | metadata, "spec": spec}


def namespace(name, **labels):
    return {"kind": "Namespace", "metadata": {"name": name, "labels": {
        f"pod-security.kubernetes.io/{key.replace('_', '-')}": value for key, value in labels.items()}}}  # fmt: skip


def inventory(
    *documents, checks=("privileged-container", "cluster-admin-binding"), edit=lambda one: one, minor=None, about=None
):
    readings = Readings(edit(snapshot_of(documents, about)))
    if minor is not None:
        readings = readings.given(MINOR, minor)
    ready = plan([CHECKS[one] for one in checks])
    return with_inventory(judge(readings, ready), readings, ready)


def test_a_workload_has_its_findings_its_level_and_its_score():
    report = inventory(pod("bad", BAD), pod("good", HARD), checks=("privileged-container", "run-as-root", "host-port"))
    bad, good = report.workloads
    assert (str(bad.workload), bad.level, [one.check.id for one in bad.dangers]) == (
        "Pod shop/bad", Level.PRIVILEGED, ["privileged-container", "run-as-root"])  # fmt: skip
    weights = {one: WEIGHTS[CHECKS[one].file.severity] for one in ("privileged-container", "run-as-root", "host-port")}
    assert bad.score == 100 * weights["host-port"] // sum(weights.values())
    assert (good.level, good.dangers, good.score) == (Level.RESTRICTED, (), 100)


def test_rights_and_exposure_stand_beside():
    service = {"kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
               "spec": {"type": "LoadBalancer", "selector": {"app": "web"}}}  # fmt: skip
    account = {"kind": "ServiceAccount", "metadata": {"name": "boss", "namespace": "shop"}}
    binding = {"kind": "ClusterRoleBinding", "metadata": {"name": "bosses"},
               "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
               "subjects": [{"kind": "ServiceAccount", "name": "boss", "namespace": "shop"}]}  # fmt: skip
    role = {"kind": "ClusterRole", "metadata": {"name": "cluster-admin"},
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}  # fmt: skip
    spec = HARD | {"serviceAccountName": "boss"}
    (row,) = inventory(pod("web", spec, labels={"app": "web"}), service, account, binding, role).workloads
    assert (row.account, row.exposed) == ("boss", "Service web of type LoadBalancer")
    assert [one.held.check.id for one in row.rights] == ["cluster-admin-binding"]


@pytest.mark.parametrize(("hidden", "field"), [(kinds.SERVICES, "exposed"), (kinds.CLUSTER_ROLE_BINDINGS, "rights")])
def test_what_could_not_be_read_is_not_called_nothing(hidden, field):
    (row,) = inventory(pod("web", HARD), edit=lambda snapshot: denied(snapshot, hidden)).workloads
    assert getattr(row, field) is None
    (row,) = inventory(pod("web", HARD)).workloads
    assert getattr(row, field) in ("", ())


def test_manifests_without_services_do_not_tell_what_is_exposed():
    (row,) = inventory(pod("web", HARD), about=About(manifests=True)).workloads
    assert row.exposed is None


def test_a_namespace_tells_what_it_asks_and_what_would_break():
    report = inventory(
        namespace("shop", enforce="baseline"), namespace("empty"),
        pod("hard", HARD), pod("soft", SOFT), pod("bad", BAD),
    )  # fmt: skip
    empty, shop = report.namespaces
    assert (shop.workloads, shop.meets, shop.safe) == (3, Level.PRIVILEGED, None)
    assert shop.refused == {Level.PRIVILEGED: 0, Level.BASELINE: 1, Level.RESTRICTED: 2}
    assert (empty.workloads, empty.safe) == (0, None)


def test_a_namespace_tells_what_becomes_of_a_privileged_pod():
    flags = {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"allow-privileged": "true"}}}
    names = {"open": {}, "shop": {"enforce": "baseline"}, "warned": {"warn": "baseline"}}
    documents = [flags, *(namespace(name, **labels) for name, labels in names.items()), pod("web", HARD)]
    report = inventory(*documents)
    assert {one.namespace: one.posture.privileged for one in report.namespaces} == {
        "open": Answer.ADMITTED, "shop": Answer.REFUSED, "warned": Answer.ADMITTED}  # fmt: skip
    exported = {one.name: one for one in export(report).namespaces}
    assert exported["shop"].lets_in == ()
    assert [(one.kind, one.name, one.effect) for one in exported["shop"].guards] == [
        ("Pod Security", "enforce=baseline", "refuses")]  # fmt: skip
    assert [(one.name, one.effect) for one in exported["warned"].guards] == [("warn=baseline", "warns")]
    assert "hostPID" in exported["open"].lets_in
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.validate(json.loads(FORMATS["json"](report)), schema)
    page = FORMATS["html"](report).decode()
    assert page.count('<span class="bad">let in</span>') == 2
    assert (
        "Pod Security enforce=baseline refuses privileged containers, privileged init containers, hostPID and 4 more"
        in page
    )
    assert "| refused by Pod Security enforce=baseline |" in FORMATS["markdown"](report).decode().replace("\\", "")
    words = plain_text(report, width=200, by="namespace").decode()
    assert "a privileged pod is refused by Pod Security enforce=baseline" in words
    assert "a privileged pod is let in" in words


def test_what_of_a_namespace_was_not_read_is_not_called_let_in():
    report = inventory(namespace("shop"), pod("web", HARD), edit=lambda one: denied(one, kinds.ADMISSION_POLICIES))
    assert [one.posture.privileged for one in report.namespaces] == [Answer.UNKNOWN]
    assert "validatingadmissionpolicies: forbidden" in plain_text(report, width=200, by="namespace").decode()


def test_more_can_be_enforced_where_all_that_runs_meets_it():
    (found,) = inventory(namespace("shop", enforce="baseline"), pod("hard", HARD)).namespaces
    assert found.safe is Level.RESTRICTED
    (found,) = inventory(namespace("shop", enforce="restricted"), pod("hard", HARD)).namespaces
    assert found.safe is None


def test_the_policy_is_of_the_version_asked_for():
    probe = SOFT | {
        "containers": [SOFT["containers"][0] | {"livenessProbe": {"httpGet": {"port": 80, "host": "other"}}}]
    }
    levels = [inventory(pod("web", probe), minor=minor).workloads[0].level for minor in (33, 34)]
    assert levels == [Level.BASELINE, Level.PRIVILEGED]


@pytest.mark.parametrize(("labels", "enforce", "audit", "warn"), [
    ({}, "privileged", "privileged", "privileged"),
    ({"enforce": "baseline"}, "baseline", "privileged", "baseline"),
    ({"enforce": "baseline", "warn": "restricted"}, "baseline", "privileged", "restricted"),
    ({"enforce": "restricted", "warn": "privileged"}, "restricted", "privileged", "privileged"),
    ({"enforce": "strict", "audit": "strict", "warn": "strict"}, "restricted", "privileged", "privileged"),
])  # fmt: skip
def test_labels_mean_what_they_mean_to_the_api_server(labels, enforce, audit, warn):
    found = modes({f"pod-security.kubernetes.io/{key}": value for key, value in labels.items()}, latest=36)
    assert (found.enforce.level, found.audit.level, found.warn.level) == (enforce, audit, warn)


def test_a_version_may_be_older_and_never_newer_than_the_servers():
    labels = {"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/enforce-version": "v1.24"}
    assert modes(labels, latest=36).enforce == Mode(Level.BASELINE, 24, "baseline")
    labels["pod-security.kubernetes.io/enforce-version"] = "v1.99"
    assert modes(labels, latest=36).enforce.minor == 36
