"""How a cluster is divided and where its secrets and images come from: facts for a person who knows what it is for."""

from collections import Counter
from collections.abc import Collection, Iterable

from kscan.checks.judgement import Judgements, Review
from kscan.model.components import ADMISSION_PLUGINS, Component
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import SYSTEM
from kscan.model.words import counted, listed
from kscan.model.workloads import Workload
from kscan.rules.rule import rule
from kscan.views.components import API_SERVER
from kscan.views.groups import GROUPS
from kscan.views.workloads import WORKLOADS

_NAMESPACES, _STORES = ObjectRef("Cluster", "namespaces"), ObjectRef("Cluster", "secret stores")
_IMAGES = ObjectRef("Cluster", "image policies")


@rule("boundaries.namespaces", "workloads", WORKLOADS, of_running=True)
def namespaces(workloads: Iterable[Workload]) -> Judgements:
    """How many of the users' workloads stand in which namespace."""
    counts = Counter(one.ref.namespace for one in workloads if one.ref.namespace not in SYSTEM)
    if counts:
        most = [f"{name} ({count})" for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
        stand = f"{counted(sum(counts.values()), 'workload')} in {counted(len(counts), 'namespace')}"
        yield Review(_NAMESPACES, f"{stand}: {listed(most)}")


@rule("boundaries.secret_stores", "clusters", GROUPS, of_running=True)
def secret_stores(groups: Collection[str], *, stores: dict[str, str]) -> Judgements:
    """Which of the known ways to keep secrets outside the cluster are installed."""
    yield Review(_STORES, _installed(groups, stores, "stores"))


@rule("boundaries.image_policies", "clusters", GROUPS, more=(API_SERVER,), of_running=True)
def image_policies(groups: Collection[str], api_server: Component | None, *, policies: dict[str, str]) -> Judgements:
    """Which of the known ways to let in only known images are there."""
    yield Review(_IMAGES, _installed(groups, policies, "policies"))
    for instance in api_server.instances if api_server else ():
        plugins = api_server.setting(instance, ADMISSION_PLUGINS) if api_server else None
        on = plugins is not None and "ImagePolicyWebhook" in plugins.value.split(",")
        if plugins and (on or not plugins.more):
            server = ObjectRef("Component", f"kube-apiserver ({instance.name})")
            yield Review(server, f"ImagePolicyWebhook is {'on' if on else 'off'}")


def _installed(groups: Collection[str], known: dict[str, str], what: str) -> str:
    found = [f"{title} ({group})" for group, title in known.items() if group in groups]
    return f"installed: {listed(found)}" if found else f"none of the known {what} is installed"
