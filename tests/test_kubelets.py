"""Kubelets asked directly: who gets the token, how long they are waited for, and what is told of how they were asked."""

import base64
import time
from contextlib import ExitStack

import pytest
import yaml

from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.commands.permissions import role
from kscan.model.nodes import UNVERIFIED, VERIFIED
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.views.kubelets import CONFIGZ, FLAGZ_OF_NODES
from tests.fake_api import Fault, cluster, fake_api
from tests.fake_kubelet import Manner, fake_kubelet, paper

NEEDS = (kinds.NODES, CONFIGZ)
HERE = "IP:127.0.0.1"
DIRECT = KubeletAccess.DIRECT


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return paper(tmp_path_factory.mktemp("ca"))


def node(name, port, address="127.0.0.1"):
    status = {"addresses": [{"type": "InternalIP", "address": address}] if address else [],
              "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}}  # fmt: skip
    return {"kind": "Node", "metadata": {"name": name}, "status": status}


def asked(ca, tmp_path, nodes, needs=NEEDS, faults=None, access=None, **options):
    """What a scan reads of these nodes, with the token that it has."""
    with fake_api(cluster(documents=nodes), faults or {}) as fake:
        config = yaml.safe_load(fake.kubeconfig_text)
        entry = config["clusters"][0]["cluster"]
        trusted = base64.b64decode(entry["certificate-authority-data"]) + ca.authority.read_bytes()
        entry["certificate-authority-data"] = base64.b64encode(trusted).decode()
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(config))
        path.chmod(0o600)
        found = collect(
            Access(kubeconfig=str(path), **(access or {})), needs, Options(**({"kubelets": DIRECT} | options))
        )
        return found.entries, config["users"][0]["user"]["token"].encode()


def configz(name):
    return CONFIGZ.path(name)


def test_a_kubelet_of_the_clusters_ca_is_asked_everything_over_one_connection(ca, tmp_path):
    with fake_kubelet(ca.signed(HERE)) as kubelet:
        entries, token = asked(ca, tmp_path, [node("n", kubelet.port)], (*NEEDS, FLAGZ_OF_NODES))
        assert (entries[configz("n")].via, entries[FLAGZ_OF_NODES.path("n")].via) == (VERIFIED, VERIFIED)
        assert b"hostname-override" in entries[FLAGZ_OF_NODES.path("n")].content
        assert kubelet.told().count(b"Bearer " + token) == 2
        assert kubelet.handshakes == 1


@pytest.mark.parametrize(
    ("certificate", "manner", "words"),
    [
        (lambda ca: ca.stranger(HERE), Manner.ANSWERS, "not one of the cluster's CA"),
        (lambda ca: ca.signed("IP:10.9.9.9"), Manner.ANSWERS, "not for the address"),
        (lambda ca: ca.signed("DNS:localhost"), Manner.ANSWERS, "not for the address"),
        (lambda ca: ca.signed(HERE), Manner.PLAIN, "no TLS"),
    ],
    ids=["self-signed", "of another address", "of a name", "plain HTTP"],
)
def test_a_stranger_is_sent_no_token(ca, tmp_path, certificate, manner, words):
    with fake_kubelet(certificate(ca), manner) as kubelet:
        entries, token = asked(ca, tmp_path, [node("n", kubelet.port)])
        assert kubelet.connections, "it was not asked at all"
        assert token not in kubelet.told()
        assert b"GET" not in kubelet.told()
    gap = entries[configz("n")]
    assert gap.reason is Reason.UNAVAILABLE
    assert words in gap.detail
    assert "the token was not sent" in gap.detail


@pytest.mark.parametrize("insecure", [False, True])
def test_a_redirect_is_not_followed(ca, tmp_path, insecure):
    with fake_kubelet(ca.signed(HERE)) as other, fake_kubelet(ca.signed(HERE), Manner.PLAIN) as plain:
        for place in (f"https://127.0.0.1:{other.port}/configz", f"http://127.0.0.1:{plain.port}/configz"):
            with fake_kubelet(ca.signed(HERE), Manner.REDIRECTS, place) as kubelet:
                entries, _ = asked(ca, tmp_path, [node("n", kubelet.port)], insecure_kubelet_tls=insecure)
            assert entries[configz("n")] == Gap(configz("n"), Reason.UNAVAILABLE, "the kubelet answers HTTP 302")
        assert (other.connections, plain.connections) == ([], [])


def test_a_server_that_hangs_up_is_verified_anew(ca, tmp_path):
    with fake_kubelet(ca.signed(HERE), Manner.CLOSES) as kubelet:
        entries, _ = asked(ca, tmp_path, [node("n", kubelet.port)], (*NEEDS, FLAGZ_OF_NODES))
        assert kubelet.handshakes == 2
    assert all(isinstance(entries[need.path("n")], Body) for need in (CONFIGZ, FLAGZ_OF_NODES))
    with fake_kubelet(ca.signed(HERE), Manner.TURNS_PLAIN) as kubelet:
        entries, token = asked(ca, tmp_path, [node("n", kubelet.port)], (*NEEDS, FLAGZ_OF_NODES))
        assert [token in told for told in kubelet.connections] == [True, False]
    assert "no TLS" in entries[FLAGZ_OF_NODES.path("n")].detail


