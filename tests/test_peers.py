"""The readers of other tools' expectations, on a few lines of ours in their forms; and the table beside them."""

from pathlib import Path

import pytest

from kscan.checks.peers import Answer, answer, peers
from tests.make import peers_agreement
from tests.make.peers import checkov, kube_linter, kube_score, kubeaudit, polaris, trivy
from tests.make.peers.case import Case, Unread
from tests.make.peers.explained import PAGE, explanations
from tests.make.peers.judged import judged, known
from tests.make.peers.rego import Inexact, value, written_tests

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec: {containers: [{name: app, image: 'app:1'SECURITY}]}\n"
PRIVILEGED = POD.replace("SECURITY", ", securityContext: {privileged: true}")
PLAIN = POD.replace("SECURITY", "")


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def told(found):
    return {(one.check, one.subject, one.fails) for one in found if isinstance(one, Case)}


def unread(found):
    return {(one.check, one.fixture) for one in found if isinstance(one, Unread)}


@pytest.mark.parametrize("checks", peers().values(), ids=peers())
def test_the_table_names_checks_that_there_are(checks):
    for name, one in checks.items():
        assert bool(one.checks) != bool(one.reason), name
        assert set(one.checks) <= set(known()), name


def test_every_tool_has_a_table_and_a_reader():
    assert set(peers()) == set(peers_agreement.TOOLS)


def test_reasons_are_about_checks_that_are_compared():
    for one in explanations(PAGE.read_text()):
        assert one.tool in peers(), one
        assert one.check == "*" or answer(peers()[one.tool], one.check).checks, one
        assert one.there != one.here, one


def test_a_full_name_comes_before_the_longest_beginning():
    rows = {"A*": Answer(reason="a"), "AB*": Answer(reason="ab"), "ABC": Answer(reason="abc")}
    assert [answer(rows, name).reason for name in ("ABC", "ABD", "AC", "X")] == ["abc", "ab", "a", "not in the table"]


def test_kube_linter(tmp_path):
    test = """@test "ssh" {
  tmp="tests/checks/ssh.yml"
  cmd="${BIN} lint --include ssh --format json ${tmp}"
  [[ "${message1}" == "Pod: port 22 in container \\"odd\\" found" ]]
  [[ "${count}" == "1" ]]
}
@test "vague" {
  tmp="tests/checks/ssh.yml"
  cmd="${BIN} lint --include vague ${tmp}"
  [[ "${message1}" == "Pod: something" ]]
  [[ "${count}" == "1" ]]
}
"""
    odd = PLAIN.replace("NAME", "one").replace("name: app", "name: odd")
    pods = "---\n".join([PLAIN.replace("NAME", "dont-fire"), odd, PLAIN.replace("NAME", "two")])
    write(tmp_path, {"e2etests/bats-tests.sh": test, "tests/checks/ssh.yml": pods})
    found = list(kube_linter.cases(tmp_path))
    assert told(one for one in found if one.check == "ssh") == {
        ("ssh", "ssh.yml#Pod/dont-fire", False),
        ("ssh", "ssh.yml#Pod/one", True),
        ("ssh", "ssh.yml#Pod/two", False),
    }
    assert unread(found) == {("vague", "ssh.yml")}


def test_kubeaudit(tmp_path):
    tests = """
        {"good.yml", fixtureDir, []string{}},
        {"bad.yml", fixtureDir, []string{RootFalse}},
        {"two.yml", "", []string{
            RootNil, kubeaudit.RedundantAuditorOverride,
        }},
        {"excused.yml", []string{override.GetOverriddenResultName(RootFalse)}, true},
        {"none.yml", nil, true},
    """
    every = "allErrors := []string{\n rootfs.RootNil,\n}"
    write(
        tmp_path,
        {
            "auditors/rootfs/rootfs_test.go": tests,
            "auditors/all/all_test.go": every,
            "internal/test/fixtures/all_resources/pod.yml": PLAIN,
        },
    )
    found = list(kubeaudit.cases(tmp_path))
    assert {(one.check, one.fixture) for one in found if one.fails} == {
        ("RootFalse", "rootfs/bad.yml"),
        ("RootNil", "rootfs/two.yml"),
        ("RootFalse", "rootfs/excused.yml"),
        ("RootNil", "all/pod.yml"),
    }
    assert len(found) == 5 * 2 + 1


