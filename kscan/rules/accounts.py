"""Service accounts and the tokens that pods are given."""

from collections.abc import Iterable

from kscan.checks.judgement import Fine, Judgements, Problem
from kscan.model.namespaces import ServiceAccount
from kscan.model.pods import MIRROR, service_account
from kscan.model.workloads import PodGroup, Workload
from kscan.rules.rule import rule
from kscan.views.objects import SERVICE_ACCOUNTS
from kscan.views.workloads import WORKLOADS


@rule("accounts.default_token", "workloads", WORKLOADS, SERVICE_ACCOUNTS)
def default_token(workloads: Iterable[Workload], accounts: Iterable[ServiceAccount]) -> Judgements:
    """Pods that run as their namespace's default account and are handed its token."""
    automount = {(one.metadata.namespace, one.metadata.name): one.automount_service_account_token for one in accounts}
    for workload in workloads:
        from_account = automount.get((workload.ref.namespace, "default"))
        for group in workload.groups:
            if service_account(group.spec) == "default" and _mounted(group, from_account):
                yield Problem(
                    workload.ref,
                    "is given the token of the default service account",
                    path="spec.automountServiceAccountToken",
                    value=group.spec.get("automountServiceAccountToken"),
                    pods=group.count,
                )
            else:
                yield Fine(workload.ref)


def _mounted(group: PodGroup, from_account: bool | None) -> bool:
    """The pod's own word counts first, then the account's; silence mounts. A static pod is never given one."""
    if MIRROR in group.pod.get("metadata", {}).get("annotations", {}):
        return False
    from_pod = group.spec.get("automountServiceAccountToken")
    if isinstance(from_pod, bool):
        return from_pod
    return from_account is not False
