"""Rights that a feature gate decides about: what a real API server lets in, and what kscan says, with each setting."""

import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from tests.live.api_server import api_server
from tests.live.test_rbac import RBAC

pytestmark = pytest.mark.every_version
GATE = "AuthorizePodWebsocketUpgradeCreatePermission"
CHECK = catalogue().checks["pod-execs-by-get"]


def lets_in(server):
    """Whether somebody who may only read gets as far as to the node, which is not there."""
    connection = server.connection()
    headers = {"Authorization": f"Bearer {server.tokens['tenant']}", "Connection": "Upgrade", "Upgrade": "websocket",
               "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
               "Sec-WebSocket-Protocol": "v4.channel.k8s.io"}  # fmt: skip
    connection.request("GET", "/api/v1/namespaces/shop/pods/web/exec?command=id&stdout=true", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status != 403


@pytest.mark.parametrize("setting", ["true", "false", ""])
def test_a_right_to_read_runs_commands_where_the_gate_is_closed(assets, tmp_path, setting):
    with api_server(tmp_path, *([f"--feature-gates={GATE}={setting}"] if setting else []), assets=assets) as server:
        server.write("/api/v1/namespaces", {"metadata": {"name": "shop"}})
        server.write("/api/v1/namespaces/shop/serviceaccounts", {"metadata": {"name": "default"}})
        server.write("/api/v1/namespaces/shop/pods", {"metadata": {"name": "web"}, "spec": {
            "nodeName": "gone", "containers": [{"name": "app", "image": "app:1"}]}})  # fmt: skip
        server.write(f"{RBAC}/clusterroles", {"metadata": {"name": "reader"}, "rules": [
            {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]}]})  # fmt: skip
        group = "rbac.authorization.k8s.io"
        server.write(f"{RBAC}/clusterrolebindings", {
            "metadata": {"name": "reader"}, "roleRef": {"kind": "ClusterRole", "name": "reader", "apiGroup": group},
            "subjects": [{"kind": "User", "name": "tenant", "apiGroup": group}]})  # fmt: skip
        ready = plan([CHECK])
        found = collect(Access(kubeconfig=str(server.kubeconfig())), ready.needs(), Options())
        (result,) = evaluate(found, ready).results
        assert (str(result.status) == "fail") is lets_in(server) is (setting == "false"), result
        assert str(result.status) in ("fail", "not applicable")
