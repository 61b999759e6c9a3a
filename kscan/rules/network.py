"""Network isolation."""

from collections.abc import Iterable

from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import SYSTEM, Namespace
from kscan.model.network import NetworkPolicy
from kscan.model.workloads import PodGroup, Workload
from kscan.rules.rule import rule
from kscan.views.objects import NAMESPACES, NETWORK_POLICIES
from kscan.views.server import MANIFESTS
from kscan.views.workloads import WORKLOADS


@rule("network.without_policy", "namespaces", NAMESPACES, NETWORK_POLICIES)
def without_policy(namespaces: Iterable[Namespace], policies: Iterable[NetworkPolicy]) -> Judgements:
    """Namespaces of the cluster's users that hold no network policy at all."""
    counts: dict[str, int] = {}
    for policy in policies:
        counts[policy.metadata.namespace] = counts.get(policy.metadata.namespace, 0) + 1
    for namespace in namespaces:
        name = namespace.metadata.name
        if name in SYSTEM:
            continue
        ref = ObjectRef("Namespace", name)
        yield (Fine(ref) if name in counts else Problem(ref, "holds no network policy: every pod accepts all traffic"))


@rule("network.not_denied", "namespaces", NAMESPACES, NETWORK_POLICIES)
def not_denied(namespaces: Iterable[Namespace], policies: Iterable[NetworkPolicy], *, direction: str) -> Judgements:
    """Namespaces with policies, none of which denies a direction to every pod that no other policy names."""
    here = list(policies)
    for namespace in namespaces:
        name = namespace.metadata.name
        own = [one for one in here if one.metadata.namespace == name]
        if name in SYSTEM or not own:
            yield Moot("no namespace of the cluster's users holds a network policy")
            continue
        ref = ObjectRef("Namespace", name)
        if any(_selects_all(one) and direction in one.directions for one in own):
            yield Fine(ref)
        else:
            yield Problem(ref, f"limits {direction.lower()} only for the pods that its policies name")


def _selects_all(policy: NetworkPolicy) -> bool:
    return policy.spec.pod_selector.everything


@rule("network.open_pods", "workloads", WORKLOADS, NETWORK_POLICIES, MANIFESTS)
def open_pods(
    workloads: Iterable[Workload], policies: Iterable[NetworkPolicy], manifests: bool, *, direction: str
) -> Judgements:
    """Workloads that no policy of their namespace limits, though it holds some; on the node's network none does."""
    spaces: dict[str, list[NetworkPolicy]] = {}
    for policy in policies:
        spaces.setdefault(policy.metadata.namespace, []).append(policy)
    for workload in workloads:
        own = spaces.get(workload.ref.namespace)
        if not own or workload.ref.namespace in SYSTEM:
            yield Moot("no namespace of the cluster's users holds a network policy")
            continue
        for group in workload.groups:
            yield _opened(workload.ref, group, own, direction, manifests)


def _opened(
    ref: ObjectRef, group: PodGroup, policies: Iterable[NetworkPolicy], direction: str, manifests: bool
) -> Judgement:
    labels = group.pod.get("metadata", {}).get("labels", {})
    if group.spec.get("hostNetwork"):
        return Moot("pods on the node's network are not limited by policies")
    if any(direction in one.directions and one.spec.pod_selector.matches(labels) for one in policies):
        return Fine(ref)
    if manifests:
        return Unsure(ref, "no policy in the manifests selects it; one in the cluster may")
    return Problem(ref, f"is selected by no network policy for {direction.lower()}", pods=group.count)
