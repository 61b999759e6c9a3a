"""`snapshot serve`: whole objects, metadata alone, and tables."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Item, Listing
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.server.accept import Shape, shape
from kscan.snapshot.server.answers import Answers
from kscan.snapshot.server.cells import duration
from kscan.snapshot.server.message import Refusal
from kscan.snapshot.snapshot import About, Snapshot
from tests.fake_api import SCANNER
from tests.server.asking import AGGREGATED, PROTOBUF, TABLE, ask, columns, got, refused


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", Shape.WHOLE),
        ("*/*", Shape.WHOLE),
        ("application/json", Shape.WHOLE),
        (f"{PROTOBUF},application/json", Shape.WHOLE),
        (f"{PROTOBUF}, */*;q=0.1", Shape.WHOLE),
        (TABLE, Shape.TABLE),
        (f"application/json;q=0.5,{TABLE}", Shape.TABLE),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", Shape.WHOLE),
        (f"{PROTOBUF};as=Table;v=v1;g=meta.k8s.io,{TABLE}", Shape.TABLE),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Shape.METADATA),
        ("application/json;as=Nonsense,application/json;q=0.1", Shape.WHOLE),
    ],
)
def test_the_shape_is_what_the_client_prefers(accept, expected):
    assert shape(accept) is expected


@pytest.mark.parametrize(
    "accept", [PROTOBUF, "text/html", "application/json;q=0", "application/json;as=X", ";;;=,", "a;q=x"]
)
def test_no_other_media_type_is_spoken(accept):
    with pytest.raises(Refusal):
        shape(accept)
    assert refused("/api/v1/pods", accept)[:2] == (406, "NotAcceptable")
    assert refused("/apis", accept)[0] == 406


def test_metadata_alone():
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    document = got("/api/v1/pods?limit=2", accept)
    assert document["kind"] == "PartialObjectMetadataList" and document["metadata"]["continue"]
    assert set(document["items"][0]) == {"kind", "apiVersion", "metadata"}
    one = got("/api/v1/nodes/node-0", accept.replace("List", ""))
    assert one["kind"] == "PartialObjectMetadata" and one["metadata"]["name"] == "node-0"


def test_the_columns_of_pods():
    row = columns("/api/v1/pods", index=2)
    assert list(row)[:5] == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert list(row.values())[:7] == ["app-0000-rs-2", "1/1", "Running", "2", "24h", "10.1.0.3", "node-2"]


def test_rows_carry_metadata_for_the_namespace_column():
    table = got("/api/v1/pods?limit=1", TABLE)
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert table["rows"][0]["object"]["metadata"]["namespace"] == "blue" and table["metadata"]["continue"]
    assert "spec" in got("/api/v1/pods?limit=1&includeObject=Object", TABLE)["rows"][0]["object"]
    assert got("/api/v1/pods?limit=1&includeObject=None", TABLE)["rows"][0]["object"] is None


SHOWN = [
    ({"kind": "Deployment", "spec": {"replicas": 3}, "status": {"readyReplicas": 2, "updatedReplicas": 3}}, "2/3 3 0"),
    ({"kind": "ReplicaSet", "spec": {"replicas": 3}, "status": {"replicas": 2, "readyReplicas": 1}}, "3 2 1"),
    ({"kind": "StatefulSet", "spec": {"replicas": 2}, "status": {}}, "0/2"),
    ({"kind": "Job", "spec": {"completions": 4}, "status": {"succeeded": 1}}, "Running 1/4"),
    ({"kind": "Job", "status": {"conditions": [{"type": "Failed", "status": "True"}]}}, "Failed 0/1"),
    ({"kind": "CronJob", "spec": {"schedule": "@daily", "suspend": True}}, "@daily <none> True 0 <none>"),
    ({"kind": "Service", "spec": {"clusterIP": "None", "ports": [{"port": 1}]}}, "ClusterIP None <none> 1/TCP"),
    ({"kind": "Service", "spec": {"type": "ExternalName", "externalName": "x.y"}}, "ExternalName <none> x.y <none>"),
    (
        {
            "kind": "Service",
            "spec": {"type": "LoadBalancer", "ports": [{"port": 1, "nodePort": 3}], "externalIPs": ["9.9.9.9"]},
            "status": {"loadBalancer": {"ingress": [{"hostname": "lb"}]}},
        },
        "LoadBalancer <none> lb,9.9.9.9 1:3/TCP",
    ),
    ({"kind": "Namespace", "status": {"phase": "Terminating"}}, "Terminating"),
    ({"kind": "ConfigMap", "data": {"a": "b"}, "binaryData": {"c": "d"}}, "2"),
    ({"kind": "NetworkPolicy", "spec": {"podSelector": {}}}, "<none>"),
    ({"kind": "ValidatingWebhookConfiguration", "webhooks": [{}, {}]}, "2"),
    ({"kind": "RoleBinding", "roleRef": {"kind": "Role", "name": "r"}}, "Role/r"),
    ({"kind": "ClusterRole"}, "2026-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(("document", "expected"), SHOWN)
def test_the_columns_of_other_kinds(document, expected):
    resource = next(one for one in KNOWN if one.kind == document["kind"])
    meta = {"name": "x", "creationTimestamp": "2026-01-01T00:00:00Z"}
    row = columns(resource.path(), Answers(snapshot_of([document | {"metadata": meta}], SCANNER)))
    assert " ".join(str(cell) for cell in list(row.values())[1:]).startswith(expected)


def test_a_kind_that_is_not_known_has_name_and_age():
    document = {"kind": "Widget", "apiVersion": "example.com/v1", "metadata": {"name": "w", "namespace": "n"}}
    answers = Answers(snapshot_of([document]))
    assert columns("/apis/example.com/v1/widgets", answers) == {"Name": "w", "Age": "<unknown>"}
    (group,) = [one for one in got("/apis", AGGREGATED, answers)["items"] if one["metadata"]["name"] == "example.com"]
    (offer,) = group["versions"][0]["resources"]
    assert (offer["resource"], offer["responseKind"]["kind"], offer["scope"]) == ("widgets", "Widget", "Namespaced")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (600, "10m"),
        (10799, "179m"), (10800, "3h"), (11000, "3h3m"), (28800, "8h"), (172799, "47h"), (172800, "2d"),
        (190800, "2d5h"), (691200, "8d"), (63071999, "729d"), (63072000, "2y"), (66000000, "2y33d"),
        (252288000, "8y"),
    ],
)  # fmt: skip
def test_ages_are_written_as_kubectl_writes_them(seconds, words):
    assert duration(seconds) == words


FIELDS = [
    "metadata", "spec", "status", "name", "namespace", "labels", "containers", "initContainers", "template", "selector",
    "matchLabels", "matchExpressions", "ports", "conditions", "addresses", "subjects", "key", "values", "operator",
    "containerStatuses", "loadBalancer", "ingress", "externalIPs", "data", "creationTimestamp", "roleRef",
]  # fmt: skip
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=20,
)


@given(st.lists(JSON_VALUES, max_size=4), st.sampled_from(KNOWN), st.sampled_from(["", TABLE]), st.booleans())
def test_objects_of_any_shape_are_answered(values, resource, accept, selecting):
    items = tuple(Item(msgspec.json.encode(value)) for value in values)
    answers = Answers(Snapshot(About(), {resource.path(): Listing(resource.kind, "v1", items)}))
    target = resource.path() + ("?labelSelector=!a&fieldSelector=spec.x!=b" if selecting else "?limit=9")
    document = got(target, accept, answers)
    assert selecting or len(document["rows" if accept else "items"]) == len(values)
    ask(f"{resource.path(namespace='n')}/x", accept, answers=answers)
