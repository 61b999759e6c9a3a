"""The Pod Security Standards: what workloads do against a level, and what namespaces enforce."""

from collections import Counter
from collections.abc import Iterable

from kscan.checks.judgement import Fine, Judgements, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import SYSTEM, Namespace
from kscan.model.podsecurity.controls import LATEST
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.modes import LABEL, modes
from kscan.model.podsecurity.standards import violations
from kscan.model.workloads import Workload
from kscan.rules.rule import rule
from kscan.views.levels import LEVELS, Levels
from kscan.views.objects import NAMESPACES
from kscan.views.server import LIVE, STANDARDS_MINOR
from kscan.views.workloads import WORKLOADS

_ENFORCE = f"{LABEL}enforce"
_BY_VERSION = "whether that is forbidden depends on the cluster's version, which is not known"


@rule("podsecurity.level", "workloads", WORKLOADS, STANDARDS_MINOR, LIVE)
def level(workloads: Iterable[Workload], minor: int | None, live: bool, *, level: str) -> Judgements:
    """Workloads whose pods do what a level forbids, as the policy of the cluster's version has it."""
    # What is only written down is judged by the newest policy; in a live cluster of which no version is known
    # that is in doubt which the oldest does not say, too.
    oldest = 0 if minor is None and live else minor
    for workload in workloads:
        clean = True
        for group in workload.groups:
            found = violations(group.pod, Level(level), LATEST if minor is None else minor)
            always = found if oldest == minor else set(violations(group.pod, Level(level), oldest or 0))
            for one in found:
                clean = False
                if one in always:
                    path = f"{group.at}{one.path}".rstrip(".")
                    yield Problem(workload.ref, one.reason, one.container, path, pods=group.count)
                else:
                    yield Unsure(workload.ref, f"{one.reason}: {_BY_VERSION}", one.container)
        if clean:
            yield Fine(workload.ref)


@rule("podsecurity.namespaces", "namespaces", NAMESPACES, WORKLOADS, STANDARDS_MINOR, LEVELS, of_cluster=True)
def namespaces(
    found: Iterable[Namespace], workloads: Iterable[Workload], minor: int | None, by_workload: Levels
) -> Judgements:
    """Namespaces that enforce less than all that runs in them meets, or nothing at all."""
    running: dict[str, list[Workload]] = {}
    for workload in workloads:
        running.setdefault(workload.ref.namespace, []).append(workload)
    for namespace in found:
        name = namespace.metadata.name
        ref = ObjectRef("Namespace", name)
        if name in SYSTEM:
            continue
        label = namespace.metadata.labels.get(_ENFORCE)
        asked = modes(namespace.metadata.labels, latest=minor or LATEST).enforce
        enforced = asked.level
        levels = {one.ref: by_workload.of(one, asked.minor) for one in running.get(name, ())}
        worst = min(levels.values(), key=lambda one: one.rank, default=Level.RESTRICTED)
        if worst.rank > enforced.rank:
            yield Problem(ref, f"{_set(label, enforced)}, and all in it meets {worst}: it is safe to enforce {worst}",
                          path=f"metadata.labels[{_ENFORCE}]", value=label,
                          fix=f"Run `kubectl label namespace {name} {_ENFORCE}={worst}`.")  # fmt: skip
        elif enforced is Level.PRIVILEGED:
            counts = Counter(levels.values())
            below = counts[Level.PRIVILEGED]
            words = f"{_set(label, enforced)}; baseline would refuse {below} of {len(levels)} workloads"
            yield Problem(ref, words, path=f"metadata.labels[{_ENFORCE}]", value=label)
        else:
            yield Fine(ref, f"enforces {enforced}, and what runs in it meets {worst}")


def _set(label: str | None, enforced: Level) -> str:
    """What somebody set, which is not the same as what then holds."""
    return "has no label that enforces a level" if label is None else f"enforces {enforced}"
