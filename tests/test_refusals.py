"""The property of refusals: two at once, and that it would see an engine or a view that forgets what was refused."""

import random
from itertools import combinations

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples
from kscan.judge import ask, result
from kscan.judge.engine import evaluate, judge
from kscan.judge.farm import run_refusals, snapshot_of_example
from kscan.judge.plan import plan
from kscan.judge.refusals import Refusal, of_example, refused, worse
from kscan.judge.report import Status
from kscan.snapshot.entry import Gap, Listing, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.kinds import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, PODS
from kscan.snapshot.needs import Plain
from kscan.views.retaken import Retaken
from kscan.views.view import Source

CHECKS = by_id(read_checks(data.folder("checks")))
# Of each kind of need and of each way to judge, one.
SOME = ("secret-readers", "privileged-container", "namespace-without-network-policy", "secrets-not-encrypted",
        "api-server-anonymous-auth", "kubelet-read-only-port", "default-service-account-token", "webhook-fails-open",
        "binding-to-missing-role", "unused-role")  # fmt: skip


def pairs(check, chosen=random.Random(7)):  # noqa: B008 - one sequence of choices for all
    """Two things that are not seen: any two that an example holds, and a few of all others."""
    ready = plan([check])
    for example in examples(check):
        readings = Retaken(snapshot_of_example(example))
        snapshot = readings.snapshot
        before = judge(readings, ready).results[0]
        held, bare = [], []
        for need in ready.needs():
            found = of_example(snapshot, need)
            (held if len(found) > 1 else bare).extend(found[:1])
        both = [
            *combinations(held, 2),
            *((one, other) for one in held for other in chosen.sample(bare, min(2, len(bare)))),
        ]
        for one, other in chosen.sample(both, min(3, len(both))):
            less = refused(snapshot, one, other)
            after = judge(Retaken(less, readings), ready).results[0]
            yield f"{check.id}, {example.name!r}, {one} and {other}: ", worse(before, after)


@pytest.mark.parametrize("family", sorted({check.family for check in CHECKS.values()}))
def test_two_refusals_at_once(family):
    of_family = [check for check in CHECKS.values() if check.family == family]
    assert [case + problem for check in of_family for case, problem in pairs(check) if problem] == []


def test_what_is_refused_of_a_whole_cluster():
    """Of the demo cluster, where each object stands among others: owners, their pods and what these leave behind."""
    readings, ready = Retaken(load_folder(data.folder("demo"))), plan(CHECKS.values())
    before = judge(readings, ready).results
    found = []
    for need in ready.needs():
        for one in of_example(readings.snapshot, need)[:1]:
            after = judge(Retaken(refused(readings.snapshot, one), readings), ready).results
            found += [f"{one}: {was.check.id}: {problem}"
                      for was, now in zip(before, after, strict=True) if (problem := worse(was, now))]  # fmt: skip
    assert found == []


def test_every_need_of_every_check_is_refused():
    cases = 0
    for check in CHECKS.values():
        needs = plan([check]).needs()
        for example in examples(check):
            snapshot = snapshot_of_example(example)
            cases += sum(len(of_example(snapshot, need)) for need in needs)
    assert cases > 40_000


@pytest.mark.parametrize("name", SOME)
def test_what_rests_on_nothing_that_was_refused_need_not_be_made_again(name):
    ready = plan([CHECKS[name]])
    for example in examples(CHECKS[name]):
        readings = Retaken(snapshot_of_example(example))
        judge(readings, ready)
        for need in ready.needs():
            for refusal in of_example(readings.snapshot, need):
                less = refused(readings.snapshot, refusal)
                assert judge(Retaken(less, readings), ready) == evaluate(less, ready), str(refusal)


def problems(*names):
    return (str(one) for name in names for one in run_refusals(plan([CHECKS[name]]), CHECKS[name]) if one.problem)


def forget_lists(patch):
    """A list that was refused is read as an empty one."""
    items = Source.items

    def patched(self, resource):
        yield from items(self, resource)
        self._gaps = [gap for gap in self._gaps if gap.path != resource.path()]

    patch.setattr(Source, "items", patched)


