"""What could not be read of manifests leaves open every check that could have spoken of it, and never ends well."""

import json
import re

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples
from kscan.commands.scan import exit_code
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.documents import known_kind
from kscan.snapshot.entry import Reason
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.manifests import load_manifests, open_source, open_sources
from tests.snapshot.rendering import POD, write

CHECKS = by_id(read_checks(data.folder("checks")))
EVERY = plan(CHECKS.values())
MILD = (POD % "web").replace("privileged: true", "privileged: false")
BROKEN = ["kind: [", "\tkind: Pod", "a: *nothing", "kind: Pod\nmetadata: {name: x\n", '{"kind": "Pod"', "a: \x00"]


def objects_of(example):
    """The objects of an example, as somebody would write them down."""
    for one in example.documents():
        if "kind" in one and "metadata" in one and "path" not in one:
            known = known_kind(one["kind"], one.get("apiVersion", ""))
            version = f"{known.group}/{known.versions[0]}".lstrip("/") if known else one.get("apiVersion")
            if version:
                yield {"apiVersion": version} | one


def one_each():
    """An example of each check and each kind, by its objects."""
    for check in CHECKS.values():
        for kind in ("pass", "fail"):
            found = next((one for one in examples(check) if one.expected == kind and list(objects_of(one))), None)
            if found:
                yield check, list(objects_of(found))


CASES = list(one_each())


def opened(tmp_path, text, name="all.yaml"):
    (tmp_path / name).write_text(text)
    return open_source(tmp_path / name)


def statuses(source, *checks):
    report = evaluate(source.snapshot, plan(checks) if checks else EVERY)
    return report, {one.check.id: one.status for one in report.results}


def test_a_broken_document_leaves_nothing_that_passes(tmp_path):
    wrong = []
    for number, (check, objects) in enumerate(CASES[::3]):
        _, before = statuses(opened(tmp_path, yaml.safe_dump_all(objects)), check)
        # It stands in the place of a document, or after the last.
        texts = [yaml.safe_dump(one) for one in objects]
        place = number // len(BROKEN) % (len(objects) + 1)
        texts[place : place + 1] = [f"{BROKEN[number % len(BROKEN)]}\n"]
        report, after = statuses(opened(tmp_path, "---\n".join(texts)), check)
        same = before[check.id] is after[check.id] is Status.NOT_APPLICABLE
        if not same and after[check.id] not in (Status.UNKNOWN, Status.FAIL):
            wrong.append((check.id, place, after[check.id]))
        if exit_code(report, "high") not in (1, 3) or report.score.coverage == 100:
            wrong.append((check.id, place, exit_code(report, "high"), report.score.coverage))
    assert wrong == []


def test_however_documents_follow_one_another_they_are_all_read(tmp_path):
    for _, objects in CASES[::5]:
        streams = [
            "".join(map(json.dumps, objects)),
            "\n".join(json.dumps(one, indent="\t") for one in objects) + "\n",
            "---\n".join(json.dumps(one) + "\n" for one in objects),
            json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
            # PyYAML takes some numbers for texts: of what it writes only the names are compared.
            yaml.safe_dump_all(objects),
            "# a comment\n--- \n" + "\n---\n\n".join(map(yaml.safe_dump, objects)),
        ]
        read = [opened(tmp_path, text) for text in streams]
        assert all(one.origins.keys() == read[0].origins.keys() and not one.unread for one in read)
        assert all(one.snapshot.entries == read[0].snapshot.entries for one in read[:4])


@given(
    st.lists(
        st.dictionaries(st.text('ab{}[]"\\-', min_size=1), st.text("a{}[]'\"\\\n-: é", max_size=9), min_size=1),
        min_size=1,
    ),
    st.sampled_from(["", " ", "\n", "\r\n", "\n\n", "\n\t"]),
)
@settings(deadline=None, max_examples=60)
def test_a_stream_of_json_is_cut_between_its_objects(values, between):
    from kscan.snapshot.marked import Marked, marked
    from kscan.snapshot.parts import parts

    text = between.join(json.dumps(one, ensure_ascii=False) for one in values)
    assert "".join(parts(text)) == text
    found = list(marked(text))
    assert [one.value for one in found if isinstance(one, Marked)] == values


