"""The text of /metrics, as servers write it and as they might."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Reason
from kscan.views.metrics import METRICS, Metrics, Sample
from kscan.views.view import Readings

READ = """# HELP calls_total Calls, "quoted" {braced} and calls_total 7 in words.
# TYPE calls_total counter
calls_total 3
calls_total{code="200"} 1.5e+06 1700000000000
calls_total{code="a\\"b\\\\c\\nd}e",verb="get",} 1e9
calls_total { code = "x" , verb = "y z" }7
calls_total{code="5"} -2 # {trace_id="calls_total"} 0.5 1700000000.1
calls_total_bucket{le="+Inf"} 9
my_calls_total 8
 calls_total 11
calls_total{code="broken 4
calls_total{code="6"} four
calls_total{code="last"} 6"""


def samples(text, name="calls_total"):
    return list(Metrics(text.encode(), told=True).samples(name))


def test_every_form_of_a_line_is_read():
    found = samples(READ)
    assert found == [
        Sample({}, 3),
        Sample({"code": "200"}, 1_500_000),
        Sample({"code": 'a"b\\c\nd}e', "verb": "get"}, 1e9),
        Sample({"code": "x", "verb": "y z"}, 7),
        Sample({"code": "5"}, -2),
        Sample({"code": "last"}, 6),
    ]
    assert samples(READ, "calls_total_bucket") == [Sample({"le": "+Inf"}, 9)]
    assert samples(READ.replace("\n", "\r\n"))[0] == Sample({}, 3)
    assert samples(READ, "nothing") == samples("") == []


def test_sums_are_of_what_has_the_labels():
    metrics = Metrics(b'a{x="1",y="1"} 2\na{x="1",y="2"} 3\na{x="2"} 5\n', told=True)
    assert metrics.total("a") == 10
    assert metrics.total("a", x="1") == 5
    assert metrics.total("a", x="3") == 0


@given(st.dictionaries(st.from_regex(r"\A[a-z_]{1,8}\Z"), st.text(st.characters(codec="utf-8")), max_size=4))
def test_any_value_of_a_label_comes_back(labels):
    def written(value):
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    text = ",".join(f'{key}="{written(value)}"' for key, value in labels.items())
    assert samples(f"b 1\ncalls_total{{{text}}} 4\nc 2\n") == [Sample(labels, 4)]


@pytest.mark.parametrize("text", ["<html>log in</html>", '{"kind": "Status"}', ""])
def test_what_is_no_metrics_is_a_gap(text):
    reading = Readings(snapshot_of([{"path": "/metrics", "text": text}])).of(METRICS)
    assert not reading.value.told
    assert [gap.reason for gap in reading.gaps] == [Reason.UNDECODABLE]


def test_ten_megabytes_are_searched_at_once():
    rows = "".join(f'apiserver_request_duration_seconds_bucket{{verb="GET",le="{n}"}} {n}\n' for n in range(160_000))
    metrics = Metrics((rows + 'calls_total{code="1"} 2\n').encode(), told=True)
    assert len(metrics.content) > 10_000_000
    started = time.perf_counter()
    assert [one.value for one in metrics.samples("calls_total")] == [2]
    assert time.perf_counter() - started < 0.5


def test_hostile_lines_are_not_slow():
    started = time.perf_counter()
    assert samples('calls_total{a="' + '\\"' * 200_000 + "\n") == []
    assert samples("calls_total{" + "a" * 200_000) == []
    assert time.perf_counter() - started < 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a_total", "a_total_more", "b"]), st.sampled_from(["", '{x="1"}', '{x="y z",w="}"}'])
        ),
        max_size=6,
    )
)
def test_samples_are_those_of_one_metric(rows):
    text = "".join(f"# HELP {name} of a_total 1\n{name}{labels} {at}\n" for at, (name, labels) in enumerate(rows))
    expected = [float(at) for at, (name, _) in enumerate(rows) if name == "a_total"]
    found = samples(text, "a_total")
    assert [value for _, value in found] == expected
    assert all(labels.get("x", "y z") in ("1", "y z") for labels, _ in found)


def test_a_text_that_is_cut_between_two_lines_is_a_gap():
    """Names are in order, and a server's queues stand last: what is asked for and stands before may have been cut off."""
    lines = ["# HELP a_total In words.", "# TYPE a_total counter", "a_total 1", "apiserver_audit_error_total 5",
             "version_info 1", "# TYPE workqueue_adds_total counter", 'workqueue_adds_total{name="x"} 1',
             'workqueue_depth{name="x"} 0']  # fmt: skip
    for end in range(1, len(lines) + 1):
        reading = Readings(snapshot_of([{"path": "/metrics", "text": "\n".join(lines[:end]) + "\n"}])).of(METRICS)
        whole = lines[end - 1].startswith("workqueue_")
        assert (reading.value.told, not reading.gaps) == (whole, whole), lines[end - 1]
