"""Every format: hostile names do nothing, the schema holds, nothing comes from elsewhere."""

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
import yaml
from rich.console import Console

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.commands.output import plain_text
from kscan.errors import CheckError
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.judge.subjects import holders, worst
from kscan.report.formats import FORMATS
from kscan.report.indented import indented
from kscan.report.json import SCHEMA_FILE
from kscan.report.markdown_text import escape, fenced
from kscan.report.template import render_template
from kscan.report.terminal import render_terminal
from kscan.report.text import clean
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.folder import load_folder
from kscan.snapshot.snapshot import About, Snapshot

READY = plan(by_id(read_checks(data.folder("checks"))).values())
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://evil.example/p)",
    "a|b", "`code`", "# heading", "\x1b[31mred\x1b[0m", "\x9b31m", "\u202egnp.exe", "{{791*7}}", "{% raw %}", "[red]x[/red]",
    "@everyone", "a\nb", "</style><style>*{}", "&lt;b&gt;", "http://evil.example",
]  # fmt: skip


def hostile_report():
    documents = []
    for name in HOSTILE:
        security = {"privileged": True}
        spec = {"containers": [{"name": name, "securityContext": security}], "serviceAccountName": name}
        documents.append({"kind": "Pod", "metadata": {"name": name, "namespace": name}, "spec": spec})
    documents.append({"path": f"/api/v1/{HOSTILE[0]}", "gap": "forbidden"})
    gap = {"path": "/api/v1/serviceaccounts", "gap": "forbidden", "detail": HOSTILE[0] + HOSTILE[7]}
    return evaluate(snapshot_of([*documents, gap], About(name=HOSTILE[0], user=HOSTILE[7], server=HOSTILE[2])), READY)


def demo_report():
    return evaluate(load_folder(data.folder("demo")), READY)


def empty_report():
    return evaluate(Snapshot(About(), {}), READY)


REPORTS = {"demo": demo_report(), "hostile": hostile_report(), "empty": empty_report()}
every = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, text):
        self.words.append(text)


@every
def test_html_has_no_foreign_part_and_no_script_but_its_own(report):
    page = Page(FORMATS["html"](report).decode())
    assert not set(page.tags) & {"img", "iframe", "link", "object", "embed", "form", "base", "foreignobject", "use"}
    assert page.tags.count("script") == 1
    assert not [one for one in page.attributes if one[1].startswith("on") or one[1] in ("src", "style")]
    allowed = {url for check in READY.checks for url in check.file.references}
    links = {value for _, name, value in page.attributes if name == "href"}
    assert all(link.startswith("#") or link in allowed for link in links)
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in links if link.startswith("#"))
    assert page.tags.count("h1") == 1
    assert page.tags.count("style") == 1


@every
def test_html_policy_names_the_hashes_of_its_style_and_script(report):
    text = FORMATS["html"](report).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    for tag in ("style", "script"):
        content = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@every
def test_no_format_passes_control_characters_on(report):
    for name in ("html", "markdown", "json"):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", FORMATS[name](report).decode())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain_text(report).decode())


def test_hostile_names_are_shown_as_they_are_and_do_nothing():
    report = REPORTS["hostile"]
    words = " ".join(Page(FORMATS["html"](report).decode()).words)
    text = plain_text(report, width=500).decode()
    for name in HOSTILE:
        assert clean(name) in words
        assert clean(name) in text
    markdown = FORMATS["markdown"](report).decode()
    for forbidden in ("<script", "<img", "](javascript", "](http://evil", "\n# heading", "| a|b |", "@everyone"):
        assert forbidden not in markdown
    assert "5537" not in markdown


def test_rows_of_markdown_tables_keep_their_columns():
    for report in REPORTS.values():
        columns = 0
        for line in FORMATS["markdown"](report).decode().splitlines():
            if line.startswith("|"):
                count = len(re.findall(r"(?<!\\)\|", line))
                assert columns in (0, count), line
                columns = count
            else:
                columns = 0


@pytest.mark.parametrize("text", HOSTILE)
def test_escaping_leaves_nothing_that_markdown_reads(text):
    assert not re.search(r"(?<!\\)[*_\[\]()#!]|[<>`|]", re.sub(r"&#\d+;", "", escape(text)))
    assert "\n" not in escape(text)


def test_a_fence_is_longer_than_any_within():
    assert fenced("a ```` b").splitlines()[0] == "`````"


