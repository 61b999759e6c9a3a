"""The readers of other tools' expectations, on a few lines of ours in their forms."""

from tests.make.peers import checkov, kube_linter, kube_score, kubeaudit, polaris, trivy
from tests.make.peers.case import Case, Unread
from tests.peers.manifests import PLAIN, write


def told(found):
    return {(one.check, one.subject, one.fails) for one in found if isinstance(one, Case)}


def unread(found):
    return {(one.check, one.fixture) for one in found if isinstance(one, Unread)}


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
