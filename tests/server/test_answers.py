"""`snapshot serve`: lists, objects and gaps as an API server answers them."""

import msgspec
import pytest

from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.server.answers import Answers
from kscan.snapshot.snapshot import About, Snapshot
from tests.server.asking import AGGREGATED, REAL, TABLE, ask, got, refused


def test_a_list_is_as_an_api_server_writes_it():
    document = got("/api/v1/pods")
    assert list(document) == ["kind", "apiVersion", "metadata", "items"]
    assert document["kind"] == "PodList" and len(document["items"]) == 45
    assert "kind" not in document["items"][0]
    assert document["items"][7]["spec"]["nodeName"] == "node-2"


def test_a_list_of_all_namespaces_answers_for_each():
    blue, green = got("/api/v1/namespaces/blue/pods")["items"], got("/api/v1/namespaces/green/pods")["items"]
    assert len(blue) == 25 and len(green) == 20
    assert {item["metadata"]["namespace"] for item in blue} == {"blue"}
    assert got("/api/v1/namespaces/empty/pods")["items"] == []


def test_single_objects_carry_their_kind():
    pod = got("/api/v1/namespaces/blue/pods/app-0000-rs-3")
    assert (pod["kind"], pod["apiVersion"], pod["metadata"]["name"]) == ("Pod", "v1", "app-0000-rs-3")
    assert got("/apis/apps/v1/namespaces/green/deployments/app-0010")["apiVersion"] == "apps/v1"
    assert got("/api/v1/nodes/node-4")["kind"] == "Node"
    assert got("/api/v1/namespaces/blue")["kind"] == "Namespace"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/namespaces/green/pods/app-0000-rs-3", 'pods "app-0000-rs-3" not found'),
        ("/apis/apps/v1/namespaces/green/deployments/no", 'deployments.apps "no" not found'),
        ("/api/v1/pods/app-0000-rs-3", "not found"),
    ],
)
def test_what_is_not_there_is_404(path, words):
    status, reason, message = refused(path)
    assert (status, reason) == (404, "NotFound") and words in message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/secrets", "/api/v1/secrets is not in this snapshot"),
        ("/api/v1/namespaces/blue/secrets/x", "/api/v1/namespaces/blue/secrets/x is not in this snapshot"),
        ("/api/v1/namespaces/blue/pods/app-0000-rs-3/log", "not in this snapshot"),
        ("/apis/apps/v1beta1/deployments", "not in this snapshot"),
        ("/apis/none.example", "not in this snapshot"),
        ("/api/v2", "not in this snapshot"),
        ("/flagz", "not in this snapshot"),
        ("/readyz", "not in this snapshot"),
        ("/openapi/v3", "not in this snapshot"),
    ],
)
def test_of_what_was_not_asked_it_is_not_said_that_it_is_not_there(path, words):
    status, reason, message = refused(path)
    assert (status, reason) == (403, "Forbidden") and words in message


def test_plain_bodies_keep_their_media_type():
    response = ask("/metrics", "text/plain")
    assert (response.status, response.body, response.media_type) == (200, b"up 1\n", "text/plain")
    assert ask("/readyz?verbose").body == ask("/readyz?verbose=").body == b"[+]ping ok"
    assert got("/api/v1/nodes/node-0/proxy/configz") == {"kubeletconfig": {}}
    assert got("/version")["gitVersion"] == "v1.36.3"
    assert "/metrics" in got("/")["paths"]


def test_a_kept_object_answers_where_no_list_does():
    body = Body(b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"n"},"data":{"k":"v"}}')
    answers = Answers(Snapshot(About(), {"/api/v1/namespaces/n/configmaps/a": body}))
    assert got("/api/v1/namespaces/n/configmaps/a", answers=answers)["data"] == {"k": "v"}
    table = got("/api/v1/namespaces/n/configmaps/a", TABLE, answers)
    assert table["rows"][0]["cells"][:2] == ["a", 1]
    assert refused("/api/v1/namespaces/n/configmaps", answers=answers)[0] == 403
    (group,) = got("/api", AGGREGATED, answers)["items"]
    assert [one["resource"] for one in group["versions"][0]["resources"]] == ["configmaps"]


CODES = {
    Reason.FORBIDDEN: 403,
    Reason.OUT_OF_SCOPE: 403,
    Reason.NOT_SERVED: 404,
    Reason.NOT_ASKED: 403,
    Reason.NOT_RENDERED: 403,
    Reason.ELSEWHERE: 403,
    Reason.OUTSIDE: 403,
    Reason.TIMEOUT: 504,
    Reason.CUT_OFF: 503,
    Reason.UNAVAILABLE: 503,
    Reason.UNDECODABLE: 500,
    Reason.FAULT: 500,
}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("path", ["/api/v1/pods", "/api/v1/namespaces/a/pods", "/api/v1/namespaces/a/pods/b"])
def test_a_gap_is_answered_again_as_what_it_was(reason, path):
    answers = Answers(Snapshot(About(), {"/api/v1/pods": Gap("/api/v1/pods", reason, "the server's words")}))
    status, _, message = refused(path, answers=answers)
    assert status == CODES[reason] and "the server's words" in message


def test_the_words_of_a_refusal_are_the_servers_own():
    assert refused("/api/v1/namespaces/blue/configmaps/x") == (403, "Forbidden", "configmaps is forbidden: no")


def test_lists_by_namespace_answer_for_theirs_and_for_no_other():
    whole = REAL.entries["/api/v1/pods"]
    blue = msgspec.structs.replace(whole, items=whole.items[:10])
    path = "/api/v1/namespaces/blue/pods"
    answers = Answers(Snapshot(About(), {path: blue, "/api/v1/namespaces/green/pods": Gap("x", Reason.FORBIDDEN)}))
    assert len(got(path, answers=answers)["items"]) == 10
    assert got(f"{path}/app-0000-rs-3", answers=answers)["metadata"]["name"] == "app-0000-rs-3"
    assert refused("/api/v1/namespaces/green/pods", answers=answers)[0] == 403
    for outside in ("/api/v1/pods", "/api/v1/namespaces/other/pods", "/api/v1/namespaces/other/pods/x"):
        status, _, message = refused(outside, answers=answers)
        assert status == 403 and "outside the namespaces asked for" in message and path in message


def test_a_list_that_was_cut_is_never_given_as_whole():
    gap = Gap("/api/v1/pods", Reason.TIMEOUT, "the rest never came")
    cut = msgspec.structs.replace(REAL.entries["/api/v1/pods"], gap=gap)
    answers = Answers(Snapshot(About(), {"/api/v1/pods": cut}))
    assert refused("/api/v1/pods", answers=answers)[0] == 504
    assert refused("/api/v1/namespaces/blue/pods", answers=answers)[0] == 504
    for path, count in (("/api/v1/pods", 45), ("/api/v1/namespaces/blue/pods", 25)):
        first = got(f"{path}?limit=500", answers=answers)
        assert len(first["items"]) == count
        assert refused(f"{path}?limit=500&continue={first['metadata']['continue']}", answers=answers)[0] == 504
    assert got("/api/v1/namespaces/blue/pods/app-0000-rs-3", answers=answers)["kind"] == "Pod"
    assert refused("/api/v1/namespaces/blue/pods/none", answers=answers)[0] == 504
