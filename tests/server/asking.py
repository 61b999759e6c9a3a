"""How the tests ask: the answers themselves, or the server over the wire."""

import base64
import http.client
import json
import socket
import ssl
from contextlib import closing

import yaml

from kscan.snapshot.server.answers import Answers
from kscan.snapshot.server.message import request_for
from tests.fake_api import cluster, telling

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
EXTRA = [
    {"path": "/metrics", "text": "up 1\n"},
    {"path": "/readyz?verbose", "text": "[+]ping ok"},
    {"path": "/api/v1/nodes/node-0/proxy/configz", "json": {"kubeletconfig": {}}},
    {"path": "/api/v1/configmaps", "gap": "forbidden", "detail": "configmaps is forbidden: no"},
    *({"kind": "Namespace", "metadata": {"name": name}} for name in ("blue", "green")),
    *({"kind": "Node", "metadata": {"name": f"node-{number}", "uid": "u" * 99}} for number in range(5)),
]
REAL = telling(cluster(45, EXTRA))
ANSWERS = Answers(REAL)


def ask(target, accept="", method="GET", answers=ANSWERS):
    return answers.answer(request_for(target, method, {"accept": accept} if accept else {}))


def got(target, accept="", answers=ANSWERS):
    response = ask(target, accept, answers=answers)
    assert response.status == 200, response.body
    return json.loads(response.body)


def refused(target, accept="", method="GET", answers=ANSWERS):
    response = ask(target, accept, method, answers)
    status = json.loads(response.body)
    assert status["kind"] == "Status" and status["status"] == "Failure" and status["code"] == response.status
    return response.status, status["reason"], status["message"]


def names(target, answers=ANSWERS):
    return [item["metadata"]["name"] for item in got(target, answers=answers)["items"]]


def columns(target, answers=ANSWERS, index=0):
    table = got(target, TABLE, answers)
    assert table["kind"] == "Table"
    titles = [column["name"] for column in table["columnDefinitions"]]
    return dict(zip(titles, table["rows"][index]["cells"], strict=True))


def trust(server):
    cluster_ = yaml.safe_load(server.kubeconfig)["clusters"][0]["cluster"]
    return ssl.create_default_context(cadata=base64.b64decode(cluster_["certificate-authority-data"]).decode())


def connect(server, host="127.0.0.1"):
    port = int(server.url.rpartition(":")[2])
    return closing(http.client.HTTPSConnection(host, port, context=trust(server), timeout=10))


def raw(server):
    """A TLS connection on which any bytes can be sent."""
    plain = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10)
    return trust(server).wrap_socket(plain, server_hostname="127.0.0.1")


def send(connection, server, path, method="GET", body=None, **headers):
    token = {"Authorization": f"Bearer {server.token}"}
    connection.request(method, path, body, token | {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response, response.read()
