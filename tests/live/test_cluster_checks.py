"""Checks of the cluster beside CIS on a real API server: quiet on a clean one, each finding what was made for it."""

import base64
import subprocess

import msgspec
import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.releases import release
from kscan.snapshot.snapshot import Snapshot
from kscan.views.lifecycle import minors

pytestmark = pytest.mark.every_version
IDS = (
    "api-service-skips-tls",
    "api-service-unanswered",
    "audit-events-lost",
    "audit-log-empty",
    "ca-bundle-ended",
    "certificate-above-all-rights",
    "certificate-for-a-person",
    "certificate-request-pending",
    "conversion-ca-bundle-ended",
    "deprecated-api-requested",
    "issued-certificate-ended",
    "known-vulnerability",
    "kubernetes-out-of-support",
    "policies-not-enforced",
    "retired-api-version",
    "version-skew",
    "webhook-outside-the-cluster",
)
# What they say changes with the day.
OF_A_DAY = {"known-vulnerability", "kubernetes-out-of-support"}
READY = plan([catalogue().checks[one] for one in IDS])
CERTIFICATES = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
_CONFIG = """
[ca]
default_ca = own
[own]
new_certs_dir = {0}
database = {0}/index
serial = {0}/serial
default_md = default
policy = any
[any]
commonName = optional
"""


@pytest.fixture(scope="module")
def scans(fresh, tmp_path_factory):
    """What a scan says of the clean server, and of the same one with something wrong of each kind."""
    clean = judged(fresh.snapshot)
    new = judged(when_it_was_new(fresh.snapshot))
    break_it(fresh.server, tmp_path_factory.mktemp("cluster-checks"))
    return {"clean": clean, "new": new, "broken": judged(read(fresh.server))}


def read(server):
    return collect(Access(kubeconfig=str(server.kubeconfig())), READY.needs(), Options())


def judged(snapshot):
    return {result.check.id: result for result in evaluate(snapshot, READY).results}


def when_it_was_new(snapshot):
    """The same, as if it had been read on the day on which its minor came out."""
    minor = minors().of(release(snapshot.about.version))
    about = msgspec.structs.replace(snapshot.about, taken=f"{minor.released}T12:00:00Z")
    return Snapshot(about, snapshot.entries)


def break_it(server, folder):
    ended = base64.b64encode(ended_certificate(folder)).decode()
    webhook = {"name": "a.policy.example", "failurePolicy": "Ignore", "sideEffects": "None",
               "admissionReviewVersions": ["v1"],
               "clientConfig": {"url": "https://policy.example/check", "caBundle": ended}}  # fmt: skip
    server.write("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
                 {"metadata": {"name": "ended"}, "webhooks": [webhook]})  # fmt: skip
    skips = {"group": "gone.example", "version": "v1", "insecureSkipTLSVerify": True, "groupPriorityMinimum": 100,
             "versionPriority": 10, "service": {"name": "gone", "namespace": "default"}}  # fmt: skip
    server.write(
        "/apis/apiregistration.k8s.io/v1/apiservices", {"metadata": {"name": "v1.gone.example"}, "spec": skips}
    )
    for name, subject, signer in (
        ("masters", "/O=system:masters/CN=mallory", "example.com/any"),
        ("person", "/O=shop/CN=ann", "kubernetes.io/kube-apiserver-client"),
    ):
        spec = {"request": request(folder, subject), "signerName": signer, "usages": ["client auth"]}
        server.write(CERTIFICATES, {"metadata": {"name": name}, "spec": spec})
    applied = '{"apiVersion":"rbac.authorization.k8s.io/v1beta1","kind":"ClusterRole"}'
    old = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    server.write("/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": "old", "annotations": old}})
    server.write("/apis/resource.k8s.io/v1beta2/deviceclasses", {}, "GET")


def ended_certificate(folder):
    """A certificate of the year 2020."""
    key, config = folder / "ca.key", folder / "ca.cnf"
    config.write_text(_CONFIG.format(folder))
    (folder / "index").write_text("")
    (folder / "serial").write_text("01")
    openssl("genpkey", "-algorithm", "ed25519", "-out", key)
    openssl("req", "-new", "-key", key, "-subj", "/CN=old", "-out", folder / "ca.csr")
    openssl("ca", "-batch", "-config", config, "-selfsign", "-keyfile", key, "-in", folder / "ca.csr", "-notext",
            "-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-out", folder / "ca.pem")  # fmt: skip
    return (folder / "ca.pem").read_bytes()


def request(folder, subject):
    made = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-keyout", folder / "key", "-subj", subject)  # fmt: skip
    return base64.b64encode(made).decode()


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=True, timeout=60).stdout


def found(result):
    return {str(one.object) for one in result.findings}


def test_a_clean_server_has_none_of_it(scans):
    told = {check: result.status for check, result in scans["clean"].items()}
    failed = {check: found(one) for check, one in scans["clean"].items() if one.status is Status.FAIL}
    assert failed.keys() <= OF_A_DAY, failed
    assert {scans["new"][check].status for check in OF_A_DAY} == {Status.PASS}
    assert told["audit-log-empty"] is told["audit-events-lost"] is told["deprecated-api-requested"] is Status.PASS
    assert told["api-service-skips-tls"] is Status.PASS
    assert told["certificate-for-a-person"] is Status.MANUAL
    # Without a node there is no network plugin either.
    assert told["policies-not-enforced"] is Status.UNKNOWN
    assert "no network plugin was recognised" in scans["clean"]["policies-not-enforced"].reason


@pytest.mark.parametrize(
    ("check", "objects"),
    [
        ("api-service-skips-tls", {"APIService v1.gone.example"}),
        ("api-service-unanswered", {"APIService v1.gone.example"}),
        ("ca-bundle-ended", {"ValidatingWebhookConfiguration ended"}),
        ("webhook-outside-the-cluster", {"ValidatingWebhookConfiguration ended"}),
        ("certificate-above-all-rights", {"CertificateSigningRequest masters"}),
        ("certificate-for-a-person", {"CertificateSigningRequest person"}),
        ("deprecated-api-requested", {"API deviceclasses.v1beta2.resource.k8s.io"}),
        ("retired-api-version", {"ClusterRole old"}),
    ],
)
def test_what_was_made_for_it_is_found(scans, check, objects):
    result = scans["broken"][check]
    assert result.status is Status.FAIL
    assert found(result) == objects


def test_what_is_found_says_whom_and_until_when(scans):
    (ended,) = scans["broken"]["ca-bundle-ended"].findings
    assert (ended.message, ended.value) == (
        "is known by a CA that has ended: everything passes it by",
        "until 2021-01-01",
    )
    (masters,) = scans["broken"]["certificate-above-all-rights"].findings
    assert masters.value == "CN=mallory, O=system:masters"
    assert masters.notes[0].startswith("Asked for by admin of system:masters, system:authenticated")
    (person,) = scans["broken"]["certificate-for-a-person"].findings
    assert person.value == "CN=ann, O=shop"