def test_polaris(tmp_path):
    names = ("failure.pod.yaml", "success.yaml", "mutated.pod.yaml", "check.yaml")
    write(tmp_path, {f"test/checks/hostIPCSet/{name}": PLAIN for name in names})
    assert told(polaris.cases(tmp_path)) == {
        ("hostIPCSet", "hostIPCSet/failure.pod.yaml", True),
        ("hostIPCSet", "hostIPCSet/success.yaml", False),
        ("hostIPCSet", "hostIPCSet/mutated.pod.yaml", False),
    }


def test_kube_score(tmp_path):
    tests = """
        for _, v := range []string{"v1", "v1beta1"} {
            testExpectedScore(t, "job-"+v+".yaml", "Job Check", scorecard.GradeCritical)
        }
        testExpectedScore(t, "fine.yaml", "Job Check", scorecard.GradeAlmostOK)
        testExpectedScore(t, "skipped.yaml", "Job Check", 0)
        testExpectedScoreWithConfig(t, []ks.NamedReader{testFile("pod.yaml")}, nil, &config.RunConfiguration{
            EnabledOptionalTests: structMap,
        }, "Optional Check", scorecard.GradeWarning)
        testExpectedScoreWithConfig(t, []ks.NamedReader{testFile("pod.yaml")}, nil, &config.RunConfiguration{
            IgnoreContainerCpuLimitRequirement: true,
        }, "Other Check", scorecard.GradeAllOK)
    """
    write(tmp_path, {"score/job_test.go": tests})
    found = list(kube_score.cases(tmp_path))
    assert told(found) == {
        ("Job Check", "job-v1.yaml", True),
        ("Job Check", "job-v1beta1.yaml", True),
        ("Job Check", "fine.yaml", False),
        ("Optional Check", "pod.yaml", True),
    }
    assert unread(found) == {("Job Check", "skipped.yaml"), ("Other Check", "pod.yaml")}


def test_checkov(tmp_path):
    head = "from checkov.kubernetes.checks.resource.k8s.Host import check\n"
    body = 'folder = "/example_Host"\n'
    lists = 'passing_resources = {"Pod.default.fine"}\nfailing_resources = {"Pod.default.bad"}\n'
    write(
        tmp_path,
        {
            "checkov/kubernetes/checks/resource/k8s/Host.py": 'id = "CKV_K8S_99"\n',
            "checkov/kubernetes/checks/resource/k8s/List.py": 'id = "CKV_K8S_98"\n',
            "tests/kubernetes/checks/test_Host.py": head + body,
            "tests/kubernetes/checks/test_List.py": head.replace("Host", "List") + body.replace("Host", "List") + lists,
            "tests/kubernetes/checks/example_Host/a-PASSED.yaml": PLAIN,
            "tests/kubernetes/checks/example_Host/b-FAILED2.yml": PLAIN,
            "tests/kubernetes/checks/example_Host/c-1PASSED-1FAILED.json": "{}",
            "tests/kubernetes/checks/example_Host/d-UNKNOWN.yaml": PLAIN,
            "tests/kubernetes/checks/example_List/e.yaml": "---\n".join(
                PLAIN.replace("NAME", name) for name in ("fine", "bad", "other")
            ),
        },
    )
    found = list(checkov.cases(tmp_path))
    assert told(found) == {
        ("CKV_K8S_99", "Host/a-PASSED.yaml", False),
        ("CKV_K8S_99", "Host/b-FAILED2.yml", True),
        ("CKV_K8S_99", "Host/c-1PASSED-1FAILED.json", True),
        ("CKV_K8S_98", "List/e.yaml#Pod/fine", False),
        ("CKV_K8S_98", "List/e.yaml#Pod/bad", True),
    }
    assert unread(found) == {("CKV_K8S_99", "Host/d-UNKNOWN.yaml")}


def test_trivy(tmp_path):
    tests = """package builtin.kubernetes.KSV999
import rego.v1

test_denied if {
	r := deny with input as {"kind": "Pod", "spec": {"containers": [{"name": "a}b"},]}} # one
	count(r) == 1
}

test_allowed if {
	r := deny with input as pod
	count(r) == 0
}

pod := {"kind": "Pod"}

test_settings if {
	r := deny with input as pod with data.ksv999.x as 1
	count(r) > 0
}

test_made if {
	r := deny with input as made_pod(1)
	count(r) > 0
}
"""
    example = "kubernetes: {good: ['kind: Pod'], bad: ['kind: Job', 'kind: Pod']}"
    folder = "checks/kubernetes"
    write(tmp_path, {f"{folder}/x_test.rego": tests, f"{folder}/x.rego": tests[:40], f"{folder}/x.yaml": example})
    found = list(trivy.cases(tmp_path))
    assert told(found) == {
        ("KSV999", "x/denied", True),
        ("KSV999", "x/allowed", False),
        ("KSV999", "x/good-0", False),
        ("KSV999", "x/bad-0", True),
        ("KSV999", "x/bad-1", True),
    }
    assert unread(found) == {("KSV999", "x/settings"), ("KSV999", "x/made")}
    assert next(iter(found)).source == ({"kind": "Pod", "spec": {"containers": [{"name": "a}b"}]}},)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, -2.5, true, null,], # why\n "b": `c"`}', {"a": [1, -2.5, True, None], "b": 'c"'}),
        ('"quote \\" and \\n"', 'quote " and \n'),
        ("[]", []),
    ],
)
def test_rego_values(text, expected):
    assert value(text) == (expected, len(text))


