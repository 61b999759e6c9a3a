"""Bindings by themselves: whom they name, and whether what they name is there."""

from collections.abc import Iterable, Iterator, Sequence

from kscan.checks.judgement import Fine, Judgements, Problem, Step
from kscan.model.namespaces import ServiceAccount
from kscan.model.rbac.authorizer import Grant
from kscan.model.rbac.identity import subject_key, subject_of
from kscan.model.rbac.roles import Binding
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.objects import SERVICE_ACCOUNTS
from kscan.views.rights import RBAC, Rights

_ROLES = ("Role", "ClusterRole")


@rule("bindings.missing_role", "role bindings", RBAC)
def missing_role(rights: Rights) -> Judgements:
    """Bindings to a role that is not there, and that whoever may write roles can bring to life."""
    for binding in rights.full.bindings:
        if binding.role in rights.full.roles:
            yield Fine(binding.ref)
        elif binding.role.kind not in _ROLES:
            yield Problem(binding.ref, f"binds {binding.role}, which is no kind of role", path="roleRef.kind")
        else:
            yield Problem(binding.ref, f"binds {binding.role}, which does not exist", path="roleRef.name")


@rule("bindings.missing_account", "role bindings", RBAC, SERVICE_ACCOUNTS)
def missing_account(rights: Rights, accounts: Iterable[ServiceAccount]) -> Judgements:
    """Bindings to a service account that is not there, and that whoever may create one can be."""
    known = {(one.metadata.namespace, one.metadata.name) for one in accounts}
    for binding in rights.full.bindings:
        missing = [
            str(one)
            for one in map(subject_of, _own_keys(rights, binding))
            if one.kind == "ServiceAccount" and (one.namespace, one.name) not in known
        ]
        if missing:
            yield Problem(binding.ref, f"binds {listed(missing)}, which does not exist", path="subjects")
        else:
            yield Fine(binding.ref)


@rule("bindings.named", "subjects", RBAC)
def named(rights: Rights, *, subjects: Sequence[str], message: str) -> Judgements:
    """Subjects whom nothing should be given beyond what is shipped: `Group system:authenticated`; `*` ends a prefix."""
    for key in rights.full.keys:
        subject = subject_of(key)
        extra = list(_own_grants(rights, key))
        if not extra or not any(_matches(str(subject), pattern) for pattern in subjects):
            yield Fine(subject.ref)
            continue
        yield Problem(
            subject.ref,
            f"{message}: {listed(sorted({str(grant.role.ref) for grant in extra}))}",
            proof=tuple(
                Step("; ".join(map(str, grant.role.rules)), str(subject), str(grant.binding.ref), str(grant.role.ref))
                for grant in extra
            ),
            fix="; ".join(dict.fromkeys(f"take {subject} out of {grant.binding.ref}" for grant in extra)),
        )


@rule("bindings.direct_users", "subjects", RBAC)
def direct_users(rights: Rights) -> Judgements:
    """People who are given rights by name where groups could be."""
    for key in rights.full.keys:
        subject = subject_of(key)
        bound = sorted(
            {
                str(grant.binding.ref)
                for grant in _own_grants(rights, key)
                if grant.binding.ref not in rights.baseline.bindings
            }
        )
        if subject.kind == "User" and not subject.name.startswith("system:") and bound:
            yield Problem(subject.ref, f"is bound by name, not through a group, by {listed(bound)}")
        else:
            yield Fine(subject.ref)


def _own_grants(rights: Rights, key: str) -> Iterator[Grant]:
    """What a subject is given that is not shipped so, whatever the role."""
    for grant in rights.full.granted(key):
        if key in _own_keys(rights, grant.binding):
            yield grant


def _own_keys(rights: Rights, binding: Binding) -> list[str]:
    """The subjects of a binding whom nobody shipped in it."""
    shipped = {
        subject_key(subject, one.metadata.namespace)
        for one in rights.baseline.bindings.get(binding.ref, ())
        if one.role == binding.role
        for subject in one.subjects
    }
    keys = (subject_key(subject, binding.metadata.namespace) for subject in binding.subjects)
    return [key for key in dict.fromkeys(keys) if key and key not in shipped]


def _matches(subject: str, pattern: str) -> bool:
    return subject.startswith(pattern[:-1]) if pattern.endswith("*") else subject == pattern
