"""What the reports make of what was not decided, and of what many checks share."""

import re
from pathlib import Path

from kscan.commands.output import plain_text
from kscan.judge.engine import evaluate
from kscan.report.formats import FORMATS
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.folder import load_folder
from kscan.snapshot.snapshot import About
from tests.report.test_formats import READY, REPORTS


def test_a_webhook_is_no_container():
    hooks = [{"name": "a.example", "clientConfig": {"url": "https://elsewhere.example/"}}]
    body = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "guard"}, "webhooks": hooks}
    report = evaluate(snapshot_of([body], About()), READY)
    for text in (plain_text(report, width=400).decode(), FORMATS["html"](report).decode()):
        assert "webhook a.example" in text
        assert "container a.example" not in text


def test_what_is_forbidden_leads_to_the_rights_that_are_missing():
    words = "`kscan permissions` prints the rights"
    assert words in plain_text(REPORTS["hostile"], width=400).decode()
    assert words not in plain_text(REPORTS["demo"], width=400).decode()


def test_checks_that_two_paths_left_open_are_named_once():
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    gaps = [{"path": f"{rbac}/{kind}", "gap": "forbidden"} for kind in ("clusterroles", "roles", "rolebindings")]
    report = evaluate(snapshot_of(gaps, About()), READY)
    text = plain_text(report, width=4000).decode()
    assert re.search(r"left open: the same \d+ as /apis/rbac", text)


def test_a_reason_that_many_share_leaves_its_checks_closed_in_html():
    text = FORMATS["html"](REPORTS["demo"]).decode()
    assert '<details id="check-kubelet-config-open">' in text
    assert '<details id="check-policies-not-enforced" open>' in text


def test_the_script_sorts_tables_with_a_column_that_is_not_sorted_by():
    text = FORMATS["html"](REPORTS["demo"]).decode()
    assert 'querySelector("button")?.addEventListener' in text


def test_what_a_provider_decides_is_said_once_for_all_checks():
    text = plain_text(evaluate(load_folder(Path("fixtures/clusters/eks")), READY), width=200).decode()
    manual = text[text.index("\nManual (") : text.index("\nNot applicable (")]
    assert manual.count("access policies of EKS") == 1
    assert manual.count("a person must decide it, by these facts") > 1
