"""How long manifests take: 1,000 Deployments in one file beside other tools, and 20,000 containers on one core.

    python -m benchmarks.manifests

Every Deployment has a pod spec of its own. The file is scanned by whole processes, with every check of workloads, those
of style too, and with line numbers; kube-linter, Polaris, Kubescape and Trivy take their turns where they are on PATH.
Then 10,000 distinct pod specs with two containers each go through the same checks, in memory and in one process.
"""

import gc
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.snapshot.documents import snapshot_of

ROUNDS = 5
DEPLOYMENTS, SPECS = 1_000, 10_000
MOST_SECONDS, MOST_MEGABYTES, MOST_SPEC_SECONDS = 2.5, 200, 10
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
PEERS = {
    "kube-linter": "kube-linter lint {file}",
    # Its schema check asks the network.
    "kube-linter, all checks": "kube-linter lint --add-all-built-in --exclude schema-validation {file}",
    "polaris": "polaris audit --audit-path {file} --format json",
    "kubescape": "kubescape scan framework nsa {file} --keep-local",
    "trivy": "trivy config --offline-scan {file}",
}


def deployment(number: int) -> dict:
    """A Deployment as people write them, good and bad, unlike any other."""
    chance = random.Random(number)
    labels = {"app.kubernetes.io/name": f"app-{number}", "app.kubernetes.io/part-of": "shop", "team": f"t{number % 40}"}
    template = {
        "metadata": {"labels": labels, "annotations": {"checksum/config": f"sha256-{number:064x}"}},
        "spec": {
            "serviceAccountName": f"app-{number}" if chance.random() < 0.5 else "default",
            "automountServiceAccountToken": chance.random() < 0.4,
            "hostNetwork": chance.random() < 0.03,
            "securityContext": {"runAsNonRoot": chance.random() < 0.6, "seccompProfile": {"type": "RuntimeDefault"}},
            "initContainers": [container(chance, "migrate", number)] if number % 3 == 0 else [],
            "containers": [container(chance, "app", number), container(chance, "proxy", number)],
            "volumes": [{"name": "config", "configMap": {"name": f"app-{number}"}}, {"name": "tmp", "emptyDir": {}}],
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                 "labelSelector": {"matchLabels": {"app.kubernetes.io/name": f"app-{number}"}}}
            ],
        },
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"app-{number}", "namespace": f"team-{number % 40}", "labels": labels},
        "spec": {
            "replicas": chance.randint(1, 9),
            "selector": {"matchLabels": {"app.kubernetes.io/name": f"app-{number}"}},
            "template": template,
        },
    }


def container(chance: random.Random, name: str, number: int) -> dict:
    """A container of forty lines or so."""
    port = chance.randint(1024, 9999)
    probe = {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": chance.randint(5, 30)}
    found = {
        "name": name,
        "image": f"registry.example/team/{name}:{number}.{chance.randint(0, 9)}",
        "args": ["--config", "/etc/app/config.yaml", f"--shard={number}"],
        "env": [{"name": f"SETTING_{key}", "value": f"value-{number}-{key}"} for key in range(10)]
        + [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "ports": [{"name": "http", "containerPort": port}],
        "resources": {"requests": {"cpu": f"{chance.randint(1, 40)}0m", "memory": f"{chance.randint(1, 40)}0Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}],
        "securityContext": {
            "allowPrivilegeEscalation": chance.random() < 0.2,
            "readOnlyRootFilesystem": chance.random() < 0.7,
            "capabilities": {"drop": ["ALL"]} if chance.random() < 0.7 else {"add": ["NET_ADMIN"]},
        },
    }  # fmt: skip
    if chance.random() < 0.7:
        found["resources"]["limits"] = {"memory": f"{chance.randint(41, 80)}0Mi"}
    return found | ({} if name == "migrate" else {"livenessProbe": probe, "readinessProbe": probe})


def measured(command: list[str], allowed: tuple[int, ...]) -> tuple[float, float] | None:
    """Seconds and peak megabytes of one whole process; None where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    return (seconds, usage.ru_maxrss / 1024) if os.waitstatus_to_exitcode(status) in allowed else None


def in_turn(file: Path) -> Iterator[tuple[str, float, float]]:
    """Every tool in turn, several times: its name, the median of its seconds, its highest peak."""
    words = ["scan", str(file), "--all", "--quiet", "--format", "json", "--fail-on", "never"]
    checks = [word for check in workload_checks() for word in ("--check", check.id)]
    commands = {"kscan": [sys.executable, "-m", "kscan", *words, *checks]}
    for name, command in PEERS.items():
        if shutil.which(command.split()[0]):
            commands[name] = command.format(file=file).split()
    found: dict[str, list[tuple[float, float] | None]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, words in commands.items():
            found[name].append(measured(words, (0,) if name == "kscan" else (0, 1)))
    for name, costs in found.items():
        good = [cost for cost in costs if cost]
        assert len(good) == ROUNDS, f"{name} failed"
        yield name, statistics.median(seconds for seconds, _ in good), max(peak for _, peak in good)


def workload_checks() -> list:
    """Every check of workloads, those of style too."""
    return [check for check in catalogue().checks.values() if check.family == "workloads"]


def specs() -> float:
    """Seconds for as many distinct pod specs with two containers each."""
    deployments = (deployment(number) for number in range(SPECS))
    snapshot = snapshot_of(
        {"apiVersion": "v1", "kind": "Pod", "metadata": one["metadata"],
         "spec": one["spec"]["template"]["spec"] | {"initContainers": []}}
        for one in deployments
    )  # fmt: skip
    ready = plan(workload_checks())
    gc.set_threshold(100_000)  # As the program does.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    started = time.perf_counter()
    report = evaluate(snapshot, ready)
    seconds = time.perf_counter() - started
    assert any(result.judged == 2 * SPECS for result in report.results)
    return seconds


def main() -> bool:
    """Print the table; whether a limit is broken."""
    broken = False
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deployments.yaml"
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        file.write_text(yaml.dump_all((deployment(number) for number in range(DEPLOYMENTS)), Dumper=dumper))
        lines, size = file.read_text().count("\n"), file.stat().st_size / 1e6
        print(f"{DEPLOYMENTS:,} Deployments, {size:.1f} MB, {lines:,} lines, {len(workload_checks())} checks")
        for name, seconds, megabytes in in_turn(file):
            print(f"  {name:24} {seconds:6.2f} s {megabytes:6.0f} MB", flush=True)
            if name == "kscan":
                broken = seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES
    seconds = specs()
    print(f"{SPECS:,} distinct pod specs with two containers each: {seconds:.2f} s on one core")
    return broken or seconds > MOST_SPEC_SECONDS


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {ROUNDS} rounds in turn")
    sys.exit(main())
