"""kubectl against `snapshot serve`."""

import json
import subprocess

import pytest

from kscan.snapshot.server import serving
from tests.fake_api import cluster
from tests.live.api_server import programs

DOCUMENTS = [
    {"kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
     "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "app:1"}]},
     "status": {"phase": "Running", "containerStatuses": [{"name": "app", "ready": True, "restartCount": 3}]}},
    {"kind": "Node", "metadata": {"name": "n1"}},
    {"path": "/metrics", "text": "one 1\n"},
    {"path": "/api/v1/services", "gap": "forbidden"},
]  # fmt: skip


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    folder = programs()
    if folder is None or not (folder / "kubectl").exists():
        pytest.skip("no kubectl in KUBEBUILDER_ASSETS")
    config = tmp_path_factory.mktemp("kubectl") / "config"

    def run(*words):
        command = [folder / "kubectl", "--kubeconfig", config, "--cache-dir", config.parent / "cache", *words]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)

    with serving(cluster(1200, DOCUMENTS)) as running:
        config.write_text(running.kubeconfig)
        yield run


def test_all_pods_over_several_pages(kubectl):
    lines = kubectl("get", "pods", "-A").stdout.splitlines()
    assert lines[0].split() == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert len(lines) == 1202
    assert lines[-1].split()[:5] == ["shop", "web-1", "1/1", "Running", "3"]


def test_one_namespace_one_label_one_object(kubectl):
    assert len(kubectl("get", "pods", "-n", "shop", "--no-headers").stdout.splitlines()) == 1
    assert len(kubectl("get", "pods", "-A", "-l", "app in (web,api),!gone", "--no-headers").stdout.splitlines()) == 1
    assert kubectl("get", "pods", "-A", "--field-selector", "spec.nodeName=n1", "-o", "name").stdout == "pod/web-1\n"
    assert "app:1" in kubectl("get", "pod", "web-1", "-n", "shop", "-o", "yaml").stdout
    assert "n1" in kubectl("get", "pod", "web-1", "-n", "shop", "-o", "wide").stdout
    assert len(json.loads(kubectl("get", "deploy,rs", "-A", "-o", "json").stdout)["items"]) == 240


def test_what_is_no_object(kubectl):
    assert kubectl("get", "--raw", "/metrics").stdout == "one 1\n"
    assert "v1.36.3" in kubectl("version").stdout
    assert kubectl("auth", "whoami").returncode == 0
    assert "deploy" in kubectl("api-resources").stdout


def test_refusals(kubectl):
    assert "Forbidden" in kubectl("get", "services").stderr
    assert "NotFound" in kubectl("get", "pod", "nobody", "-n", "shop").stderr
    assert "doesn't have a resource type" in kubectl("get", "secrets").stderr
    assert "can only be read" in kubectl("delete", "pod", "web-1", "-n", "shop").stderr
    assert kubectl("get", "pods", "-l", "a=b=c").returncode == 1
