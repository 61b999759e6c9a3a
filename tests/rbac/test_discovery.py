"""What the cluster serves, as far as it was told: what was not told makes no finding, and nothing not applicable."""

import json

import pytest

from kscan.commands.selected import catalogue
from kscan.judge.engine import judge
from kscan.judge.plan import plan
from kscan.judge.refusals import Refusal, refused
from kscan.judge.report import Status
from kscan.model.discovery import ALWAYS
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body, Reason
from kscan.snapshot.needs import Plain
from kscan.snapshot.snapshot import Snapshot
from kscan.views.rights import RBAC
from kscan.views.shipped import own_groups
from kscan.views.view import Readings

RIGHTS = plan(one for one in catalogue().checks.values() if one.file.rule in ("rbac.grants", "roles.unserved"))
FOREIGN = ("privileged-scc-users", "azure-identity-exception-writers", "policy-engine-changers")
GROUP = "security.openshift.io"


def discovery(path, *groups):
    return {"path": path, "json": {"kind": "APIGroupDiscoveryList", "items": list(groups)}}


def group(name, freshness, *resources):
    offers = [{"resource": one, "scope": "Namespaced"} for one in resources]
    return {"metadata": {"name": name}, "versions": [{"version": "v1", "freshness": freshness, "resources": offers}]}


def own(edit=lambda one: one):
    """What Kubernetes serves by itself."""

    def told(one):
        versions = [{"version": each.version, "resources": [
            {"resource": offer.resource, "scope": offer.scope,
             "subresources": [{"subresource": part.subresource} for part in offer.subresources]}
            for offer in each.resources]} for each in one.versions]  # fmt: skip
        return edit({"metadata": {"name": one.name}, "versions": versions})

    groups = [told(one) for one in own_groups()]
    core = [one for one in groups if not one["metadata"]["name"]]
    return core, [one for one in groups if one["metadata"]["name"]]


def granted(name, *rules):
    role = {"kind": "ClusterRole", "name": name}
    yield {"kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)}
    yield {"kind": "ClusterRoleBinding", "metadata": {"name": name}, "roleRef": role,
           "subjects": [{"kind": "User", "name": name}]}  # fmt: skip


ALL = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
USE = {"verbs": ["use"], "apiGroups": [GROUP], "resources": ["securitycontextconstraints"]}


def cluster(*more, edit=lambda one: one, rules=(ALL,)):
    core, others = own(edit)
    return snapshot_of([
        {"path": "/version", "json": {"gitVersion": "v1.36.0"}},
        discovery("/api", *core), discovery("/apis", *others, *more), *granted("jo", *rules),
    ])  # fmt: skip


def results(snapshot):
    return {one.check.id: one for one in judge(Readings(snapshot), RIGHTS).results}


def findings(found):
    return {(name, str(finding.object), finding.message) for name, one in found.items() for finding in one.findings}


def test_what_is_told_whole_is_decided():
    found = results(cluster())
    assert {found[name].status for name in FOREIGN} == {Status.NOT_APPLICABLE}
    assert results(cluster(group(GROUP, "Current", "securitycontextconstraints")))[FOREIGN[0]].status is Status.FAIL


@pytest.mark.parametrize("path", [("/api",), ("/apis",), ("/api", "/apis")])
@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.NOT_ASKED, Reason.UNAVAILABLE])
@pytest.mark.parametrize("rules", [(ALL,), (USE,), ({**USE, "apiGroups": ["acme.io"]},)])
def test_discovery_that_is_refused_makes_no_finding_and_nothing_better(path, reason, rules):
    whole = cluster(rules=rules)
    before, after = results(whole), results(refused(whole, *(Refusal(Plain(one), reason) for one in path)))
    assert findings(after) <= findings(before)
    for name, one in after.items():
        better = one.status in (Status.PASS, Status.NOT_APPLICABLE) and one.status is not before[name].status
        assert not better, f"{name}: {before[name].status} became {one.status}"


@pytest.mark.parametrize("rules", [(ALL,), (USE,)])
def test_a_group_whose_server_is_away_is_neither_served_nor_not(rules):
    before = results(cluster(group(GROUP, "Current", "securitycontextconstraints"), rules=rules))
    after = results(cluster(group(GROUP, "Stale"), rules=rules))
    assert (before[FOREIGN[0]].status, after[FOREIGN[0]].status) == (Status.FAIL, Status.UNKNOWN)
    assert findings(after) <= findings(before)
    assert {after[name].status for name in FOREIGN[1:]} == {Status.NOT_APPLICABLE}


NAMES = [one.name for one in own_groups() if one.name]


@pytest.mark.parametrize("name", NAMES)
def test_any_group_that_is_stale_leaves_open_what_it_serves(name):
    def edit(one):
        return group(name, "Stale") if one["metadata"]["name"] == name else one

    before, after = results(cluster()), results(cluster(edit=edit))
    assert findings(after) <= findings(before)
    worse = {id_ for id_, one in before.items() if one.status is Status.FAIL}
    assert {after[one].status for one in worse} <= {Status.FAIL, Status.UNKNOWN}


def less(resource, gone):
    """A resource without one of its parts, or none."""
    if resource["resource"] == gone:
        return []
    parts = [one for one in resource["subresources"] if f"{resource['resource']}/{one['subresource']}" != gone]
    return [resource | {"subresources": parts}]


LEFT_OUT = [(name, gone) for name, every in ALWAYS.items() for gone in ("", *sorted(every))]


@pytest.mark.parametrize(("name", "gone"), LEFT_OUT)
def test_what_every_cluster_serves_is_not_left_out_by_keeping_quiet(name, gone):
    """A proxy that leaves out a group, or one of its resources, has not told all."""
    whole = not gone

    def edit(one):
        if one["metadata"]["name"] != name:
            return one
        versions = [each | {"resources": [] if whole else [it for each in each["resources"] for it in less(each, gone)]}
                    for each in one["versions"]]  # fmt: skip
        return one | {"versions": versions}

    snapshot = cluster(edit=edit)
    if whole:
        entries = {path: Body(b'{"kind":"APIGroupDiscoveryList","items":[]}') if path == "/api" and not name
                   else _without(entry, name) for path, entry in snapshot.entries.items()}  # fmt: skip
        snapshot = Snapshot(snapshot.about, entries)
    before, after = results(cluster()), results(snapshot)
    # Of what is left the words may be others: what is not served is in no namespace.
    assert {one[:2] for one in findings(after)} <= {one[:2] for one in findings(before)}
    better = {id_: str(one.status) for id_, one in after.items() if before[id_].status is Status.FAIL}
    assert set(better.values()) <= {"fail", "unknown"}, better


def _without(entry, name):
    """Discovery without a group."""
    if not isinstance(entry, Body) or b"APIGroupDiscoveryList" not in entry.content:
        return entry
    told = json.loads(entry.content)
    return Body(
        json.dumps(told | {"items": [one for one in told["items"] if one["metadata"]["name"] != name]}).encode()
    )


def test_what_a_stale_group_may_serve_is_not_said_to_be_missing():
    served = Readings(cluster(group(GROUP, "Stale"))).of(RBAC).value.served
    assert (served.has(GROUP, "securitycontextconstraints"), served.may(GROUP, "securitycontextconstraints")) == (
        False, True)  # fmt: skip
    assert not served.may("acme.io", "widgets")
