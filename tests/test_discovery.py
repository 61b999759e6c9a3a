"""Discovery is read as what somebody else says: of an aggregated server it names what that server likes."""

import msgspec
import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.model.discovery import ODD, read_offers
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Listing, Reason
from kscan.snapshot.needs import Resource
from kscan.views.groups import APIS
from tests.fake_api import Fault, cluster, fake_api

CONSTRAINTS = next(one for one in kinds.KNOWN if one.whole_group)
VERSION = CONSTRAINTS.versions[0]
# Of a path, a pattern, a query, another folder, an escape, a line.
NO_NAMES = ["*", "a/*", "", "..", "../../../api/v1/secrets", "a?limit=1", "a#b", "a%2fb", "a b", "a\nb", "a" * 254]


def aggregated(*names, version=VERSION, group=CONSTRAINTS.group, parts=()):
    offers = [{"resource": name, "responseKind": {"kind": "Thing"}, "scope": "Cluster", "verbs": ["list"],
               "subresources": [{"subresource": part} for part in parts]} for name in names]  # fmt: skip
    versions = [{"version": version, "freshness": "Current", "resources": offers}]
    return msgspec.json.encode(
        {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": group}, "versions": versions}]}
    )


def faults(form, *names):
    if form == "aggregated":
        return {"/apis": [Fault("body", None, value=aggregated(*names))]}
    path = f"/apis/{CONSTRAINTS.group}/{VERSION}"
    versions = [{"groupVersion": f"{CONSTRAINTS.group}/{VERSION}", "version": VERSION}]
    groups = {"kind": "APIGroupList", "groups": [{"name": CONSTRAINTS.group, "versions": versions}]}
    offers = [{"name": name, "kind": "Thing", "namespaced": False, "verbs": ["list"]} for name in names]
    lists = {"kind": "APIResourceList", "resources": offers}
    return {
        "/apis": [Fault("body", None, value=msgspec.json.encode(groups))],
        path: [Fault("body", None, value=msgspec.json.encode(lists))],
    }


def read(fake, tmp_path, *needs):
    return collect(Access(kubeconfig=fake.kubeconfig(tmp_path)), needs, Options())


@pytest.mark.parametrize("form", ["aggregated", "plain"])
@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_no_resource_can_have_is_a_gap_and_is_never_asked_for(name, form, tmp_path):
    if form == "plain" and "/" in name:
        name = name.replace("/", "*")  # A subresource, there.
    things = Listing("Thing", f"{CONSTRAINTS.group}/{VERSION}")
    where = msgspec.structs.replace(CONSTRAINTS, plural="things").path()
    snapshot = cluster()
    entries = {path: entry for path, entry in snapshot.entries.items() if CONSTRAINTS.group not in path}
    with fake_api(type(snapshot)(snapshot.about, entries | {where: things}), faults(form, name, "things")) as fake:
        found = read(fake, tmp_path, CONSTRAINTS, APIS)
    # The one beside it is read, and what else there is stays open.
    assert isinstance(found.at(where), Listing)
    (gap,) = [one for _, one in found.listings(CONSTRAINTS) if isinstance(one, Gap)]
    assert gap.reason is Reason.UNAVAILABLE and "no resource can be called" in gap.detail
    told = {where, f"/apis/{CONSTRAINTS.group}/{VERSION}"}
    assert {path for path in fake.paths() if CONSTRAINTS.group in path} <= told


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_subresource_has_a_name_of_its_own(name):
    (group,) = read_offers(aggregated("things", parts=("status", name))).items
    (version,) = group.versions
    assert [part.subresource for part in version.resources[0].subresources] == ["status"]
    assert version.freshness == ODD and version.untold


def test_metrics_that_are_served_as_resources_are_names():
    content = aggregated("externalmetrics", "jobs.batch", "queue_messages_ready", "job:http:rate5m", parts=("p95_ms",))
    assert not read_offers(content).items[0].versions[0].untold


@pytest.mark.parametrize(
    ("group", "version"), [("../v1", "v1"), ("apps", "v1/../../../api/v1"), ("*", "v1"), ("a", "*")]
)
def test_a_group_that_none_can_be_called_makes_the_whole_answer_none(group, version, tmp_path):
    plain = {"name": group, "versions": [{"version": version}]}
    for body in (
        aggregated("things", group=group, version=version),
        msgspec.json.encode({"kind": "APIGroupList", "groups": [plain]}),
    ):
        with fake_api(cluster(), {"/apis": [Fault("body", None, value=body)]}) as fake:
            found = read(fake, tmp_path, Resource(group, "things", "Thing", versions=(version,)), CONSTRAINTS, APIS)
        assert found.at("/apis").reason is Reason.UNDECODABLE
        (gap,) = [one for _, one in found.listings(CONSTRAINTS) if isinstance(one, Gap)]
        assert gap.reason is Reason.UNDECODABLE
