"""A node's document as a ConfigMap: all that an agent ever asks of a cluster, and only where it is told to."""

import http.client
import json
import os
import ssl
from pathlib import Path
from urllib.parse import quote

from kscan.errors import ConnectError, OutputError
from kscan.model.node_facts import CONFIG_MAP_KEY, LABEL, LABEL_VALUE, NodeFacts

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# The API server takes a mebibyte; what stands around the document needs a little of it.
_MOST_BYTES = 1_000_000
_SECONDS = 20


def publish(facts: NodeFacts, document: bytes, namespace: str) -> None:
    """Create the ConfigMap of the node, or bring it up to date."""
    if len(document) > _MOST_BYTES:
        raise OutputError(f"the document has {len(document)} bytes, too many for a ConfigMap", "take it from the log")
    name = f"kscan-node-{facts.node}"
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {LABEL: LABEL_VALUE}},
        "data": {CONFIG_MAP_KEY: document.decode()},
    }
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/configmaps/{quote(name, safe='')}"
    # Server-side apply: one request, which needs create and patch, and never to read what is there.
    status = _patch(f"{path}?fieldManager=kscan-node&force=true", json.dumps(body).encode())
    if status not in (200, 201):
        advice = "apply what `kscan deploy node --publish` prints" if status in (401, 403, 404) else "try again later"
        raise ConnectError(f"the API server answered {status} to ConfigMap {namespace}/{name}", advice)


def _patch(path: str, body: bytes) -> int:
    try:
        token = (_ACCOUNT / "token").read_text().strip()
        context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
        connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/apply-patch+yaml"}
        connection.request("PATCH", path, body, headers)
        status = connection.getresponse().status
        connection.close()
    except (OSError, KeyError, ValueError, http.client.HTTPException) as error:
        raise ConnectError(
            f"cannot publish: {type(error).__name__} {error}", "--publish is for a pod with a token"
        ) from error
    return status
