"""kscan against a served snapshot, and the faults that its collector is tested with."""

import http.client
import json
import stat
import time
from contextlib import closing

import pytest

from kscan import clock
from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Listing
from kscan.snapshot.kinds import DEPLOYMENTS, KNOWN, PODS
from kscan.snapshot.needs import Plain
from kscan.snapshot.server import query
from kscan.snapshot.server.answers import Answers
from tests.fake_api import NO_DISCOVERY, PLAIN_DISCOVERY, SCANNER, Fault, cluster, fake_api
from tests.server.asking import AGGREGATED, REAL, columns, connect, raw, send


def read(server, folder, *needs, **options):
    access = Access(kubeconfig=server.kubeconfig(folder))
    return collect(access, needs or KNOWN, Options(timeout=20, **options))


def test_kscan_reads_from_a_snapshot_what_is_in_it(tmp_path):
    with fake_api(REAL) as fake:
        again = read(fake, tmp_path, *KNOWN, Plain("/metrics"), Plain("/readyz?verbose"))
    assert (again.about.name, again.about.version, again.about.user) == ("snapshot", "v1.36.3", SCANNER.user)
    for resource in KNOWN:
        before, after = REAL.at(resource.path()), again.at(resource.path())
        if isinstance(before, Listing):
            assert list(before.bodies()) == list(after.bodies())
        else:
            assert before == after
    assert again.at("/metrics") == REAL.at("/metrics")
    assert stat.S_IMODE((tmp_path / "config").stat().st_mode) == 0o600


def test_requests_are_recorded_in_order(tmp_path):
    with fake_api(cluster(1200)) as fake:
        read(fake, tmp_path, PODS)
    assert [asked.method for asked in fake.requests][:2] == ["GET", "POST"]
    pages = [asked for asked in fake.requests if asked.path == PODS.path()]
    assert [page.query["limit"] for page in pages] == ["500"] * 3
    assert pages[0].headers["Authorization"].startswith("Bearer ")


FAULTS = {
    "status": (Fault("status", value=418), 418),
    "broken": (Fault("status"), 500),
    "busy": (Fault("busy", value=3), 429),
    "expired": (Fault("expired", value=True), 410),
    "stale": (Fault("expired"), 410),
    "slow": (Fault("slow", value=0.2), 200),
    "drip": (Fault("drip", value=0.001), 200),
    "cut": (Fault("cut"), http.client.IncompleteRead),
    "hang up": (Fault("hang up"), http.client.RemoteDisconnected),
    "body": (Fault("body", value=b"{"), 200),
    "html": (Fault("html"), 200),
    "type": (Fault("type"), 200),
    "huge": (Fault("huge", value=1 << 20), 200),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_what_it_says_and_passes(name):
    fault, expected = FAULTS[name]
    with fake_api(REAL, {"/api/v1/nodes": [fault]}) as fake, connect(fake.running) as connection:
        if isinstance(expected, int):
            response, body = send(connection, fake.running, "/api/v1/nodes")
            assert response.status == expected
            _check_fault(name, response, body)
        else:
            with pytest.raises(expected):
                send(connection, fake.running, "/api/v1/nodes")
            connection.close()
        _, body = send(connection, fake.running, "/api/v1/nodes")
        assert len(json.loads(body)["items"]) == 5


def _check_fault(name, response, body):
    match name:
        case "busy":
            assert response.headers["Retry-After"] == "3"
        case "expired" | "stale":
            assert bool(json.loads(body)["metadata"].get("continue")) is (name == "expired")
        case "body":
            assert body == b"{"
        case "html" | "type":
            assert response.headers["Content-Type"].startswith("text/")
        case "huge":
            assert len(body) > 1 << 20 and json.loads(body)
        case "slow" | "drip":
            assert len(json.loads(body)["items"]) == 5


def test_faults_are_used_up_in_order_by_page_and_after_those_skipped():
    faults = {"/api/v1/pods": [Fault("status", page=2), Fault("busy", skip=1), Fault("status", None, value=401)]}
    target = "/api/v1/pods?limit=10"
    with fake_api(cluster(20), faults) as fake, connect(fake.running) as connection:
        statuses = [send(connection, fake.running, target)[0].status for _ in range(4)]
        second = f"{target}&continue={query.token(10)}"
        statuses += [send(connection, fake.running, second)[0].status for _ in range(2)]
    assert statuses == [200, 429, 401, 401, 500, 401]


def test_old_servers_have_plain_discovery_or_none(tmp_path):
    for faults in (PLAIN_DISCOVERY, NO_DISCOVERY):
        with fake_api(cluster(10), faults) as fake, connect(fake.running) as connection:
            assert len(read(fake, tmp_path, PODS, DEPLOYMENTS).at(PODS.path()).items) == 10
            only = AGGREGATED.partition(",")[0]
            assert send(connection, fake.running, "/apis", Accept=only)[0].status in (404, 406)


def test_a_slow_fault_ends_with_the_server():
    started = time.monotonic()
    with fake_api(REAL, {"*": [Fault("slow", value=60)]}) as fake, closing(raw(fake.running)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while not fake.requests:
            time.sleep(0.01)
    assert time.monotonic() - started < 10


def test_ages_without_a_date_are_those_of_today():
    document = {"kind": "Namespace", "metadata": {"name": "n", "creationTimestamp": clock.stamp()}}
    assert columns("/api/v1/namespaces", Answers(snapshot_of([document])))["Age"] == "0s"
