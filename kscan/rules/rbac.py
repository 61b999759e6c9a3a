"""Who may do what."""

from collections.abc import Iterable

from kscan.checks.judgement import Fine, Judgements, Problem
from kscan.model.meta import ObjectRef
from kscan.model.rbac import Binding, PolicyRule, Role, Subject
from kscan.rules.rule import rule
from kscan.views.objects import BINDINGS, ROLES

# Who holds every right in a cluster as Kubernetes and kubeadm make it.
_SHIPPED = {
    "cluster-admin": Subject(kind="Group", name="system:masters"),
    "kubeadm:cluster-admins": Subject(kind="Group", name="kubeadm:cluster-admins"),
}


@rule("rbac.full_rights", "role bindings", BINDINGS, ROLES)
def full_rights(bindings: Iterable[Binding], roles: Iterable[Role]) -> Judgements:
    """Bindings that grant every verb on every resource, under whichever name the role stands."""
    powerful = {role.ref for role in roles if any(_everything(one) for one in role.rules)}
    for binding in bindings:
        namespace = "" if binding.role_ref.kind == "ClusterRole" else binding.metadata.namespace
        if ObjectRef(binding.role_ref.kind, binding.role_ref.name, namespace) not in powerful:
            yield Fine(binding.ref)
            continue
        extra = [subject for subject in binding.subjects if subject != _SHIPPED.get(binding.metadata.name)]
        place = f"in namespace {binding.metadata.namespace}" if binding.metadata.namespace else "in the whole cluster"
        if not extra:
            yield Fine(binding.ref)
        for subject in extra:
            yield Problem(
                binding.ref,
                f"gives {subject} every right {place}",
                path=f"subjects[{subject.kind}/{subject.namespace}/{subject.name}]".replace("//", "/"),
                value=f"{binding.role_ref.kind} {binding.role_ref.name}",
            )


def _everything(rule: PolicyRule) -> bool:
    return "*" in rule.verbs and "*" in rule.api_groups and "*" in rule.resources and not rule.resource_names