@pytest.mark.parametrize("text", ["[x | x := 1]", '{"a", "b"}', "name", '{"a": f(1)}'])
def test_what_rego_would_have_to_work_out_is_inexact(text):
    with pytest.raises(Inexact):
        value(text)


def test_a_test_that_counts_nothing_is_inexact():
    assert [
        one.problem for one in written_tests('test_x if {\n r := deny with input as {"a": 1}\n r[_].msg == "b"\n}\n')
    ] == ["it does not count what is denied"]


@pytest.mark.parametrize(
    ("text", "word"), [(PRIVILEGED, "fails"), (PLAIN, "passes"), ("kind: Gadget\napiVersion: a/v1\n", "undecided")]
)
def test_kscan_is_asked(tmp_path, text, word):
    path = tmp_path / "pod.yaml"
    path.write_text(text)
    case = Case("x", "pod.yaml", path, True)
    assert judged(case, ("privileged-container",), bind=False).word == word


def test_only_the_named_object_counts(tmp_path):
    path = tmp_path / "pods.yaml"
    path.write_text("---\n".join([PRIVILEGED.replace("NAME", "bad"), PLAIN.replace("NAME", "fine")]))
    words = [
        judged(Case("x", "pods.yaml", path, True, kind, name), ("privileged-container",), bind=False).word
        for kind, name in (("Pod", "bad"), ("Pod", "fine"), ("Gadget", "odd"))
    ]
    assert words == ["fails", "passes", "undecided"]


@pytest.mark.parametrize(("bind", "word"), [(False, "passes"), (True, "fails")])
def test_roles_are_bound_where_that_is_asked(bind, word):
    rules = [{"verbs": ["create"], "apiGroups": [""], "resources": ["pods/exec"]}]
    api = "rbac.authorization.k8s.io/v1"
    role = {"kind": "ClusterRole", "apiVersion": api, "metadata": {"name": "a"}, "rules": rules}
    other = {"kind": "RoleBinding", "apiVersion": api, "metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "c"},
             "subjects": [{"kind": "User", "name": "jo"}]}  # fmt: skip
    case = Case("x", "role", (role, other), True)
    assert judged(case, ("pod-execs",), bind=bind).word == word


REASONS = """## Polaris

### Why

| check | fixtures | there | here |
|---|---|---|---|
| `hostIPCSet` | `hostIPCSet/failure*.yaml` | fails | passes |
| `runAsPrivileged` | `runAsPrivileged/success.yaml` | passes | fails |
"""


def run(monkeypatch, folder, page):
    monkeypatch.setattr(peers_agreement, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["peers_agreement", str(folder)])
    return peers_agreement.main()


@pytest.mark.parametrize(
    ("reasons", "code", "says"),
    [
        (REASONS, 0, "explained"),
        (REASONS.replace("hostIPCSet", "hostPIDSet"), 1, "fails there, here it passes"),
        (REASONS + "| `hostPIDSet` | `*` | fails | passes |\n", 1, "nothing disagrees as it says"),
        ("", 1, "passes there, here it fails"),
    ],
    ids=["all explained", "one unexplained", "one stale", "no page"],
)
def test_the_comparison(tmp_path, monkeypatch, capsys, reasons, code, says):
    checks = tmp_path / "polaris" / "test" / "checks"
    files = {
        "hostIPCSet/failure.yaml": PLAIN,
        "hostIPCSet/success.yaml": PLAIN,
        "runAsPrivileged/success.yaml": PRIVILEGED,
        "nakedPod/failure.yaml": PLAIN,
    }
    write(checks, files)
    page = tmp_path / "peers.md"
    page.write_text(reasons)
    assert run(monkeypatch, tmp_path, page) == code
    assert says in capsys.readouterr().out


def test_a_folder_without_checkouts_is_no_agreement(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="no checkout"):
        run(monkeypatch, tmp_path, Path("none"))
