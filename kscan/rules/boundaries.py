"""How a cluster is divided and where its secrets come from: facts for a person who knows what it is for."""

from collections import Counter
from collections.abc import Collection, Iterable

from kscan.checks.judgement import Judgements, Review
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import SYSTEM
from kscan.model.words import listed
from kscan.model.workloads import Workload
from kscan.rules.rule import rule
from kscan.views.groups import GROUPS
from kscan.views.workloads import WORKLOADS

_NAMESPACES, _STORES = ObjectRef("Cluster", "namespaces"), ObjectRef("Cluster", "secret stores")


@rule("boundaries.namespaces", "workloads", WORKLOADS)
def namespaces(workloads: Iterable[Workload]) -> Judgements:
    """How many of the users' workloads stand in which namespace."""
    counts = Counter(one.ref.namespace for one in workloads if one.ref.namespace not in SYSTEM)
    if counts:
        most = [f"{name} ({count})" for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
        yield Review(_NAMESPACES, f"{sum(counts.values())} workloads in {len(counts)} namespaces: {listed(most)}")


@rule("boundaries.secret_stores", "clusters", GROUPS)
def secret_stores(groups: Collection[str], *, stores: dict[str, str]) -> Judgements:
    """Which of the known ways to keep secrets outside the cluster are installed."""
    found = [f"{title} ({group})" for group, title in stores.items() if group in groups]
    yield Review(_STORES, f"installed: {listed(found)}" if found else "none of the known stores is installed")
