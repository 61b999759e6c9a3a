"""`snapshot serve`: no request brings the server down, and nobody without the token is let in."""

import gzip
import http.client
import json
import socket
import ssl
import subprocess
from contextlib import closing

import pytest

from kscan.errors import ConfigError, KscanError
from kscan.snapshot.server import serving
from tests.fake_api import cluster
from tests.server.asking import REAL, connect, raw, send, trust


def test_one_connection_carries_many_requests(running):
    with connect(running) as connection:
        _, body = send(connection, running, "/api/v1/nodes")
        socket_before = connection.sock
        assert len(json.loads(body)["items"]) == 5
        response, _ = send(connection, running, "/api/v1/pods", "DELETE", b'{"kind":"DeleteOptions"}')
        assert response.status == 405
        response, body = send(connection, running, "/api/v1/nodes", "HEAD")
        assert response.status == 200 and int(response.headers["Content-Length"]) > 500 and body == b""
        response, _ = send(connection, running, "/version")
        assert response.status == 200 and connection.sock is socket_before


def test_only_the_token_is_let_in(running):
    with connect(running, "localhost") as connection:
        for header in (
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": "Bearer é"},
            {"Authorization": running.token},
        ):
            connection.request("GET", "/version", headers=header)
            response = connection.getresponse()
            assert response.status == 401 and json.loads(response.read())["reason"] == "Unauthorized"


def test_every_run_has_its_own_token_and_certificate(running):
    with serving(REAL) as other:
        assert other.token != running.token and other.url != running.url
        with pytest.raises(ssl.SSLError), connect(running) as connection:
            connection._context = trust(other)
            connection.connect()


def test_long_answers_are_compressed_for_those_who_ask(running):
    with serving(cluster(300)) as server, connect(server) as connection:
        response, body = send(connection, server, "/api/v1/pods", Accept_Encoding="gzip")
        assert response.headers["Content-Encoding"] == "gzip" and len(json.loads(gzip.decompress(body))["items"]) == 300
        response, body = send(connection, server, "/api/v1/pods")
        assert "Content-Encoding" not in response.headers and len(json.loads(body)["items"]) == 300
        response, _ = send(connection, server, "/api/v1/nodes", Accept_Encoding="gzip")
        assert "Content-Encoding" not in response.headers


HOSTILE = [
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"\x00\xff\xfe" * 50 + b"\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1 x y\r\n\r\n",
    b"FETCH / HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    b"GET / HTTP/1.1\r\nbroken header\r\n\r\n",
    b"GET //[ HTTP/1.1\r\n\r\n",
    b"GET /%zz%00%ff?%&&==&limit HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nab",
    b"GET / HTTP/1.1\r\nAuthorization: \xff\xfe\r\nAccept: \xff;;q=nan\r\n\r\n",
]


@pytest.mark.parametrize("request_", HOSTILE, ids=lambda text: repr(text[:24]))
def test_no_request_brings_the_server_down(running, request_, capfd):
    with closing(raw(running)) as connection:
        connection.sendall(request_)
        words = _read_all(connection)
    assert b" 200 " not in words and b"Traceback" not in words
    with connect(running) as connection:
        assert send(connection, running, "/version")[0].status == 200
    assert capfd.readouterr() == ("", "")


def _read_all(connection):
    connection.settimeout(0.5)
    read = b""
    try:
        while chunk := connection.recv(65536):
            read += chunk
    except (TimeoutError, OSError):
        pass
    return read


def test_who_speaks_no_tls_is_no_trouble(running, capfd):
    port = int(running.url.rpartition(":")[2])
    for words in (b"GET / HTTP/1.1\r\n\r\n", b"", b"\x16\x03\x01"):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            plain.sendall(words)
    idle = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(20)]
    with connect(running) as connection:
        assert send(connection, running, "/version")[0].status == 200
    for one in idle:
        one.close()
    assert capfd.readouterr() == ("", "")


def test_a_client_that_waits_for_leave_gets_it(running):
    with closing(raw(running)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")


def test_stop_ends_open_connections():
    server = serving(REAL)
    with connect(server) as connection:
        assert send(connection, server, "/version")[0].status == 200
        server.stop()
        with pytest.raises((OSError, http.client.HTTPException)):
            connection.auto_open = False
            send(connection, server, "/version")


def test_without_openssl_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KscanError, match=r"openssl.*install the openssl command") as error:
        serving(REAL)
    assert "\n" not in str(error.value)
    broken = tmp_path / "openssl"
    broken.write_text("#!/bin/sh\necho 'no\nentropy' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(KscanError, match="made no certificate: no entropy"):
        serving(REAL)


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=own",
        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key", "-out", folder / "tls.crt",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_a_certificate_of_ones_own(own_certificate):
    certificate, key = own_certificate / "tls.crt", own_certificate / "tls.key"
    with serving(REAL, tls_certificate=certificate, tls_key=key) as server, connect(server) as connection:
        assert send(connection, server, "/version")[0].status == 200


@pytest.mark.parametrize("key", ["missing.key", "other.key", "locked.key"])
def test_a_certificate_that_cannot_be_used(own_certificate, key):
    (own_certificate / "other.key").write_text("nonsense")
    command = ["openssl", "genrsa", "-aes128", "-passout", "pass:x123", "-out", own_certificate / "locked.key", "2048"]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(ConfigError) as error:
        serving(REAL, tls_certificate=own_certificate / "tls.crt", tls_key=own_certificate / key)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("port", ["taken", 70000])
def test_a_port_that_cannot_be_had(running, port):
    with pytest.raises(ConfigError, match="cannot listen on port"):
        serving(REAL, port=int(running.url.rpartition(":")[2]) if port == "taken" else port)
