"""Manifests: every document with its lines, whatever stands beside it."""

import io
import sys

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.errors import SnapshotError
from kscan.judge.engine import evaluate
from kscan.judge.origins import located
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.manifests import STANDARD_INPUT, load_manifests, open_source
from kscan.snapshot.marked import Broken, Marked, marked

CHECKS = by_id(read_checks(data.folder("checks")))
TEXT = """\
# a comment
apiVersion: apps/v1
kind: Deployment
metadata: &names
  name: web
  labels: {app: web}
spec:
  template:
    spec:
      containers:
        - name: app
          image: app:1
          securityContext:
            privileged: true
        - {name: side, image: "side:1",
           securityContext: {privileged: yes}}
---
just words
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: alone, namespace: shop}
    spec:
      containers:
        - {name: app, securityContext: {privileged: true}}
---
broken: [
---
apiVersion: v1
kind: PodList
items: [{metadata: {name: last}, spec: {containers: [{name: app}]}}]
"""


def report_of(opened, *names):
    return located(evaluate(opened.snapshot, plan([CHECKS[name] for name in names])), opened.origins)


@pytest.fixture
def opened(tmp_path):
    (tmp_path / "all.yaml").write_text(TEXT)
    return open_source(tmp_path / "all.yaml")


def test_findings_name_the_file_and_the_line(opened, tmp_path):
    (result,) = report_of(opened, "privileged-container").results
    assert [(str(one.object), one.container, one.source.removeprefix(f"{tmp_path}/")) for one in result.findings] == [
        ("Deployment default/web", "app", "all.yaml:14"),
        ("Deployment default/web", "side", "all.yaml:16"),
        ("Pod shop/alone", "app", "all.yaml:28"),
    ]
    (result,) = report_of(opened, "run-as-root").results
    assert {one.source.rpartition(":")[2] for one in result.findings} == {"13", "16", "28", "34"}


def test_what_is_broken_or_no_object_is_told_and_the_rest_goes_on(opened, tmp_path):
    report = report_of(opened, "privileged-container")
    (missed,) = report.gaps()
    assert (missed.gap.path, missed.checks) == (f"{tmp_path}/all.yaml:30:1", ("privileged-container",))
    assert "not YAML" in missed.gap.detail
    assert opened.skipped == (f"{tmp_path}/all.yaml:18",)
    assert len(opened.origins) == 3


def test_what_manifests_do_not_tell_is_unknown():
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n"
    report = report_of(_stdin(text), "default-service-account-token", "privileged-container")
    assert [result.status for result in report.results] == [Status.UNKNOWN, Status.PASS]
    assert "the manifests hold none" in report.results[0].reason


def _stdin(text):
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    try:
        return load_manifests(STANDARD_INPUT)
    finally:
        sys.stdin = before


def test_a_binding_to_a_shipped_role_counts_though_the_role_is_not_written():
    text = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jo}]
"""
    results = report_of(_stdin(text), "cluster-admin-binding", "binding-to-missing-role").results
    assert [result.status for result in results] == [Status.FAIL, Status.PASS]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a: \xff"])
def test_what_is_no_text_is_told(content, tmp_path):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(SnapshotError, match="is not UTF-8"):
        open_source(tmp_path)


def test_a_mark_at_the_beginning_is_no_trouble(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfapiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
    assert len(open_source(tmp_path).origins) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [", 1), ("a: 1\n---\nb: *none\n", 3), ("a: &x [1]\n---\nb: *x\n", 3), ("\ta: 1", 1), ("a: " + "[" * 5000, 1)],
)
def test_a_broken_document_says_where(text, line):
    (broken,) = [one for one in marked(text) if isinstance(one, Broken)]
    assert broken.line == line and broken.column >= 1
    assert "\n" not in broken.problem


def test_aliases_that_grow_without_end_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (broken,) = marked("\n".join(lines))
    assert "aliases" in broken.problem


VALUES = st.recursive(
    st.none()
    | st.booleans()
    # What is no number of 64 bits is a floating one to Kubernetes.
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab:# -'\"\n{[é", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc ", min_size=1, max_size=3), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(VALUES, st.booleans())
def test_any_document_is_read_as_it_was_written(value, flow):
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    (document,) = list(marked(text)) or [Marked(None, 1, None)]
    assert document.value == value
    json = msgspec.json.encode(value).decode()
    (document,) = list(marked(json)) or [Marked(None, 1, None)]
    assert document.value == value


@given(st.text(max_size=80))
def test_any_text_gives_documents_or_says_where_it_is_broken(text):
    for one in marked(text):
        assert isinstance(one, Marked | Broken)


def test_words_without_quotes_are_what_kubernetes_takes_them_for():
    text = (
        "[yes, No, on, ~, null, 017, 0o17, 0x1F, 0b11, 1_000, 1.5, 1e3, .5, 12:30, 2001-01-01, -7, +3, -, '1', !!str 1,"
        " y, N, 08, 1_0.5, _1, ! yes, !foo yes, !!bool 'yes', !!int '7']"
    )
    (document,) = marked(text)
    assert document.value == [
        True, False, True, None, None, 15, 15, 31, 3, 1000, 1.5, 1000.0, 0.5, "12:30", "2001-01-01", -7, 3, "-", "1", "1",
        True, False, 8, 10.5, "_1", "yes", "yes", True, 7,
    ]  # fmt: skip


def test_merged_members_keep_their_lines_and_count_as_for_kubernetes():
    (document,) = marked("base: &b\n  x: 1\n  z: 2\nown:\n  <<: *b\n  z: 3\n")
    assert document.value["own"] == {"z": 3, "x": 1}
    assert document.lines["own"][1] == {"z": (6, None), "x": (2, None)}
    # What is merged after a member takes its place; what is in quotes is a member like any other.
    (document,) = marked("base: &b {x: 1}\nmore: &m {x: 2, z: 2}\nown: {x: 3, <<: *b}\ntwo: {x: 3, <<: [*b, *m]}\n")
    assert (document.value["own"], document.value["two"]) == ({"x": 1}, {"x": 1, "z": 2})
    (document,) = marked("base: &b {x: 1}\nown: {x: 3, '<<': *b}\n")
    assert document.value["own"] == {"x": 3, "<<": {"x": 1}}


def test_a_null_costs_no_template():
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: null, annotations: {a: null}}
spec:
  template:
    metadata: {labels: null, creationTimestamp: null}
    spec: {containers: [{name: app, securityContext: {privileged: true}, env: null}], volumes: null}
"""
    report = report_of(_stdin(text), "privileged-container")
    assert [str(one.object) for one in report.results[0].findings] == ["Deployment default/web"]
    assert report.gaps() == ()


def test_what_is_of_the_whole_cluster_is_in_no_namespace():
    text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, namespace: x}\nrules: []\n"
    (finding,) = report_of(_stdin(text), "unused-role").results[0].findings
    assert (str(finding.object), finding.source) == ("ClusterRole r", "-:1")
