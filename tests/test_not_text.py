"""JSON whose strings are no UTF-8, as a server or a file may hold it: it costs the object, and is no fault of kscan's."""

import random

import msgspec
import pytest

from kscan import data
from kscan.checks.check import read_checks
from kscan.checks.examples import examples
from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.collect.wire import Answer
from kscan.judge.engine import evaluate
from kscan.judge.farm import snapshot_of_example
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.base import Reader, decode, decode_object, read_json
from kscan.model.meta import Meta
from kscan.snapshot.archive import load
from kscan.snapshot.entry import Item, Reason
from kscan.snapshot.redact import redacted
from kscan.views.called import name_of
from tests.fake_api import Fault, cluster, fake_api
from tests.snapshot.builders import file_of
from tests.test_deep import DOCUMENTS
from tests.test_misshapen import objects, places, put, replaced

CHECKS = tuple(read_checks(data.folder("checks")))
# Written in the place of a string, and as what is no text then.
MARK, WRONG = "\ue000", b"\xff"
PARTS, CHECKED, CASES = 3, 60, 5


def wrong(value, at, *, key):
    """An object with what is no text in one place, or as a key beside it."""
    changed = put(value, (*at[:-1], MARK), 1) if key and isinstance(at[-1], str) else put(value, at, f"{MARK}x")
    return msgspec.json.encode(changed).replace(MARK.encode(), WRONG)


def mutated(check, chance):
    """One of a check's examples with what is no text in one of its objects, by preference in its name."""
    example = chance.choice(list(examples(check)))
    snapshot = snapshot_of_example(example)
    held = [one for one in objects(snapshot) if isinstance(one[2], dict) and one[2]]
    if not held:
        return None
    path, index, body = chance.choice(held)
    named = [("metadata", key) for key in ("name", "namespace") if key in body.get("metadata", {})]
    at = chance.choice(named) if named and chance.random() < 0.5 else chance.choice([at for at in places(body) if at])
    content = wrong(body, at, key=chance.random() < 0.2)
    return replaced(snapshot, path, index, content), f"{example.name}: {path}: {at}"


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_no_text_in_any_place_is_no_fault(part):
    chance, faults = random.Random(part), []
    for check in chance.sample(CHECKS, CHECKED):
        for case in filter(None, (mutated(check, chance) for _ in range(CASES))):
            report = evaluate(case[0], plan([check]))
            faults += [f"{check.id}: {case[1]}: {gap}" for gap in report.faults]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("at", [("metadata", "name"), ("metadata", "namespace"), ("metadata", "labels", "a"),
                                ("spec", "containers", 0, "image")])  # fmt: skip
def test_an_object_costs_itself(at, tmp_path):
    ready, bodies = plan(CHECKS), {}
    for kind, path in (("Pod", "/api/v1/pods"), ("ConfigMap", "/api/v1/configmaps"), ("Node", "/api/v1/nodes"),
                       ("ServiceAccount", "/api/v1/serviceaccounts"), ("Policy", "/apis/kyverno.io/v1/policies"),
                       ("Role", "/apis/rbac.authorization.k8s.io/v1/roles")):  # fmt: skip
        version = path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")[0]
        spec = {"containers": [{"name": "a", "image": "a:1", "securityContext": {"privileged": True}}]}
        good = {"metadata": {"name": "a", "namespace": "b", "labels": {"a": "b"}}, "spec": spec}
        items = b",".join([msgspec.json.encode(good), wrong(good, at, key=False)])
        bodies[path] = b'{"kind":"%sList","apiVersion":"%s","items":[%s]}' % (kind.encode(), version.encode(), items)
    faults = {path: [Fault("body", None, value=body)] for path, body in bodies.items()}
    with fake_api(cluster(5, documents=DOCUMENTS), faults) as fake:
        access = Access(kubeconfig=fake.kubeconfig(tmp_path))
        snapshot = collect(access, ready.needs(), Options(kubelets=KubeletAccess.NONE))
    for one in (snapshot, load(file_of(snapshot, tmp_path / "a.kscan")), redacted(snapshot)):
        report = evaluate(one, ready)
        assert not report.faults
        found = {result.check.id: result for result in report.results}["privileged-container"]
        assert found.status is Status.FAIL
        if one is not snapshot:
            continue
        assert [gap.reason for gap in found.gaps] == [Reason.UNDECODABLE]


def test_any_list_of_what_is_no_text_costs_its_path(tmp_path):
    ready, body = (
        plan(CHECKS),
        b'{"kind":"\xffList","apiVersion":"\xff","metadata":{"continue":"\xff"},"items":[{"a":"\xff"}]}',
    )
    head = b'{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"\xff"},"items":[]}'
    with fake_api(cluster(20, documents=DOCUMENTS)) as fake:
        access = Access(kubeconfig=fake.kubeconfig(tmp_path))
        collect(access, ready.needs(), Options(kubelets=KubeletAccess.NONE))
        paths = {
            path
            for path in fake.paths()
            if path not in ("/version", "/apis/authentication.k8s.io/v1/selfsubjectreviews")
        }
    for content in (body, head):
        with fake_api(
            cluster(20, documents=DOCUMENTS), {path: [Fault("body", None, value=content)] for path in paths}
        ) as fake:
            access = Access(kubeconfig=fake.kubeconfig(tmp_path))
            report = evaluate(collect(access, ready.needs(), Options(kubelets=KubeletAccess.NONE)), ready)
        assert not report.faults and not report.of(Status.PASS)


def test_it_is_not_shaped_as_it_should_be():
    body = b'{"metadata":{"name":"\xff","namespace":"a"}}'
    for reading in (lambda: read_json(body, dict), lambda: decode(body, Meta), lambda: decode_object(body),
                    lambda: Reader(dict).decode(body)):  # fmt: skip
        with pytest.raises(msgspec.DecodeError, match="no UTF-8"):
            reading()


DEEP = b'{"a":' * 900 + b"1" + b"}" * 900


@pytest.mark.parametrize("metadata", [
    b'{"name":"\xff"}', b'{"name":"a","namespace":"\xff"}', b'{"name":7}', b'{"name":["a"]}', b'{"namespace":"a"}', b"[]",
    b'{"name":%s}' % DEEP, b'{"name":"a","namespace":%s}' % DEEP, b'{"name":"a","kscan/written-in":%s}' % DEEP, b"7",
])  # fmt: skip
def test_whatever_is_no_name_is_called_so(metadata):
    assert name_of(Item(b'{"metadata":%s}' % metadata)) == "(an object without a readable name)"


@pytest.mark.parametrize("message", [b'"\xff"', DEEP, b"7", b"[]"])
def test_a_refusal_without_words_is_told_by_its_status(message):
    content = b'{"kind":"Status","message":%s,"reason":"\xff"}' % message
    answer = Answer(403, {"content-type": "application/json"}, content)
    assert (answer.words(), answer.status_reason()) == ("HTTP 403", "")
