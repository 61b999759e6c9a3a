"""Snapshots, objects and JSON of any shape, to test with."""

import msgspec
from hypothesis import strategies as st

from kscan.snapshot.archive import save
from kscan.snapshot.entry import Body, Gap, Listing, Reason
from kscan.snapshot.pages import keep
from kscan.snapshot.snapshot import About, Snapshot

ABOUT = About(
    name="prod", server="https://10.0.0.1", version="v1.36.0", uid="u", user="jo", groups=("a", "b"),
    impersonated_by="root", taken="2026-01-02T03:04:05Z", namespaces=("shop",), kscan="1",
)  # fmt: skip
POD = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}


def kept(value, *, pod=True, specs=None):
    return keep(msgspec.Raw(msgspec.json.encode(value)), {} if specs is None else specs, pod=pod)


def listing(*values, kind="Pod", gap=None):
    specs: dict[bytes, bytes] = {}
    items = tuple(kept(value, pod=kind == "Pod", specs=specs) for value in values)
    return Listing(kind, "v1", items, "7", gap)


MALFORMED = [
    b"null", b"5", b'"x"', b"[]", b"[1]", b"{}", b"{ }", b'{"spec":{}}', b'{"metadata":{},"spec":5}',
    b'{"metadata":[],"spec":{}}', b'{"metadata":{"name":5},"spec":{"nodeName":[]},"status":{}}',
    b'{"metadata":{},"spec":{},"status":{"phase":5}}', b'{"metadata":null,"spec":null}',
    b'{"metadata":{},"spec":null,"status":null}', b'{"kind":"Other","spec":{}}',
]  # fmt: skip


GAP = Gap("/api/v1/secrets", Reason.FORBIDDEN, "secrets is forbidden: é\n")
CUT = Gap("/api/v1/configmaps", Reason.CUT_OFF, "d")
ENTRIES = {
    "/api/v1/pods": listing(POD, POD | {"metadata": {"name": "b"}}),
    "/api/v1/secrets": GAP,
    "/api/v1/nodes": listing(kind="Node"),
    "/api/v1/configmaps": listing({"metadata": {"name": "x"}}, kind="ConfigMap", gap=CUT),
    "/version": Body(b'{\n "a": 1}'),
    "/metrics": Body(b"a 1\n\xff\x00", "text/plain"),
    "/readyz?verbose": Body(b"ok", "text/plain"),
    "/api/v1/nodes/n/proxy/configz": Body(b"{}", via="the kubelet at 10.0.0.1:10250"),
    "/flagz": Body(b"a: b", "application/yaml"),
    "/empty": Body(b"", ""),
}  # fmt: skip
WHOLE = Snapshot(ABOUT, ENTRIES)


def file_of(snapshot, path):
    with path.open("wb") as file:
        save(snapshot, file)
    return path


WORDS = st.sampled_from([
    "a", "web", "web-0", "-web", "eb", "node", "n1", "n1.example", "*", "*node*", '"*node*"', "*host*", "-*host*",
    "*host", "kube-api-access-*****", "kube-api-access-bcdfg", "kube-api-access-bcdfgh", "x-kube-api-access-hjklm",
    "bcdfg", "access-bcdfg", "kube-api-access-", "hostname", "nodeName", 'nodeName":"n1', "\\", "é", "", "-", "*****",
]) | st.text(max_size=8)  # fmt: skip
KEYS = st.sampled_from(["nodeName", "hostname", "name", "subdomain", "volumes", "env", "*node*", "web", "n1"]) | WORDS
SPECS = st.recursive(
    WORDS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
LIKELY = st.fixed_dictionaries(
    {"nodeName": WORDS, "hostname": WORDS, "volumes": st.lists(WORDS, max_size=4)}, optional={"other": SPECS}
)