def forget_plain_paths(patch):
    """A plain path that was refused is weighed away, whoever asks."""
    patch.setattr(Source, "_noted", lambda self, need, found, because, only: None)


def forget_other_views(patch):
    """What a view leans on missed something, which is not handed on."""
    patch.setattr(Source, "of", lambda self, view: self._leaned_on(view).value)


def forget_the_scope(patch):
    """What is missing from the scope is no reason to be in doubt."""
    status = result._status
    patch.setattr(result, "_status", lambda scope, tally, findings, scope_gaps, context_gaps:
                  status(scope, tally, findings, (), context_gaps))  # fmt: skip


def forget_the_context(patch):
    """A rule is asked though what it leans on is not there, and its findings stand."""

    def patched(readings, check, found, more):
        bare = [ask.msgspec.structs.replace(reading, gaps=()) for reading in found]
        return by_rule(readings, check, bare, more)

    by_rule = ask._by_rule
    patch.setattr(ask, "_by_rule", patched)
    result_of = result.result_of
    patch.setattr(
        "kscan.judge.engine.result_of",
        lambda check, found, tally, about: result_of(
            check, [found[0], *(ask.msgspec.structs.replace(one, gaps=()) for one in found[1:])], tally, about
        ),
    )


def forget_what_is_misshapen(patch):
    """An object that cannot be read is passed over."""
    patch.setattr(Source, "undecodable", lambda self, path, item, error: None)


def forget_cut_lists(patch):
    """Half a list is taken for all of it."""
    items = Source.items

    def patched(self, resource):
        yield from items(self, resource)
        self._gaps = [gap for gap in self._gaps if gap.reason is not Reason.CUT_OFF]

    patch.setattr(Source, "items", patched)


MUTATIONS = (forget_lists, forget_plain_paths, forget_other_views, forget_the_scope, forget_the_context,
             forget_what_is_misshapen, forget_cut_lists)  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_the_property_sees_a_gap_that_is_dropped(mutation, monkeypatch):
    # Without it there are none: tests/test_checks.py holds that of all checks.
    mutation(monkeypatch)
    assert next(problems(*SOME), "")


def test_the_reproduction_of_a_refused_list_that_was_read_as_empty(monkeypatch):
    items = Source.items

    def patched(self, resource):
        yield from items(self, resource)
        self._gaps = [gap for gap in self._gaps if gap.path != CLUSTER_ROLE_BINDINGS.path()]

    monkeypatch.setattr(Source, "items", patched)
    found = list(problems("secret-readers"))
    assert found and all(one.startswith("secret-readers: without clusterrolebindings") for one in found)
    assert "into pass" in found[0]


def test_what_is_refused_and_how():
    (example,) = (one for one in examples(CHECKS["privileged-container"]) if one.name == "a sidecar counts")
    snapshot = snapshot_of_example(example)
    path = PODS.path()
    assert refused(snapshot, Refusal(PODS)).at(path) == Gap(path, Reason.FORBIDDEN)
    assert path not in refused(snapshot, Refusal(PODS, Reason.NOT_ASKED)).entries
    cut = refused(snapshot, Refusal(PODS, Reason.CUT_OFF)).at(path)
    assert isinstance(cut, Listing) and cut.gap and len(cut.items) < len(snapshot.at(path).items)
    (full,) = (one for one in examples(CHECKS["aggregated-role-changed"]) if one.name == "a rule of nobody's")
    roles, two = snapshot_of_example(full), CLUSTER_ROLES.path()
    lost = [one for one in of_example(roles, CLUSTER_ROLES) if one.lost is not None]
    assert [refused(roles, one).at(two).items for one in lost] == [roles.at(two).items[1:], roles.at(two).items[:1]]
    assert refused(snapshot, Refusal(Plain("/flagz"))).at("/flagz") == Gap("/flagz", Reason.FORBIDDEN)
    ready = plan([CHECKS["privileged-container"]])
    misshapen = evaluate(refused(snapshot, Refusal(PODS, Reason.UNDECODABLE)), ready).results[0]
    assert misshapen.status is Status.UNKNOWN and misshapen.gaps[0].reason is Reason.UNDECODABLE
