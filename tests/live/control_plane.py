"""A whole control plane on loopback, each program with the flags of a test: what the flags do is really in force."""

import http.client
import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml

from tests.live.api_server import AUDIT_POLICY, free_port, keys, running

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
LIMITS = {"kind": "Configuration", "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
          "limits": [{"type": "Server", "qps": 500, "burst": 1000}]}  # fmt: skip
ADMISSION = {"kind": "AdmissionConfiguration", "apiVersion": "apiserver.config.k8s.io/v1",
             "plugins": [{"name": "EventRateLimit", "configuration": LIMITS}]}  # fmt: skip
AUTHORIZATION = {"kind": "AuthorizationConfiguration", "apiVersion": "apiserver.config.k8s.io/v1",
                 "authorizers": [{"type": "Node", "name": "node"}, {"type": "RBAC", "name": "rbac"}]}  # fmt: skip
AUTHENTICATION = {"kind": "AuthenticationConfiguration", "apiVersion": "apiserver.config.k8s.io/v1",
                  "anonymous": {"enabled": True, "conditions": [{"path": "/livez"}]}}  # fmt: skip
FILES = {"audit.json": AUDIT_POLICY, "admission.json": ADMISSION, "authorization.json": AUTHORIZATION,
         "authentication.json": AUTHENTICATION}  # fmt: skip
