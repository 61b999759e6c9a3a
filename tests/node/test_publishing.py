"""The commands on a node: what they write, deploy and publish."""

import json
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import yaml

from kscan.__main__ import run
from kscan.collect.request import KubeletAccess
from kscan.commands.deploy import manifests
from kscan.commands.node_results import NodeResults, node_results
from kscan.commands.permissions import role
from kscan.errors import ConfigError, ConnectError, OutputError
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.node_facts import NodeFacts, encoded
from kscan.node import publish
from kscan.node.gather import gather
from kscan.snapshot.archive import load
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.server.certificate import made
from tests.fake_api import cluster, fake_api
from tests.node.test_results import CHECKS, FILES, node
from tests.node.trees import Tree, kubeadm


def test_values_of_the_option(tmp_path):
    assert node_results("") == NodeResults()
    assert node_results("configmaps").namespace == "kscan-nodes"
    assert node_results("configmaps/audit").namespace == "audit"
    assert node_results(str(tmp_path)).folder == tmp_path
    with pytest.raises(ConfigError, match="is no folder"):
        node_results("nowhere")
    assert [need.path() for need in node_results("configmaps/audit").needs()] == ["/api/v1/namespaces/audit/configmaps"]


def test_the_right_is_asked_only_where_they_are_published():
    needs = plan(FILES).needs()
    kinds = [one["kind"] for one in yaml.safe_load_all(role(needs, (), KubeletAccess.NONE))]
    *_, last = yaml.safe_load_all(role(needs, (), KubeletAccess.NONE, "kscan-nodes"))
    assert kinds == ["ClusterRole"]
    assert (last["kind"], last["metadata"]["namespace"]) == ("Role", "kscan-nodes")
    assert last["rules"] == [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]


def test_scan_and_save_read_a_folder(tmp_path, folder, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (folder / "x.json").write_bytes(encoded(gather(kubeadm(Tree(tmp_path / "root")).folder, "worker-1")))
    with fake_api(cluster(documents=[node("worker-1")])) as server:
        access = ["--kubeconfig", server.kubeconfig(tmp_path)]
        code = run(["snapshot", "save", "c.kscan", "--check", "pki-key-open", "--node-results", "nodes", *access])
        assert code == 0, capfd.readouterr()
        assert (
            run(["scan", "--check", "etcd-data-not-of-etcd", "--fail-on", "low", "--node-results", "nodes", *access])
            == 1
        )
    assert "/kscan.dev/v1/nodes/worker-1" in load(tmp_path / "c.kscan").entries
    assert run(["scan", "c.kscan", "--check", "etcd-data-not-of-etcd", "--fail-on", "low"]) == 1
    assert "/var/lib/etcd = 0700 root:root" in capfd.readouterr().out


def test_the_command_writes_and_prints(tmp_path, capfd):
    tree = kubeadm(Tree(tmp_path / "root"))
    assert run(["node", "--root", str(tree.folder)]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["node"] == "cp-1" and out.count("\n") == 1 and not err
    assert run(["node", "--root", str(tree.folder), "--node", "n", "-o", str(tmp_path / "n.json")]) == 0
    assert json.loads((tmp_path / "n.json").read_text())["node"] == "n"
    assert run(["node", "--root", str(tmp_path / "none")]) == 2
    assert "cannot read" in capfd.readouterr().err


@pytest.mark.parametrize("nodes", [(), ("a", "b.example")])
@pytest.mark.parametrize("publishes", [False, True])
def test_what_is_deployed(nodes, publishes):
    objects = list(yaml.safe_load_all(manifests(nodes, "kscan:1", "kscan-nodes", publish=publishes)))
    report = evaluate(snapshot_of(objects), plan(CHECKS.values()))
    results = {one.check.id: one.status for one in report.results}
    for check in ("privileged-container", "host-network", "host-pid", "host-ipc", "host-path-writable", "privilege-escalation-allowed",
                  "capabilities-not-dropped", "seccomp-not-set", "writable-root-filesystem", "default-service-account-token",
                  "namespace-without-network-policy", "no-memory-limit"):  # fmt: skip
        assert results[check] is Status.PASS, check
    roles = [one["rules"] for one in objects if one["kind"] == "Role"]
    assert roles == (
        [[{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "patch"]}]] if publishes else []
    )
    assert not any(one["kind"] in ("ClusterRole", "ClusterRoleBinding") for one in objects)
    pods = [one["spec"]["template"]["spec"] for one in objects if one["kind"] in ("DaemonSet", "Job")]
    assert len(pods) == (len(nodes) or 1)
    for pod in pods:
        assert pod["automountServiceAccountToken"] is publishes
        assert ("--stay" in pod["containers"][0]["args"]) is not bool(nodes)


def test_deploy_refuses_what_is_no_name(capfd):
    assert run(["deploy", "node", "a b"]) == 2
    assert run(["deploy", "node", "--namespace", "x: y"]) == 2
    assert run(["deploy", "node", "a"]) == 0
    assert "values: [a]" in capfd.readouterr().out


def test_it_stays_until_it_is_ended(tmp_path):
    command = [sys.executable, "-m", "kscan", "node", "--root", str(tmp_path), "--node", "n", "--stay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert json.loads(process.stdout.readline())["node"] == "n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


@pytest.fixture
def api(tmp_path, monkeypatch, request):
    """A server that notes what it is asked, with a token and a CA as a pod has them."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers["Authorization"], self.headers["Content-Type"], json.loads(body)))
            self.send_response(request.param)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context, ca = made()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "token").write_text("the-token\n")
    (tmp_path / "ca.crt").write_bytes(ca)
    monkeypatch.setattr(publish, "_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_port))
    yield seen
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("api", [200, 201], indirect=True)
def test_publishing_is_one_request_with_the_pods_account(api):
    facts = NodeFacts(node="a.example")
    publish.publish(facts, encoded(facts), "kscan-nodes")
    ((path, token, kind, body),) = api
    assert path == "/api/v1/namespaces/kscan-nodes/configmaps/kscan-node-a.example?fieldManager=kscan-node&force=true"
    assert (token, kind) == ("Bearer the-token", "application/apply-patch+yaml")
    assert body["metadata"]["labels"] == {"app.kubernetes.io/name": "kscan-node"}
    assert json.loads(body["data"]["node.json"])["node"] == "a.example"


@pytest.mark.parametrize("api", [403], indirect=True)
def test_a_refused_publication_says_what_to_do(api):
    with pytest.raises(ConnectError, match=r"403 .*kscan deploy node --publish"):
        publish.publish(NodeFacts(node="a"), b"{}", "kscan-nodes")


def test_publishing_outside_a_pod_or_too_much(monkeypatch, tmp_path):
    monkeypatch.setattr(publish, "_ACCOUNT", tmp_path)
    with pytest.raises(ConnectError, match="a pod with a token"):
        publish.publish(NodeFacts(node="a"), b"{}", "kscan-nodes")
    with pytest.raises(OutputError, match="too many for a ConfigMap"):
        publish.publish(NodeFacts(node="a"), b"x" * 1_000_001, "kscan-nodes")