@every
def test_json_follows_the_schema(report):
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    exported = json.loads(FORMATS["json"](report))
    jsonschema.validate(exported, schema)
    for spoil in ({"extra": 1}, {"score": 101}, {"results": [exported["results"][0] | {"status": "passed"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(exported | spoil, schema)


def test_json_is_escaped_and_means_the_same():
    value = {"a\u202e\u200b\x9b\x7f": ["é …\n\t\x1b", "\U000e0001\u00a0😀", 1], "b": {}}
    content = indented(json.dumps(value, ensure_ascii=False).encode())
    assert json.loads(content) == value
    assert content.decode().replace("\n", "").isprintable()
    assert "é …" in content.decode() and "😀" in content.decode()


def test_json_says_what_the_report_says():
    exported = json.loads(FORMATS["json"](REPORTS["demo"]))
    found = {result["check"]: result for result in exported["results"]}
    assert found["privileged-container"]["findings"][0]["object"]["kind"] == "DaemonSet"
    assert found["kubelet-anonymous-auth"]["status"] == "unknown"
    configz = next(gap for gap in exported["gaps"] if gap["path"].endswith("/configz"))
    assert "kubelet-anonymous-auth" in configz["checks"]
    assert json.loads(FORMATS["json"](REPORTS["empty"]))["score"] is None


def test_json_holds_a_fix_whole():
    exported = json.loads(FORMATS["json"](REPORTS["demo"]))
    fix = {result["check"]: result["fix"] for result in exported["results"]}
    assert fix["run-as-root"]["podPatch"] == {"spec": {"securityContext": {"runAsNonRoot": True}}}
    assert fix["run-as-root"]["breaks"].startswith("Images that name no user")
    assert (fix["privileged-container"]["podPatch"], fix["kubelet-anonymous-auth"]["breaks"]) == (None, "")


@every
def test_the_terminal_report_fits_80_columns_and_is_plain_when_piped(report):
    lines = plain_text(report, width=80).decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_the_first_screen_answers():
    screen = "\n".join(plain_text(REPORTS["demo"], width=80).decode().splitlines()[:36])
    for words in (
        "harbour-lane",
        "v1.33.4",
        "system:serviceaccount:kscan:kscan",
        "2026-03-02",
        "coverage",
        "not read",
    ):
        assert words in screen
    assert screen.count("→") == 5


def test_long_lists_are_shortened_on_a_screen_only():
    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": f"p{number}"},
            "spec": {"containers": [{"name": "c", "securityContext": {"privileged": True}}]},
        }
        for number in range(25)
    ]
    report = evaluate(snapshot_of(pods), READY)
    buffer = io.StringIO()
    render_terminal(report, Console(file=buffer, width=100))
    assert "… and 15 more" in buffer.getvalue()
    assert "more: write" not in plain_text(report).decode()


def test_a_template_of_ones_own(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("{{ cluster.name }}: {{ by_status['fail'] | length }} {{ worst[0].check }}")
    failed = len(REPORTS["demo"].of(Status.FAIL))
    assert render_template(REPORTS["demo"], path) == f"harbour-lane: {failed} {worst(REPORTS['demo'])[0].check.id}"
    (tmp_path / "own.html").write_text("{{ cluster.name }}")
    assert "<script>" not in render_template(REPORTS["hostile"], tmp_path / "own.html")


@pytest.mark.parametrize(
    "text", ["{{", "{{ nothing }}", "{% for x in %}", "{{ cluster.nothing }}", "{{ 1/0 }}", "{% include 'none' %}",
             "{{ ''.__class__.__mro__ }}", "{{ 'a' + 1 }}"]
)  # fmt: skip
def test_a_template_that_fails_is_told_in_one_line(text, tmp_path):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(CheckError) as caught:
        render_template(REPORTS["demo"], path)
    assert "\n" not in str(caught.value)
    assert "bad.txt" in str(caught.value)


def test_the_demo_cluster_is_as_its_story_tells():
    counts = {result.check.id: (str(result.status), len(result.findings)) for result in REPORTS["demo"].results}
    told = {
        "cluster-admin-binding": ("fail", 1),
        "kubelet-anonymous-auth": ("unknown", 0),
        "privileged-container": ("fail", 3),
        "host-network": ("fail", 5),
        "host-path-writable": ("fail", 4),
        "secrets-not-encrypted": ("pass", 0),
        "api-server-anonymous-auth": ("pass", 0),
        "default-service-account-token": ("fail", 2),
        "namespace-without-network-policy": ("fail", 3),
        "run-as-root": ("fail", 11),
        "webhook-fails-open": ("pass", 0),
        "wildcard-role": ("fail", 1),
        "secret-readers": ("fail", 2),
        "shipped-role-changed": ("pass", 0),
        "anonymous-rights": ("pass", 0),
        "binding-to-missing-role": ("pass", 0),
        "node-proxies": ("fail", 1),
        "aws-auth-writers": ("not applicable", 0),
    }
    assert {name: counts[name] for name in told} == told
    held = [(str(one.subject), str(one.worst.check.id)) for one in holders(REPORTS["demo"])]
    assert held == [
        ("ServiceAccount ci/deployer", "cluster-admin-binding"),
        ("ServiceAccount shop/shop-operator", "ephemeral-container-injectors"),
        ("Group support", "pod-log-readers"),
    ]
    assert all("not-a-real-password" not in FORMATS[name](REPORTS["demo"]).decode() for name in FORMATS)


GOLDEN = Path(__file__).parent.parent.parent / "fixtures" / "reports"


@pytest.mark.parametrize("name", ["demo.md", "demo.json", "demo.txt"])
def test_golden_reports(name):
    """`python -m tests.report.golden` writes them anew; look at the difference before you commit it."""
    from tests.report.golden import rendered

    assert rendered(name) == (GOLDEN / name).read_text()


def test_yaml_of_the_demo_is_whole():
    for path in data.folder("demo").rglob("*.yaml"):
        assert list(yaml.safe_load_all(path.read_text()))
