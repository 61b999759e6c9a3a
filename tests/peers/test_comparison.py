"""What kscan says where another tool expects something, and that each difference is explained."""

from pathlib import Path

import pytest

from tests.make import peers_agreement
from tests.make.peers.case import Case
from tests.make.peers.judged import judged
from tests.peers.manifests import PLAIN, PRIVILEGED, write


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
