"""What must not leave the cluster."""

import time

import msgspec
import pytest
from hypothesis import given

from kscan import data
from kscan.checks.check import read_check
from kscan.checks.examples import examples
from kscan.judge.engine import evaluate
from kscan.judge.farm import snapshot_of_example
from kscan.judge.plan import plan
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body
from kscan.snapshot.redact import HIDDEN, redacted, safe
from kscan.snapshot.snapshot import Snapshot
from tests.snapshot.builders import ABOUT, POD, SPECS, WHOLE, listing

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
CREDENTIALS = {
    f"x {JWT} y": JWT,
    f"a\n{PEM}\nb": "MIIE",
    "key AKIAIOSFODNN7EXAMPLE.": "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a" * 36: "aaaa",
    "postgres://app:hunter2@db:5432/x": "hunter2",
    "Authorization: Bearer abcdefghijklmnop1234": "abcdefghijklmnop",
    "--password=hunter2": "hunter2",
    "--db-password hunter2x=1 PASSWORD=hunter2": "PASSWORD=hunter2",
    'export API_KEY="hunter2"': "hunter2",
    """{'password': 'hunter2'} {"password":"hunter2"}""": "hunter2",
    "--password=123456": "123456",
    "client_secret: hunter2": "hunter2",
    "--token=10secrets": "10secrets",
    "--password=/hunter2": "",
}


@pytest.mark.parametrize(("text", "secret"), CREDENTIALS.items())
def test_credentials_are_hidden_in_text(text, secret):
    assert HIDDEN in safe(text) or not secret
    assert not secret or secret not in safe(text)


SETTINGS = [
    "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
    "tls-private-key-file=pki/apiserver.key",
    "--authentication-token-webhook=true",
    "--authentication-token-webhook-cache-ttl=2m0s",
    "authentication-token-webhook-cache-ttl: 1h30m",
    "--authentication-token-webhook-version=v1beta1",
    "--service-account-max-token-expiration=0s",
    "--enable-bootstrap-token-auth=false",
    "--token-auth-file=\n--tracing-config-file=x",
    "token-auth-file:\ntracing-config-file:\n",
    'apiserver_storage_transformation_operations_total{resource="secrets",transformer_prefix="k8s:enc:aescbc:v1:"} 5',
    'authentication_token_cache_request_total{status="hit"} 3',
    "# HELP serviceaccount_valid_tokens_total [ALPHA] Cumulative valid projected service account tokens used",
    "system:serviceaccount:kube-system:token-cleaner",
    "https://user@example.com/path",
    "kube-api-access-bcdfg",
    '{"automountServiceAccountToken":false,"imagePullSecrets":[{"name":"x"}],"secretName":"y"}',
]


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_are_left(text):
    assert safe(text) == text