TOKEN = "not-a-secret-of-anybody"


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def authorities(folder: Path) -> None:
    """Two authorities, and certificates by them: the same person for every part, which is enough here."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
    for authority in ("ca", "etcd-ca"):
        openssl(
            folder,
            "req",
            "-x509",
            *key,
            "-subj",
            f"/CN={authority}",
            "-keyout",
            f"{authority}.key",
            "-out",
            f"{authority}.crt",
        )
        name = f"by-{authority}"
        openssl(
            folder, "req", *key, "-subj", "/O=system:masters/CN=admin", "-keyout", f"{name}.key", "-out", f"{name}.csr"
        )
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key",
                "-CAcreateserial", "-out", f"{name}.crt", "-extfile", "names")  # fmt: skip
    keys(folder)
    for name, content in FILES.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')


class ControlPlane:
    """A control plane that runs: its address, who may speak to it, and its processes."""

    def __init__(self, folder: Path, port: int, *, serves: str, token: bool) -> None:
        self.folder, self.port, self.token = folder, port, token
        self.serves = folder / serves
        self.processes: dict[str, subprocess.Popen] = {}
        # Written once: the programs read it when they like.
        self.kubeconfig = folder / "admin.kubeconfig"
        self.kubeconfig.write_text(self._kubeconfig())

    def _kubeconfig(self) -> str:
        user = {"token": TOKEN}
        if not self.token:
            user = {"client-certificate": str(self.folder / "by-ca.crt"), "client-key": str(self.folder / "by-ca.key")}
        content = {
            "apiVersion": "v1", "kind": "Config", "current-context": "live",
            "clusters": [{"name": "live", "cluster": {"server": f"https://127.0.0.1:{self.port}",
                                                      "certificate-authority": str(self.serves)}}],
            "users": [{"name": "admin", "user": user}],
            "contexts": [{"name": "live", "context": {"cluster": "live", "user": "admin"}}],
        }  # fmt: skip
        return yaml.safe_dump(content)

    def ask(self, path: str, body: dict | None = None, *, stranger: bool = False) -> int:
        """The status of one request, by an administrator or by nobody."""
        return self.answer(path, body, stranger=stranger)[0]

    def answer(
        self, path: str, body: dict | None = None, *, method: str = "", stranger: bool = False
    ) -> tuple[int, bytes]:
        """The same, with what was answered."""
        context = ssl.create_default_context(cafile=str(self.serves))
        headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        if self.token and not stranger:
            headers["Authorization"] = f"Bearer {TOKEN}"
        elif not stranger:
            context.load_cert_chain(self.folder / "by-ca.crt", self.folder / "by-ca.key")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        try:
            connection.request(method or ("POST" if body else "GET"), path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def show(self, *names: str) -> None:
        """What a kubelet shows of its static pods: a mirror of each process, with its own command line."""
        self.ask("/api/v1/nodes", {"metadata": {"name": "cp-1"}})
        for name in names:
            words = Path(f"/proc/{self.processes[name].pid}/cmdline").read_text().split("\0")[:-1]
            self.mirror(f"{name}-cp-1", words)

    def mirror(self, called: str, words: list[str], *, phase: str = "Running", **changed: str) -> None:
        """A mirror of a static pod of cp-1, or what differs from one."""
        uid = json.loads(self.answer("/api/v1/nodes/cp-1")[1])["metadata"]["uid"]
        owner = {"apiVersion": "v1", "kind": "Node", "name": "cp-1", "uid": uid, "controller": True} | changed
        metadata = {"name": called, "ownerReferences": [owner],
                    "annotations": {"kubernetes.io/config.mirror": "1", "kubernetes.io/config.source": "file"}}  # fmt: skip
        spec = {
            "nodeName": "cp-1",
            "hostNetwork": True,
            "containers": [{"name": "it", "image": "none", "command": words}],
        }
        pods = "/api/v1/namespaces/kube-system/pods"
        assert self.ask(pods, {"metadata": metadata, "spec": spec}) == 201
        if phase != "Pending":
            assert self.answer(f"{pods}/{called}/status", {"status": {"phase": phase}}, method="PATCH")[0] == 200

    def wait(self) -> None:
        for _ in range(150):
            try:
                if self.ask("/readyz") == 200:
                    return
            except OSError:
                pass
            if self.processes["kube-apiserver"].poll() is not None:
                break
            time.sleep(0.2)
        raise RuntimeError((self.folder / "kube-apiserver.log").read_text()[-3000:])


def words(flags: dict[str, str]) -> list[str]:
    return [f"--{flag}={value}" for flag, value in flags.items()]


@contextmanager
def control_plane(folder: Path, flags: dict[str, dict[str, str]], assets: Path) -> Iterator[ControlPlane]:
    """Start all four with these flags, and what they need besides to find each other; end them."""
    # What another start left here is none of this one's.
    shutil.rmtree(folder / "data", ignore_errors=True)
    etcd_port, peer_port, port = free_port(), free_port(), free_port()
    api = flags["kube-apiserver"]
    serves = "ca.crt" if "tls-cert-file" in api else "apiserver.crt"
    plane = ControlPlane(folder, port, serves=serves, token="token-auth-file" in api)
    scheme = "https" if "cert-file" in flags["etcd"] else "http"
    etcd_url, peer_url = f"{scheme}://127.0.0.1:{etcd_port}", f"{scheme}://127.0.0.1:{peer_port}"
    own = {
        "etcd": {"data-dir": "data", "listen-client-urls": etcd_url, "advertise-client-urls": etcd_url,
                 "listen-peer-urls": peer_url, "initial-advertise-peer-urls": peer_url,
                 "initial-cluster": f"default={peer_url}"},
        "kube-apiserver": {"etcd-servers": etcd_url, "secure-port": str(port), "bind-address": "127.0.0.1", "cert-dir": ".",
                           "service-cluster-ip-range": "10.96.0.0/16", "service-account-issuer": "https://kubernetes.default.svc",
                           "service-account-key-file": "sa.key", "service-account-signing-key-file": "sa.key"},
        "kube-controller-manager": {"kubeconfig": "admin.kubeconfig", "secure-port": str(free_port()), "leader-elect": "false",
                                    "bind-address": "127.0.0.1", "cert-dir": "."},
        "kube-scheduler": {"kubeconfig": "admin.kubeconfig", "secure-port": str(free_port()), "leader-elect": "false",
                           "bind-address": "127.0.0.1", "cert-dir": "."},
    }  # fmt: skip
    with ExitStack() as stack:
        for name in PROGRAMS:
            command = [assets / name, *words(own[name] | flags[name])]
            process = running(command, folder / f"{name}.log", folder)
            plane.processes[name] = stack.enter_context(process)
            if name == "kube-apiserver":
                plane.wait()
        yield plane
        ended = [name for name, process in plane.processes.items() if process.poll() is not None]
        assert not ended, [(folder / f"{name}.log").read_text()[-2000:] for name in ended]
