"""The Pod Security Standards: what workloads do against a level, and what namespaces enforce."""

from collections import Counter
from collections.abc import Iterable, Mapping

from kscan.checks.judgement import Fine, Judgements, Problem
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import SYSTEM, Namespace
from kscan.model.podsecurity.controls import LATEST
from kscan.model.podsecurity.level import Level, minor_of
from kscan.model.podsecurity.standards import meets, violations
from kscan.model.workloads import Workload
from kscan.rules.rule import rule
from kscan.views.objects import NAMESPACES
from kscan.views.server import MINOR
from kscan.views.workloads import WORKLOADS

_ENFORCE = "pod-security.kubernetes.io/enforce"
_VERSION = f"{_ENFORCE}-version"


@rule("podsecurity.level", "workloads", WORKLOADS, MINOR)
def level(workloads: Iterable[Workload], minor: int | None, *, level: str) -> Judgements:
    """Workloads whose pods do what a level forbids, as the policy of the cluster's version has it."""
    for workload in workloads:
        clean = True
        for group in workload.groups:
            for one in violations(group.pod, Level(level), minor or LATEST):
                clean = False
                yield Problem(
                    workload.ref, one.reason, one.container, f"{group.at}{one.path}".rstrip("."), pods=group.count
                )
        if clean:
            yield Fine(workload.ref)


@rule("podsecurity.namespaces", "namespaces", NAMESPACES, WORKLOADS, MINOR)
def namespaces(found: Iterable[Namespace], workloads: Iterable[Workload], minor: int | None) -> Judgements:
    """Namespaces that enforce less than all that runs in them meets, or nothing at all."""
    running: dict[str, list[Workload]] = {}
    for workload in workloads:
        running.setdefault(workload.ref.namespace, []).append(workload)
    for namespace in found:
        name = namespace.metadata.name
        ref = ObjectRef("Namespace", name)
        if name in SYSTEM:
            continue
        enforced = _enforced(namespace.metadata.labels)
        policy = minor_of(namespace.metadata.labels.get(_VERSION, ""), latest=minor or LATEST)
        levels = {one.ref: _level(one, policy) for one in running.get(name, ())}
        worst = min(levels.values(), key=lambda one: one.rank, default=Level.RESTRICTED)
        if worst.rank > enforced.rank:
            yield Problem(ref, f"enforces {enforced}, and all in it meets {worst}: it is safe to enforce {worst}",
                          path=f"metadata.labels[{_ENFORCE}]", value=namespace.metadata.labels.get(_ENFORCE),
                          fix=f"Run `kubectl label namespace {name} {_ENFORCE}={worst}`.")  # fmt: skip
        elif enforced is Level.PRIVILEGED:
            counts = Counter(levels.values())
            below = counts[Level.PRIVILEGED]
            words = f"lets every pod in; baseline would refuse {below} of {len(levels)} workloads"
            yield Problem(
                ref, words, path=f"metadata.labels[{_ENFORCE}]", value=namespace.metadata.labels.get(_ENFORCE)
            )
        else:
            yield Fine(ref, f"enforces {enforced}, and what runs in it meets {worst}")


def _enforced(labels: Mapping[str, str]) -> Level:
    """What a namespace enforces; the server takes a level that it does not know for the strictest."""
    value = labels.get(_ENFORCE, "")
    if not value:
        return Level.PRIVILEGED
    return Level(value) if value in list(Level) else Level.RESTRICTED


def _level(workload: Workload, minor: int) -> Level:
    found = (meets(group.pod, minor) for group in workload.groups)
    return min(found, key=lambda one: one.rank, default=Level.RESTRICTED)
