"""Service accounts and the tokens that pods are given."""

from collections.abc import Iterable

from kscan.checks.judgement import Fine, Judgements, Problem, Review, Unsure
from kscan.model.base import JsonObject
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import ServiceAccount
from kscan.model.pods import MIRROR, containers, lookup, objects, service_account
from kscan.model.rbac.baseline import Origin
from kscan.model.rbac.identity import identity_of, subject_of
from kscan.model.rbac.roles import Subject
from kscan.model.words import listed
from kscan.model.workloads import PodGroup, Workload
from kscan.rules.bindings import own_grants
from kscan.rules.rule import rule
from kscan.views.objects import SERVICE_ACCOUNTS
from kscan.views.rights import RBAC, RIGHTS, Rights
from kscan.views.workloads import WORKLOADS

_ACCOUNTS = "system:serviceaccounts:"
# OpenShift binds it in each namespace, so that its accounts may pull the images built there.
_PULLS_IMAGES = "system:image-puller"


@rule("accounts.default_token", "workloads", WORKLOADS, SERVICE_ACCOUNTS)
def default_token(workloads: Iterable[Workload], accounts: Iterable[ServiceAccount]) -> Judgements:
    """Pods that run as their namespace's default account and are handed its token."""
    automount = _automount(accounts)
    for workload in workloads:
        from_account = automount.get((workload.ref.namespace, "default"))
        for group in workload.groups:
            if service_account(group.spec) == "default" and _mounted(group, from_account):
                yield _given(workload, group, "is given the token of the default service account")
            else:
                yield Fine(workload.ref)


@rule("accounts.default_rights", "subjects", RBAC, of_cluster=True)
def default_rights(rights: Rights) -> Judgements:
    """Default service accounts that are given rights: every pod that names no account has them."""
    for key in rights.full.keys:
        subject = subject_of(key)
        if subject.kind == "ServiceAccount" and subject.name == "default":
            bound = sorted({str(grant.binding.ref) for grant in rights.full.granted(key)})
            yield Problem(subject.ref, f"is given rights by {listed(bound)}", fix=f"take {subject} out of them")
        elif bound := _given_to_all(rights, key, subject, Origin.OWN):
            message = f"is given rights by {listed(bound)}, and every default account that is in it has them"
            yield Problem(subject.ref, message, fix=f"take {subject} out of them, and name the accounts that need it")
        elif _given_to_all(rights, key, subject, Origin.UNSURE):
            yield Unsure(subject.ref, rights.baseline.why)
        else:
            yield Fine(subject.ref)


def _given_to_all(rights: Rights, key: str, subject: Subject, origin: Origin) -> list[str]:
    """The bindings that nobody ships, where the subject is the group of all accounts, or of those of a namespace."""
    if subject.kind != "Group" or not f"{subject.name}:".startswith(_ACCOUNTS):
        return []
    own = own_grants(rights, key, origin)
    return sorted({str(one.binding.ref) for one in own if one.role.ref.name != _PULLS_IMAGES})


@rule("accounts.idle_token", "workloads", WORKLOADS, SERVICE_ACCOUNTS, RIGHTS)
def idle_token(workloads: Iterable[Workload], accounts: Iterable[ServiceAccount], rights: Rights) -> Judgements:
    """Pods that are handed the token of an account that is given nothing."""
    automount = _automount(accounts)
    for workload in workloads:
        for group in workload.groups:
            subject = Subject(kind="ServiceAccount", name=service_account(group.spec), namespace=workload.ref.namespace)
            given = any(True for _ in rights.full.granted(identity_of(subject).keys[0]))
            if not given and _mounted(group, automount.get((subject.namespace, subject.name))):
                yield _given(workload, group, f"is given the token of {subject}, which no binding gives a right")
            else:
                yield Fine(workload.ref)


@rule("accounts.used_from_outside", "service accounts", SERVICE_ACCOUNTS, WORKLOADS, RBAC)
def used_from_outside(accounts: Iterable[ServiceAccount], workloads: Iterable[Workload], rights: Rights) -> Judgements:
    """Accounts that are given rights and that no workload runs as: a person may be who uses their tokens."""
    run = {(one.ref.namespace, service_account(group.spec)) for one in workloads for group in one.groups}
    unrun = []
    for account in accounts:
        name, namespace = account.metadata.name, account.metadata.namespace
        key = identity_of(Subject(kind="ServiceAccount", name=name, namespace=namespace)).keys[0]
        bound = {str(one.binding.ref) for one in own_grants(rights, key)}
        if bound and (namespace, name) not in run:
            unrun.append(account)
            fact = f"{listed(sorted(bound))} gives it rights, and no workload runs as it: who uses its tokens?"
            yield Review(account.ref, fact)
    if not unrun:
        yield Review(ObjectRef("Cluster", "service accounts"), "a workload runs as each account that is given rights")


@rule("accounts.legacy_token", "service accounts", SERVICE_ACCOUNTS)
def legacy_token(accounts: Iterable[ServiceAccount]) -> Judgements:
    """Accounts with a token that stands in a secret, and never expires; as Kubernetes made them before 1.24."""
    for account in accounts:
        name = account.metadata.name
        tokens = [one.name for one in account.secrets if one.name.startswith(f"{name}-token-")]
        if tokens:
            yield Problem(account.ref, f"has a token that never expires, in Secret {listed(tokens)}", path="secrets")
        else:
            yield Fine(account.ref)


def _automount(accounts: Iterable[ServiceAccount]) -> dict[tuple[str, str], bool | None]:
    return {(one.metadata.namespace, one.metadata.name): one.automount_service_account_token for one in accounts}


def _given(workload: Workload, group: PodGroup, message: str) -> Problem:
    return Problem(
        workload.ref,
        message,
        path=f"{group.at}spec.automountServiceAccountToken",
        value=group.spec.get("automountServiceAccountToken"),
        pods=group.count,
    )


def _mounted(group: PodGroup, from_account: bool | None) -> bool:
    """The pod's own word counts first, then the account's; silence mounts. A static pod is never given one.

    A token that stands among the volumes is given, whatever they say: the account may have changed since the pod began.
    """
    if MIRROR in (lookup(group.pod, "metadata.annotations") or ()):
        return False
    if _projected(group.spec):
        return True
    from_pod = group.spec.get("automountServiceAccountToken")
    if isinstance(from_pod, bool):
        return from_pod
    return from_account is not False


def _projected(spec: JsonObject) -> bool:
    """Whether a container mounts a volume with a token that the API server takes."""
    volumes = {
        str(volume.get("name"))
        for volume in objects(spec, "volumes")
        for source in objects(_object(volume.get("projected")), "sources")
        if "serviceAccountToken" in source and not _object(source["serviceAccountToken"]).get("audience")
    }
    mounts = (mount for one in containers(spec) for mount in objects(one.body, "volumeMounts"))
    return any(str(mount.get("name")) in volumes for mount in mounts)


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}
