"""A real API server with etcd on loopback, as envtest starts it: no controllers, so what is written stays."""

import http.client
import json
import os
import random
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import yaml

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [{"level": "Metadata", "omitStages": ["RequestReceived"]}],
}
NEEDED = ("kube-apiserver", "etcd")
# A program that lives for seconds starts sooner where it looks for garbage less often.
SHORT_LIVED = {"GOGC": "400"}
USERS = {"admin": "system:masters", "scanner": "", "tenant": "", "stranger": ""}


def folders() -> tuple[Path, ...]:
    """The folders that KUBEBUILDER_ASSETS names, by envtest's convention; of several versions with colons between."""
    named = os.environ.get("KUBEBUILDER_ASSETS") or "/usr/local/kubebuilder/bin"
    return tuple(Path(folder) for folder in named.split(os.pathsep) if folder)


def holds(folder: Path, *names: str) -> bool:
    """Whether a folder has these programs."""
    return bool(shutil.which("openssl")) and all((folder / name).exists() for name in names)


def programs() -> Path | None:
    """The first folder, where it has what an API server needs: for what is tried on one version only."""
    return folders()[0] if holds(folders()[0], *NEEDED) else None


class ApiServer:
    """A running API server and the tokens of its users."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"https://127.0.0.1:{port}"
        self.port = port
        self.tokens = {user: secrets.token_hex(16) for user in USERS}

    def kubeconfig(self, user: str = "admin", token: str = "") -> Path:
        path = self.folder / f"{user}.kubeconfig"
        cluster = {"server": self.url, "certificate-authority": str(self.folder / "apiserver.crt")}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "live", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": token or self.tokens[user]}}],
            "contexts": [{"name": "live", "context": {"cluster": "live", "user": user}}],
            "current-context": "live",
        }
        path.write_text(yaml.safe_dump(content))
        return path

    def connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.folder / "apiserver.crt"))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)

    def write(self, path: str, body: dict, method: str = "POST", connection=None) -> dict:
        """Write one object as admin; what is there already is left."""
        own = connection or self.connection()
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self.tokens['admin']}", "Content-Type": kind}
        own.request(method, path, json.dumps(body), headers)
        response = own.getresponse()
        answer = json.loads(response.read() or b"{}")
        assert response.status in (200, 201, 409), (method, path, response.status, answer.get("message"))
        if connection is None:
            own.close()
        return answer

    def audit(self) -> list[dict]:
        """Every request so far."""
        time.sleep(0.3)
        return [json.loads(line) for line in (self.folder / "audit.log").read_text().splitlines() if line]


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to connections: none takes it meanwhile."""
    for port in random.sample(range(10_000, 32_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


@contextmanager
def store(folder: Path, assets: Path | None = None) -> Iterator[str]:
    """Start etcd, and end it; what API servers are told is its address."""
    binaries = assets or programs()
    assert binaries, "no programs"
    url, peer_port = f"http://127.0.0.1:{free_port()}", free_port()
    etcd = [
        binaries / "etcd", "--data-dir", folder / "etcd", "--unsafe-no-fsync",
        "--listen-client-urls", url, "--advertise-client-urls", url,
        "--listen-peer-urls", f"http://127.0.0.1:{peer_port}", "--quota-backend-bytes", str(8 << 30),
    ]  # fmt: skip
    with running(etcd, folder / "etcd.log"):
        yield url


@contextmanager
def api_server(folder: Path, *flags: str, assets: Path | None = None) -> Iterator[ApiServer]:
    """Start etcd and kube-apiserver, wait until they are ready, and end them."""
    with store(folder, assets) as url, api_server_of(url, folder, *flags, assets=assets) as server:
        yield server


@contextmanager
def api_server_of(
    url: str, folder: Path, *flags: str, ready: str = "/readyz", assets: Path | None = None
) -> Iterator[ApiServer]:
    """Start kube-apiserver on an etcd that runs, wait until it is ready, and end it."""
    binaries = assets or programs()
    assert binaries, "no programs"
    server = ApiServer(folder, free_port())
    keys(folder)
    (folder / "audit.json").write_text(json.dumps(AUDIT_POLICY))
    rows = [f'{server.tokens[user]},{user},{user},"{group}"' for user, group in USERS.items()]
    (folder / "tokens.csv").write_text("\n".join(rows) + "\n")
    apiserver = [
        binaries / "kube-apiserver", f"--etcd-servers={url}", f"--secure-port={server.port}",
        "--bind-address=127.0.0.1", f"--cert-dir={folder}", "--service-cluster-ip-range=10.96.0.0/16",
        f"--service-account-key-file={folder / 'sa.key'}", f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=RBAC",
        f"--token-auth-file={folder / 'tokens.csv'}", f"--audit-policy-file={folder / 'audit.json'}",
        f"--audit-log-path={folder / 'audit.log'}", "--audit-log-mode=blocking", "--allow-privileged",
        "--max-requests-inflight=800", "--max-mutating-requests-inflight=400", *flags,
    ]  # fmt: skip
    with running(apiserver, folder / "apiserver.log"):
        _wait_until_ready(server, ready)
        yield server


def keys(folder: Path) -> None:
    """What each program serves with, and the key of tokens: of a kind that costs nothing, for RSA takes each a second."""
    curve = ("-pkeyopt", "ec_paramgen_curve:prime256v1")
    usage = ("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "keyUsage=critical,digitalSignature,keyCertSign")
    for words in (
        ("req", "-x509", "-newkey", "ec", *curve, "-nodes", "-subj", "/CN=127.0.0.1", *usage,
         "-keyout", "apiserver.key", "-out", "apiserver.crt"),
        ("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "sa.key"),
    ):  # fmt: skip
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    for name, end in product(("kube-controller-manager", "kube-scheduler"), ("crt", "key")):
        shutil.copy(folder / f"apiserver.{end}", folder / f"{name}.{end}")


@contextmanager
def running(command: list, log: Path, folder: Path | None = None) -> Iterator[subprocess.Popen]:
    """A process that is ended when it is no longer needed."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=out, stderr=out, cwd=folder, env=os.environ | SHORT_LIVED
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(server: ApiServer, path: str) -> None:
    for _ in range(300):
        try:
            connection = server.connection()
            connection.request("GET", path, headers={"Authorization": f"Bearer {server.tokens['admin']}"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError((server.folder / "apiserver.log").read_text()[-2000:])
