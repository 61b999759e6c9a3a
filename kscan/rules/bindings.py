"""Bindings by themselves: whom they name, and whether what they name is there."""

from collections.abc import Iterable, Iterator, Sequence, Set

from kscan.checks.judgement import Fine, Judgements, Problem, Step, Unsure
from kscan.model.bounds import MOST_WORDS
from kscan.model.namespaces import ServiceAccount
from kscan.model.rbac.authorizer import Grant
from kscan.model.rbac.baseline import Origin
from kscan.model.rbac.escalation import beyond
from kscan.model.rbac.identity import ANONYMOUS, NODE_USERS, subject_of
from kscan.model.rbac.roles import Binding, PolicyRule, Subject
from kscan.model.rbac.shipped import strange_selectors
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.objects import SERVICE_ACCOUNTS
from kscan.views.rights import RBAC, Rights
from kscan.views.server import MANIFESTS

_ROLES = ("Role", "ClusterRole")
_SYSTEM = "system:"
# Whom the API server itself calls so.
_OWN_USERS = frozenset({ANONYMOUS, f"{_SYSTEM}apiserver"})
_ELSEWHERE = "which is not in the manifests; it may be in the cluster"


@rule("bindings.missing_role", "role bindings", RBAC, MANIFESTS)
def missing_role(rights: Rights, manifests: bool) -> Judgements:
    """Bindings to a role that is not there, and that whoever may write roles can bring to life."""
    for binding in rights.full.bindings:
        if binding.role in rights.full.roles:
            yield Fine(binding.ref)
        elif binding.role.kind not in _ROLES:
            yield Problem(binding.ref, f"binds {binding.role}, which is no kind of role", path="roleRef.kind")
        elif manifests:
            yield Unsure(binding.ref, f"binds {binding.role}, {_ELSEWHERE}")
        elif not rights.all_roles:
            yield Unsure(binding.ref, f"binds {binding.role}, which may be among the roles that could not be read")
        else:
            yield Problem(binding.ref, f"binds {binding.role}, which does not exist", path="roleRef.name")


@rule("bindings.missing_account", "role bindings", RBAC, SERVICE_ACCOUNTS, MANIFESTS)
def missing_account(rights: Rights, accounts: Iterable[ServiceAccount], manifests: bool) -> Judgements:
    """Bindings to a service account that is not there, and that whoever may create one can be."""
    known = {(one.metadata.namespace, one.metadata.name) for one in accounts}
    for binding in rights.full.bindings:
        of = {origin: _missing(rights, binding, origin, known) for origin in (Origin.OWN, Origin.UNSURE)}
        if of[Origin.OWN] and manifests:
            yield Unsure(binding.ref, f"binds {listed(of[Origin.OWN])}, {_ELSEWHERE}")
        elif of[Origin.OWN]:
            yield Problem(binding.ref, f"binds {listed(of[Origin.OWN])}, which does not exist", path="subjects")
        elif of[Origin.UNSURE]:
            yield Unsure(binding.ref, rights.baseline.why)
        else:
            yield Fine(binding.ref)


def _missing(rights: Rights, binding: Binding, origin: Origin, known: Set[tuple[str, str]]) -> list[str]:
    """The accounts of a binding that are not there."""
    return [
        str(one)
        for one in map(subject_of, _keys(rights, binding, origin))
        if one.kind == "ServiceAccount" and (one.namespace, one.name) not in known
    ]


@rule("bindings.named", "subjects", RBAC, of_cluster=True)
def named(rights: Rights, *, subjects: Sequence[str], message: str) -> Judgements:
    """Subjects whom nothing should be given beyond what is shipped: `Group system:authenticated`; `*` ends a prefix."""
    for key in rights.full.keys:
        subject = subject_of(key)
        asked = any(_matches(str(subject), pattern) for pattern in subjects)
        extra = list(_beyond_shipped(rights, key, Origin.OWN)) if asked else []
        if not extra:
            unsure = asked and any(True for _ in _beyond_shipped(rights, key, Origin.UNSURE))
            yield Unsure(subject.ref, rights.baseline.why) if unsure else Fine(subject.ref)
            continue
        yield Problem(
            subject.ref,
            f"{message}: {listed(sorted({str(grant.role.ref) for grant, _ in extra}))}",
            proof=tuple(
                Step(_told(rules), str(subject), str(grant.binding.ref), str(grant.role.ref)) for grant, rules in extra
            ),
            notes=tuple(
                dict.fromkeys(note for one, _ in extra for note in rights.baseline.elsewhere(one.binding, subject))
            ),
            fix="; ".join(dict.fromkeys(_way_out(subject, *one) for one in extra)),
        )


