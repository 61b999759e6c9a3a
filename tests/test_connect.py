"""What may stand between kscan and a cluster: one line each, never an anonymous scan."""

import pytest
import yaml

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.errors import ConfigError, ConnectError
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from tests.fake_api import Fault, cluster, fake_api

PODS = "/api/v1/pods"
ACCOUNTS = kinds.SERVICE_ACCOUNTS
NEEDS = (kinds.PODS, ACCOUNTS)


def changed(fake, tmp_path, **changes):
    config = yaml.safe_load(fake.kubeconfig_text)
    for key, value in changes.items():
        part = (
            config["clusters"][0]["cluster"] if key in ("server", "certificate-authority-data") else config["users"][0]
        )
        part[key] = value
    path = tmp_path / "changed"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def plugin(tmp_path, script: str) -> dict:
    path = tmp_path / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path), "interactiveMode": "Never"}}


def refused(path: str, timeout: float = 20.0) -> str:
    with pytest.raises(ConnectError) as caught:
        collect(Access(kubeconfig=path), NEEDS, Options(timeout=timeout))
    assert "\n" not in str(caught.value)
    assert caught.value.advice
    return str(caught.value)


def test_what_is_in_the_way_is_told_in_one_line(tmp_path):
    with fake_api(cluster()) as fake, fake_api(cluster()) as other:
        assert "refuses the connection" in refused(changed(fake, tmp_path, server="https://127.0.0.1:1"))
        assert "not signed by the CA" in refused(changed(fake, tmp_path, server=other.url))
        assert "does not accept the credentials" in refused(changed(fake, tmp_path, user={"token": "old"}))
        assert "is not known here" in refused(changed(fake, tmp_path, server="https://no-such-host.invalid"))


def test_an_exec_plugin_that_fails_never_ends_in_an_anonymous_scan(tmp_path):
    with fake_api(cluster()) as fake:
        missing = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/no/such/plugin"}}
        for user in (missing, plugin(tmp_path, "echo no session >&2; exit 1"), plugin(tmp_path, "echo nonsense"),
                     plugin(tmp_path, "echo '{}'")):  # fmt: skip
            assert "gave no credentials" in refused(changed(fake, tmp_path, user=user)), user
        assert "did not come within" in refused(
            changed(fake, tmp_path, user=plugin(tmp_path, "exec sleep 30")), timeout=1.0
        )
    assert fake.requests == []


def test_an_exec_plugin_that_works(tmp_path):
    with fake_api(cluster(10)) as fake:
        token = yaml.safe_load(fake.kubeconfig_text)["users"][0]["user"]["token"]
        status = (
            f'{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"{token}"}}}}'
        )
        path = changed(fake, tmp_path, user=plugin(tmp_path, f"echo '{status}'"))
        assert len(collect(Access(kubeconfig=path), NEEDS, Options()).entries[PODS].items) == 10


def test_anonymous_is_refused(tmp_path):
    review = b'{"status":{"userInfo":{"username":"system:anonymous"}}}'
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    with fake_api(cluster(), {path: [Fault("body", None, value=review)]}) as fake:
        assert "system:anonymous" in refused(fake.kubeconfig(tmp_path))


@pytest.mark.parametrize("kind", ["html", "cut"])
def test_a_server_that_is_no_kubernetes(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("kscan.collect.wire._LONGEST_WAIT", 0.01)
    with fake_api(cluster(), {"/version": [Fault(kind, None)]}) as fake:
        assert "does not answer as a Kubernetes" in (line := refused(fake.kubeconfig(tmp_path))) or "reached" in line


@pytest.mark.parametrize(
    "text", ["", "just words", "[1, 2]", "a: [", "clusters: []", "apiVersion: v1\nkind: Config\ncontexts: []\n", "\x00"]
)
def test_a_kubeconfig_that_is_none(text, tmp_path):
    (tmp_path / "config").write_text(text)
    assert "kubeconfig" in refused(str(tmp_path / "config"))


def test_a_context_that_is_not_there_suggests_the_nearest(tmp_path):
    with fake_api(cluster()) as fake, pytest.raises(ConfigError, match="did you mean snapshot"):
        collect(Access(kubeconfig=fake.kubeconfig(tmp_path), context="snapshoot"), NEEDS, Options())


def test_no_kubeconfig_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(ConnectError, match="there is no kubeconfig"):
        collect(Access(), NEEDS, Options())


MANY = (kinds.PODS, kinds.SERVICES, kinds.SERVICE_ACCOUNTS, kinds.DEPLOYMENTS, kinds.REPLICA_SETS, kinds.NODES)


def rotating(fake, tmp_path, script=""):
    """A kubeconfig whose plugin gives the token that a file holds."""
    file = tmp_path / "token"
    file.write_text(yaml.safe_load(fake.kubeconfig_text)["users"][0]["user"]["token"])
    status = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}'
    return changed(fake, tmp_path, user=plugin(tmp_path, f"{script}\nsleep 0.3; printf '{status}' \"$(cat {file})\""))


@pytest.mark.parametrize("skips", [[6], [6, 9], [6, 8, 8]], ids=str)
def test_a_token_that_expires_under_many_requests_is_renewed_once_for_all(skips, tmp_path):
    faults = {"*": [Fault("rotate", skip=skip, value=tmp_path / "token") for skip in skips]}
    with fake_api(cluster(1200), faults) as fake:
        counted = f"echo once >>{tmp_path}/asked"
        found = collect(Access(kubeconfig=rotating(fake, tmp_path, counted)), MANY, Options())
    assert [entry for entry in found.entries.values() if isinstance(entry, Gap) or getattr(entry, "gap", None)] == []
    assert len(found.entries[PODS].items) == 1200
    assert len((tmp_path / "asked").read_text().split()) in range(2, 2 + len(skips))


def test_a_token_that_is_refused_for_good_is_asked_for_no_more_than_a_few_times(tmp_path):
    with fake_api(cluster(1200), {PODS: [Fault("status", None, value=401)]}) as fake:
        counted = f"echo once >>{tmp_path}/asked"
        found = collect(Access(kubeconfig=rotating(fake, tmp_path, counted)), MANY, Options())
    assert found.entries[PODS].reason is Reason.FORBIDDEN
    assert len(found.entries[ACCOUNTS.path("v1")].items) == 0
    assert len((tmp_path / "asked").read_text().split()) <= 3


def test_a_plugin_that_fails_later_costs_what_was_not_read_yet(tmp_path):
    faults = {"*": [Fault("rotate", skip=6, value=tmp_path / "token")]}
    with fake_api(cluster(1200), faults) as fake:
        once = f"[ -e {tmp_path}/asked ] && exit 1; touch {tmp_path}/asked"
        found = collect(Access(kubeconfig=rotating(fake, tmp_path, once)), MANY, Options())
    gaps = [entry for entry in found.entries.values() if isinstance(entry, Gap)]
    assert gaps and {gap.reason for gap in gaps} == {Reason.FORBIDDEN}
