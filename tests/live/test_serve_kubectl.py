"""kubectl, which nobody here wrote, against `snapshot serve`."""

import json
import subprocess

import pytest

from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.server import serving
from kscan.snapshot.snapshot import Snapshot
from tests.fake_api import SCANNER, cluster
from tests.live.conftest import need

pytestmark = pytest.mark.every_version
LABELS = {"node-role.kubernetes.io/control-plane": ""}
NODE_STATUS = {
    "conditions": [{"type": "Ready", "status": "True"}],
    "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
    "nodeInfo": {
        "kubeletVersion": "v1.36.3",
        "osImage": "Debian",
        "kernelVersion": "6.1",
        "containerRuntimeVersion": "c",
    },
}
DOCUMENTS = [
    {"kind": "Namespace", "metadata": {"name": "blue"}, "status": {"phase": "Active"}},
    {"kind": "Node", "metadata": {"name": "node-0", "labels": LABELS}, "status": NODE_STATUS},
    {
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "blue"},
        "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 80}]},
    },
    {"path": "/metrics", "text": "up 1\n"},
    {"path": "/readyz?verbose", "text": "[+]ping ok\n"},
    {"path": "/api/v1/configmaps", "gap": "forbidden", "detail": "configmaps is forbidden: User jo cannot list them"},
    {"path": "/apis/batch/v1/jobs", "gap": "timeout"},
]


def tool(kubectl, folder, snapshot):
    """Serve a snapshot; how to run kubectl against it, and how to end the server."""
    server = serving(snapshot)
    folder.joinpath("config").write_text(server.kubeconfig)
    fixed = [kubectl, "--kubeconfig", folder / "config", "--cache-dir", folder / "cache"]

    def run(words):
        command = [str(word) for word in (*fixed, *words.split())]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run, server


@pytest.fixture(scope="module")
def program(assets):
    need(assets, "kubectl")
    return assets / "kubectl"


@pytest.fixture(scope="module")
def run(program, tmp_path_factory):
    found, server = tool(program, tmp_path_factory.mktemp("kubectl"), cluster(25, DOCUMENTS))
    with server:
        yield found


@pytest.fixture
def kubectl(run):
    def ask(words):
        done = run(words)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    return ask


@pytest.fixture
def refused(run):
    def ask(words):
        done = run(words)
        assert done.returncode and len(done.stderr.splitlines()) == 1, done
        return done.stderr

    return ask


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_pods_of_all_namespaces(kubectl):
    head, *pods = rows(kubectl("get pods -A"))
    assert head == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert len(pods) == 25
    assert pods[2] == ["blue", "app-0000-rs-2", "1/1", "Running", "2", "24h"]


def test_pages(kubectl):
    assert kubectl("get pods -A --chunk-size=2") == kubectl("get pods -A") == kubectl("get pods -A --chunk-size=0")


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("-n blue", 15),
        ("-n green", 10),
        ("-A -l app=app-0010", 10),
        ("-A -l app!=app-0010,app", 15),
        ("-A --field-selector spec.nodeName=node-1", 5),
        ("-A --field-selector status.phase!=Running", 0),
        ("-n blue app-0000-rs-2 app-0000-rs-3", 2),
    ],
)
def test_selections(run, words, count):
    assert len(run(f"get pods {words} -o name").stdout.splitlines()) == count
    assert len(run(f"get pods {words} --no-headers").stdout.splitlines()) == count


def test_pods_with_their_nodes(kubectl):
    head, pod, *_ = rows(kubectl("get pods -n blue -o wide"))
    assert head[:7] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    assert pod[5:7] == ["10.1.0.1", "node-0"]


def test_objects_as_they_are(kubectl):
    text = kubectl("get pod -n blue app-0000-rs-2 -o yaml")
    assert text.startswith("apiVersion: v1\nkind: Pod\n") and "nodeName: node-2" in text
    document = json.loads(kubectl("get pods -A -o json"))
    assert {(item["kind"], item["apiVersion"]) for item in document["items"]} == {("Pod", "v1")}
    assert kubectl("get pods -n blue app-0000-rs-2 -o jsonpath={.spec.containers[0].image}") == "app:0"
    assert len(kubectl("get pods -A --sort-by=.metadata.name --no-headers").splitlines()) == 25


