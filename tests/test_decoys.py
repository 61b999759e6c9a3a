"""Who answers for the control plane: pods that only look like a part of it change no verdict."""

from itertools import product

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples, made
from kscan.judge.engine import judge
from kscan.judge.farm import snapshot_of_example
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Listing
from kscan.snapshot.kinds import PODS
from kscan.snapshot.snapshot import Snapshot
from kscan.views.components import API_SERVER, CONTROLLER_MANAGER, ETCD, SCHEDULER
from kscan.views.kube_proxy import KUBE_PROXIES
from kscan.views.releases import RELEASES
from kscan.views.static_pods import STATIC_PODS
from kscan.views.view import Readings

CHECKS = by_id(read_checks(data.folder("checks")))
COMPONENTS = {"kube-apiserver": API_SERVER, "kube-controller-manager": CONTROLLER_MANAGER, "kube-scheduler": SCHEDULER,
              "etcd": ETCD}  # fmt: skip
PROGRAMS = (*COMPONENTS, "kube-proxy")
GOOD = ["--profiling=false", "--anonymous-auth=false", "--bind-address=127.0.0.1", "--client-cert-auth=true",
        "--authorization-mode=Node,RBAC", "--metrics-bind-address=127.0.0.1:10249", "--auto-tls=false"]  # fmt: skip
READERS = {STATIC_PODS.name, KUBE_PROXIES.name, RELEASES.name, *(view.name for view in COMPONENTS.values())}
NODE = {"kind": "Node", "metadata": {"name": "cp-1", "uid": "uid-of-cp-1"}}


def mirror(
    program, flags=GOOD, *, name="", owner=None, annotations=None, phase="Running", node="cp-1", namespace="kube-system"
):
    (pod,) = made([{"kind": "Pod", "madeBy": "Node/cp-1", "metadata": {"name": name or f"{program}-cp-1", "namespace": namespace},
                    "spec": {"containers": [{"name": program, "image": f"{program}:v1.20.1", "command": [program, *flags]}]}}, NODE])[:1]  # fmt: skip
    pod["status"] = {"phase": phase}
    pod["spec"]["nodeName"] = node
    if annotations is not None:
        pod["metadata"]["annotations"] = annotations
    if owner is not None:
        pod["metadata"]["ownerReferences"] = [pod["metadata"]["ownerReferences"][0] | owner] if owner else []
    return pod


# Each is like a mirror but for one thing.
DECOYS = {
    "it never ran": {"phase": "Pending"},
    "it ended": {"phase": "Succeeded"},
    "it failed": {"phase": "Failed"},
    "nothing is known of it": {"phase": ""},
    "nobody owns it": {"owner": {}},
    "another node owns it": {"owner": {"name": "cp-2"}},
    "a node of another uid owns it": {"owner": {"uid": "other"}},
    "a node does not manage it": {"owner": {"controller": False}},
    "a Node of another group owns it": {"owner": {"apiVersion": "acme.io/v1"}},
    "something of that name owns it": {"owner": {"kind": "Machine"}},
    "it is on no node": {"node": ""},
    "it is on a node that is not there": {"node": "cp-9", "owner": {"name": "cp-9"}},
    "it is no mirror": {"annotations": {"kubernetes.io/config.source": "file"}},
    "the API made it": {"annotations": {"kubernetes.io/config.mirror": "1", "kubernetes.io/config.source": "api"}},
    "its source is not told": {"annotations": {"kubernetes.io/config.mirror": "1"}},
    "it is elsewhere": {"namespace": "shop"},
}
DECOY_NAMES = [pytest.param(DECOYS[name], id=name) for name in DECOYS]


