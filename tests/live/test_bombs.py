"""Hostile objects on a real API server, in one scan: each costs its own verdict, and the scan little time and memory."""

import json
import resource
import subprocess
import sys

import pytest

from tests.bombs import DOUBLED, EXPRESSIONS, PEAKS, ROOT, binding, policy_bombs, rbac_bombs
from tests.live.api_server import api_server

# More than for the clean scan, in processor time: beside other tests the clock tells of them as well.
SECONDS, MEGABYTES = 30, 600
# One of a kind: all of them are tried without a server.
POLICIES = ("texts", "lists of lists", "matched in loops", "grown")
OURS = {"kubernetes.io/metadata.name": "bombs"}
# What it prints: the findings by check, and what could not be decided, of all that is no bomb.
SCAN = """
import json, msgspec, sys
from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.report.html import to_html
from kscan.snapshot.entry import Body
from kscan.snapshot.snapshot import Snapshot
ready = plan(catalogue().checks.values())
found = collect(Access(kubeconfig=sys.argv[1]), ready.needs(), Options())
brought = {path: Body(text.encode(), kind) for path, (kind, text) in json.loads(sys.argv[2]).items()}
report = evaluate(Snapshot(found.about, {**found.entries, **brought}), ready)
to_html(report)
told = {one.check.id: sorted(f"{it.object}: {it.message}" for it in one.findings) for one in report.results}
print(json.dumps({"findings": told, "faults": list(map(str, report.faults))}))
"""


def _used():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scanned(server, brought=None):
    started = _used()
    words = [sys.executable, "-c", SCAN + PEAKS, str(server.kubeconfig()), json.dumps(brought or {})]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert not done.returncode, done.stderr[-2000:]
    told, peaks = done.stdout.splitlines()
    return json.loads(told), _used() - started, sum(map(int, peaks.split()))