def test_several_kinds(kubectl):
    text = kubectl("get deploy,svc -A")
    assert ["blue", "deployment.apps/app-0000", "10/10", "10", "10", "24h"] in rows(text)
    assert ["blue", "service/web", "ClusterIP", "10.96.0.9", "<none>", "80/TCP", "<unknown>"] in rows(text)
    assert "replicaset.apps/app-0000-rs" in kubectl("get rs,ds,sts -n blue")


def test_nodes_and_namespaces(kubectl):
    assert rows(kubectl("get nodes -o wide"))[1][:6] == [
        "node-0", "Ready", "control-plane", "<unknown>", "v1.36.3", "10.0.0.1",
    ]  # fmt: skip
    assert [row[:2] for row in rows(kubectl("get ns"))[1:]] == [["kube-system", "Active"], ["blue", "Active"]]


def test_what_is_no_object(kubectl):
    assert kubectl("get --raw /metrics") == "up 1\n"
    assert kubectl("get --raw /readyz?verbose") == "[+]ping ok\n"
    assert "Server Version: v1.36.3" in kubectl("version")


def test_who_took_the_snapshot(kubectl):
    text = kubectl("auth whoami")
    assert SCANNER.user in text and SCANNER.groups[0] in text


def test_only_what_is_in_the_snapshot_is_offered(kubectl):
    table = rows(kubectl("api-resources"))
    assert ["pods", "po", "v1", "true", "Pod"] in table
    assert ["clusterroles", "rbac.authorization.k8s.io/v1", "false", "ClusterRole"] in table
    assert not any(row[0] in ("secrets", "events") for row in table)
    assert "apps/v1" in kubectl("api-versions").splitlines()


def test_descriptions(kubectl):
    text = kubectl("describe pod -n blue app-0000-rs-2")
    assert "Controlled By:  ReplicaSet/app-0000-rs" in text and "Restart Count:  2" in text
    assert "10 desired" in kubectl("describe deploy -n blue app-0000")
    assert "node-0" in kubectl("describe node node-0")


def test_gaps_are_told_in_the_servers_own_words(refused):
    assert "(Forbidden): configmaps is forbidden: User jo cannot list them" in refused("get cm -n blue")
    assert "timeout" in refused("get jobs -A").lower()
    assert 'doesn\'t have a resource type "secrets"' in refused("get secrets")
    assert 'pods "nobody" not found' in refused("get pod nobody -n blue")
    assert "not in this snapshot" in refused("get --raw /flagz")
    assert "not in this snapshot" in refused("get --raw /api/v1/namespaces/blue/pods/x/log")


def test_nothing_is_written_or_watched(refused, run):
    assert "a snapshot can only be read" in refused("delete pod -n blue app-0000-rs-2")
    assert "a snapshot can only be read" in refused("create ns x")
    watched = run("get pods -n blue -w")
    assert len(watched.stdout.splitlines()) == 16 and "in a snapshot nothing happens" in watched.stderr


def test_without_the_token_nothing(run):
    done = run("get pods -A --token=wrong")
    assert done.returncode and "Unauthorized" in done.stderr


def test_a_scan_of_one_namespace_and_a_list_that_was_cut(program, tmp_path):
    pods = cluster(25).entries["/api/v1/pods"]
    gap = Gap("/api/v1/namespaces/green/pods", Reason.CUT_OFF, "the connection broke")
    entries = {
        "/api/v1/namespaces/blue/pods": pods,
        "/api/v1/namespaces/green/pods": type(pods)(pods.kind, pods.api_version, pods.items, "", gap),
    }
    run, server = tool(program, tmp_path, Snapshot(SCANNER, entries))
    with server:
        assert len(run("get pods -n blue --no-headers").stdout.splitlines()) == 25
        everywhere = run("get pods -A")
        assert "Forbidden" in everywhere.stderr and "outside the namespaces asked for" in everywhere.stderr
        cut = run("get pods -n green --no-headers")
        assert cut.returncode and "the connection broke" in cut.stderr
