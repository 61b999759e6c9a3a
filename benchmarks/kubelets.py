"""How long all kubelet checks take in a cluster of many nodes, each with its configz and flagz.

python -m benchmarks.kubelets [nodes]

Three clusters: every kubelet answers the same, byte for byte; each has its provider's id,
in five pools; no two are alike. A whole process is measured, `kscan scan FILE`, and within one
the reading of the views and the judging.
"""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.scan import kscan
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.model.nodes import VERIFIED
from kscan.snapshot.archive import load, save
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.kubelets import CONFIGZ, FLAGZ_OF_NODES, KUBELET_FLAGS, KUBELETS
from kscan.views.view import Readings

ROUNDS = 5
POOLS = 5
# As a kubelet 1.36 answers, shortened.
CONFIGURATION: Mapping[str, Any] = {
    "enableServer": True, "staticPodPath": "/etc/kubernetes/manifests", "podLogsDir": "/var/log/pods",
    "syncFrequency": "1m0s", "fileCheckFrequency": "20s", "httpCheckFrequency": "20s", "address": "0.0.0.0",
    "port": 10250, "tlsCertFile": "/var/lib/kubelet/pki/kubelet.crt",
    "tlsPrivateKeyFile": "/var/lib/kubelet/pki/kubelet.key", "rotateCertificates": True,
    "authentication": {"x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
                       "webhook": {"enabled": True, "cacheTTL": "2m0s"}, "anonymous": {"enabled": False}},
    "authorization": {"mode": "Webhook", "webhook": {"cacheAuthorizedTTL": "5m0s", "cacheUnauthorizedTTL": "30s"}},
    "registryPullQPS": 5, "registryBurst": 10, "eventRecordQPS": 50, "eventBurst": 100,
    "enableDebuggingHandlers": True, "healthzPort": 10248, "healthzBindAddress": "127.0.0.1", "oomScoreAdj": -999,
    "clusterDomain": "cluster.local", "clusterDNS": ["10.96.0.10"], "streamingConnectionIdleTimeout": "4h0m0s",
    "nodeStatusUpdateFrequency": "10s", "nodeStatusReportFrequency": "5m0s", "nodeLeaseDurationSeconds": 40,
    "imageMinimumGCAge": "2m0s", "imageMaximumGCAge": "0s", "imageGCHighThresholdPercent": 85,
    "imageGCLowThresholdPercent": 80, "volumeStatsAggPeriod": "1m0s", "cgroupsPerQOS": True, "cgroupDriver": "systemd",
    "cpuManagerPolicy": "none", "cpuManagerReconcilePeriod": "10s", "memoryManagerPolicy": "None",
    "topologyManagerPolicy": "none", "topologyManagerScope": "container", "runtimeRequestTimeout": "2m0s",
    "hairpinMode": "promiscuous-bridge", "maxPods": 110, "podPidsLimit": -1, "resolvConf": "/etc/resolv.conf",
    "cpuCFSQuota": True, "cpuCFSQuotaPeriod": "100ms", "nodeStatusMaxImages": 50, "maxOpenFiles": 1000000,
    "contentType": "application/vnd.kubernetes.protobuf", "kubeAPIQPS": 50, "kubeAPIBurst": 100,
    "serializeImagePulls": True, "evictionHard": {"imagefs.available": "15%", "memory.available": "100Mi"},
    "evictionPressureTransitionPeriod": "5m0s", "enableControllerAttachDetach": True, "makeIPTablesUtilChains": True,
    "iptablesMasqueradeBit": 14, "iptablesDropBit": 15, "failSwapOn": True, "memorySwap": {},
    "containerLogMaxSize": "10Mi", "containerLogMaxFiles": 5, "configMapAndSecretChangeDetectionStrategy": "Watch",
    "enforceNodeAllocatable": ["pods"], "enableSystemLogHandler": True, "enableSystemLogQuery": False,
    "shutdownGracePeriod": "0s", "enableProfilingHandler": True, "enableDebugFlagsHandler": True,
    "seccompDefault": False, "memoryThrottlingFactor": 0.9, "registerNode": True,
    "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock", "failCgroupV1": False,
}  # fmt: skip
CLUSTERS: Mapping[str, Callable[[int], Mapping[str, Any]]] = {
    "all the same": lambda _number: {},
    "with ids, in pools": lambda number: {"providerID": f"made:///{number}", "maxPods": 110 + number % POOLS},
    "no two alike": lambda number: {"kubeReserved": {"memory": f"{number}Mi"}, "podPidsLimit": 1000 + number},
}