def test_insecure_sends_the_token_and_says_so(ca, tmp_path):
    with ExitStack() as stack:
        own = stack.enter_context(fake_kubelet(ca.stranger(HERE)))
        good = stack.enter_context(fake_kubelet(ca.signed(HERE)))
        plain = stack.enter_context(fake_kubelet(ca.signed(HERE), Manner.PLAIN))
        nodes = [node("own", own.port), node("good", good.port), node("plain", plain.port)]
        entries, token = asked(ca, tmp_path, nodes, insecure_kubelet_tls=True)
        assert [token in one.told() for one in (own, good, plain)] == [True, True, False]
    assert entries[configz("own")].via == UNVERIFIED
    assert entries[configz("good")].via == VERIFIED
    assert "no TLS" in entries[configz("plain")].detail


def test_ten_of_a_hundred_hang_and_ninety_are_read(ca, tmp_path):
    certificate = ca.signed(HERE)
    hanging = {7: Manner.SILENT, 17: Manner.MUTE, 27: Manner.DRIPS}
    manners = {
        index: hanging.get(index % 30, Manner.SILENT) if index % 10 == 7 else Manner.ANSWERS for index in range(100)
    }
    with ExitStack() as stack:
        kubelets = {i: stack.enter_context(fake_kubelet(certificate, manner)) for i, manner in manners.items()}
        started = time.monotonic()
        # The more so with few requests at a time.
        entries, _ = asked(
            ca, tmp_path, [node(f"n{i}", one.port) for i, one in kubelets.items()], timeout=8.0, parallel=1
        )
        took = time.monotonic() - started
    found = {index: entries[configz(f"n{index}")] for index in range(100)}
    gaps = {index: one.reason for index, one in found.items() if isinstance(one, Gap)}
    assert gaps == dict.fromkeys(range(7, 100, 10), Reason.TIMEOUT)
    assert all(found[index].via == VERIFIED for index in found if index not in gaps)
    assert took < 6.0


def test_all_hang_and_the_scan_still_ends(ca, tmp_path):
    with fake_kubelet(ca.signed(HERE), Manner.SILENT) as kubelet:
        started = time.monotonic()
        entries, _ = asked(ca, tmp_path, [node(f"n{i}", kubelet.port) for i in range(150)], timeout=4.0)
        assert time.monotonic() - started < 6.0
    assert all(entries[configz(f"n{i}")].reason is Reason.TIMEOUT for i in range(150))


def test_one_that_hangs_behind_the_proxy_is_asked_once_and_not_for_long(ca, tmp_path):
    nodes = [node("slow", 1), node("quick", 1)]
    answers = [{"path": configz(name), "json": {"kubeletconfig": {}}} for name in ("slow", "quick")]
    faults = {configz("slow"): [Fault("slow", None, value=60)]}
    started = time.monotonic()
    entries, _ = asked(
        ca, tmp_path, nodes + answers, faults=faults, kubelets=KubeletAccess.PROXY, timeout=5.0, parallel=1
    )
    assert time.monotonic() - started < 5.5
    assert entries[configz("slow")].reason is Reason.TIMEOUT
    assert entries[configz("quick")].via == "the API server's proxy"


@pytest.mark.parametrize(
    ("told", "reason", "words"),
    [
        (node("n", 10250, ""), Reason.NOT_SERVED, "no address"),
        (node("n", 1), Reason.UNAVAILABLE, "refused"),
        (node("n", 70000), Reason.UNAVAILABLE, "could not be asked"),
        (node("n", 10250, "a..b"), Reason.UNAVAILABLE, "could not be asked"),
    ],
    ids=["without an address", "nobody there", "an impossible port", "an impossible name"],
)
def test_nodes_that_cannot_be_asked_are_gaps_that_say_why(ca, tmp_path, told, reason, words):
    entries, _ = asked(ca, tmp_path, [told])
    assert entries[configz("n")].reason is reason
    assert words in entries[configz("n")].detail


def test_nobody_is_impersonated_at_a_kubelet_with_ones_own_token(ca, tmp_path):
    with fake_kubelet(ca.signed(HERE)) as kubelet:
        entries, _ = asked(ca, tmp_path, [node("n", kubelet.port)], access={"as_user": "jo"})
        assert kubelet.connections == []
    assert entries[configz("n")].reason is Reason.NOT_ASKED


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_without_a_ca_nobody_is_trusted(ca, tmp_path):
    with fake_kubelet(ca.signed(HERE)) as kubelet, fake_api(cluster(documents=[node("n", kubelet.port)])) as fake:
        config = yaml.safe_load(fake.kubeconfig_text)
        del config["clusters"][0]["cluster"]["certificate-authority-data"]
        config["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(config))
        path.chmod(0o600)
        found = collect(Access(kubeconfig=str(path)), NEEDS, Options(kubelets=DIRECT))
        assert kubelet.connections == []
    assert "no CA of the cluster is known" in found.entries[configz("n")].detail


def test_flags_need_no_right_of_their_own():
    rules = next(yaml.safe_load_all(role((CONFIGZ, FLAGZ_OF_NODES), (), KubeletAccess.AUTO)))["rules"]
    assert [rule["resources"] for rule in rules if "nodes/configz" in rule.get("resources", ())] == [["nodes/configz"]]
