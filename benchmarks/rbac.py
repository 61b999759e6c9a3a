"""How long the questions about rights take in a large cluster: 3,000 roles, 10,000 bindings, 5,000 subjects.

python -m benchmarks.rbac [roles bindings subjects]
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.scan import kscan
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.model.rbac.roles import Ask
from kscan.snapshot.archive import load, save
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.rights import RIGHTS
from kscan.views.view import Readings

ROUNDS = 5
NAMESPACES = [f"team-{number}" for number in range(300)]
VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "*"]
GROUPS = {
    "": ["pods", "secrets", "configmaps", "services", "pods/exec", "pods/log", "serviceaccounts/token", "nodes"],
    "apps": ["deployments", "statefulsets", "daemonsets", "deployments/scale"],
    "batch": ["jobs", "cronjobs"],
    "rbac.authorization.k8s.io": ["roles", "rolebindings", "clusterroles"],
    "shop.example": ["orders", "carts"],
}


def world(roles: int, bindings: int, subjects: int) -> Iterator[dict]:
    """Roles that all differ, bound to users, groups and service accounts in many namespaces."""
    chance = random.Random(7)
    places = [chance.choice(["", "", *NAMESPACES[:50]]) for _ in range(roles)]
    for number, place in enumerate(places):
        rules = []
        for _ in range(chance.randint(1, 8)):
            group = chance.choice(list(GROUPS))
            rules.append({"verbs": chance.sample(VERBS[:-1], chance.randint(1, 4)), "apiGroups": [group],
                          "resources": chance.sample(GROUPS[group], chance.randint(1, 2))})  # fmt: skip
        rules.append(
            {"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": [f"own-{number}"]}
        )
        metadata = {"name": f"role-{number}"} | ({"namespace": place} if place else {})
        yield {"kind": "Role" if place else "ClusterRole", "metadata": metadata, "rules": rules}
    for number in range(bindings):
        role = chance.randrange(roles)
        place = places[role] or (chance.choice(NAMESPACES) if chance.random() < 0.9 else "")
        who = number if number < subjects else chance.randrange(subjects)
        kind = ("ServiceAccount", "User", "Group")[who % 3]
        subject = {"kind": kind, "name": f"subject-{who}"} | (
            {"namespace": NAMESPACES[who % 300]} if kind == "ServiceAccount" else {}
        )
        yield {"kind": "RoleBinding" if place else "ClusterRoleBinding",
               "metadata": {"name": f"binding-{number}"} | ({"namespace": place} if place else {}),
               "roleRef": {"kind": "Role" if places[role] else "ClusterRole", "name": f"role-{role}"},
               "subjects": [subject]}  # fmt: skip


def timed(work) -> tuple[float, object]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def main(roles: int, bindings: int, subjects: int) -> None:
    built = snapshot_of(world(roles, bindings, subjects))
    snapshot = Snapshot(About(name="large"), built.entries)
    checks = [check for check in catalogue().checks.values() if check.family == "rbac"]
    ready = plan(checks)
    rounds = [timed(lambda: evaluate(snapshot, ready)) for _ in range(ROUNDS)]
    report = rounds[-1][1]
    findings = sum(len(result.findings) for result in report.results)
    print(f"{roles:,} roles, {bindings:,} bindings, {subjects:,} subjects; medians of {ROUNDS} rounds, one core")
    print(f"{len(checks)} checks: {statistics.median(one for one, _ in rounds):.2f} s, {findings:,} findings")
    rights = Readings(snapshot).of(RIGHTS).value
    asks = [
        Ask(verb, resource) for verb in ("list", "create", "patch") for resource in ("secrets", "pods", "pods/exec")
    ]
    questions = [timed(lambda ask=ask: rights.full.holders(ask))[0] for ask in asks]
    print(f"one question after loading: {statistics.median(questions):.4f} s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large"
        with path.open("wb") as file:
            save(snapshot, file)
        assert load(path).entries.keys() == snapshot.entries.keys()
        whole = [kscan("rbac", "who-can", "list", "secrets", "--from", str(path)) for _ in range(ROUNDS)]
        print(f"kscan rbac who-can of a snapshot, whole process: {statistics.median(one for one, _ in whole):.2f} s, "
              f"peak {max(peak for _, peak in whole):.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:] or ("3000", "10000", "5000")))
