"""`snapshot serve`: discovery, aggregated and plain."""

import json

import msgspec

from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.server.answers import Answers
from kscan.snapshot.snapshot import About, Snapshot
from tests.server.asking import AGGREGATED, REAL, ask, got, refused


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
    assert refused("/apis/example.com/v1/cats", answers=answers)[0] == 404


def test_a_broken_discovery_is_made_anew():
    answers = Answers(Snapshot(About(), dict(REAL.entries) | {"/api": Body(b"<html>")}))
    assert "pods" in [one["name"] for one in got("/api/v1", answers=answers)["resources"]]
