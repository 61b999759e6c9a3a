"""A scan of a snapshot that is served says what a scan of the snapshot says, or that it does not know."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from kscan import data
from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.folder import load_folder
from kscan.snapshot.needs import split_path
from kscan.snapshot.server import serving
from kscan.snapshot.snapshot import Snapshot
from tests.fake_api import PLAIN_DISCOVERY, fake_api, telling

FIXTURES = Path(__file__).parents[2] / "fixtures" / "clusters"
CLUSTERS = {"demo": data.folder("demo")} | {name: FIXTURES / name for name in ("kubeadm", "k3s", "eks")}
READY = plan(catalogue().checks.values())


def refused(snapshot):
    gaps = {path: Gap(path, Reason.FORBIDDEN, "no") for path in ("/api", "/apis")}
    return Snapshot(snapshot.about, dict(snapshot.entries) | gaps)


def without_objects(snapshot, _):
    """The same as somebody saved it who did not ask for what is asked by name."""
    return Snapshot(snapshot.about, {path: one for path, one in snapshot.entries.items() if not by_name(path)})


def by_name(path):
    parts = split_path(path)
    return bool(parts and (parts[4] or parts[3] == "configmaps"))


def older(snapshot, folder):
    """The same of a server that tells its resources group by group only."""
    with fake_api(snapshot, PLAIN_DISCOVERY) as fake:
        return collected(fake.kubeconfig(folder))


FORMS = {
    "as it is": lambda snapshot, _: snapshot,
    "told whole": lambda snapshot, _: telling(snapshot),
    "without objects": without_objects,
    "refused": lambda snapshot, _: refused(snapshot),
    "told in parts": older,
}


def collected(kubeconfig):
    options = Options(kubelets=KubeletAccess.PROXY, parallel=4, timeout=120)
    return collect(Access(kubeconfig=kubeconfig), READY.needs(), options)


def dated(snapshot):
    """Of one day, for what is supported on the one need not be so on another."""
    return Snapshot(replace(snapshot.about, taken="2026-06-01T00:00:00Z"), snapshot.entries)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CLUSTERS)
def test_served_or_from_its_file(name, form, tmp_path):
    snapshot = FORMS[form](load_folder(CLUSTERS[name]), tmp_path)
    with serving(snapshot) as server:
        config = tmp_path / "served"
        config.write_text(server.kubeconfig)
        served = collected(str(config))
    of_file, of_server = evaluate(dated(snapshot), READY), evaluate(dated(served), READY)
    before = {result.check.id: result for result in of_file.results}
    other = [
        (result.check.id, before[result.check.id].status, result.status, result.reason)
        for result in of_server.results
        if result.status not in (before[result.check.id].status, Status.UNKNOWN)
    ]
    assert other == []
    assert of_server.score.lower <= of_file.score.lower