_Given = tuple[Grant, Sequence[PolicyRule]]


def _beyond_shipped(rights: Rights, key: str, origin: Origin) -> Iterator[_Given]:
    """What a subject is given that is not shipped so: whole roles, and what shipped ones are made to gather.

    A rule that is written into a shipped role is told of the role alone.
    """
    yield from ((grant, grant.role.rules) for grant in own_grants(rights, key, origin))
    known = rights.undecided if origin is Origin.OWN else rights.shipped
    for grant in own_grants(rights, key, Origin.SHIPPED):
        role = known.roles.get(grant.role.ref)
        gathers = any(True for _ in strange_selectors(grant.role, rights.baseline.known))
        more = list(beyond(role.rules, grant.role.rules)) if role and gathers else []
        if more:
            yield grant, more


def _way_out(subject: Subject, grant: Grant, rules: Sequence[PolicyRule]) -> str:
    if tuple(rules) == grant.role.rules:
        return f"take {subject} out of {grant.binding.ref}"
    return f"take what it is not shipped to gather out of the aggregationRule and the rules of {grant.role.ref}"


@rule("bindings.direct_users", "subjects", RBAC, of_cluster=True)
def direct_users(rights: Rights) -> Judgements:
    """People who are given rights by name where groups could be.

    Who was added to a shipped binding is told by another check. A name that begins as those of Kubernetes' own users do
    is free to take for whoever may be given a certificate: its own are nodes, and those whom it binds itself.
    """
    own = _own_users(rights)
    for key in rights.full.keys:
        subject = subject_of(key)
        given = [one.binding for one in own_grants(rights, key) if one.binding.ref not in rights.baseline.bindings]
        if subject.kind != "User" or subject.name in own or subject.name.startswith(NODE_USERS):
            yield Fine(subject.ref)
        elif given:
            yield Problem(
                subject.ref,
                f"is bound by name, not through a group, by {listed(sorted({str(one.ref) for one in given}))}",
                notes=shipped_elsewhere(rights, ((one, subject) for one in given)),
            )
        elif any(True for _ in own_grants(rights, key, Origin.UNSURE)):
            yield Unsure(subject.ref, rights.baseline.why)
        else:
            yield Fine(subject.ref)


def _own_users(rights: Rights) -> Set[str]:
    bound = (one for found in rights.baseline.bindings.values() for binding in found for one in binding.subjects)
    return _OWN_USERS.union(one.name for one in bound if one.kind == "User" and one.name.startswith(_SYSTEM))


def own_grants(rights: Rights, key: str, origin: Origin = Origin.OWN) -> Iterator[Grant]:
    """What a subject is given that is not shipped so, whatever the role; or of which that is not known."""
    for grant in rights.full.granted(key):
        if rights.origins(grant.binding).get(key) is origin:
            yield grant


def shipped_elsewhere(rights: Rights, given: Iterable[tuple[Binding, Subject]]) -> tuple[str, ...]:
    """Who ships these bindings on another platform."""
    return tuple(dict.fromkeys(note for one in given for note in rights.baseline.elsewhere(*one)))


def _told(rules: Sequence[PolicyRule]) -> str:
    """The rules of a role, as far as one reads them."""
    more = f"; and {len(rules) - MOST_WORDS:,} more" if len(rules) > MOST_WORDS else ""
    return f"{'; '.join(map(str, rules[:MOST_WORDS]))}{more}"


def _keys(rights: Rights, binding: Binding, origin: Origin) -> list[str]:
    """The subjects of a binding whom nobody shipped in it; or of whom that is not known."""
    return [key for key, found in rights.origins(binding).items() if key and found is origin]


def _matches(subject: str, pattern: str) -> bool:
    return subject.startswith(pattern[:-1]) if pattern.endswith("*") else subject == pattern