@given(
    st.dictionaries(st.text(min_size=1, max_size=9), st.lists(st.text(), max_size=3), min_size=1),
    st.sampled_from([None, 1]),
    st.booleans(),
)
@example({"\U0001f600": ["\ud83d", "\\ud83d\\ude00", "\\\U0001f600", "\x7f\x85\x9f\ufffe\uffff\ufeff"]}, None, True)
@settings(deadline=None, max_examples=150)
def test_any_json_is_read_as_json_has_it(value, indent, escaped):
    """Other tools write all that is not ASCII as escapes, in pairs where it takes two; half of a pair is replaced."""
    from kscan.snapshot.marked import marked

    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    if not escaped and not text.isprintable():
        text = text.encode(errors="ignore").decode()
        value = json.loads(text)
    (found,) = marked(text)
    assert found.value == whole(value)


def whole(value):
    """The value with what is half a character replaced, as Go's reader does."""
    if isinstance(value, dict):
        return {whole(key): whole(one) for key, one in value.items()}
    return [whole(one) for one in value] if isinstance(value, list) else re.sub("[\ud800-\udfff]", "\ufffd", value)


# Words with a tag, and what kubectl makes of them; tests/live/test_manifests.py asks it.
TAGGED = [
    ("!!binary aGVsbG8=", "hello"), ("!!binary 'aGVsbG8='", "hello"), ("!<tag:yaml.org,2002:binary> UG9k", "Pod"),
    ("!!binary |\n    aGVs\n    bG8=", "hello"), ("!!binary dHJ1ZQ==", "true"), ("!foo hello", "hello"), ("! 12", "12"),
    ("!foo true", "true"), ("!foo:int 12", "12"), ("!!foo hello", "hello"), ("!!str 12", "12"), ("!!str true", "true"),
    ("!!str 0x10", "0x10"), ("!!timestamp 2001-12-14", "2001-12-14"), ("!!bool 'yes'", True), ("!!int '12'", 12),
    ("!!float 12", 12), ("!!null ''", None),
]  # fmt: skip
REFUSED = ["!!binary '***'", "!!binary aGVsbG8", "!!int hello", "!!bool hello", "!!float hello", "!!null hello",
           "!!timestamp hello", "!!int 1.5"]  # fmt: skip


@pytest.mark.parametrize(("word", "value"), TAGGED)
def test_a_tag_means_what_it_means_to_kubernetes(word, value):
    from kscan.snapshot.marked import marked

    (found,) = marked(f"a:\n  k: {word}\n")
    assert found.value == {"a": {"k": value}} and type(found.value["a"]["k"]) is type(value)


@pytest.mark.parametrize("word", REFUSED)
def test_a_tag_that_is_none_leaves_everything_open(word, tmp_path):
    report, _ = statuses(opened(tmp_path, f"{MILD}---\nkind: {word}\n"), CHECKS["privileged-container"])
    assert report.results[0].status is Status.UNKNOWN


@pytest.mark.parametrize("text", [
    POD.replace("kind: Pod", "kind: !!binary UG9k") % "web",
    POD.replace("spec:", "!!binary c3BlYw==:") % "web",
    POD.replace("{privileged: true}", "{!!binary cHJpdmlsZWdlZA==: !!bool 'true'}") % "web",
    POD.replace("{privileged: true}", "{!!merge <<: {privileged: true}}") % "web",
])  # fmt: skip
def test_nothing_is_hidden_behind_a_tag(text, tmp_path):
    _, found = statuses(opened(tmp_path, text), CHECKS["privileged-container"])
    assert found["privileged-container"] is Status.FAIL


def test_yaml_is_refused_such_escapes_as_by_kubernetes(tmp_path):
    assert opened(tmp_path, MILD + 'a: "\\ud83d\\ude00"\n').unread


