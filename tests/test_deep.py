"""JSON nested deeper than anything is read, as a tenant can write it into some kinds: it costs what it stands in."""

import re
from pathlib import Path

import msgspec
import pytest

import kscan
from kscan import data
from kscan.checks.check import read_checks
from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.errors import ConnectError
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.archive import load
from kscan.snapshot.entry import Gap, Listing
from kscan.snapshot.redact import redacted
from tests.fake_api import Fault, cluster, fake_api
from tests.snapshot.builders import file_of

READY = plan(read_checks(data.folder("checks")))
IDENTITY = ("/version", "/apis/authentication.k8s.io/v1/selfsubjectreviews")
DOCUMENTS = [{"kind": "Policy", "apiVersion": "kyverno.io/v1", "metadata": {"name": "a", "namespace": "b"}}]
# msgspec gives up at a thousand less the calls that it is in, a function of ours for each level much earlier.
DEPTHS = (300, 480, 900, 940, 960, 980, 1_100, 9_000)


def deep(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


def read(fake, tmp_path):
    access = Access(kubeconfig=fake.kubeconfig(tmp_path))
    return collect(access, READY.needs(), Options(kubelets=KubeletAccess.NONE))


def test_an_answer_costs_its_path(tmp_path):
    with fake_api(cluster(20, documents=DOCUMENTS)) as fake:
        read(fake, tmp_path)
        paths = sorted({path for path in fake.paths() if path not in IDENTITY})
    assert len(paths) > 40
    for chosen in (paths, [path for path in paths if path not in ("/api", "/apis")]):
        with fake_api(
            cluster(20, documents=DOCUMENTS), {path: [Fault("body", None, value=deep(9_000))] for path in chosen}
        ) as fake:
            snapshot = read(fake, tmp_path)
        assert not [path for path, entry in snapshot.entries.items() if isinstance(entry, Listing)]
        report = evaluate(snapshot, READY)
        assert not report.of(Status.PASS) and not report.faults


def test_a_server_that_does_not_say_what_it_is_is_told_in_one_line(tmp_path):
    faults = {"/version": [Fault("body", None, value=deep(9_000))]}
    with (
        fake_api(cluster(), faults) as fake,
        pytest.raises(ConnectError, match="does not answer as a Kubernetes API server"),
    ):
        read(fake, tmp_path)


@pytest.mark.parametrize("depth", DEPTHS)
def test_an_object_costs_itself_or_its_list(depth, tmp_path):
    bodies = {}
    for kind, path in (("Policy", "/apis/kyverno.io/v1/policies"), ("Pod", "/api/v1/pods"), ("ConfigMap", "/api/v1/configmaps"),
                       ("Deployment", "/apis/apps/v1/deployments")):  # fmt: skip
        version = path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")[0]
        head = msgspec.json.encode({"name": "a", "namespace": "b"})
        one = b'{"metadata":' + head + b',"spec":' + deep(depth) + b',"data":' + deep(depth) + b"}"
        bodies[path] = b'{"kind":"%sList","apiVersion":"%s","items":[%s]}' % (kind.encode(), version.encode(), one)
    faults = {path: [Fault("body", None, value=body)] for path, body in bodies.items()}
    with fake_api(cluster(5, documents=DOCUMENTS), faults) as fake:
        snapshot = read(fake, tmp_path)
    for one in (
        snapshot,
        load(file_of(snapshot, tmp_path / "a.kscan")),
        load(file_of(redacted(snapshot), tmp_path / "b.kscan")),
    ):
        report = evaluate(one, READY)
        assert not report.faults
        results = {result.check.id: result.status for result in report.results}
        assert results["privileged-container"] is Status.UNKNOWN
        assert any(isinstance(gap, Gap) for gap in (missed.gap for missed in report.gaps()))


def test_what_comes_from_outside_is_read_by_what_knows_of_depth():
    home = Path(kscan.__file__).parent
    own = re.compile(r"msgspec\.json\.(decode|Decoder)\(|json\.loads\(")
    found = {
        str(path.relative_to(home))
        for room in ("collect", "snapshot", "views", "model", "commands")
        for path in (home / room).rglob("*.py")
        if own.search(path.read_text())
    }
    assert found == {"model/base.py"}
