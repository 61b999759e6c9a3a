"""What is kept of an object is all that is judged of it: the same comes of kept objects and of whole ones."""

import importlib
import inspect
import pkgutil

import msgspec
import pytest

import kscan.views
from kscan import data
from kscan.checks.check import read_checks
from kscan.checks.examples import examples
from kscan.judge.engine import evaluate
from kscan.judge.farm import snapshot_of_example
from kscan.judge.plan import plan
from kscan.model.workloads import PodPhase
from kscan.snapshot.entry import Item
from kscan.snapshot.folder import load_folder
from kscan.snapshot.pages import _Status, keep_metadata
from kscan.snapshot.snapshot import Snapshot
from kscan.views.secret_times import SECRETS

CHECKS = list(read_checks(data.folder("checks")))
TRIMMED = ("kind: Pod\n", "kind: Secret\n", "static: ")
EXAMPLES = [one for check in CHECKS for one in examples(check) if any(words in one.text for words in TRIMMED)]


def whole(raw, specs, *, pod):
    """An object as it was written, which is as a server sends it."""
    return Item(bytes(raw))


def collected(snapshot):
    """The same snapshot with what is kept of secrets where a cluster is read."""
    path = SECRETS.path()
    found = snapshot.entries.get(path)
    if not found:
        return snapshot
    items = tuple(keep_metadata(msgspec.Raw(one.body)) for one in found.items)
    return Snapshot(snapshot.about, {**snapshot.entries, path: msgspec.structs.replace(found, items=items)})


def told(snapshot, ready):
    """What is said of each; how many specs are judged depends on how they are kept, for each is kept once."""
    return [msgspec.structs.replace(one, check=None, judged=0) for one in evaluate(snapshot, ready).results]


def test_what_is_kept_is_judged_as_the_whole_is(monkeypatch):
    assert len(EXAMPLES) > 300
    ready = {check.id: plan([check]) for check in CHECKS}
    kept = [told(collected(snapshot_of_example(one)), ready[one.check.id]) for one in EXAMPLES]
    monkeypatch.setattr("kscan.snapshot.documents.keep", whole)
    for one, found in zip(EXAMPLES, kept, strict=True):
        assert found == told(snapshot_of_example(one), ready[one.check.id]), f"{one.check.id}: {one.name}"


def test_the_demo_cluster_is_judged_kept_as_it_is_whole(monkeypatch):
    ready = plan(CHECKS)
    kept = told(collected(load_folder(data.folder("demo"))), ready)
    monkeypatch.setattr("kscan.snapshot.documents.keep", whole)
    assert kept == told(load_folder(data.folder("demo")), ready)


def statuses_read():
    """What each view that reads pods by themselves reads of their status."""
    for module in pkgutil.iter_modules(kscan.views.__path__, "kscan.views."):
        found = importlib.import_module(module.name)
        if "kinds.PODS" in inspect.getsource(found) or "system_pods" in vars(found):
            for one in vars(found).values():
                fields = {field.name: field.type for field in msgspec.structs.fields(one)} if is_struct(one) else {}
                if {"metadata", "status"} <= fields.keys() and "Pod" in one.__name__:
                    yield pytest.param(fields["status"], id=f"{module.name}.{one.__name__}")


def is_struct(value):
    return isinstance(value, type) and issubclass(value, msgspec.Struct)


@pytest.mark.parametrize("status", list(statuses_read()))
def test_views_read_of_a_pods_status_what_is_kept(status):
    assert issubclass(status, PodPhase) and issubclass(_Status, status)
