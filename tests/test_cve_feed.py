"""Kubernetes' official CVE feed: what is taken from an issue's words, what is not, and what is no feed at all."""

import json
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.model.cve_feed import URL, FeedError, read, with_feed
from kscan.model.cve_text import affected, severity
from kscan.views.lifecycle import shipped_faults

CVE = "CVE-2026-99999"
LISTS = """CVSS Rating: CVSS:3.1/AV:N/AC:H - **Medium (5.9)**\r
\r
A confused deputy attack exists in the StatefulSet controller.\r
\r
#### Affected Versions\r
\r
- kube-controller-manager: <= v1.34.11\r
- kube-controller-manager: <= v1.35.8\r
- kube-controller-manager: <= v1.36.4\r
- kube-controller-manager: = v1.37.0\r
\r
### How do I mitigate this vulnerability?\r
\r
Upgrade.\r
\r
#### Fixed Versions\r
\r
- kube-controller-manager: >= v1.34.12\r
- kube-controller-manager: >= v1.35.9\r
- kube-controller-manager: >= v1.36.5\r
- kube-controller-manager: >= v1.37.1\r
\r
**Detection**\r
"""
SPANS = {"kube-controller-manager": ("..1.34.12", "1.35.0..1.35.9", "1.36.0..1.36.5", "1.37.0..1.37.1")}


def lists(found, fixed):
    return (
        f"**Affected Versions**\n{found}\n\n**Fixed Versions**\n\n{fixed}\n\nTo upgrade, refer to the documentation.\n"
    )


def osv(*affected, cve=CVE):
    """As the committee's own tool ends an issue since 2026."""
    body = {"schema_version": "1.6.0", "id": cve, "modified": "2026-11-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "Kubernetes", "name": name},
         "ranges": [{"type": "SEMVER", "events": [dict([event]) for event in events]}]}
        for name, *events in affected]}  # fmt: skip
    return f"Words.\n\n<details>\n\n```json osv\n{json.dumps(body, indent=2)}\n```\n\n</details>\n"


API = ("kube-apiserver", ("introduced", "0"), ("fixed", "v1.36.8"), ("introduced", "v1.37.0"), ("fixed", "v1.37.4"))


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        (LISTS, SPANS),
        (lists("- kubelet v1.25.0\n- kubelet v1.24.0 - v1.24.4\n- kubelet <= v1.23.10",
               "- kubelet v1.25.1 - fixed by #112330\n- kubelet v1.24.5\n- kubelet v1.23.11"),
         {"kubelet": ("..1.23.11", "1.24.0..1.24.5", "1.25.0..1.25.1")}),
        (lists("- kube-apiserver: v1.30.0 < v1.31.12", "- kube-apiserver: v1.31.12"),
         {"kube-apiserver": ("1.30.0..1.31.12",)}),
        (lists("- kubectl v1.36.0 to v1.36.4", "- kubectl >= v1.36.5"), {"kubectl": ("1.36.0..1.36.5",)}),
        (lists("- ingress-nginx: < v1.13.7", "- ingress-nginx: v1.13.7"), {"ingress-nginx": ("..1.13.7",)}),
        (osv(API), {"kube-apiserver": ("..1.36.8", "1.37.0..1.37.4")}),
        # What is for machines counts before the words.
        (LISTS + osv(API), {"kube-apiserver": ("..1.36.8", "1.37.0..1.37.4")}),
    ],
)  # fmt: skip
def test_versions_that_are_beyond_doubt_are_taken(text, spans):
    assert affected(text, CVE) == spans


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Details will be populated after public release.",
        # Without the component.
        lists("- v1.27.0 - v1.27.1", "- v1.27.2"),
        # Of a release in between nothing is said.
        lists("- kubelet v1.27.0 - v1.27.1", "- kubelet v1.27.3"),
        # More is affected than is mended, and the other way round.
        lists("- kubelet v1.27.0 - v1.27.1\n- kubelet v1.26.0 - v1.26.4", "- kubelet v1.27.2"),
        lists("- kubelet v1.27.0 - v1.27.1", "- kubelet v1.27.2\n- kubelet v1.26.5"),
        lists("- kubelet v1.27.0 - v1.27.1", "- kubelet master - fixed by #92916"),
        lists("- kubelet v1.27.0 - v1.27.1\n- all versions before", "- kubelet v1.27.2"),
        lists("- kubelet v1.27.0 - v1.27.1 on Windows", "- kubelet v1.27.2"),
        lists("- kubelet v1.27.1 - v1.27.0", "- kubelet v1.27.1"),
        # Two faults in one issue.
        LISTS + LISTS,
        osv(API, cve="CVE-2026-1"),
        osv(API) + osv(API),
        # Nothing mends it yet.
        osv(("kubelet", ("introduced", "0"))),
        osv(("kubelet", ("introduced", "0"), ("last_affected", "1.37.1"))),
        osv(("kubelet", ("fixed", "1.37.1"), ("introduced", "1.36.0"))),
        osv(("kubelet", ("introduced", "1.36.0-alpha.1"), ("fixed", "1.36.2"))),
        osv(("kubelet",)),
        osv(),
        "```json osv\n{}\n```\n",
        "```json osv\n" + "[" * 100_000,
    ],
)  # fmt: skip
def test_a_doubt_is_no_guess(text):
    assert affected(text, CVE) is None


