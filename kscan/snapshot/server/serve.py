"""The server itself: HTTPS on loopback, a token that only the printed kubeconfig knows."""

import base64
import gzip
import secrets
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import yaml

from kscan.errors import KscanError
from kscan.snapshot.server.answers import Answer, answer, refuse
from kscan.snapshot.server.certificate import make_certificate
from kscan.snapshot.snapshot import Snapshot

_GZIP_FROM = 128 << 10
_MOST_BODY = 1 << 20


class Running(msgspec.Struct, frozen=True):
    """A server that answers: where, and the kubeconfig that speaks to it."""

    url: str
    kubeconfig: str


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "kscan-snapshot"
    timeout = 60
    # Small answers go out at once instead of waiting for more.
    disable_nagle_algorithm = True
    snapshot: Snapshot
    token: str

    def do_GET(self) -> None:
        """Answer a request."""
        self._body()
        self.send(self.found())

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names that http.server calls

    def _body(self) -> bytes:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = 0
        return self.rfile.read(min(length, _MOST_BODY))

    def found(self) -> Answer:
        """What is to be answered."""
        given = self.headers.get("Authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return refuse(401, "Unauthorized", "Unauthorized")
        target = urlsplit(self.path)
        query = dict(parse_qsl(target.query))
        path = "/" + unquote(target.path).strip("/")
        return answer(self.snapshot, self.command, path, query, self.headers.get("Accept", ""))

    def send(self, found: Answer) -> None:
        """Write an answer."""
        body = found.body
        self.send_response(found.status)
        self.send_header("Content-Type", found.media_type)
        if len(body) > _GZIP_FROM and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base class's signature
        """Say nothing: requests are no news."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        """A connection that broke is the client's affair."""

    def get_request(self) -> Any:  # noqa: ANN401 - a socket and an address
        """Accept; the handshake happens in the connection's own thread, so that a slow client stops nobody."""
        connection, address = super().get_request()
        connection.settimeout(30)
        return connection, address


@contextmanager
def serving(snapshot: Snapshot, *, port: int = 0, handler: type[Handler] = Handler) -> Iterator[Running]:
    """Serve a snapshot on 127.0.0.1 while the context lasts."""
    token = secrets.token_urlsafe(24)
    bound = type("BoundHandler", (handler,), {"snapshot": snapshot, "token": token})
    with tempfile.TemporaryDirectory(prefix="kscan-") as folder:
        certificate, key = make_certificate(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        try:
            server = _Server(("127.0.0.1", port), bound)
        except OSError as error:
            raise KscanError(f"port {port} of 127.0.0.1 cannot be used", error.strerror or str(error)) from error
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        url = f"https://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield Running(url, _kubeconfig(url, certificate.read_bytes(), token))
        finally:
            server.shutdown()
            server.server_close()


def _kubeconfig(url: str, certificate: bytes, token: str) -> str:
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(certificate).decode()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "snapshot", "cluster": cluster}],
        "users": [{"name": "reader", "user": {"token": token}}],
        "contexts": [{"name": "snapshot", "context": {"cluster": "snapshot", "user": "reader"}}],
        "current-context": "snapshot",
    }
    return str(yaml.safe_dump(config, sort_keys=False))
