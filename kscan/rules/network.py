"""Network isolation."""

from collections.abc import Iterable

from kscan.checks.judgement import Fine, Judgements, Problem
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import SYSTEM, Namespace
from kscan.model.network import NetworkPolicy
from kscan.rules.rule import rule
from kscan.views.objects import NAMESPACES, NETWORK_POLICIES


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
