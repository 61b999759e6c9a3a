"""Whatever stands in whatever place of an object: no scan ends, none takes long, and nothing is kscan's own fault."""

import random
import time
from collections.abc import Iterator

import msgspec
import pytest

from kscan import data
from kscan.checks.check import read_checks
from kscan.checks.examples import examples
from kscan.documents import documents
from kscan.errors import SnapshotError
from kscan.judge.engine import evaluate
from kscan.judge.farm import _HEADS, snapshot_of_example
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.base import TooDeepError, decode, decode_object
from kscan.model.durations import seconds
from kscan.model.meta import Meta
from kscan.snapshot.deep import without_deep
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body, Item, Listing, Reason
from kscan.snapshot.snapshot import Snapshot

LONG = 20_000
WRONG = (
    None, True, 7, -1, 1e308, 10**18, "x", "", "1e999999999", "NaN", [], {}, [None], [7], ["x"], [{}], [[]],
    {"x": None}, {"x": 7}, {"x": "y"}, {"x": {}}, {"x": []}, *(one * LONG for one in "1 a*/-[{:('\"=,"),
    *(one * LONG for one in ("1.", "*a", "- ", "a: ", "$(", "://", "--a=b ", "1:", "\n")), [{"name": "x"}] * 500,
)  # fmt: skip
PARTS, CHECKED, CASES = 4, 50, 6
CHECKS = tuple(read_checks(data.folder("checks")))


def places(value, at=()) -> Iterator[tuple]:
    """Every place of a document."""
    yield at
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*at, key))


def put(value, at, new):
    """The document with another value in one place."""
    if not at:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[at[0]] = put(value.get(at[0]) if isinstance(value, dict) else value[at[0]], at[1:], new)
    return changed


def mutated(check, chance) -> tuple[Snapshot, str] | None:
    """One of a check's examples with a wrong value in one place of what it holds."""
    example = chance.choice(list(examples(check)))
    snapshot = snapshot_of_example(example)
    held = [(path, index, body) for path, index, body in objects(snapshot) if body]
    if not held:
        return None
    path, index, body = chance.choice(held)
    at = chance.choice([at for at in places(body) if at])
    wrong = chance.choice(WRONG)
    content = msgspec.json.encode(put(body, at, wrong))
    return replaced(snapshot, path, index, content), f"{example.name}: {path}: {at} = {wrong!r:.60}"


def replaced(snapshot, path, index, content):
    """The snapshot with other bytes in the place of an object, or of an answer."""
    entry = snapshot.entries[path]
    if isinstance(entry, Listing):
        items = (*entry.items[:index], Item(content), *entry.items[index + 1 :])
        entry = msgspec.structs.replace(entry, items=items)
    else:
        entry = msgspec.structs.replace(entry, content=content)
    return Snapshot(snapshot.about, {**snapshot.entries, path: entry})


def objects(snapshot) -> Iterator[tuple[str, int, object]]:
    for path, entry in snapshot.entries.items():
        if isinstance(entry, Listing):
            yield from ((path, index, msgspec.json.decode(item.body)) for index, item in enumerate(entry.items))
        elif isinstance(entry, Body) and entry.media_type == "application/json":
            yield path, -1, msgspec.json.decode(entry.content)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_value_in_any_place_raises_or_takes_long(part):
    chance, wrong = random.Random(part), []
    for check in chance.sample(CHECKS, CHECKED):
        ready = plan([check])
        for case in filter(None, (mutated(check, chance) for _ in range(CASES))):
            snapshot, name = case
            started = time.process_time()
            report = evaluate(snapshot, ready)
            took = time.process_time() - started
            wrong += [f"{check.id}: {name}: {gap}" for gap in report.faults]
            wrong += [f"{check.id}: {name}: {took:.1f} s"] if took > 2 else []
    assert not wrong, "\n".join(wrong)


# What this found first, by check: the object, the place, and what stood there.
FOUND = [
    ("kubelet-client-ca-open", "json", ("files", 0, "mode"), "rw"),
    ("kubelet-client-ca-open", "json", ("files", 0, "mode"), ""),
    ("missing-volume-claim", "Pod", ("spec", "volumes", 0, "name"), [7]),
    ("default-service-account-token", "Pod", ("spec", "containers", 0, "volumeMounts"), [None]),
    ("default-service-account-token", "Pod", ("spec", "volumes"), [{"name": {}, "projected": {"sources": [{}]}}]),
    ("default-service-account-token", "Pod", ("spec", "volumes"), [{"name": "x", "projected": True}]),
    ("privileged-pods-let-in", "Namespace", ("metadata", "labels"), ["x"]),
    ("namespace-without-pod-guard", "Namespace", ("metadata", "labels"), {"pod-security.kubernetes.io/enforce": {}}),
    ("kube-proxy-metrics-exposed", "ConfigMap", ("data", "config.conf"), None),
    ("kube-proxy-metrics-exposed", "ConfigMap", ("data", "config.conf"), "a: " + "[" * 100_000),
    ("kube-proxy-metrics-exposed", "ConfigMap", ("data", "config.conf"), "a: 2020-99-99"),
    ("api-server-without-client-ca", "ConfigMap", ("data",), 7),
]


