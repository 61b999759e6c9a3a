"""Rights that a feature gate decides about: what a real API server lets in, and what kscan says."""

import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from tests.live.api_server import api_server
from tests.live.test_rbac import RBAC

GATE = "AuthorizePodWebsocketUpgradeCreatePermission"
CHECK = catalogue().checks["pod-execs-by-get"]


def lets_in(server):
    """Whether somebody who may only read gets as far as to the node, which is not there."""
    connection = server.connection()
    headers = {"Authorization": f"Bearer {server.tokens['tenant']}", "Connection": "Upgrade", "Upgrade": "websocket",
               "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
               "Sec-WebSocket-Protocol": "v4.channel.k8s.io"}  # fmt: skip
    connection.request("GET", "/api/v1/namespaces/gates/pods/web/exec?command=id&stdout=true", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status != 403


@pytest.mark.every_version
def test_a_right_to_read_runs_no_commands_as_the_gate_is_by_default(server):
    judge(server, closed=False)


def test_a_right_to_read_runs_commands_where_the_gate_is_closed(assets, tmp_path):
    with api_server(tmp_path, f"--feature-gates={GATE}=false", assets=assets) as server:
        judge(server, closed=True)


def judge(server, *, closed):
    group = "rbac.authorization.k8s.io"
    server.write("/api/v1/namespaces", {"metadata": {"name": "gates"}})
    server.write("/api/v1/namespaces/gates/serviceaccounts", {"metadata": {"name": "default"}})
    made = {
        "/api/v1/namespaces/gates/pods": {"metadata": {"name": "web"}, "spec": {
            "nodeName": "gone", "containers": [{"name": "app", "image": "app:1"}]}},
        f"{RBAC}/clusterroles": {"metadata": {"name": "reader"}, "rules": [
            {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]}]},
        f"{RBAC}/clusterrolebindings": {
            "metadata": {"name": "reader"}, "roleRef": {"kind": "ClusterRole", "name": "reader", "apiGroup": group},
            "subjects": [{"kind": "User", "name": "tenant", "apiGroup": group}]},
    }  # fmt: skip
    for path, one in made.items():
        server.write(path, one)
    ready = plan([CHECK])
    found = collect(Access(kubeconfig=str(server.kubeconfig())), ready.needs(), Options())
    (result,) = evaluate(found, ready).results
    assert (str(result.status) == "fail") is lets_in(server) is closed, result
    assert str(result.status) in ("fail", "not applicable")
    # What others find on this server is theirs.
    for path, one in made.items():
        server.write(f"{path}/{one['metadata']['name']}?gracePeriodSeconds=0", {}, "DELETE")
