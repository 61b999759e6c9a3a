"""Encryption at rest on real API servers: each way in which it can be set up, and what is said of it.

The servers share one store, each under a prefix of its own. Reloading takes a server a minute: the one of which it is
asked is started first, and judged between the others.
"""

import base64
import json
import secrets
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from kscan import data
from kscan.__main__ import run
from kscan.checks.check import read_checks
from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.commands.permissions import role
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Report, Status
from kscan.model.encryption import StoredSecret
from kscan.snapshot.archive import load
from kscan.views.secret_times import SECRET_TIMES, SECRETS
from kscan.views.view import Readings
from tests.live.api_server import ApiServer, api_server_of, store
from tests.live.test_scan import allow, wait_for

kms = pytest.importorskip("tests.live.kms_plugin", reason="no grpcio", exc_type=ImportError)

READY = plan(read_checks(data.folder("checks") / "encryption"))
PASS, FAIL, UNKNOWN, NONE = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE
USUAL = {
    "secrets-not-encrypted": PASS,
    "secrets-weakly-encrypted": PASS,
    "secrets-encrypted-by-aescbc": PASS,
    "secrets-not-rewritten": PASS,
    "stored-objects-unreadable": PASS,
    "kms-v1": PASS,
    "kms-unhealthy": NONE,
    "encryption-reload-failed": NONE,
    "encryption-configs-differ": NONE,
}
PLAIN = USUAL | {"secrets-not-encrypted": FAIL, "secrets-weakly-encrypted": FAIL, "secrets-not-rewritten": NONE}
IDENTITY = {"identity": {}}
IN_DEFAULT = "/api/v1/namespaces/default/secrets"
SLICE = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
# A server writes this itself, if it has an address that others reach.
ONE_SERVER = {"metadata": {"name": "kubernetes"}, "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]}


def local(kind):
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {kind: {"keys": [{"name": "k1", "secret": key}]}}


SECRETBOX = local("secretbox")


def remote(endpoint, version="v2"):
    return {"kms": {"apiVersion": version, "name": "vault", "endpoint": endpoint}}


class Servers:
    """API servers on one store; each is ended when its block is left, or at the end."""

    def __init__(self, folder, url, assets):
        self.folder, self.url, self.assets, self.count = folder, url, assets, 0

    def configure(self, *providers, resources=("secrets",)):
        self.count += 1
        path = self.folder / f"encryption-{self.count}.yaml"
        self.write(path, *providers, resources=resources)
        return path

    def write(self, path, *providers, resources=("secrets",)):
        rows = [{"resources": list(resources), "providers": list(providers)}]
        path.write_text(yaml.safe_dump(
            {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration", "resources": rows}
        ))  # fmt: skip

    def start(self, prefix, configuration=None, *flags, **options):
        self.count += 1
        folder = self.folder / f"{prefix}-{self.count}"
        folder.mkdir()
        named = [f"--encryption-provider-config={configuration}"] if configuration else []
        return api_server_of(
            self.url, folder, f"--etcd-prefix=/{prefix}", *named, *flags, assets=self.assets, **options
        )


@pytest.fixture(scope="module")
def servers(assets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encryption")
    with store(folder, assets) as url:
        yield Servers(folder, url, assets)


class Reloading(NamedTuple):
    """A server whose file changes while it runs."""

    server: ApiServer
    file: Path


@pytest.fixture(scope="module", autouse=True)
def reloading(servers):
    """Its file changes at once, to another provider."""
    file = servers.configure(IDENTITY)
    with servers.start("reloaded", file, "--encryption-provider-config-automatic-reload") as server:
        fill(server, "a", "b", "c")
        servers.write(file, SECRETBOX, IDENTITY)
        yield Reloading(server, file)


def fill(server, *names):
    for name in names:
        server.write(IN_DEFAULT, {"metadata": {"name": name}, "stringData": {"password": "hunter2"}})


def get(server, path):
    connection = server.connection()
    connection.request("GET", path, headers={"Authorization": f"Bearer {server.tokens['admin']}"})
    answer = connection.getresponse().read()
    connection.close()
    return answer


def write_again(server):
    for one in json.loads(get(server, IN_DEFAULT))["items"]:
        server.write(f"{IN_DEFAULT}/{one['metadata']['name']}", one, "PUT")


def scan(server, user="admin", **options):
    access = Access(kubeconfig=str(server.kubeconfig(user)))
    snapshot = collect(access, READY.needs(), Options(kubelets=KubeletAccess.NONE, **options))
    return evaluate(snapshot, READY)


def verdicts(report):
    return {result.check.id: result.status for result in report.results}


def result(report, check):
    return next(one for one in report.results if one.check.id == check)


def judged(server):
    """The report for an administrator, whose verdicts are those of an account with just the role that is printed."""
    already = len(server.audit())
    report = scan(server)
    allow(server, "scanner", list(yaml.safe_load_all(role(READY.needs(), (), KubeletAccess.NONE))))
    wait_for(server, "scanner", "/metrics", 200)
    least = scan(server, "scanner")
    assert verdicts(least) == verdicts(report)
    assert not least.gaps()
    assert not [
        event
        for event in server.audit()[already:]
        if event.get("userAgent", "").startswith("kscan") and event.get("objectRef", {}).get("resource") == "secrets"
    ]
    return report


class Way(NamedTuple):
    """What is said on the way that people go: first nothing, then all but secrets, then identity first, then as wanted."""

    none: Report
    left_out: Report
    identity: Report
    # With a provider first, while all is plain; after one write; once all was written again; and by metadata as well.
    unwritten: Report
    written: Report
    again: Report
    proven: Report
    configuration: Path


@pytest.fixture(scope="module")
def way(servers):
    with servers.start("way") as server:
        fill(server, "a", "b", "c")
        none = judged(server)
    with servers.start("way", servers.configure(SECRETBOX, IDENTITY, resources=["events"])) as server:
        left_out = judged(server)
    with servers.start("way", servers.configure(IDENTITY, SECRETBOX)) as server:
        fill(server, "d")
        identity = judged(server)
    configuration = servers.configure(SECRETBOX, IDENTITY)
    with servers.start("way", configuration) as server:
        unwritten = judged(server)
        time.sleep(1)
        fill(server, "0")
        written = judged(server)
        write_again(server)
        again = judged(server)
        server.write(SLICE, ONE_SERVER)
        proven = scan(server, secret_metadata=True)
    return Way(none, left_out, identity, unwritten, written, again, proven, configuration)


def test_none(way):
    assert verdicts(way.none) == PLAIN | {
        "secrets-encrypted-by-aescbc": NONE, "stored-objects-unreadable": NONE, "kms-v1": NONE,
    }  # fmt: skip


def test_from_plain_to_written_again(way):
    """The way that people go: identity first, then a provider before it, then everything written again."""
    assert verdicts(way.left_out) == PLAIN | {
        "secrets-not-rewritten": UNKNOWN, "secrets-encrypted-by-aescbc": UNKNOWN, "stored-objects-unreadable": NONE,
    }  # fmt: skip
    assert "leaves them out" in result(way.left_out, "secrets-not-encrypted").findings[0].message
    assert verdicts(way.identity) == PLAIN
    unwritten = verdicts(way.unwritten)
    assert (unwritten["secrets-not-encrypted"], unwritten["secrets-not-rewritten"]) == (FAIL, FAIL)
    assert verdicts(way.written) == USUAL | {"secrets-not-rewritten": FAIL}
    assert "at least 3 of 4" in result(way.written, "secrets-not-rewritten").findings[0].value
    assert verdicts(way.again) == USUAL | {"secrets-not-rewritten": UNKNOWN}
    # There is one server, one secret is younger than it, and no revision is older than that secret's.
    proven = result(way.proven, "secrets-not-rewritten")
    assert proven.status is PASS and "the revision of each of 5" in proven.facts[0]


def wait_until(server, text):
    for _ in range(60):
        if text in get(server, "/metrics"):
            return
        time.sleep(2)
    raise AssertionError(f"{text!r} was never counted")


def test_loaded_anew(servers, reloading):
    """The counters of before stand beside those of since: what they do not tell is unknown, until the server restarts."""
    server = reloading.server
    wait_until(server, b'automatic_reloads_total{apiserver_id_hash="')
    silent = {"secrets-not-encrypted": UNKNOWN, "secrets-weakly-encrypted": UNKNOWN, "encryption-reload-failed": PASS,
              "kms-unhealthy": PASS}  # fmt: skip
    unwritten = verdicts(judged(server))
    assert unwritten == USUAL | silent | {"secrets-not-rewritten": FAIL, "secrets-encrypted-by-aescbc": UNKNOWN}
    fill(server, "d")
    write_again(server)
    written = judged(server)
    assert verdicts(written) == unwritten | {"secrets-not-rewritten": UNKNOWN}
    assert "was loaded anew" in result(written, "secrets-not-encrypted").reason
    # Metadata give no more than a hint: plain writes were counted, and may have come since.
    server.write(SLICE, ONE_SERVER)
    hinted = result(scan(server, secret_metadata=True), "secrets-not-rewritten")
    assert hinted.status is UNKNOWN and "of 4 may be from before" in hinted.reason


def test_a_key_that_pads(servers, reloading):
    # Of the one that reloads it is asked later what it says of a file that it cannot load.
    reloading.file.write_text("nothing: that is meant")
    with servers.start("aescbc", servers.configure(local("aescbc"), IDENTITY)) as server:
        fill(server, "a")
        report = judged(server)
    assert verdicts(report) == USUAL | {"secrets-encrypted-by-aescbc": FAIL}
    assert "1 writes through aescbc, as the " in result(report, "secrets-not-encrypted").facts[0]


def test_a_key_in_a_kms_of_the_first_version(servers):
    with kms.kms_plugin(servers.folder / "v1.sock") as plugin:
        configuration = servers.configure(remote(plugin.endpoint, "v1"), IDENTITY)
        with servers.start("kms-v1", configuration, "--feature-gates=KMSv1=true") as server:
            fill(server, "a")
            report = judged(server)
    assert verdicts(report) == USUAL | {"kms-unhealthy": PASS, "kms-v1": FAIL}


def test_a_key_in_a_kms_that_is_ill_and_then_well(servers):
    with kms.kms_plugin(servers.folder / "v2.sock", health=b"no key") as plugin:
        configuration = servers.configure(remote(plugin.endpoint), IDENTITY)
        with servers.start("kms-v2", configuration, ready="/readyz?exclude=kms-providers") as server:
            fill(server, "a")
            ill = judged(server)
            plugin.health = b"ok"
            wait_for(server, "admin", "/readyz", 200)
            well = judged(server)
    assert verdicts(ill) == USUAL | {"kms-unhealthy": FAIL}
    assert [str(one.object) for one in result(ill, "kms-unhealthy").findings] == ["KMS kms-providers"]
    assert verdicts(well) == USUAL | {"kms-unhealthy": PASS}


@pytest.fixture(scope="module")
def restarted(servers, way):
    """At the end of the way: a server that has written nothing since its start, with a key on the host."""
    with servers.start("way", way.configuration) as server:
        yield server


def test_started_again_once_all_is_written(restarted):
    # Nothing was written since the start: all is encrypted that is stored, and who writes next is not told.
    assert verdicts(judged(restarted)) == USUAL | {
        "secrets-not-encrypted": UNKNOWN, "secrets-weakly-encrypted": UNKNOWN, "secrets-encrypted-by-aescbc": UNKNOWN,
    }  # fmt: skip
    fill(restarted, "f")
    report = judged(restarted)
    assert verdicts(report) == USUAL
    assert "1 writes through secretbox, as the " in result(report, "secrets-not-encrypted").facts[0]


def test_metadata_of_secrets_and_nothing_else(restarted, tmp_path):
    """Asked for by name only, and of what comes not even what kubectl apply wrote into an annotation is kept."""
    copied = json.dumps({"data": {"password": "aHVudGVyMg=="}})
    applied = {"kubectl.kubernetes.io/last-applied-configuration": copied, "note": "keep out"}
    restarted.write(
        IN_DEFAULT, {"metadata": {"name": "g", "annotations": applied}, "stringData": {"password": "hunter2"}}
    )
    kubeconfig, saved = str(restarted.kubeconfig()), tmp_path / "saved"
    assert run(["snapshot", "save", str(saved), "--kubeconfig", kubeconfig, "--inspect-secret-metadata", "-q"]) == 0
    documents = list(yaml.safe_load_all(role(READY.needs(), (), KubeletAccess.NONE, secret_metadata=True)))
    allow(restarted, "scanner", documents)
    wait_for(restarted, "scanner", "/api/v1/secrets", 200)
    assert verdicts(scan(restarted, "scanner", secret_metadata=True)) == USUAL
    snapshot = load(saved)
    ((_, listing),) = snapshot.listings(SECRETS)
    kept = [json.loads(body)["metadata"] for body in listing.bodies()]
    assert {one["name"] for one in kept} == {"0", "a", "b", "c", "d", "f", "g"}
    for one in kept:
        assert set(one) == {"name", "namespace", "creationTimestamp", "resourceVersion"}
    assert b"hunter2" not in saved.read_bytes() and b"keep out" not in b"".join(listing.bodies())
    for one in Readings(snapshot).of(SECRET_TIMES).value:
        assert isinstance(one, StoredSecret) and abs(one.created - time.time()) < 600 and one.revision > 0


def test_a_file_that_cannot_be_loaded(reloading):
    server = reloading.server
    wait_until(server, b'status="failure"')
    assert verdicts(judged(server))["encryption-reload-failed"] is FAIL
