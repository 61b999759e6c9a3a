"""How much longer a scan takes than downloading the same lists, and how much memory it needs.

    python -m benchmarks.scan [1000 10000 100000]

Against a real API server where KUBEBUILDER_ASSETS names one, else against the fake one of the tests.
Each size is so many pods in owners of ten. Raw download and scan take turns, several times; medians are printed.
"""

import http.client
import os
import re
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.fill import TEN, fill
from tests.fake_api import cluster, fake_api
from tests.live.api_server import api_server, programs

ROUNDS = 5
PARALLEL = 4
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
TOKEN = re.compile(rb'"continue":"([^"]*)"')


@contextmanager
def filled(pods: int, folder: Path) -> Iterator[tuple[str, str]]:
    """A server with so many pods: its kubeconfig, and what it is."""
    if programs():
        with api_server(folder, "--audit-log-mode=batch") as server:
            fill(server, 0, pods // TEN)
            yield str(server.kubeconfig()), "a real API server"
    else:
        with fake_api(cluster(pods)) as fake:
            yield fake.kubeconfig(folder), "the fake API server"


def download(kubeconfig: str, paths: list[str]) -> int:
    """Every page of every list by a bare HTTP client, so many lists at a time; gives the bytes."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    waiting, total = list(paths), []
    lock = threading.Lock()

    def work() -> None:
        connection = _connection(config["clusters"][0]["cluster"])
        headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}", "Accept": "application/json"}
        while True:
            with lock:
                if not waiting:
                    return
                path = waiting.pop(0)
            token = ""
            while True:
                query = f"?limit=500&continue={quote(token)}" if token else "?limit=500"
                connection.request("GET", path + query, headers=headers)
                body = connection.getresponse().read()
                total.append(len(body))
                found = TOKEN.search(body[:4096])
                token = found[1].decode() if found else ""
                if not token:
                    break

    threads = [threading.Thread(target=work) for _ in range(PARALLEL)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(total)


def _connection(entry: dict) -> http.client.HTTPSConnection:
    context = ssl.create_default_context()
    if "certificate-authority" in entry:
        context.load_verify_locations(entry["certificate-authority"])
    else:
        import base64  # noqa: PLC0415 - the fake server's kubeconfig only

        context.load_verify_locations(cadata=base64.b64decode(entry["certificate-authority-data"]).decode())
    return http.client.HTTPSConnection(entry["server"].removeprefix("https://"), context=context, timeout=120)


def kscan(*words: str) -> tuple[float, float]:
    """Seconds and peak megabytes of one whole process."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "kscan", *words], stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1), "the scan failed"
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def paths(kubeconfig: str, snapshot: Path) -> list[str]:
    """The lists that a scan reads, largest first."""
    kscan("snapshot", "save", str(snapshot), "--kubeconfig", kubeconfig, "--quiet")
    command = [sys.executable, "-m", "kscan", "snapshot", "show", str(snapshot)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout
    found = [line.split() for line in shown.splitlines() if line.endswith(" objects")]
    return [words[0] for words in sorted(found, key=lambda words: -int(words[1]))]


def measure(pods: int) -> None:
    """One line for one size."""
    with tempfile.TemporaryDirectory() as name, filled(pods, Path(name)) as (kubeconfig, what):
        snapshot = Path(name) / "snapshot"
        lists = paths(kubeconfig, snapshot)
        raw, live, peak, offline = [], [], [], []
        size = 0
        for _ in range(ROUNDS):
            started = time.perf_counter()
            size = download(kubeconfig, lists)
            raw.append(time.perf_counter() - started)
            seconds, megabytes = kscan("scan", "--kubeconfig", kubeconfig, "--quiet", "--format", "json")
            live.append(seconds)
            peak.append(megabytes)
            offline.append(kscan("scan", str(snapshot), "--quiet", "--format", "json")[0])
        start = statistics.median(kscan("scan", "--demo", "--quiet", "--format", "json")[0] for _ in range(ROUNDS))
        middle = statistics.median
        over = statistics.median((scan - start) / down for scan, down in zip(live, raw, strict=True))
        print(f"{pods:>7,} pods on {what}: {size / 1e6:.0f} MB in {len(lists)} lists")
        print(f"        raw download {middle(raw):.2f} s, scan {middle(live):.2f} s, offline {middle(offline):.2f} s")
        print(
            f"        start-up {start:.2f} s, the rest {over:.2f} x the download, peak {max(peak):.0f} MB", flush=True
        )


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {ROUNDS} rounds in turn")
    for wanted in sys.argv[1:] or ["1000", "10000", "100000"]:
        measure(int(wanted))
    print(f"this program itself peaked at {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