@pytest.mark.parametrize("items", ["[]", "[{kind: ConfigMap, apiVersion: v1, metadata: {name: a}}]"])
def test_items_hide_no_object_that_is_no_list(items, tmp_path):
    """`kubectl create --raw` sends it as it is."""
    check = CHECKS["privileged-container"]
    assert statuses(opened(tmp_path, f"{POD % 'web'}items: {items}\n"), check)[1][check.id] is Status.FAIL
    nameless = (POD % "web").replace("name: web", "")
    assert statuses(opened(tmp_path, f"{nameless}items: {items}\n"), check)[1][check.id] is Status.UNKNOWN
    # What is in it is read as well.
    inner = f"kind: Thing\napiVersion: example.com/v1\nmetadata: {{name: a}}\nitems: [{json.dumps(yaml.safe_load(POD % 'b'))}]"
    assert statuses(opened(tmp_path, inner), check)[1][check.id] is Status.FAIL


def test_a_cut_list_leaves_open_the_checks_of_its_kind(tmp_path):
    items = [yaml.safe_load(MILD)]
    for metadata in ({"continue": "x"}, {"remainingItemCount": 3}, {"continue": "x", "remainingItemCount": 3}):
        for kind in ("PodList", "List"):
            text = json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, "items": items})
            source = opened(tmp_path, text, "cut.json")
            report, found = statuses(source, CHECKS["privileged-container"], CHECKS["wildcard-role"])
            assert found["privileged-container"] is Status.UNKNOWN
            assert found["wildcard-role"] is (Status.UNKNOWN if kind == "List" else Status.NOT_APPLICABLE)
            assert [gap.reason for gap in source.unread] == [Reason.CUT_OFF]
            assert exit_code(report, "high") == 3
            assert exit_code(report, "high", allow_incomplete=True) == 0
            assert exit_code(report, "high", strict=True, allow_incomplete=True) == 3


@pytest.mark.parametrize("resource", [one for one in KNOWN if not one.whole_group and one.kind])
def test_what_an_api_server_would_refuse_of_a_kind_is_a_gap_of_that_kind(tmp_path, resource):
    version = f"{resource.group}/{resource.versions[0]}".lstrip("/")
    for one in (
        {"apiVersion": version, "kind": resource.kind},
        {"apiVersion": version, "kind": resource.kind, "metadata": {}},
        {"apiVersion": version, "kind": resource.kind, "metadata": {"name": 7}},
        {"kind": resource.kind, "metadata": {"name": "a"}, "spec": {}},
        {"apiVersion": version, "kind": f"{resource.kind}List", "metadata": {}},
        {"apiVersion": version, "kind": f"{resource.kind}List", "items": {}},
    ):
        source = opened(tmp_path, yaml.safe_dump(one))
        (unread,) = source.snapshot.about.unread
        # Without a version it may be of each group that has the kind.
        open_to_all = "apiVersion" not in one and sum(each.kind == resource.kind for each in KNOWN) > 1
        assert unread.path == ("" if open_to_all else resource.path()), one


@pytest.mark.parametrize("text", ["apiVersion: apps/v1", "apiVersion: v1\nkind: Confi", "kind: List\napiVersion: v1",
                                  "apiVersion: v1\nmetadata: {name: a}\nspec: {}"])  # fmt: skip
def test_what_is_left_of_an_object_may_have_been_anything(tmp_path, text):
    assert [one.path for one in opened(tmp_path, text).snapshot.about.unread] == [""]


@pytest.mark.parametrize("text", ["a: b", "- a", "word", "name: x\nkind: pipeline", "apiVersion: v2\nname: chart",
                                  "apiVersion: v1\nentries: {}", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster",
                                  "kind: Service\napiVersion: backstage.io/v1\nspec: {}", "items: [1]"])  # fmt: skip
def test_what_nobody_meant_for_kubernetes_is_passed_over(tmp_path, text):
    source = opened(tmp_path, f"{MILD}---\n{text}\n")
    assert (source.unread, len(source.skipped)) == ((), 1)


