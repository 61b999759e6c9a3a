"""An API server that serves a snapshot over real HTTPS, and goes wrong where it is told to.

    with fake_api(cluster(1200), {"/api/v1/pods": [Fault("expired", page=2), Fault("cut", None, page=3)]}) as fake:
        collect(Access(kubeconfig=fake.kubeconfig(tmp_path)), ...)
        assert fake.paths().count("/api/v1/pods") == ...

The faults of a path are used up in order; the path `*` stands for all.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kscan.model.discovery import Offers
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body
from kscan.snapshot.server import Running, query, serving
from kscan.snapshot.server.discovery import held
from kscan.snapshot.server.message import JSON, Request, Response, failure
from kscan.snapshot.server.serve import Handler
from kscan.snapshot.snapshot import About, Snapshot


@dataclass
class Fault:
    """A wrong answer, given `times` times (None is for ever), from the `skip`th request on, or to one page of a list.

    | kind                        | value                                              |
    |-----------------------------|----------------------------------------------------|
    | status                      | the HTTP status, 500 by default                    |
    | busy                        | 429 with so many seconds of Retry-After            |
    | expired                     | 410: the fresh token, True for one that fits, or "" |
    | body                        | these bytes as JSON, with 200                      |
    | html                        | a login page with 200; the value is its text       |
    | type                        | the right body under another media type            |
    | huge                        | the first object made so many bytes longer         |
    | cut                         | the connection closed after this share of the body |
    | hang up                     | closed without a word                              |
    | slow                        | so many seconds before the first byte              |
    | drip                        | so many seconds after every few bytes              |
    | plain                       | aggregated discovery is not spoken                 |
    | rotate                      | another token is right from now on: in this file   |
    | again                       | the first page for ever; "token", "objects": new ones each time |
    | flood                       | a body without an end                              |
    | packed                      | the right body as (encoding, function) make it     |
    | none                        | the right answer, where a fault is meant for `*`   |
    """

    kind: str
    times: int | None = 1
    skip: int = 0
    value: Any = None
    page: int = 0


PLAIN_DISCOVERY = {path: [Fault("plain", None)] for path in ("/api", "/apis")}
# What an account may read that nobody has bound to anything, and nothing else.
UNBOUND = {"*": [Fault("status", None, value=403)]} | {
    path: [Fault("none", None)] for path in ("/version", "/readyz", "/healthz")
}
NO_DISCOVERY = {path: [Fault("status", None, value=404)] for path in ("/api", "/apis")}


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


class Fake:
    """A running server, what it was asked so far, and what is still to go wrong."""

    def __init__(self, faults: Mapping[str, Sequence[Fault]]) -> None:
        self.requests: list[Asked] = []
        self.stopped = threading.Event()
        self.running: Running
        self._waiting = {path: [Fault(**vars(fault)) for fault in found] for path, found in faults.items()}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def kubeconfig_text(self) -> str:
        return self.running.kubeconfig

    def kubeconfig(self, folder: Path) -> str:
        path = folder / "config"
        path.write_text(self.kubeconfig_text)
        path.chmod(0o600)
        return str(path)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.requests]

    def due(self, request: Request, asked: Asked) -> Fault | None:
        """Record a request; the fault that is meant for it."""
        with self._lock:
            self.requests.append(asked)
            for path in (request.target, request.path, "*"):
                fault = _due(self._waiting.get(path, []), page_of(request))
                if fault:
                    return fault
        return None


def _due(faults: Sequence[Fault], page: int) -> Fault | None:
    for fault in faults:
        if fault.page not in (0, page):
            continue
        if fault.skip > 0:
            fault.skip -= 1
            return None
        if fault.times is None:
            return fault
        if fault.times > 0:
            fault.times -= 1
            return fault
    return None


def page_of(request: Request) -> int:
    """Which page of its list a request is for."""
    return query.start(request) // max(1, query.limit(request)) + 1


class Faulty(Handler):
    fake: Fake

    def exchange(self, request: Request) -> None:
        asked = Asked(request.method, request.path, dict(request.query), dict(self.headers.items()))
        fault = self.fake.due(request, asked)
        if fault:
            ACTS[fault.kind](self, request, fault.value)
        else:
            self.send(request, self.right(request))

    def right(self, request: Request) -> Response:
        """What would be answered without the fault: a cluster has nothing that nobody put into it."""
        response = self.server.respond(request)
        is_missing = response.status == 403 and b"not in this snapshot" in response.body
        return failure(404, f"{request.path} not found") if is_missing else response


def telling(snapshot: Snapshot) -> Snapshot:
    """The snapshot of a cluster that serves what it holds, and nothing else, and that said so."""
    told = {f"/{root}": Body(msgspec.json.encode(Offers.of(held(root, snapshot)))) for root in ("api", "apis")}
    return Snapshot(snapshot.about, told | dict(snapshot.entries))


@contextmanager
def fake_api(snapshot: Snapshot, faults: Mapping[str, Sequence[Fault]] | None = None) -> Iterator[Fake]:
    """Serve a snapshot, with faults by path."""
    fake = Fake(faults or {})
    fake.running = serving(telling(snapshot), handler=type("BoundFaulty", (Faulty,), {"fake": fake}))
    try:
        yield fake
    finally:
        fake.stopped.set()
        fake.running.stop()


def _none(handler: Faulty, request: Request, value: None) -> None:
    handler.send(request, handler.right(request))


def _status(handler: Faulty, request: Request, value: int | None) -> None:
    handler.send(request, failure(value or 500, f"refused with {value or 500}"))


def _busy(handler: Faulty, request: Request, value: float | None) -> None:
    handler.send(request, failure(429, "too many requests", headers={"Retry-After": f"{value or 0:g}"}))


def _expired(handler: Faulty, request: Request, value: str | bool | None) -> None:
    token = fresh_token(query.start(request)) if value is True else str(value or "")
    handler.send(request, failure(410, "The provided continue parameter is too old", continue_=token))


def fresh_token(start: int) -> str:
    """A token for the same place that is not the same text."""
    return base64.urlsafe_b64encode(json.dumps({"v": "kscan", "start": start, "fresh": True}).encode()).decode()


def _body(handler: Faulty, request: Request, value: bytes) -> None:
    handler.send(request, Response(200, value, JSON))


def _html(handler: Faulty, request: Request, value: str | None) -> None:
    text = value or "<!DOCTYPE html><html><title>Sign in</title></html>"
    handler.send(request, Response(200, text.encode(), "text/html; charset=utf-8"))


def _type(handler: Faulty, request: Request, value: str | None) -> None:
    handler.send(request, msgspec.structs.replace(handler.right(request), media_type=value or "text/plain"))


def _huge(handler: Faulty, request: Request, value: int | None) -> None:
    response = handler.right(request)
    document = msgspec.json.decode(response.body)
    document["items"][0]["metadata"].setdefault("annotations", {})["huge"] = "x" * (value or 10 << 20)
    handler.send(request, msgspec.structs.replace(response, body=msgspec.json.encode(document)))


def _cut(handler: Faulty, request: Request, value: float | None) -> None:
    response = handler.right(request)
    handler.send_head(response, len(response.body), {})
    handler.wfile.write(response.body[: int(len(response.body) * (value or 0.5))])
    handler.close_connection = True


def _hang_up(handler: Faulty, request: Request, value: None) -> None:
    handler.close_connection = True


def _slow(handler: Faulty, request: Request, value: float | None) -> None:
    handler.fake.stopped.wait(value or 1)
    handler.send(request, handler.right(request))


def _drip(handler: Faulty, request: Request, value: float | None) -> None:
    response = handler.right(request)
    handler.send_head(response, len(response.body), {})
    for start in range(0, len(response.body), 16):
        handler.wfile.write(response.body[start : start + 16])
        handler.wfile.flush()
        if handler.fake.stopped.wait(value or 0.05):
            handler.close_connection = True
            return


def _plain(handler: Faulty, request: Request, value: None) -> None:
    clauses = request.headers.get("accept", "*/*").split(",")
    accept = ",".join(clause for clause in clauses if "apidiscovery" not in clause) or "none/none"
    asked = msgspec.structs.replace(request, headers={**request.headers, "accept": accept})
    handler.send(request, handler.right(asked))


def _rotate(handler: Faulty, request: Request, value: Path) -> None:
    handler.server.token += "-again"
    value.write_text(handler.server.token)
    handler.send(request, handler.right(request))


def _again(handler: Faulty, request: Request, value: str | None) -> None:
    first = msgspec.structs.replace(request, query=(("limit", "500"),))
    document = msgspec.json.decode(handler.right(first).body)
    asked = len(handler.fake.requests)
    document["metadata"]["continue"] = fresh_token(asked if value else 500)
    if value == "objects":
        for one in document["items"]:
            one["metadata"]["name"] += f"-{asked}"
    handler.send(request, Response(200, msgspec.json.encode(document), JSON))


def _flood(handler: Faulty, request: Request, value: int | None) -> None:
    handler.send_head(Response(200, b"", JSON), 1 << 40, {})
    while not handler.fake.stopped.is_set():
        handler.wfile.write(b" " * (1 << 20))


def _packed(handler: Faulty, request: Request, value: tuple[str, Callable[[bytes], bytes]]) -> None:
    response = handler.right(request)
    body = value[1](response.body)
    handler.send_head(response, len(body), {"Content-Encoding": value[0]})
    handler.wfile.write(body)


ACTS: Mapping[str, Callable[[Faulty, Request, Any], None]] = {
    "status": _status, "busy": _busy, "expired": _expired, "body": _body, "html": _html, "type": _type, "huge": _huge,
    "cut": _cut, "hang up": _hang_up, "slow": _slow, "drip": _drip, "plain": _plain, "rotate": _rotate,
    "again": _again, "flood": _flood, "packed": _packed, "none": _none,
}  # fmt: skip

SCANNER = About(
    version="v1.36.3",
    user="system:serviceaccount:kscan:kscan",
    groups=("system:serviceaccounts", "system:authenticated"),
    taken="2026-01-02T03:04:05Z",
)


def cluster(pods: int = 0, documents: Sequence[Mapping[str, Any]] | None = None) -> Snapshot:
    """A snapshot with so many pods, ten to a Deployment, and whatever else is given."""
    version = {"path": "/version", "json": {"major": "1", "minor": "36", "gitVersion": "v1.36.3"}}
    identity = {"kind": "Namespace", "metadata": _meta("kube-system", uid="5b2f"), "status": {"phase": "Active"}}
    return snapshot_of([version, identity, *_workloads(pods), *(documents or [])], SCANNER)


def _meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "creationTimestamp": "2026-01-01T03:04:05Z"} | more


def _workloads(pods: int) -> Iterator[dict[str, Any]]:
    for start in range(0, pods, 10):
        name, count = f"app-{start:04}", min(10, pods - start)
        place = {"namespace": ("blue", "green")[start // 10 % 2], "labels": {"app": name}}
        spec = {"replicas": count, "selector": {"matchLabels": {"app": name}}, "template": {"spec": _spec(start)}}
        status = {"replicas": count, "readyReplicas": count, "updatedReplicas": count, "availableReplicas": count}
        yield {"kind": "Deployment", "metadata": _meta(name, **place), "spec": spec, "status": status}
        owned = _meta(f"{name}-rs", **place, ownerReferences=_owner("Deployment", name))
        yield {"kind": "ReplicaSet", "metadata": owned, "spec": spec, "status": status}
        for number in range(start, start + count):
            metadata = _meta(f"{name}-rs-{number}", **place, ownerReferences=_owner("ReplicaSet", f"{name}-rs"))
            yield {"kind": "Pod", "metadata": metadata, "spec": _pod_spec(start, number), "status": _pod_status(number)}


def _owner(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}]


def _spec(start: int) -> dict[str, Any]:
    security = {"privileged": start % 50 == 0, "runAsNonRoot": True}
    return {"containers": [{"name": "app", "image": f"app:{start}", "securityContext": security}]}


def _pod_spec(start: int, number: int) -> dict[str, Any]:
    """A pod's own words in its spec: its node, and the name of its token's volume."""
    token = "kube-api-access-" + "".join("bcdfghjklm"[int(digit)] for digit in f"{number % 100000:05}")
    spec = _spec(start)
    spec["containers"][0]["volumeMounts"] = [{"name": token, "mountPath": "/var/run/secrets"}]
    sources = [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}]
    return spec | {"nodeName": f"node-{number % 5}", "volumes": [{"name": token, "projected": {"sources": sources}}]}


def _pod_status(number: int) -> dict[str, Any]:
    container = {"name": "app", "image": "app", "ready": True, "restartCount": number % 3}
    return {
        "phase": "Running",
        "podIP": f"10.1.{number // 250 % 250}.{number % 250 + 1}",
        "containerStatuses": [container],
    }
