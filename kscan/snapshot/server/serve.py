"""Answers over HTTPS on loopback, to whoever has the token of this run."""

import base64
import gzip
import hmac
import http.server
import secrets
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from kscan.errors import ConfigError
from kscan.snapshot.server import certificate
from kscan.snapshot.server.answers import Answers
from kscan.snapshot.server.message import Request, Response, failure, request_for
from kscan.snapshot.snapshot import Snapshot

_IDLE_SECONDS = 300
_COMPRESS_ABOVE = 128 << 10
_MOST_REQUEST = 1 << 20
Answer = Callable[[Request], Response]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection; a subclass may answer in another way."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "kscan", ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 << 10
    server: "Server"

    def respond(self) -> None:
        """Answer the request that was read."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = request_for(self.path, self.command, headers)
        refused = self._discard_body()
        if refused:
            self.send(request, refused)
        else:
            self.exchange(request)

    def exchange(self, request: Request) -> None:
        """Answer one whole request."""
        self.send(request, self.server.respond(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = respond  # noqa: N815

    def send(self, request: Request, response: Response) -> None:
        """Write an answer."""
        body, extra = _encoded(request, response)
        self.send_head(response, len(body), extra)
        if request.method != "HEAD":
            self.wfile.write(body)

    def send_head(self, response: Response, length: int, extra: dict[str, str]) -> None:
        """Write the status line and the headers."""
        self.send_response(response.status)
        lead = {"Content-Type": response.media_type, "Content-Length": str(length), "Cache-Control": "no-store"}
        for name, value in (lead | extra | dict(response.headers)).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A request that is not HTTP, or of no known method: refused as any other, and the connection closed."""
        self.close_connection = True
        words = message or explain or HTTPStatus(code).phrase
        response = failure(405 if code == HTTPStatus.NOT_IMPLEMENTED else code, words)
        self.send_head(response, len(response.body), {})
        self.wfile.write(response.body)

    def handle_expect_100(self) -> bool:
        """Say at once that the body may come, for the client waits for it."""
        proceeds = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base class names it so
        """Nobody reads a log of this server."""

    def _discard_body(self) -> Response | None:
        """Read past the body, so that the next request on the connection is found."""
        length = self.headers.get("Content-Length") or "0"
        known = length.isdecimal() and len(length) < 10 and "Transfer-Encoding" not in self.headers
        if not known or int(length) > _MOST_REQUEST:
            self.close_connection = True
            return failure(413, "the request's body is too long or of unknown length")
        self.rfile.read(int(length))
        return None


def _encoded(request: Request, response: Response) -> tuple[bytes, dict[str, str]]:
    wanted = "gzip" in request.headers.get("accept-encoding", "")
    if not wanted or len(response.body) <= _COMPRESS_ABOVE:
        return response.body, {}
    return gzip.compress(response.body, compresslevel=1), {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}


class Server(http.server.ThreadingHTTPServer):
    """The listening socket, TLS, and the one token that is let in."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer: Answer, port: int, context: ssl.SSLContext, handler: type[Handler]) -> None:
        self.token = secrets.token_urlsafe(32)
        self._answer, self._context = answer, context
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), handler)

    def respond(self, request: Request) -> Response:
        """The answer to one request, if its token is right."""
        given = request.headers.get("authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, f"Bearer {self.token}".encode()):
            return failure(401, "Unauthorized: the token is in the kubeconfig that this server printed")
        return self._answer(request)

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        """Accept; the handshake waits for the connection's own thread, so that nobody can hold up the others."""
        plain, address = super().get_request()
        plain.settimeout(_IDLE_SECONDS)
        connection = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - a socket
        """Close one connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as in the base class
        """A client that went away or spoke no TLS is nothing to report; anything else is one line."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            print(f"kscan: a request failed: {type(error).__name__}: {error}", file=sys.stderr)

    def close_all(self) -> None:
        """End every open connection."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Running:
    """A server that answers until it is stopped."""

    def __init__(self, server: Server, authority: bytes, name: str) -> None:
        self._server = server
        self.url = f"https://127.0.0.1:{server.server_address[1]}"
        self.token = server.token
        self.kubeconfig = _kubeconfig(self.url, self.token, authority, name)
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the socket and every connection."""
        self._server.shutdown()
        self._server.server_close()
        self._server.close_all()
        self._thread.join()

    def __enter__(self) -> "Running":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serving(
    snapshot: Snapshot,
    *,
    port: int = 0,
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
    handler: type[Handler] = Handler,
) -> Running:
    """Start to answer from a snapshot, on a free port where none is given."""
    context, authority = certificate.given(tls_certificate, tls_key) if tls_certificate else certificate.made()
    try:
        server = Server(Answers(snapshot).answer, port, context, handler)
    except (OSError, OverflowError) as error:
        advice = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot listen on port {port} of 127.0.0.1", advice) from error
    return Running(server, authority, snapshot.about.name or "snapshot")


def _kubeconfig(url: str, token: str, authority: bytes, name: str) -> str:
    """The configuration with which kubectl and other clients come here."""
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(authority).decode()}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": "snapshot", "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "snapshot"}}],
        "current-context": name,
    }
    return yaml.safe_dump(document, sort_keys=False)