@pytest.mark.parametrize(("name", "kind", "at", "wrong"), FOUND, ids=lambda value: str(value)[:30])
def test_what_was_found_so(name, kind, at, wrong):
    check = next(one for one in CHECKS if one.id == name)
    place = ("json", *at) if kind == "json" else at
    tried = 0
    for example in examples(check):
        told = [one for one in example.documents() if not _HEADS & one.keys()]
        for index, one in enumerate(told):
            if place[:-1] in places(one) and (kind in one or one.get("kind") == kind):
                changed = [*told[:index], put(one, place, wrong), *told[index + 1 :]]
                assert not evaluate(snapshot_of(changed), plan([check])).faults
                tried += 1
    assert tried


DEEP = 5_000
BOMBS = {
    "flow": "a: " + "[" * 100_000,
    "block": "- " * 100_000,
    "lines": "".join(f"{' ' * depth}a:\n" for depth in range(300)),
    "merges": "x0: &x0 {a: 1}\n"
    + "".join(f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}\n" for n in range(1, 9)),
    "aliases": "x0: &x0 [a]\n" + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9)),
    "date": "a: 2020-99-99",
    "digits": "a: " + "9" * 5_000,
    "sixties": "a: 1" + ":59" * 100_000,
}


@pytest.mark.parametrize("text", [*BOMBS.values(), None, 7, ["a"]], ids=[*BOMBS, "null", "number", "list"])
def test_yaml_that_the_cluster_holds_ends_nothing(text):
    started = time.process_time()
    with pytest.raises(SnapshotError):
        list(documents(text, "config.conf", SnapshotError))
    assert time.process_time() - started < 2


def test_yaml_that_repeats_or_nests_a_little_is_read():
    text = "a: &a {b: [[{c: 1}]]}\nd: {<<: *a, e: *a}\nf: '" + "x" * 3000 + "'"
    assert next(iter(documents(text, "config.conf", SnapshotError)))["d"]["b"] == [[{"c": 1}]]


def test_what_is_nested_too_deep_is_not_shaped_as_it_should_be():
    body = b'{"metadata":{"name":"a"},"x":' + b"[" * DEEP + b"]" * DEEP + b"}"
    for reading in (lambda: decode(body, Meta), lambda: decode_object(body)):
        with pytest.raises(TooDeepError):
            reading()


def deep_object(name, depth=DEEP):
    return {"metadata": {"name": name, "labels": {"a": "]}{["}, "namespace": "shop"}, "x": "[" * depth + "]" * depth}


@pytest.mark.parametrize("names", [["bomb"], ["bomb", "a"], ["a", "bomb"], ["a", "bomb", "b"], ["bomb", "bomb-2", "a"]])
def test_only_what_is_too_deep_is_left_out_of_a_page(names):
    page = {"kind": "ServiceList", "metadata": {"continue": "x"}, "items": [deep_object(name) for name in names]}
    text = msgspec.json.encode(page).decode()
    for name in names:
        nested = "[" * DEEP + "]" * DEEP
        text = text.replace(f'"x":"{nested}"', '"x":' + (nested if name.startswith("bomb") else "[[]]"), 1)
    rest, left_out = without_deep(text.encode())
    assert left_out == [f"shop/{name}" for name in names if name.startswith("bomb")]
    found = msgspec.json.decode(rest)
    assert [one["metadata"]["name"] for one in found["items"]] == [n for n in names if not n.startswith("bomb")]
    assert found["metadata"] == {"continue": "x"}


def test_a_duration_is_read_in_a_time_that_grows_as_it_does():
    started = time.process_time()
    assert seconds("1" * 200_000) is None and seconds("1h1.5m.5s") == 3690.5
    assert time.process_time() - started < 2


@pytest.mark.parametrize("number", ["NaN", "+Inf", "-Inf", "1e999"])
def test_a_count_that_is_no_number_leaves_its_checks_undecided(number):
    text = f'apiserver_audit_error_total{{plugin="log"}} {number}\napiserver_audit_event_total {number}\n'
    text += 'workqueue_depth{name="all"} 0\n'
    wanted = [one for one in CHECKS if one.file.rule in ("counters.audit", "counters.audit_lost")]
    report = evaluate(snapshot_of([{"path": "/metrics", "text": text}]), plan(wanted))
    assert not report.faults and wanted
    for result in report.results:
        assert result.status is Status.UNKNOWN
        assert {(gap.path, gap.reason) for gap in result.gaps} == {("/metrics", Reason.UNDECODABLE)}