def node(name: str) -> dict[str, Any]:
    """A Node about as large as a real one."""
    images = [
        {"names": [f"registry.example/team/app-{number}@sha256:{'0' * 64}"], "sizeBytes": 1 << 28}
        for number in range(20)
    ]
    info = {"kubeletVersion": "v1.36.3", "operatingSystem": "linux", "osImage": "Debian", "architecture": "amd64"}
    status = {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}], "nodeInfo": info, "images": images}
    return {"kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, "status": status}


def filled(nodes: int, own: Callable[[int], Mapping[str, Any]]) -> Snapshot:
    """A snapshot of so many nodes."""
    names = [f"node-{number}" for number in range(nodes)]
    made = snapshot_of(map(node, names), About(uid="benchmark"))
    return Snapshot(made.about, dict(made.entries) | dict(answers(names, own)))


def answers(names: list[str], own: Callable[[int], Mapping[str, Any]]) -> Iterator[tuple[str, Body]]:
    """What each kubelet answers."""
    for number, name in enumerate(names):
        told = {"kubeletconfig": CONFIGURATION | own(number)}
        yield CONFIGZ.path(name), Body(msgspec.json.encode(told), via=VERIFIED)
        flags = {"flags": {f"flag-{one}": "value" for one in range(100)} | {"config": "", "hostname-override": name}}
        yield FLAGZ_OF_NODES.path(name), Body(msgspec.json.encode(flags), via=VERIFIED)


def processor() -> float:
    """Processor seconds of all processes that were started and have ended: what others do here does not count."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(nodes: int, what: str) -> None:
    """The lines for one cluster."""
    checks = [check for check in catalogue().checks.values() if check.file.rule.startswith("kubelets.")]
    words = [word for check in checks for word in ("--check", check.id)]
    ready = plan(checks)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "snapshot"
        with file.open("wb") as stream:
            save(filled(nodes, CLUSTERS[what]), stream)
        used = processor()
        words = ["scan", str(file), *words, "--quiet", "--format", "json", "--fail-on", "never"]
        whole = [kscan(*words) for _ in range(ROUNDS)]
        used = (processor() - used) / ROUNDS
        started = time.perf_counter()
        snapshot = load(file)
        loading = time.perf_counter() - started
    started = time.perf_counter()
    readings = Readings(snapshot)
    groups = len(readings.of(KUBELETS).value), len(readings.of(KUBELET_FLAGS).value)
    reading = time.perf_counter() - started
    started = time.perf_counter()
    report = evaluate(snapshot, ready)
    judging = time.perf_counter() - started
    findings = sum(len(result.findings) for result in report.results)
    seconds, peak = statistics.median(one for one, _ in whole), max(peak for _, peak in whole)
    print(f"{nodes:,} nodes, {what}: scan {seconds:.2f} s ({used:.2f} s of a processor), peak {peak:.0f} MB")
    print(f"        loading {loading:.2f} s, reading {reading:.2f} s into {groups[0]:,} and {groups[1]:,} groups,")
    found = f"{len(checks)} checks, {findings:,} findings, {len(report.of(Status.UNKNOWN))} unknown"
    print(f"        reading and judging {judging:.2f} s: {found}", flush=True)


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, whole processes, medians of {ROUNDS} rounds")
    for cluster in CLUSTERS:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, cluster)
