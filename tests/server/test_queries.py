"""`snapshot serve`: pages, selectors, and what a snapshot cannot do."""

import json
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.server.answers import Answers
from kscan.snapshot.server.message import request_for
from kscan.snapshot.snapshot import About, Snapshot
from tests.fake_api import SCANNER
from tests.server.asking import ANSWERS, ask, got, names, refused


@given(limit=st.integers(1, 60), namespace=st.sampled_from(["", "/namespaces/blue"]), label=st.booleans())
def test_pages_together_are_the_list(limit, namespace, label):
    base = f"/api/v1{namespace}/pods?{'labelSelector=app%3Dapp-0020' if label else ''}"
    found, token = [], ""
    while True:
        page = got(f"{base}&limit={limit}&continue={token}")
        assert len(page["items"]) <= limit
        found += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert found == names(base)


@pytest.mark.parametrize("token", ["x", "!!!", "e30", "W10", "eyJ2Ijoia3NjYW4iLCJzdGFydCI6LTF9", "é" * 5, "=" * 9])
def test_a_foreign_token_is_refused(token):
    assert refused(f"/api/v1/pods?limit=5&continue={token}")[:2] == (400, "BadRequest")


@pytest.mark.parametrize(
    ("limit", "status"), [("", 200), ("0", 200), ("-1", 200), ("x", 400), ("-", 400), ("9" * 99, 400)]
)
def test_limits(limit, status):
    assert ask(f"/api/v1/pods?limit={limit}").status == status


LABELLED = snapshot_of(
    {"kind": "Service", "metadata": {"name": name, "labels": labels}}
    for name, labels in {
        "a": {"tier": "web", "n": "5"},
        "b": {"tier": "db", "example.com/x": ""},
        "c": {"n": "12"},
        "d": None,
    }.items()
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier=web", "a"),
        ("tier==web", "a"),
        (" tier = web ", "a"),
        ("tier!=web", "bcd"),
        ("tier", "ab"),
        ("!tier", "cd"),
        ("! tier", "cd"),
        ("tier in (web,db)", "ab"),
        ("tier in (web, db),n", "a"),
        ("tier notin (web)", "bcd"),
        ("tier notin (web),n", "c"),
        ("example.com/x=", "b"),
        ("example.com/x", "b"),
        ("n>5", "c"),
        ("n<12", "a"),
        ("n>5,n<12", ""),
        ("none", ""),
        ("", "abcd"),
    ],
)
def test_label_selectors(selector, expected):
    assert "".join(names(f"/api/v1/services?labelSelector={quote(selector)}", Answers(LABELLED))) == expected


@pytest.mark.parametrize(
    "selector", ["=x", "a=b=c", "a in x", "a in (b", "-", "a b", "n>x", "!", "a=(b)", "(((", "a=é%00"]
)
def test_a_bad_label_selector_is_refused(selector):
    assert refused(f"/api/v1/pods?labelSelector={quote(selector)}")[:2] == (400, "BadRequest")


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("metadata.name=app-0000-rs-3", 1),
        ("metadata.name==app-0000-rs-3,metadata.namespace=blue", 1),
        ("metadata.name=app-0000-rs-3,metadata.namespace=green", 0),
        ("metadata.namespace!=blue", 20),
        ("spec.nodeName=node-1", 9),
        ("spec.nodeName!=node-1", 36),
        ("status.phase=Running", 45),
        ("status.phase!=Running", 0),
        ("status.reason=", 45),
        ("spec.hostNetwork=false", 45),
        ("spec.containers=x", 0),
    ],
)
def test_field_selectors(selector, count):
    assert len(names(f"/api/v1/pods?fieldSelector={selector}")) == count


def test_a_bad_field_selector_is_refused():
    assert refused("/api/v1/pods?fieldSelector=metadata.name")[0] == 400


@given(st.text(max_size=60))
def test_any_selector_is_read_or_refused(text):
    for name in ("labelSelector", "fieldSelector", "limit", "continue"):
        request = msgspec.structs.replace(request_for("/api/v1/pods"), query=((name, text),))
        assert ANSWERS.answer(request).status in (200, 400)


def test_nothing_is_watched_or_written():
    assert refused("/api/v1/pods?watch=true")[:2] == (405, "MethodNotAllowed")
    assert refused("/api/v1/pods?watch=1")[0] == 405
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert refused("/api/v1/namespaces/blue/pods", method=method)[:2] == (405, "MethodNotAllowed")


def test_who_took_the_snapshot():
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    response = ask(path, method="POST")
    assert response.status == 201
    assert json.loads(response.body)["status"]["userInfo"] == {"username": SCANNER.user, "groups": list(SCANNER.groups)}
    assert refused(path, method="POST", answers=Answers(Snapshot(About(), {})))[0] == 404
    assert refused(path)[0] == 403
