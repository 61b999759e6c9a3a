"""--pss-version says by which Pod Security Standards pods are judged, and nothing else of the cluster."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from kscan import data
from kscan.__main__ import run
from kscan.commands.selected import catalogue
from kscan.snapshot.archive import save
from kscan.snapshot.folder import load_folder
from kscan.snapshot.snapshot import Snapshot

FIXTURES = Path(__file__).parents[1] / "fixtures" / "clusters"
CLUSTERS = ("demo", "kubeadm", "eks", "openshift", "vcluster")
OF_PODS = {one.id for one in catalogue().checks.values() if one.file.rule.startswith("podsecurity.")}


@pytest.fixture
def scanned(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def scan(snapshot, *words):
        with (tmp_path / "saved.zip").open("wb") as file:
            save(snapshot, file)
        run(["scan", "saved.zip", "--format", "json", "--all", *words])
        report = json.loads(capfd.readouterr().out)
        return report, {one["check"]: one for one in report["results"]}

    return scan


def cluster(name):
    return load_folder(data.folder("demo") if name == "demo" else FIXTURES / name)


@pytest.mark.parametrize("name", CLUSTERS)
def test_nothing_outside_pod_security_follows_it(name, scanned):
    snapshot = cluster(name)
    before, own = scanned(snapshot)
    for version in ("v1.0", "latest"):
        after, results = scanned(snapshot, "--pss-version", version)
        assert {one for one in own if own[one] != results[one]} <= OF_PODS
        assert after["cluster"] == before["cluster"]


def test_what_the_provider_encrypts_depends_on_the_servers_version(scanned):
    """On EKS from 1.28 on, whatever somebody asks of pods."""
    told = cluster("eks")
    kept = {path: entry for path, entry in told.entries.items() if path != "/version"}
    snapshot = Snapshot(replace(told.about, version="v1.27.9-eks-5e0fdde"), kept)
    for words in ((), ("--pss-version", "latest")):
        assert scanned(snapshot, *words)[1]["secrets-not-encrypted"]["status"] == "manual"
