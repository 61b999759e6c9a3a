"""A folder of manifests: each object is judged where it is written, and a fault costs only itself."""

from kscan.commands.scan import exit_code
from kscan.judge.engine import evaluate
from kscan.judge.origins import located
from kscan.judge.plan import plan
from kscan.snapshot.manifests import open_source, open_sources
from kscan.snapshot.tree import tree
from tests.snapshot.rendering import CHECKS, POD, found, write


def test_a_link_to_what_is_read_anyway_is_not_read_twice(tmp_path):
    write(tmp_path, a__pod_yaml=POD % "web")
    (tmp_path / "link.yaml").symlink_to("a/pod.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    assert [str(one.relative_to(tmp_path)) for one in tree(tmp_path).files] == ["a/pod.yaml"]


def test_a_link_to_a_folder_outside_is_a_gap(tmp_path):
    write(tmp_path, outside__evil_yaml=POD % "evil", scanned__ok_yaml=POD % "ok")
    link = tmp_path / "scanned" / "link"
    link.symlink_to("../outside")
    opened = open_source(tmp_path / "scanned")
    (gap,) = opened.unread
    assert gap.path == str(link) and f"leads to {tmp_path}/outside" in gap.detail and "name that folder" in gap.detail
    report = evaluate(opened.snapshot, plan([CHECKS["wildcard-role"]]))
    assert exit_code(report, "high") == 3 and exit_code(report, "high", allow_incomplete=True) == 0
    # Named beside it, or as a whole, it is read at its own place.
    for paths in ([tmp_path / "scanned", tmp_path / "outside"], [tmp_path]):
        opened = open_sources(paths)
        assert (opened.unread, len(found(opened))) == ((), 2)


def test_links_to_folders_inside_are_read_once_and_end(tmp_path):
    write(tmp_path, a__pod_yaml=POD % "web")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("c")
    opened = open_source(tmp_path)
    assert (opened.unread, len(found(opened))) == ((), 1)


def test_a_link_into_what_is_never_read_is_a_gap(tmp_path):
    write(tmp_path, ok_yaml=POD % "ok")
    (tmp_path / ".git" / "evil").mkdir(parents=True)
    (tmp_path / ".git" / "evil" / "evil.yaml").write_text(POD % "evil")
    (tmp_path / "link").symlink_to(".git/evil")
    assert len(open_source(tmp_path).unread) == 1


def test_objects_of_one_name_in_several_files_are_each_judged(tmp_path):
    mild = (POD % "web").replace("privileged: true", "privileged: false")
    write(tmp_path, a_yaml=mild, b_yaml=POD % "web", c_yaml=f"{POD % 'web'}---\n{POD % 'web'}")
    opened = open_source(tmp_path)
    assert found(opened) == [("Pod default/web", f"{tmp_path}/{name}") for name in ("b.yaml:8", "c.yaml:8", "c.yaml:17")]  # fmt: skip
    results = evaluate(opened.snapshot, plan([CHECKS["privileged-container"]])).results
    assert len({one.fingerprint for one in results[0].findings}) == 3


def test_a_file_that_is_no_text_costs_only_itself(tmp_path):
    write(tmp_path, a_yaml=POD % "web")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    opened = open_source(tmp_path)
    assert len(found(opened)) == 1
    assert [gap.path for gap in opened.unread] == [f"{tmp_path}/b.yaml"]


def test_an_object_that_cannot_be_read_names_its_place(tmp_path):
    broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: 3}\n"
    write(tmp_path, a_yaml=POD % "other", b_yaml=f"---\n{broken}", c_yaml=broken)
    opened = open_source(tmp_path)
    report = located(evaluate(opened.snapshot, plan([CHECKS["privileged-container"]])), opened.origins)
    gaps = [missed.gap for missed in report.gaps()]
    assert [(gap.path, gap.detail.rpartition(", in ")[2]) for gap in gaps] == [
        ("/api/v1/pods/default/web", f"{tmp_path}/b.yaml:2"),
        (f"/api/v1/pods/default/web in {tmp_path}/c.yaml#2", f"{tmp_path}/c.yaml:1"),
    ]


def test_what_runs_for_an_owner_that_is_not_there_is_shown_where_it_is_written(tmp_path):
    owned = "{name: web-1, ownerReferences: [{kind: ReplicaSet, name: web, apiVersion: apps/v1, controller: true}]}"
    write(tmp_path, a_yaml=(POD % "web").replace("{name: web}", owned))
    assert found(open_source(tmp_path)) == [("ReplicaSet default/web", f"{tmp_path}/a.yaml:8")]


def test_objects_with_a_fault_in_common_are_each_told(tmp_path):
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {a: {b: c}}}\nspec: {containers: []}\n"
    write(tmp_path, a_yaml=f"{text % 'x'}---\n{text % 'z'}")
    (result,) = evaluate(open_source(tmp_path).snapshot, plan([CHECKS["privileged-container"]])).results
    assert [gap.path for gap in result.gaps] == ["/api/v1/pods/default/x", "/api/v1/pods/default/z"]
