"""Saving and loading a snapshot loses nothing, and other tools can read the file."""

import zipfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.snapshot.archive import INDEX, load
from kscan.snapshot.entry import Listing
from kscan.snapshot.pages import keep
from kscan.snapshot.snapshot import Snapshot
from tests.fake_api import cluster
from tests.snapshot.builders import ABOUT, ENTRIES, MALFORMED, SPECS, WHOLE, file_of, listing


@pytest.fixture
def saved(tmp_path):
    return file_of(WHOLE, tmp_path / "a.kscan")


def test_saving_and_loading_loses_nothing(saved):
    assert load(saved) == WHOLE


@pytest.mark.parametrize("kind", ["Pod", "ConfigMap"])
def test_malformed_objects_survive_the_file(tmp_path, kind):
    items = tuple(keep(msgspec.Raw(raw), {}, pod=kind == "Pod") for raw in MALFORMED if b'"kind"' not in raw)
    snapshot = Snapshot(ABOUT, {"/x": Listing(kind, "v1", items)})
    assert load(file_of(snapshot, tmp_path / "a.kscan")) == snapshot


def test_pages_of_a_long_list_are_members_of_their_own(tmp_path):
    snapshot = cluster(1203)
    path = file_of(snapshot, tmp_path / "a.kscan")
    names = [name for name in zipfile.ZipFile(path).namelist() if name.startswith("api/v1/pods")]
    assert names == ["api/v1/pods.json", "api/v1/pods.page-2.json", "api/v1/pods.page-3.json"]
    again = load(path)
    assert again == snapshot
    pods = again.at("/api/v1/pods").items
    assert len({id(item.spec) for item in pods}) == 121


def test_large_and_dull_objects_survive_the_file(tmp_path):
    values = [{"metadata": {"name": str(number)}, "data": {"x": "x" * 5_000_000}} for number in range(6)]
    snapshot = Snapshot(ABOUT, {"/api/v1/configmaps": listing(*values, kind="ConfigMap")})
    path = file_of(snapshot, tmp_path / "a.kscan")
    assert len(zipfile.ZipFile(path).namelist()) > 2
    assert load(path) == snapshot


@given(st.lists(SPECS, max_size=5), st.sampled_from(["Pod", "ConfigMap"]))
@settings(deadline=None)
def test_any_objects_survive_the_file(tmp_path_factory, values, kind):
    objects = [{"metadata": {"name": "a"}, "spec": value} for value in values]
    snapshot = Snapshot(ABOUT, {"/x": listing(*objects, kind=kind)})
    assert load(file_of(snapshot, tmp_path_factory.mktemp("file") / "a.kscan")) == snapshot


def test_other_tools_can_read_it(saved):
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        pods = msgspec.json.decode(archive.read("api/v1/pods.json"))
        assert (pods["kind"], len(pods["items"])) == ("PodList", 2)
        assert archive.read("metrics.txt") == ENTRIES["/metrics"].content
        assert msgspec.json.decode(archive.read(INDEX))["format"] == 1
