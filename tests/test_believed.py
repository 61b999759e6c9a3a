"""Answers are believed by their media type and their shape: a wrong one is worth no more than none."""

import importlib
import json
import pkgutil

import pytest

import kscan.views
from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples
from kscan.judge.engine import judge
from kscan.judge.farm import snapshot_of_example
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.named import JSON, named
from kscan.snapshot.needs import FromNode, Named, PerNode, Plain
from kscan.snapshot.snapshot import Snapshot
from kscan.views.answers import TEXT, Question
from kscan.views.flagz import READERS
from kscan.views.retaken import Retaken

CHECKS = by_id(read_checks(data.folder("checks")))
LOGIN = (
    b"<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>Log in</title></head>\n<body class=login></body></html>\n"
)
CHATTER = b"anonymous-auth=false\nprofiling=false\nclient-ca-file=/ca.crt\nvmodule=\n"
LIST = b'{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}'
WRONG = {
    "a page to log in at": Body(LOGIN, "text/html"),
    "such a page that calls itself JSON": Body(LOGIN, JSON),
    "such a page that calls itself text": Body(LOGIN, TEXT),
    "nothing": Body(b"", TEXT),
    "nothing, as JSON": Body(b"", JSON),
    "an empty object": Body(b"{}", JSON),
    "an empty list": Body(b"[]", JSON),
    "null": Body(b"null", JSON),
    "an empty List": Body(LIST, JSON),
    "a Status": Body(b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":200}', JSON),
    "chatter": Body(CHATTER, TEXT),
    "chatter, as JSON": Body(CHATTER, JSON),
    "no media type": Body(LOGIN, ""),
}


def cut(body):
    """Half an answer."""
    return Body(body.content[: len(body.content) // 2].rstrip(b"\n"), body.media_type, body.via)


def short(body):
    """An answer without its last line, as what is cut between two lines; of a single line nothing is left."""
    return Body(body.content.rstrip(b"\n").rpartition(b"\n")[0] + b"\n", body.media_type, body.via)


def questions():
    modules = [importlib.import_module(one.name) for one in pkgutil.iter_modules(kscan.views.__path__, "kscan.views.")]
    found = {id(one): one for module in modules for one in vars(module).values() if isinstance(one, Question)}
    return [pytest.param(one, id=str(one.need)) for one in found.values()]


@pytest.mark.parametrize("question", questions())
@pytest.mark.parametrize("name", WRONG)
def test_no_question_takes_a_wrong_answer(question, name):
    found = question.read("/path", WRONG[name])
    assert isinstance(found, Gap) and found.reason is Reason.UNDECODABLE and found.detail and found.path == "/path"


@pytest.mark.parametrize("name", WRONG)
def test_no_object_is_another_one(name):
    need = Named(kinds.CONFIG_MAPS, "kubeadm-config", "kube-system")
    assert isinstance(named(need, WRONG[name]), Gap)
    for kind, called in (("ConfigMap", "other"), ("Secret", "kubeadm-config")):
        other = json.dumps({"kind": kind, "metadata": {"name": called, "namespace": "kube-system"}}).encode()
        assert isinstance(named(need, Body(other)), Gap)
    right = Body(b'{"kind":"ConfigMap","metadata":{"name":"kubeadm-config"}}')
    assert named(need, right) == right


def asked(need, snapshot):
    """The paths at which a need is answered."""
    if isinstance(need, Plain | Named):
        return [need.path()]
    if isinstance(need, PerNode):
        return [
            path
            for path in snapshot.entries
            if path.startswith("/api/v1/nodes/") and path.endswith(f"/proxy/{need.leaf}")
        ]
    return [path for path in snapshot.entries if need.node(path)] if isinstance(need, FromNode) else []


def with_answer(snapshot, path, entry):
    return Snapshot(snapshot.about, dict(snapshot.entries) | {path: entry})


def told(result):
    """What was decided, apart from words that say why something was not read."""
    return result.status, [one.fingerprint for one in result.findings], {one.object for one in result.undecided}


def wrong(true):
    """Wrong answers where a right one was."""
    return {
        "a page": WRONG["a page to log in at"],
        "half": cut(true),
        "short": short(true),
        "chatter": Body(CHATTER, true.media_type),
        "List": Body(LIST, true.media_type),
    }


def cases():
    for check in CHECKS.values():
        ready = plan([check])
        if any(isinstance(need, Plain | Named | PerNode | FromNode) for need in ready.needs()):
            yield pytest.param(check, ready, id=check.id)


def answered(check, ready):
    """The answers that the examples of a check hold; of each path that none does, that it is not there, once."""
    open_ = {}
    for example in examples(check):
        snapshot = snapshot_of_example(example)
        for path in (path for need in ready.needs() for path in asked(need, snapshot)):
            true = snapshot.entries.get(path)
            if isinstance(true, Body):
                yield example, snapshot, path, wrong(true)
            else:
                open_[path] = example, snapshot, path, {"a page": WRONG["a page to log in at"]}
    yield from open_.values()


@pytest.mark.parametrize(("check", "ready"), list(cases()))
def test_a_wrong_answer_is_worth_no_more_than_none(check, ready):
    made = {}
    for example, snapshot, path, answers in answered(check, ready):
        readings = made.setdefault(example.name, Retaken(snapshot))
        before = judge(readings, ready).results[0].status

        def with_(body, readings=readings, path=path):
            return judge(Retaken(with_answer(readings.snapshot, path, body), readings), ready).results[0]

        none = told(with_(Gap(path, Reason.UNDECODABLE)))
        for name, body in answers.items():
            result = with_(body)
            where = (example.name, path, name, result.reason)
            assert result.status not in (Status.PASS, Status.NOT_APPLICABLE) or result.status in (before, none[0]), where  # fmt: skip
            assert told(result) == none, where


@pytest.mark.parametrize("sign", [":", ": ", "=", " "])
@pytest.mark.parametrize("head", ["apiserver flagz", "kube-apiserver flags", "kubelet flagz"])
def test_a_text_of_flags_is_read_whatever_parts_names_and_values(sign, head):
    flags = {"anonymous-auth": "false", "authorization-mode": "[Node,RBAC]", "cert-dir": "", "v": "2", "vmodule": "", "watch-cache-sizes": "[a#0,b#1]"}  # fmt: skip
    text = f"\n{head}\nWarning: This endpoint is not meant to be machine parseable, has no formatting.\n\n"
    text += "".join(f"{name}{sign}{value}\n" for name, value in flags.items())
    assert READERS[TEXT](text.encode()) == flags
    for end in range(0, text.index("vmodule"), 7):
        with pytest.raises(ValueError, match="came"):
            READERS[TEXT](text[:end].encode())


def test_flags_of_json_are_all_or_none():
    whole = json.dumps({"kind": "Flagz", "apiVersion": "config.k8s.io/v1beta1", "flags": {"profiling": "false"}})
    assert READERS[JSON](whole.encode()) == {"profiling": "false"}
    for wrong in ({"flags": {"profiling": "false"}}, {"kind": "Flagz", "flags": {}}, {"kind": "Flagz"}, {"kind": "Statusz", "flags": {"a": "b"}}):  # fmt: skip
        with pytest.raises(ValueError):
            READERS[JSON](json.dumps(wrong).encode())