def workload(name, **spec):
    containers = spec.pop("containers", [{"name": "app", "image": "app:1"}])
    template = {"metadata": {"labels": {"app": name[:60]}}, "spec": {"containers": containers, **spec}}
    return {"metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name[:60]}}, "template": template}}  # fmt: skip


def bombs():
    """Path and object of each."""
    admission = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    for one in policy_bombs():
        if one["metadata"]["name"] in {name.replace(" ", "-") for name in POLICIES}:
            name = f"bomb-{one['metadata']['name']}"
            bound = binding(name)
            bound["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": OURS}}
            yield admission, one | {"metadata": {"name": name}}
            yield f"{admission.removesuffix('ies')}ybindings", bound
    variables = [{"name": f"v{one}", "value": "1" * 200} for one in range(20)]
    many = [{"name": f"c{one}", "image": "app:1", "env": variables[: 20 if one < 300 else 1]} for one in range(500)]
    deployments = "/apis/apps/v1/namespaces/bombs/deployments"
    yield deployments, workload("bomb-containers", containers=many)
    long = [{"name": "app", "image": "app:1", "command": ["1" * 300_000, "- " * 100_000, "$(" * 100_000]}]
    yield deployments, workload("bomb-words", containers=long)
    yield deployments, workload("bomb-volumes", volumes=[{"name": f"v{n}", "emptyDir": {}} for n in range(3000)])
    yield deployments, workload(f"bomb-{'x' * 240}")
    core = "/api/v1/namespaces/bombs"
    notes = {f"kscan.dev/{one}": "[" * 3000 for one in range(80)}
    metadata = {"name": "bomb-notes", "annotations": notes, "labels": {f"l{one}": "x" for one in range(5000)}}
    yield f"{core}/configmaps", {"metadata": metadata, "data": {"config.conf": "[" * 500_000}}
    yield f"{core}/services", {"metadata": {"name": "bomb-ports"},
                               "spec": {"selector": {"app": "a"}, "ports": [{"name": f"p{n}", "port": n, "targetPort": "x" * 15 if n % 2 else n} for n in range(1, 2000)]}}  # fmt: skip
    rules = [
        {"apiGroups": [f"g{n}"], "resources": ["*"], "verbs": ["*"], "resourceNames": [f"{n}"]} for n in range(4000)
    ]
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/bombs"
    yield f"{rbac}/roles", {"metadata": {"name": "bomb-rules"}, "rules": rules}
    subjects = [
        {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": f"\u202e../{n}\x1b[2J"} for n in range(5000)
    ]
    reference = {"kind": "Role", "name": "bomb-rules", "apiGroup": "rbac.authorization.k8s.io"}
    yield f"{rbac}/rolebindings", {"metadata": {"name": "bomb-subjects"}, "subjects": subjects, "roleRef": reference}
    yield from ((f"{rbac}/{one['kind'].lower()}s", one) for one in rbac_bombs())
    peers = [
        {"ipBlock": {"cidr": f"10.{n // 250}.{n % 250}.0/24", "except": [f"10.{n // 250}.{n % 250}.0/25"]}}
        for n in range(4000)
    ]
    yield "/apis/networking.k8s.io/v1/namespaces/bombs/networkpolicies", {
        "metadata": {"name": "bomb-peers"}, "spec": {"podSelector": {}, "ingress": [{"from": peers}]}}  # fmt: skip
    for name, text in (("kube-proxy", "a: " + "[" * 500_000), ("kubeadm-config", MERGES)):
        data = {"config.conf": text, "ClusterConfiguration": text}
        yield "/api/v1/namespaces/kube-system/configmaps", {"metadata": {"name": name}, "data": data}
    yield "/api/v1/nodes", {"metadata": {"name": "bomb-node", "annotations": {"k3s.io/node-args": "[" * 100_000}}}


MERGES = "x0: &x0 {a: 1}\n" + "".join(f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
NODE = {"kind": "NodeFacts", "apiVersion": "kscan.dev/v1", "node": "bomb-node",
        "files": [{"path": "/etc", "roles": {"kubelet configuration": "x"}, "mode": "rw"}]}  # fmt: skip
# What no server that can be started here gives.
BROUGHT = {
    "/kscan.dev/v1/nodes/bomb-node": ("application/json", json.dumps(NODE)),
    "/metrics": ("text/plain", "apiserver_audit_event_total NaN\napiserver_audit_error_total{plugin=\"log\"} +Inf\nworkqueue_depth 0\n"),
}  # fmt: skip


@pytest.fixture
def alone(assets, tmp_path):
    """A server of its own, with little on it."""
    with api_server(tmp_path, assets=assets) as server:
        for name in ("shop", "bombs"):
            server.write("/api/v1/namespaces", {"metadata": {"name": name}})
        server.write("/apis/apps/v1/namespaces/shop/deployments", workload("web", hostNetwork=True))
        server.write("/api/v1/nodes", {"metadata": {"name": "n1"}})
        yield server


def others(told):
    """What is found of all that is no bomb, nor of the namespace that they are in."""
    return {check: [one for one in found if "bomb" not in one] for check, found in told["findings"].items()}


def test_hostile_objects_cost_their_own_verdicts(alone):
    assert set(POLICIES) <= {*DOUBLED, *EXPRESSIONS}
    clean, before, _ = scanned(alone)
    refused = []
    for path, one in bombs():
        try:
            alone.write(path, one)
        except AssertionError as error:
            refused.append(f"{one['metadata']['name']}: {str(error)[:300]}")
    made = sum(1 for _ in bombs()) + len(BROUGHT) - len(refused)
    told, after, peak = scanned(alone, BROUGHT)
    print(f"{made} made, clean {before:.1f} s, with them {after:.1f} s, {peak} MB; {refused}")
    assert made >= 20, refused
    assert not told["faults"]
    assert after < before + SECONDS and peak < MEGABYTES, (before, after, peak)
    differs = {
        check: (found, others(told)[check]) for check, found in others(clean).items() if found != others(told)[check]
    }
    assert not differs