@pytest.mark.parametrize("changed", DECOY_NAMES)
@pytest.mark.parametrize("program", COMPONENTS)
def test_what_looks_like_a_component_is_none(program, changed):
    readings = Readings(snapshot_of([NODE, mirror(program, **changed)]))
    component = readings.of(COMPONENTS[program]).value
    assert not component.instances
    assert bool(component.strangers) is (changed.get("namespace") is None)
    real = Readings(snapshot_of([NODE, mirror(program), mirror(program, ["--v=9"], name="decoy", **changed)]))
    assert [one.name for one in real.of(COMPONENTS[program]).value.instances] == [f"{program}-cp-1"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_mirror_of_a_node_that_is_there_answers(program):
    readings = Readings(snapshot_of([NODE, mirror(program)]))
    if program == "kube-proxy":
        assert readings.of(KUBE_PROXIES).value.groups
    else:
        assert [one.name for one in readings.of(COMPONENTS[program]).value.instances] == [f"{program}-cp-1"]


def with_decoys(snapshot):
    """The snapshot with every decoy of every program beside what is there."""
    decoys = [mirror(program, flags, name=f"{number}-{len(flags)}-{program}", **changed)
              for program, (number, changed), flags in product(PROGRAMS, enumerate(DECOYS.values()), (GOOD, ["--v=9"]))
              if changed.get("namespace") is None]  # fmt: skip
    more = snapshot_of(decoys).entries[PODS.path()]
    own = snapshot.entries.get(PODS.path())
    if not isinstance(own, Listing):
        return None
    whole = Listing(own.kind, own.api_version, (*own.items, *more.items), gap=own.gap)
    return Snapshot(snapshot.about, dict(snapshot.entries) | {PODS.path(): whole})


def readers():
    for check in CHECKS.values():
        ready = plan([check])
        if any(view.name in READERS for view in ready.views(check)) or check.file.rule.startswith(("flags.", "kube_proxy.", "versions.")):  # fmt: skip
            yield check, ready


@pytest.mark.parametrize(("check", "ready"), [pytest.param(*one, id=one[0].id) for one in readers()])
def test_decoys_change_no_verdict_of_any_example(check, ready):
    for example in examples(check):
        before = snapshot_of_example(example)
        after = with_decoys(before)
        if after is None or before.about.manifests:
            continue
        one, other = (judge(Readings(each), ready).results[0] for each in (before, after))
        assert one.status is other.status, (example.name, other.reason)
        assert one.findings == other.findings, example.name
        assert {str(one) for one in one.gaps} == {str(one) for one in other.gaps}, example.name


def test_what_is_not_counted_is_named():
    check = CHECKS["scheduler-profiling"]
    result = judge(Readings(snapshot_of([NODE, mirror("kube-scheduler"), mirror("kube-scheduler", name="decoy", phase="Pending")])),
                   plan([check])).results[0]  # fmt: skip
    assert result.status is Status.PASS and result.judged == 1
    assert result.facts[0] == (
        "Component kube-scheduler: pods that look like one and are not counted: decoy (it is not running, but Pending)"
    )
    alone = judge(Readings(snapshot_of([NODE, mirror("kube-scheduler", phase="Pending")])), plan([check])).results[0]
    assert alone.status is Status.UNKNOWN and "kube-scheduler-cp-1 (it is not running, but Pending)" in alone.reason


def test_without_nodes_no_pod_is_known_by_its_node():
    """Nodes that may not be read leave open what a pod passes, and no decoy is believed for it."""
    from kscan.judge.refusals import denied
    from kscan.snapshot.kinds import NODES

    ready = plan([CHECKS["scheduler-profiling"]])
    for pod in (mirror("kube-scheduler"), mirror("kube-scheduler", owner={"uid": "other"})):
        result = judge(Readings(denied(snapshot_of([NODE, pod]), NODES)), ready).results[0]
        assert result.status is Status.UNKNOWN and "nodes" in result.reason


def test_a_second_server_that_nobody_could_see_leaves_a_pass_open():
    """/flagz tells of the one server that answered."""
    from kscan.judge.refusals import denied

    flagz = {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"anonymous-auth": "false"}}}
    ready = plan([CHECKS["api-server-profiling"]])
    documents = [
        flagz,
        NODE,
        mirror("kube-apiserver"),
        mirror("kube-apiserver", ["--profiling=true"], name="kube-apiserver-2"),
    ]
    snapshot = snapshot_of(documents)
    assert judge(Readings(snapshot), ready).results[0].status is Status.FAIL
    assert judge(Readings(denied(snapshot, PODS)), ready).results[0].status is not Status.PASS