@pytest.mark.parametrize(
    "text", ["token", "eyJ-", "x", "-----BEGIN ", "://", "bearer ", "passw" * 20 + "=", "AKIA", "1"]
)
def test_no_text_makes_the_search_slow(text):
    started = time.process_time()
    safe("token=" + text * (400_000 // len(text)) + "!")
    assert time.process_time() - started < 5


def cleaned(value, kind="ConfigMap"):
    (item,) = redacted(Snapshot(ABOUT, {"/x": listing(value, kind=kind)})).at("/x").items
    return msgspec.json.decode(item.body)


def test_environment_values_are_hidden_and_their_names_left():
    source = {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    container = {"name": "a", "env": [{"name": "A", "value": "b"}, source, {"name": "D"}]}
    pod = POD | {"spec": {"containers": [container], "initContainers": [container]}}
    for found in cleaned(pod, "Pod")["spec"].values():
        assert found[0]["env"] == [{"name": "A", "value": HIDDEN}, source, {"name": "D"}]
    template = {"metadata": {}, "spec": {"template": {"spec": {"containers": [container]}}}}
    assert cleaned(template)["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == HIDDEN


def test_copies_of_applied_manifests_are_hidden():
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": '{"a":"b"}', "plain": "left", "x/api-token": "t"}
    found = cleaned({"metadata": {"annotations": annotations}})["metadata"]["annotations"]
    assert found == {"kubectl.kubernetes.io/last-applied-configuration": HIDDEN, "plain": "left", "x/api-token": HIDDEN}


def test_arguments_keep_their_flags():
    args = [
        "serve",
        "--password=hunter2",
        "--token",
        "hunter2",
        "--tls-private-key-file=/a",
        "--secret",
        "--verbose",
        "x",
    ]
    container = {"args": args, "command": ["sh", "-c", f"curl -H 'Authorization: Bearer {JWT}'"]}
    found = cleaned(POD | {"spec": {"containers": [container]}}, "Pod")["spec"]["containers"][0]
    assert found["args"] == [
        "serve", f"--password={HIDDEN}", "--token", HIDDEN, "--tls-private-key-file=/a", "--secret", "--verbose", "x",
    ]  # fmt: skip
    assert JWT not in found["command"][2]


def test_data_that_is_named_like_a_credential_is_hidden():
    data = {"password": "a", "db.password": "b", "TOKEN": "c", "api-key": "d", "color": "e", "empty-token": ""}
    found = cleaned({"metadata": {}, "data": data})["data"]
    assert found == dict.fromkeys(("password", "db.password", "TOKEN", "api-key"), HIDDEN) | {
        "color": "e",
        "empty-token": "",
    }


def test_fields_of_kubernetes_are_left():
    spec = {
        "serviceAccountName": "a", "automountServiceAccountToken": False, "imagePullSecrets": [{"name": "registry"}],
        "volumes": [{"name": "v", "secret": {"secretName": "s", "items": [{"key": "token", "path": "token"}]}}],
    }  # fmt: skip
    assert cleaned(POD | {"spec": spec}, "Pod")["spec"] == spec
    rule = {"metadata": {"name": "r"}, "rules": [{"resources": ["secrets", "serviceaccounts/token"], "verbs": ["get"]}]}
    assert cleaned(rule, "ClusterRole") == rule


def test_flags_told_as_json_are_left():
    flags = {
        "tls-private-key-file": "/a", "authentication-token-webhook-cache-ttl": "2m0s", "token-auth-file": "",
        "enable-bootstrap-token-auth": "false", "authentication-token-webhook-version": "v1beta1",
    }  # fmt: skip
    snapshot = Snapshot(ABOUT, {"/flagz": Body(msgspec.json.encode({"flags": flags}))})
    assert msgspec.json.decode(redacted(snapshot).at("/flagz").content) == {"flags": flags}


def test_text_that_is_no_text_is_no_trouble():
    snapshot = Snapshot(
        ABOUT, {"/a": Body(b"\xff password=x", "text/plain"), "/b": Body(b"<p> token=abc", "application/json")}
    )
    found = redacted(snapshot)
    assert b"password=(hidden)" in found.at("/a").content
    assert b"token=(hidden)" in found.at("/b").content


def test_pods_that_share_a_spec_still_share_it():
    env = {"containers": [{"name": "a", "env": [{"name": "A", "value": "b"}]}]}
    pods = listing(*(POD | {"spec": env | {"nodeName": f"n{number}"}} for number in range(9)))
    items = redacted(Snapshot(ABOUT, {"/x": pods})).at("/x").items
    assert len({id(item.spec) for item in items}) == 1
    assert [msgspec.json.decode(item.body)["spec"]["nodeName"] for item in items] == [f"n{n}" for n in range(9)]


def test_gaps_and_the_rest_are_left():
    found = redacted(WHOLE)
    assert found.about == ABOUT
    assert list(found.gaps()) == list(WHOLE.gaps())
    assert redacted(found) == found


@given(SPECS)
def test_redaction_takes_any_object(value):
    for kind in ("Pod", "ConfigMap"):
        cleaned({"metadata": {}, "spec": value, "status": {}}, kind)


VALUES = [
    "", "hunter2", "$(OTHER)", "${OTHER}", "true", "Disabled", "/var/run/secrets/token", "30", "15m", "postgres://me:x@db",
    "-----BEGIN PRIVATE KEY-----x", "vault:a/b", "arn:aws:x", "https://example.com", "projects/a/b", "s3cr3t",
]  # fmt: skip


@pytest.mark.parametrize("name", ["TOKEN", "DB_PASSWORD", "API_KEY", "HARMLESS", "TOKEN_TTL"])
@pytest.mark.parametrize("value", VALUES)
def test_a_check_decides_of_a_redacted_pod_as_of_the_pod(name, value):
    check = read_check(data.folder("checks") / "workloads" / "credential-in-environment.yaml")
    pod = POD | {"spec": {"containers": [{"name": "app", "env": [{"name": name, "value": value}]}]}}
    before = snapshot_of([{"kind": "Pod"} | pod])
    verdicts = [evaluate(one, plan([check])).results[0].status for one in (before, redacted(before))]
    assert verdicts[0] == verdicts[1]
    assert redacted(redacted(before)) == redacted(before)
    body = next(redacted(before).at("/api/v1/pods").bodies())
    assert len(value) < 4 or value.encode() not in body


def test_a_check_decides_of_redacted_config_maps_as_of_the_others():
    check = read_check(data.folder("checks") / "workloads" / "credential-in-config-map.yaml")
    ready = plan([check])
    for example in examples(check):
        snapshot = snapshot_of_example(example)
        before, after = (evaluate(one, ready).results[0] for one in (snapshot, redacted(snapshot)))
        assert (before.status, before.findings) == (after.status, after.findings), example.name
        # Whoever saves a snapshot anew hides nothing more.
        once = redacted(snapshot)
        assert redacted(once) == once, example.name


def test_of_a_hidden_value_of_a_config_map_its_kind_is_left():
    values = {"db.token": "harbour", "db_password": "a\nharbour", "tls.key": PEM, "ttl.token": "24h", "color": "blue"}
    body = {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": values, "binaryData": {"my.token": "aGFyYm91cg=="}}
    [found] = redacted(snapshot_of([body])).entries["/api/v1/configmaps"].bodies()
    assert b"harbour" not in found and b"aGFy" not in found and b"MIIE" not in found
    assert msgspec.json.decode(found)["data"] == {
        "db.token": HIDDEN,
        "db_password": "(hidden lines)",
        "tls.key": "(hidden PRIVATE KEY-----)",
        "ttl.token": "24h",
        "color": "blue",
    }