def test_one_rating_counts_and_two_do_not():
    assert severity(LISTS) == "medium"
    assert severity("This issue has been rated LOW ([CVSS:3.1]").startswith("low")
    assert severity("CVSS Rating: High\nThe fix is rated Medium") == severity("A critical part of it") == ""


@settings(max_examples=60)
@given(st.text(st.sampled_from("-*# \n`v1.<>=kubelet"), max_size=200))
def test_any_words_are_read_or_not(text):
    affected(lists(text, text) + text, CVE)


@pytest.mark.parametrize(
    "part", ["- kubelet v1" + " " * 999, "#" * 999, "```json osv\n", "- kubelet: <= v1.1.1\n", "CVSS "]
)
def test_no_words_take_long(part):
    started = time.monotonic()
    text = "Affected Versions\n" + part * (200_000 // len(part))
    affected(text, CVE), severity(text)
    assert time.monotonic() - started < 2


def item(cve=CVE, text=LISTS, published="2026-11-01T10:00:00Z", **more):
    return {"id": cve, "url": "https://github.com/kubernetes/kubernetes/issues/150000", "external_url": "",
            "summary": "StatefulSets make pods elsewhere", "content_text": text, "date_published": published,
            "status": "fixed", "_kubernetes_io": {"google_group_url": "", "issue_number": 150000}} | more  # fmt: skip


def feed(*items, updated="2026-11-20T01:02:03Z", **more):
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "feed_url": URL, "title": "Feed",
                       "_kubernetes_io": {"updated_at": updated}, "items": list(items)} | more).encode()  # fmt: skip


def test_what_is_new_is_added_and_what_cannot_be_read_is_named():
    known = shipped_faults()
    other = item("CVE-2026-88888", "Details will be populated after public release.")
    merged = with_feed(known, read(feed(item(), other, item("CVE-2026-2270"), item("CVE-2026-19444"))))
    assert merged.as_of == date(2026, 11, 20) and merged.source == URL
    (new,) = set(merged.faults) - set(known.faults)
    assert (new.id, new.components, new.affected) == (CVE, tuple(SPANS), SPANS["kube-controller-manager"])
    assert (new.severity, new.in_words, new.windows) == ("medium", True, False)
    assert new.url == "https://github.com/kubernetes/kubernetes/issues/150000"
    assert [one.id for one in merged.unread] == ["CVE-2026-88888"]


def test_what_is_of_other_programs_or_of_old_is_no_matter():
    old = item("CVE-2021-25743", "Words.", "2021-12-22T00:00:00Z")
    kubectl = item("CVE-2026-77777", lists("- kubectl v1.36.0 - v1.36.8", "- kubectl v1.36.9"))
    merged = with_feed(shipped_faults(), read(feed(old, kubectl)))
    assert merged.faults == shipped_faults().faults and merged.unread == ()


def test_an_issue_that_was_opened_long_before_it_was_told_counts():
    merged = with_feed(shipped_faults(), read(feed(item("CVE-2025-99999", published="2026-01-01T00:00:00Z"))))
    assert "CVE-2025-99999" in {fault.id for fault in merged.faults}


def test_two_faults_in_one_item_are_two_names():
    merged = with_feed(shipped_faults(), read(feed(item("CVE-2026-99998, CVE-2026-99999"))))
    assert [one.id for one in merged.unread] == ["CVE-2026-99998", "CVE-2026-99999"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not Kubernetes' official CVE feed"),
        (b"\xff\xfe", "not Kubernetes' official CVE feed"),
        (b"[" * 200_000, "not Kubernetes' official CVE feed"),
        (b"{}", "not Kubernetes' official CVE feed"),
        (feed(item(), feed_url="https://example.com/index.json"), "its feed_url is"),
        (feed(item(), version="https://jsonfeed.org/version/2"), "not Kubernetes' official CVE feed"),
        (feed(), "holds 0 items"),
        (feed(item(), updated="yesterday"), "not Kubernetes' official CVE feed"),
        (feed(item("CVE-1")), "which is no CVE"),
        (feed(item("CVE-2026-1234\n\x1b[2J")), "which is no CVE"),
        (feed(item(url="https://evil.example/1")), "no issue of Kubernetes"),
        (feed(item(text="x" * 300_000)), "300000 characters"),
        (feed(item(summary=None)), "not Kubernetes' official CVE feed"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_told_in_one_line(content, words):
    with pytest.raises(FeedError, match=words) as error:
        read(content)
    assert "\n" not in str(error.value) and "\x1b" not in str(error.value) and len(str(error.value)) < 300
