"""kscan fix: files in, a difference or mended files out, and a word for all that is left alone."""

import io
import subprocess
import sys
import textwrap

import pytest

from kscan.__main__ import main
from kscan.checks.check import read_check
from kscan.mend.mend import Text, mend
from kscan.mend.settle import NOT_ENOUGH, NOT_RIGHT
from tests.mend.examples import CHECKS

POD = """\
# the shop
apiVersion: v1
kind: Pod
metadata:
    name: web   # its name
spec:
    # one container
    containers:
    -   name: "app"
        image: app:1
        securityContext:  # to be done
"""
FIXED = POD.replace(
    "    # one", "    securityContext:\n        seccompProfile:\n            type: RuntimeDefault\n    # one"
)


@pytest.fixture
def run(capfdbinary, monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))

    def call(*words, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["kscan", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            sys.exit(main())
        out, err = capfdbinary.readouterr()
        return ended.value.code or 0, out.decode(), err.decode()

    return call


def fixed(text, *names, risky=True, **options):
    return mend([Text("a.yaml", text)], [CHECKS[name] for name in names], risky=risky, **options)


def test_a_difference_is_shown_and_nothing_written(run, tmp_path):
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    code, out, err = run("fix", path)
    assert code == 1
    assert path.read_text() == POD
    assert out.splitlines() == [
        f"--- {path}", f"+++ {path}", "@@ -4,6 +4,9 @@", " metadata:", "     name: web   # its name", " spec:",
        "+    securityContext:", "+        seccompProfile:", "+            type: RuntimeDefault",
        "     # one container", "     containers:", '     -   name: "app"',
    ]  # fmt: skip
    assert err.splitlines()[0] == "1 finding would be mended in 1 file: seccomp-not-set 1"
    assert "  run-as-root 1: Images that name no user" in err
    assert "without a patch: see `kscan scan`" in err


def test_what_is_shown_is_what_patch_makes(run, tmp_path):
    for name, text in {"a.yaml": POD, "b.yaml": POD.rstrip("\n"), "c.yaml": POD.replace("\n", "\r\n")}.items():
        (tmp_path / name).write_bytes(text.encode())
    _, out, _ = run("fix", "--risky", tmp_path)
    _, twice, _ = run("fix", "--risky", "--quiet", tmp_path)
    assert out == twice
    assert run("fix", "--risky", "--write", tmp_path)[0] == 0
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written["c.yaml"] == written["a.yaml"].replace(b"\n", b"\r\n")
    assert written["b.yaml"] == written["a.yaml"].removesuffix(b"\n")
    for name, text in {"a.yaml": POD, "b.yaml": POD.rstrip("\n"), "c.yaml": POD.replace("\n", "\r\n")}.items():
        (tmp_path / name).write_bytes(text.encode())
    subprocess.run(["patch", "--binary", "-s", "-p0", "-d", "/"], input=out.encode(), check=True)
    assert written == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_files_are_written_whole_and_keep_what_they_are(run, tmp_path):
    path, link = tmp_path / "pod.yaml", tmp_path / "link.yml"
    path.write_bytes(b"\xef\xbb\xbf" + POD.encode())
    path.chmod(0o640)
    link.symlink_to(path)
    code, out, err = run("fix", "--write", tmp_path)
    assert (code, out) == (0, "")
    assert err.startswith("1 finding mended in 1 file")
    assert path.read_bytes() == b"\xef\xbb\xbf" + FIXED.encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert {one.name for one in tmp_path.iterdir()} == {"pod.yaml", "link.yml"}
    code, out, err = run("fix", tmp_path)
    assert (code, out) == (0, "")
    assert err.startswith("0 findings would be mended in 0 files\n")


def test_a_link_that_a_folder_holds_leads_nowhere_outside(run, tmp_path):
    victim, link = tmp_path / "outside" / "victim.yaml", tmp_path / "repo" / "a.yaml"
    for path in (victim, link):
        path.parent.mkdir()
    victim.write_text(POD)
    link.symlink_to("../outside/victim.yaml")
    for words in (["--write"], []):
        code, out, err = run("fix", *words, link.parent)
        assert (code, out, victim.read_text()) == (3, "", POD)
        assert f"left alone: {link}: it is a link that leads outside of what was named" in err
    # It is mended with the rest of a folder that holds both, and where it is named.
    assert run("fix", link.parent, victim.parent)[0] == 1
    assert run("fix", "--write", link)[0] == 0
    assert (victim.read_text(), link.is_symlink()) == (FIXED, True)


def test_standard_input_is_printed_mended(run):
    assert run("fix", "-", "--quiet", stdin=POD.encode()) == (0, FIXED, "")
    assert run("fix", "-", "-q", stdin=FIXED.encode()) == (0, FIXED, "")
    code, out, err = run("fix", "-", "x.yaml")
    assert (code, out) == (2, "")
    assert "standard input is mended alone" in err


def test_what_is_no_file_or_no_text_is_one_line(run, tmp_path):
    (tmp_path / "bad.yaml").write_bytes(b"a: \xff")
    for path in (tmp_path / "none.yaml", tmp_path / "bad.yaml"):
        code, _, err = run("fix", path)
        assert (code, len(err.splitlines())) == (2, 1)


def test_checks_are_chosen_as_for_a_scan(run):
    code, out, err = run("fix", "-", "--check", "privilege-escalation-allowed", "--risky", stdin=POD.encode())
    assert code == 0
    assert out == POD + "            allowPrivilegeEscalation: false\n"
    assert err == "1 finding mended in 1 file: privilege-escalation-allowed 1\n"
    assert run("fix", "-", "--severity", "critical", "-q", stdin=POD.encode())[1] == POD


def test_what_is_left_alone_is_said(run, tmp_path):
    (tmp_path / "a.yaml").write_text(
        POD
        + "---\nbroken: [\n---\n"
        + POD.replace("image: app:1", 'image: "{{ .image }}"')
        + "---\n"
        + POD
        + "    restartPolicy: Never\n"
    )
    (tmp_path / "b.yaml").write_text(POD.replace("image: app:1", "command: [x]"))
    (tmp_path / "c.yaml").write_text(POD + "    containers: []\n")
    (tmp_path / "d.yaml").write_text("{{ if .Values.it }}\n" + POD)
    (tmp_path / "e.yaml").write_text(
        POD.replace("spec:", "x: &x {containers: [{name: app, image: app}]}\nspec: *x\ny:")
    )
    (tmp_path / "f.yaml").write_text("a: [\n")
    code, out, err = run("fix", "-q", tmp_path)
    assert (code, err) == (1, "")
    assert out.count("+    securityContext:") == 2
    lines = [line.replace(f"{tmp_path}/", "") for line in run("fix", tmp_path)[2].splitlines() if "left alone" in line]
    assert lines == [
        "left alone: a.yaml: it is a template, for {{ stands in it; render it first",
        "left alone: a.yaml:16: Pod default/web: it is a template, for {{ stands in it; render it first",
        "left alone: b.yaml:2: Pod default/web: its container app has no image: it is part of an object",
        "left alone: d.yaml: it is a template, for {{ stands in it; render it first",
        "left alone: e.yaml:2: Pod default/web: it stands behind the alias *x",
        "left alone: f.yaml:1:1: not YAML: did not find expected node content",
    ]


WORKLOADS = """\
apiVersion: v1
kind: List
items:
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: nightly}
  spec:
    jobTemplate:
      spec:
        template:
          spec: {containers: [{name: app, image: app:1}]}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec:
    template:
      spec:
        initContainers:
        - {name: app, image: app:1, securityContext: {privileged: true}}
        containers:
        - image: app:1
          name: app
        - image: side:1
          name: side
          securityContext: {privileged: true}
- apiVersion: v1
  kind: Pod
  metadata: {name: web-1, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
  spec: {containers: [{name: app, image: app:1, securityContext: {privileged: true}}]}
"""


def test_each_object_is_mended_in_its_own_place():
    after = fixed(WORKLOADS, "privileged-container", "seccomp-not-set")
    assert after.texts[0].text == (
        WORKLOADS.replace("spec: {containers: [{name: app, image: app:1}]}",
                          "spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: app, image: app:1}]}")
        .replace("securityContext: {privileged: true}}\n", "securityContext: {privileged: false}}\n")
        .replace("securityContext: {privileged: true}\n", "securityContext: {privileged: false}\n")
        .replace("        initContainers:", "        securityContext:\n          seccompProfile:\n            type: RuntimeDefault\n        initContainers:")
    )  # fmt: skip
    assert after.owned == 1


def test_objects_of_one_name_are_each_mended():
    after = fixed(POD + "---\n" + POD, "seccomp-not-set")
    assert after.texts[0].text == FIXED + "---\n" + FIXED
    texts = mend([Text("a", POD), Text("b", POD)], [CHECKS["seccomp-not-set"]]).texts
    assert [one.text for one in texts] == [FIXED, FIXED]


def test_what_one_container_says_is_changed_there_and_the_rest_for_the_pod():
    text = POD.replace("securityContext:  # to be done", "securityContext: {seccompProfile: {type: Unconfined}}") + (
        "    -   {name: other, image: app:1}\n"
    )
    after = fixed(text, "seccomp-unconfined", "seccomp-not-set").texts[0].text
    assert "\n    securityContext:\n        seccompProfile:\n            type: RuntimeDefault\n    # one" in after
    assert "securityContext: {seccompProfile: {type: RuntimeDefault}}\n" in after
    # Unconfined is meant: only who asks for what may break something has it changed.
    assert "Unconfined" in fixed(text, "seccomp-unconfined", "seccomp-not-set", risky=False).texts[0].text


def test_a_patch_that_is_wrong_or_too_little_is_not_applied():
    text = POD.replace("securityContext:  # to be done", "securityContext: {privileged: true, runAsUser: 0}")
    after = fixed(text, "privilege-escalation-allowed", "run-as-root")
    assert after.texts[0].text == text
    assert {(one.check.id, one.reason) for one in after.left} == {
        ("privilege-escalation-allowed", NOT_RIGHT),
        ("run-as-root", NOT_ENOUGH),
    }
    both = fixed(text, "privilege-escalation-allowed", "privileged-container").texts[0].text
    assert "{privileged: false, runAsUser: 0, allowPrivilegeEscalation: false}" in both


def test_what_owners_ask_to_pass_over_is_passed_over_where_that_is_honoured():
    text = POD.replace("spec:", "    annotations: {ignore.kscan/seccomp-not-set: it is old}\nspec:")
    assert fixed(text, "seccomp-not-set").steps
    assert fixed(text, "seccomp-not-set", honour=True).texts[0].text == text


def own_check(tmp_path, name, patch, cel):
    path = tmp_path / f"{name}.yaml"
    path.write_text(
        textwrap.dedent(f"""\
        title: t
        severity: low
        layer: container
        target: container
        cel: {cel}
        message: m
        why: w
        fix: {{text: f, patch: {patch}}}
        """)
    )
    return read_check(path)


def test_checks_that_contradict_each_other_come_to_an_end(tmp_path):
    one = own_check(tmp_path, "one", "{tty: true}", "container.?tty.orValue(false)")
    other = own_check(tmp_path, "other", "{tty: false}", "'!container.?tty.orValue(false)'")
    once = mend([Text("a", POD)], [one, other])
    assert mend(once.texts, [one, other]).texts == once.texts
    never = own_check(tmp_path, "never", "{stdin: true}", "'false'")
    assert mend([Text("a", POD)], [never]).texts[0].text == POD


def test_a_value_that_is_shared_by_an_anchor_is_left_alone_wherever_it_stands():
    text = textwrap.dedent("""\
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: one
            image: app:1
            securityContext: &shared {privileged: true}
          - name: two
            image: app:1
            securityContext: *shared
          - {name: three, image: app:1, securityContext: {privileged: true}}
          - name: four
            image: app:1
            securityContext:
              <<: *shared
        """)
    after = fixed(text, "privileged-container")
    assert after.texts[0].text == text.replace(
        "three, image: app:1, securityContext: {privileged: true",
        "three, image: app:1, securityContext: {privileged: false",
    )
    assert {one.finding.container: one.reason for one in after.left} == {
        "one": "it is written in a way that cannot be changed in this place alone",
        "two": "it stands behind the alias *shared",
        "four": "it comes by a merge key",
    }
