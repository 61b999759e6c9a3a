"""Fills a real API server with Deployments of ten pods each, as its controllers and kubelets would have left them."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.live.api_server import ApiServer

TEN = 10
WRITERS = 8


def fill(server: ApiServer, first: int, last: int) -> None:
    """Make the Deployments from `first` to `last`, with their ReplicaSets and running pods."""
    for number in range(10):
        namespace = f"team-{number}"
        server.write("/api/v1/namespaces", {"metadata": {"name": namespace}})
        server.write(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "default"}})
    numbers = iter(range(first, last))
    lock = threading.Lock()

    def work() -> None:
        connection = server.connection()
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            _deployment(server, connection, number)

    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _deployment(server: ApiServer, connection, number: int) -> None:
    namespace, name = f"team-{number % 10}", f"app-{number:05d}"
    labels = {"app": name, "app.kubernetes.io/part-of": "shop", "team": namespace}
    apps = f"/apis/apps/v1/namespaces/{namespace}"
    template = {"metadata": {"labels": labels}, "spec": _pod_spec(number)}
    spec = {"replicas": TEN, "selector": {"matchLabels": {"app": name}}, "template": template}
    deployment = server.write(f"{apps}/deployments", {"metadata": {"name": name}, "spec": spec}, connection=connection)
    replica_set = server.write(
        f"{apps}/replicasets",
        {"metadata": {"name": f"{name}-5d8c7", "labels": labels, "ownerReferences": [_owner("Deployment", deployment)]},
         "spec": spec},
        connection=connection,
    )  # fmt: skip
    for index in range(TEN):
        _pod(server, connection, f"/api/v1/namespaces/{namespace}/pods", replica_set, template, number, index)


def _owner(kind: str, body: dict) -> dict:
    metadata = body["metadata"]
    return {"apiVersion": "apps/v1", "kind": kind, "name": metadata["name"], "uid": metadata["uid"], "controller": True}


def _pod(server: ApiServer, connection, path: str, replica_set: dict, template: dict, number: int, index: int) -> None:
    name = f"{replica_set['metadata']['name']}-{_suffix(number * TEN + index)}"
    metadata = {
        "name": name,
        "labels": template["metadata"]["labels"],
        "annotations": {"checksum/config": f"{number:064x}"},
        "ownerReferences": [_owner("ReplicaSet", replica_set)],
    }
    node = {"nodeName": f"node-{(number + index) % 50}"}
    server.write(path, {"metadata": metadata, "spec": template["spec"] | node}, connection=connection)
    server.write(f"{path}/{name}/status", {"status": _status(number, index)}, "PATCH", connection)


def _suffix(number: int) -> str:
    letters = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(letters[number // len(letters) ** place % len(letters)] for place in range(5))


def _pod_spec(number: int) -> dict:
    environment = [{"name": f"SETTING_{key}", "value": f"value-{number}-{key}"} for key in range(12)]
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "timeoutSeconds": 2}
    resources = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    security = {"allowPrivilegeEscalation": number % 3 == 0, "privileged": number % 97 == 0,
                "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}  # fmt: skip
    security["allowPrivilegeEscalation"] = security["allowPrivilegeEscalation"] or security["privileged"]
    container = {"image": f"registry.example/team/app:{number}", "env": environment, "resources": resources,
                 "livenessProbe": probe, "readinessProbe": probe, "securityContext": security,
                 "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}]}  # fmt: skip
    return {
        "containers": [container | {"name": "app"}, container | {"name": "sidecar", "livenessProbe": None}],
        "initContainers": [{"name": "migrate", "image": f"registry.example/team/migrate:{number}"}],
        "volumes": [{"name": "config", "emptyDir": {}}],
        "securityContext": {"runAsNonRoot": number % 2 == 0, "runAsUser": 1000},
    }


def _status(number: int, index: int) -> dict:
    moment = "2026-01-01T00:00:00Z"
    ready = [{"type": kind, "status": "True", "lastTransitionTime": moment, "lastProbeTime": None}
             for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")]  # fmt: skip
    containers = [
        {"name": name, "image": f"registry.example/team/app:{number}", "imageID": f"sha256:{number:064x}",
         "containerID": f"containerd://{number * TEN + index:064x}", "ready": True, "restartCount": 0, "started": True,
         "state": {"running": {"startedAt": moment}}}
        for name in ("app", "sidecar")
    ]  # fmt: skip
    return {"phase": "Running", "podIP": f"10.1.{number % 250}.{index}", "hostIP": "10.0.0.1", "startTime": moment,
            "conditions": ready, "containerStatuses": containers, "qosClass": "Burstable"}  # fmt: skip
