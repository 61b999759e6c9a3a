"""`snapshot serve`: discovery, aggregated and plain."""

import json

import msgspec
import pytest

from kscan.model.discovery import read_offers
from kscan.snapshot.entry import Body, Gap, Listing, Reason
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.server.answers import Answers
from kscan.snapshot.snapshot import About, Snapshot
from tests.fake_api import cluster
from tests.server.asking import AGGREGATED, ANSWERS, ask, got, refused


def test_aggregated_discovery():
    response = ask("/apis", AGGREGATED)
    assert response.media_type == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    groups = json.loads(response.body)["items"]
    assert "apps" in [group["metadata"]["name"] for group in groups]
    (core,) = got("/api", AGGREGATED)["items"]
    offers = {offer["resource"]: offer for offer in core["versions"][0]["resources"]}
    assert set(offers) == {resource.plural for resource in KNOWN if not resource.group}
    assert offers["pods"]["responseKind"]["kind"] == "Pod" and offers["pods"]["shortNames"] == ["po"]
    assert offers["pods"]["verbs"] == ["get", "list"] and offers["nodes"]["scope"] == "Cluster"
    assert offers["pods"]["scope"] == "Namespaced"
    assert ask("/api", AGGREGATED.replace("v=v2;", "v=v2beta1;")).media_type.count("v2beta1") == 1


def test_plain_discovery():
    assert got("/api")["versions"] == ["v1"]
    assert "apps" in [group["name"] for group in got("/apis")["groups"]]
    assert got("/apis/apps")["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}
    (job, *_) = [one for one in got("/apis/batch/v1")["resources"] if one["name"] == "jobs"]
    assert job["singularName"] == "job" and job["namespaced"] and job["kind"] == "Job"
    assert "pods" in [one["name"] for one in got("/api/v1")["resources"]]


def test_discovery_tells_what_the_cluster_told_whether_it_was_read_or_not():
    told = {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "example.com", "creationTimestamp": None},
                "versions": [
                    {
                        "version": "v1",
                        "resources": [
                            {
                                "resource": "mice",
                                "responseKind": {"group": "", "version": "", "kind": "Mouse"},
                                "scope": "Namespaced",
                                "singularResource": "mouse",
                                "shortNames": ["mm"],
                                "verbs": ["create"],
                            },
                            {"resource": "cats", "responseKind": {"kind": "Cat"}, "scope": "Cluster", "verbs": []},
                        ],
                    }
                ],
            }
        ],
    }
    path = "/apis/example.com/v1/mice"
    entries = {
        "/apis": Body(msgspec.json.encode(told)),
        path: Gap(path, Reason.FORBIDDEN),
        "/api": Gap("/api", Reason.TIMEOUT),
    }
    answers = Answers(Snapshot(About(), entries))
    cats, mice = sorted(got("/apis/example.com/v1", answers=answers)["resources"], key=lambda one: one["name"])
    assert (mice["kind"], mice["shortNames"], mice["verbs"]) == ("Mouse", ["mm"], ["create"])
    assert (cats["kind"], cats["namespaced"]) == ("Cat", False)
    assert refused("/apis/example.com/v1/cats", answers=answers)[0] == 403


OFFER = {"resource": "mice", "responseKind": {"kind": "Mouse"}, "scope": "Namespaced", "verbs": ["list"],
         "subresources": [{"subresource": "tail", "verbs": ["get"]}]}  # fmt: skip


def of(entry, **more):
    return Answers(Snapshot(About(), dict(cluster(10).entries) | {"/apis": entry} | more))


def discovery(*versions, group="example.com", **metadata):
    items = [{"metadata": {"name": group}, "versions": list(versions)}]
    return msgspec.json.encode({"kind": "APIGroupDiscoveryList", "metadata": metadata, "items": items})


@pytest.mark.parametrize("accept", [AGGREGATED, ""])
@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (Gap("/apis", Reason.FORBIDDEN, "no"), 403),
        (Gap("/apis", Reason.NOT_SERVED), 404),
        (Gap("/apis", Reason.UNAVAILABLE), 503),
        (Body(b"<html>"), 500),
        (Body(b'{"kind":"APIGroupList","groups":[]}'), 500),
        (Body(discovery({"version": "v1"}, **{"continue": "more"})), 500),
        (Listing("Pod", "v1"), 500),
    ],
    ids=str,
)
def test_a_discovery_that_was_not_read_is_refused(entry, status, accept):
    for path in ("/apis", "/apis/apps", "/apis/apps/v1"):
        assert refused(path, accept if path == "/apis" else "", answers=of(entry))[0] == status
    assert "pods" in [one["name"] for one in got("/api/v1", answers=ANSWERS)["resources"]]


def test_what_nobody_asked_is_told_as_a_part():
    answers = Answers(cluster(10))
    for path in ("/api", "/apis"):
        document = got(path, AGGREGATED, answers)
        assert document["metadata"]["continue"] and not read_offers(json.dumps(document).encode()).whole
        # The plain forms cannot say that they are not all.
        assert refused(path, answers=answers)[0] == 403
    assert refused("/api/v1", answers=answers)[0] == 403
    assert refused("/apis/apps/v1", answers=answers)[0] == 403


def test_versions_of_which_the_server_lost_touch():
    stale = {"version": "v1", "freshness": "Stale", "resources": []}
    answers = of(Body(discovery(stale, {"version": "v2", "resources": [OFFER]})))
    (group,) = got("/apis", AGGREGATED, answers)["items"]
    assert [one["freshness"] for one in group["versions"]] == ["Stale", ""]
    assert [one["version"] for one in got("/apis/example.com", answers=answers)["versions"]] == ["v1", "v2"]
    assert refused("/apis/example.com/v1", answers=answers)[0] == 503
    names_ = [one["name"] for one in got("/apis/example.com/v2", answers=answers)["resources"]]
    assert names_ == ["mice", "mice/tail"]


def test_an_older_servers_groups_are_told_in_the_form_it_told_them_in():
    content = discovery({"version": "v1", "freshness": "Current", "resources": [OFFER]})
    unasked = {path: Gap(path, Reason.NOT_ASKED) for path in cluster(10).entries if "/policy/" in path}
    answers = of(Body(content, via="the groups that were needed"), **unasked)
    groups = [one["name"] for one in got("/apis", AGGREGATED, answers)["groups"]]
    # A group of which it was not asked may be served; those that were read are not to be found there.
    assert "example.com" in groups and "policy" in groups and "apps" not in groups
    assert refused("/apis/policy/v1", answers=answers)[0] == 503


def test_what_no_resource_can_be_called_is_not_served():
    path = "/apis/constraints.gatekeeper.sh/v1beta1/*"
    entries = {path: Gap(path, Reason.UNAVAILABLE)}
    assert got("/apis", AGGREGATED, Answers(Snapshot(About(), entries)))["items"] == []
    odd = OFFER | {"resource": "*"}
    (group,) = got("/apis", AGGREGATED, of(Body(discovery({"version": "v1", "resources": [odd]}))))["items"]
    assert group["versions"] == [{"version": "v1", "resources": [], "freshness": "Odd"}]
