"""Kubelets that answer, and some that lie in wait for a token: servers on loopback that keep every byte they are sent.

with fake_kubelet(paper.signed("IP:127.0.0.1"), Manner.ANSWERS) as kubelet:
    ... kubelet.port, kubelet.told(): what came, decrypted where TLS came about
"""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

CONFIGZ = json.dumps({"kubeletconfig": {"readOnlyPort": 0, "port": 10250}}).encode()
FLAGZ = json.dumps({"kind": "Flagz", "flags": {"config": "/etc/kubelet.yaml", "hostname-override": ""}}).encode()


class Manner(StrEnum):
    """How a kubelet behaves."""

    ANSWERS = "answers"
    CLOSES = "closes after each answer"
    TURNS_PLAIN = "closes after an answer, and speaks no TLS from then on"
    REDIRECTS = "sends everybody elsewhere"
    PLAIN = "speaks no TLS"
    SILENT = "accepts and says nothing"
    MUTE = "does TLS, and then says nothing"
    DRIPS = "does TLS, and answers a byte at a time"


@dataclass
class Paper:
    """A CA, and what it signs."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.crt"

    def signed(self, names: str) -> Path:
        """A certificate with its key in one file, for names such as IP:127.0.0.1."""
        return self._made(names, "-CA", str(self.authority), "-CAkey", str(self.folder / "ca.key"))

    def stranger(self, names: str) -> Path:
        """A certificate that signed itself."""
        return self._made(names)

    def _made(self, names: str, *how: str) -> Path:
        key, certificate = self.folder / "one.key", self.folder / "one.crt"
        _openssl("-subj", "/CN=kubelet", "-addext", f"subjectAltName={names}", "-keyout", str(key), "-out", str(certificate),
                 *how)  # fmt: skip
        together = self.folder / f"{len(list(self.folder.iterdir()))}.pem"
        together.write_bytes(certificate.read_bytes() + key.read_bytes())
        return together


def paper(folder: Path) -> Paper:
    """A new CA in a folder."""
    _openssl("-subj", "/CN=cluster", "-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.crt"))
    return Paper(folder)


def _openssl(*words: str) -> None:
    command = [
        "openssl",
        "req",
        "-x509",
        "-days",
        "2",
        "-nodes",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]
    subprocess.run([*command, *words], check=True, capture_output=True)


@dataclass
class FakeKubelet:
    """One that runs, and what it was told."""

    port: int
    connections: list[bytearray] = field(default_factory=list)
    handshakes: int = 0

    def told(self) -> bytes:
        return b"\n".join(map(bytes, self.connections))


@contextmanager
def fake_kubelet(certificate: Path, manner: Manner = Manner.ANSWERS, elsewhere: str = "") -> Iterator[FakeKubelet]:
    """A kubelet on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        kubelet, over = FakeKubelet(listener.getsockname()[1]), threading.Event()

        def accept() -> None:
            while not over.is_set():
                with suppress(OSError):
                    plain, _ = listener.accept()
                    threading.Thread(target=serve, args=(plain,), daemon=True).start()

        def serve(plain: socket.socket) -> None:
            kubelet.connections.append(bytearray())
            with suppress(OSError), plain:
                _serve(kubelet, kubelet.connections[-1], context, plain, manner, elsewhere, over)

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield kubelet
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _serve(kubelet, told, context, plain, manner, elsewhere, over) -> None:
    if manner is Manner.SILENT:
        over.wait(60)
        return
    if manner is Manner.PLAIN or (manner is Manner.TURNS_PLAIN and kubelet.handshakes):
        _answer(plain, _head(plain, told), "close", CONFIGZ)
        return
    with context.wrap_socket(plain, server_side=True) as secured:
        kubelet.handshakes += 1
        while not over.is_set():
            head = _head(secured, told)
            if not head:
                return
            if manner is Manner.MUTE:
                over.wait(60)
                return
            if manner is Manner.DRIPS:
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000:
                    secured.sendall(bytes([byte]))
                    time.sleep(0.05)
            if manner is Manner.REDIRECTS:
                secured.sendall(f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode())
                continue
            body = FLAGZ if b" /flagz " in head else CONFIGZ
            keeps = manner is Manner.ANSWERS
            _answer(secured, head, "keep-alive" if keeps else "close", body)
            if not keeps:
                return


def _head(connection: socket.socket, told: bytearray) -> bytes:
    """One request; whatever comes is kept, also what is none."""
    connection.settimeout(30)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        some = connection.recv(65536)
        told += some
        head += some
        if not some:
            return b""
        if head[:1] == b"\x16":
            return head
    return head


def _answer(connection: socket.socket, head: bytes, keep: str, body: bytes) -> None:
    connection.sendall(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: {keep}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
