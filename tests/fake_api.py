"""The snapshot server with faults: each path is given the wrong answers that a real one may give."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.server.answers import Answer, refuse
from kscan.snapshot.server.serve import Handler, serving


@dataclass
class Fault:
    """A wrong answer, given `times` times (None is for ever), from the `skip`th request on."""

    kind: str
    times: int | None = 1
    skip: int = 0
    value: object = None


@dataclass
class Fake:
    """A running fake: what it was asked, and how to reach it."""

    url: str
    kubeconfig_text: str
    requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def kubeconfig(self, folder: Path) -> str:
        path = folder / "config"
        path.write_text(self.kubeconfig_text)
        return str(path)

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.requests]


def cluster(pods: int = 0, documents: list | None = None):
    """A snapshot with so many pods, in Deployments of ten."""
    made = []
    for number in range(0, pods, 10):
        name = f"app-{number:04}"
        made.append({"kind": "Deployment", "metadata": {"name": name}, "spec": {"template": _template(number)}})
        owner = [{"kind": "Deployment", "name": name, "controller": True}]
        made.append({"kind": "ReplicaSet", "metadata": {"name": f"{name}-rs", "ownerReferences": owner}})
        for index in range(min(10, pods - number)):
            metadata = {"name": f"{name}-rs-{index}",
                        "ownerReferences": [{"kind": "ReplicaSet", "name": f"{name}-rs", "controller": True}]}  # fmt: skip
            made.append({"kind": "Pod", "metadata": metadata, "spec": _template(number)["spec"],
                         "status": {"phase": "Running"}})  # fmt: skip
    version = {"path": "/version", "json": {"major": "1", "minor": "36", "gitVersion": "v1.36.3"}}
    identity = {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "5b2f"}}
    return snapshot_of([version, identity, *made, *(documents or [])])


def _template(number: int) -> dict:
    security = {"privileged": number % 50 == 0, "runAsNonRoot": True}
    return {"spec": {"containers": [{"name": "app", "image": f"app:{number}", "securityContext": security}]}}


@contextmanager
def fake_api(snapshot, faults: dict[str, list[Fault]] | None = None) -> Iterator[Fake]:
    """Serve a snapshot, with faults by path."""
    waiting = {path: list(found) for path, found in (faults or {}).items()}
    lock = threading.Lock()
    fake = Fake("", "")

    class Faulty(Handler):
        def do_GET(self):
            target = urlsplit(self.path)
            with lock:
                fake.requests.append(
                    (self.command, target.path, dict(parse_qsl(target.query)), dict(self.headers.items()))
                )
                fault = _due(waiting.get(target.path, []))
            body = self._body()
            if fault is None:
                self.send(self.found())
            else:
                _misbehave(self, fault, body)

        do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    with serving(snapshot, handler=Faulty) as running:
        fake.url, fake.kubeconfig_text = running.url, running.kubeconfig
        yield fake


def _due(faults: list[Fault]) -> Fault | None:
    for fault in faults:
        if fault.skip > 0:
            fault.skip -= 1
            return None
        if fault.times is None:
            return fault
        if fault.times > 0:
            fault.times -= 1
            return fault
    return None


def _misbehave(handler: Handler, fault: Fault, body: bytes) -> None:
    match fault.kind:
        case "status":
            handler.send(refuse(int(str(fault.value)), "Faulty", f"refused with {fault.value}"))
        case "busy":
            _answer(handler, 429, b'{"kind":"Status","message":"too many"}', {"Retry-After": str(fault.value or 0)})
        case "expired":
            status = {"kind": "Status", "code": 410, "reason": "Expired", "metadata": {"continue": fault.value or ""}}
            _answer(handler, 410, json.dumps(status).encode())
        case "body":
            handler.send(Answer(200, bytes(fault.value), "application/json"))
        case "html":
            handler.send(Answer(200, b"<html><title>Sign in</title></html>", "text/html"))
        case "cut":
            whole = handler.found().body
            _answer(handler, 200, whole[: len(whole) // 2], {"Content-Length": str(len(whole))})
            handler.close_connection = True
        case "slow":
            time.sleep(float(str(fault.value)))
            handler.send(handler.found())
        case "drip":
            _drip(handler, float(str(fault.value)))
        case other:
            raise AssertionError(other)


def _answer(handler: Handler, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    handler.send_response(status)
    for name, value in (
        {"Content-Type": "application/json", "Content-Length": str(len(body))} | (headers or {})
    ).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _drip(handler: Handler, seconds: float) -> None:
    body = handler.found().body
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    try:
        for byte in body:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(seconds)
    except OSError:
        handler.close_connection = True