@pytest.mark.parametrize(
    "spec", ["{container: [{name: a, image: b}]}", "{containers: []}", "{}", "{containers: {}}", "7"]
)
def test_a_pod_without_containers_is_a_gap(tmp_path, spec):
    for template in (False, True):
        pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {spec}\n"
        owner = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{spec: {spec}}}}}\n"
        report, found = statuses(opened(tmp_path, owner if template else pod), CHECKS["privileged-container"])
        assert found == {"privileged-container": Status.UNKNOWN}
        assert exit_code(report, "high") == 3


def test_whatever_is_called_a_list_is_one_as_for_kubectl(tmp_path):
    hidden = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "items": [yaml.safe_load(POD % "x")]}
    assert len(opened(tmp_path, json.dumps(hidden)).snapshot.at("/api/v1/pods").items) == 1


NO_WORDS = ["", None, 5, True, ["Pod"], {}]


@pytest.mark.parametrize("kind", [*NO_WORDS, ...])
def test_an_item_that_does_not_say_what_it_is_is_what_its_list_is_of(kind, tmp_path):
    for version in (*NO_WORDS, ...):
        said = {key: one for key, one in (("kind", kind), ("apiVersion", version)) if one is not ...}
        item = yaml.safe_load(POD % "evil") | said
        item = {key: one for key, one in item.items() if key in said or key not in ("kind", "apiVersion")}
        for whole in (
            {"apiVersion": "v1", "kind": "PodList", "items": [item]},
            {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "PodList", "items": [item]}]},
        ):
            source = opened(tmp_path, json.dumps(whole), "list.json")
            assert len(source.snapshot.at("/api/v1/pods").items) == 1 and not source.unread, whole
            assert statuses(source, CHECKS["privileged-container"])[1]["privileged-container"] is Status.FAIL


@pytest.mark.parametrize("inner", ["{items: [%s]}", "{kind: '', items: [%s]}", "{kind: 5, items: [{items: [%s]}]}"])
def test_a_list_within_a_list_needs_no_kind(inner, tmp_path):
    """kubectl takes each apart."""
    text = "apiVersion: v1\nkind: List\nitems:\n- " + inner % json.dumps(yaml.safe_load(POD % "evil"))
    assert len(opened(tmp_path, text).snapshot.at("/api/v1/pods").items) == 1


def test_files_that_cannot_be_opened_are_gaps(tmp_path, monkeypatch):
    write(tmp_path, a__pod_yaml=MILD)
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "ring.yaml").symlink_to("ring.yaml")
    (tmp_path / "folder.yaml").symlink_to(tmp_path / "a")
    (tmp_path / "binary.json").write_bytes(b"\x89PNG\xff")
    import os

    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "closed").mkdir()
    before = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: _closed(path) if str(path).endswith("closed") else before(path))
    source = open_source(tmp_path)
    names = {gap.path.removeprefix(f"{tmp_path}/") for gap in source.unread}
    assert names == {"dangling.yaml", "ring.yaml", "binary.json", "pipe.yml", "closed"}
    report, found = statuses(source, CHECKS["privileged-container"])
    assert (found["privileged-container"], exit_code(report, "high")) == (Status.UNKNOWN, 3)
    assert {missed.gap for missed in report.gaps() if missed.checks} == set(source.unread)


def _closed(path):
    raise PermissionError(13, "Permission denied", str(path))


def test_a_link_to_what_is_not_read_by_its_own_name_is_read(tmp_path):
    write(tmp_path, pod_txt=POD % "web")
    (tmp_path / "link.yaml").symlink_to("pod.txt")
    assert len(open_source(tmp_path).origins) == 1


def test_several_paths_are_one_scan_and_each_file_is_read_once(tmp_path):
    write(tmp_path, a__pod_yaml=MILD, b_yaml=POD % "bad")
    paths = [tmp_path / "a", tmp_path / "b.yaml", tmp_path, tmp_path / "a" / "pod.yaml"]
    assert sorted(ref.name for ref in open_sources(paths).origins) == ["bad", "web"]
    assert load_manifests(*paths).snapshot.about.name.count(", ") == 3


def test_a_thousand_broken_documents_are_told_together(tmp_path):
    source = opened(tmp_path, "---\n".join(["kind: [\n"] * 1000))
    assert len(source.unread) == 101
    assert source.unread[-1].detail == "900 more parts"
