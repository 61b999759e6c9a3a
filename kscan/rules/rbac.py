"""Who may do what: dangers that somebody holds, by all bindings together."""

from collections.abc import Iterator, Sequence

import msgspec

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Step, Unsure
from kscan.errors import CheckError
from kscan.model.rbac.authorizer import EVERYWHERE, Scopes
from kscan.model.rbac.identity import Identity, identity_of, subject_of
from kscan.model.rbac.reach import Danger, Need, Reach, witnesses
from kscan.model.rbac.roles import Ask, Subject
from kscan.model.words import listed
from kscan.rules.bindings import shipped_elsewhere
from kscan.rules.cuts import smallest_change
from kscan.rules.rule import rule
from kscan.views.rights import RIGHTS, Rights
from kscan.views.running import RUNNING, Running

_SHOWN = 3
_ALL: list[object] = [{"verbs": ["*"], "resources": ["*.*"]}]
# Who may do everything has every danger; that one finding says it.
_ALL_CHECK = "cluster-admin-binding"
# Of things of the whole cluster, but asked where the binding or the pod is.
_INSIDE = (("bind", "clusterroles"), ("use", "securitycontextconstraints"))
# Subresources that are named freely: any that some rule names counts.
_FREE = "userextras/*"


class _Needed(msgspec.Struct, forbid_unknown_fields=True):
    """One thing that a danger takes, as a check file writes it: any verb on any of the resources or URLs.

    Where unlike things will do, a list of them stands in its place.
    """

    verbs: tuple[str, ...]
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ("",)
    urls: tuple[str, ...] = ()
    everywhere: bool = False


@rule("rbac.grants", "subjects", RIGHTS, more=(RUNNING,), of_cluster=True)
def grants(
    rights: Rights,
    running: Running | None,
    *,
    needs: list[object],
    message: str,
    in_namespace: str = "",
    namespaces: Sequence[str] = (),
    since: int = 0,
    before: int = 0,
    platform: str = "",
) -> Judgements:
    """Subjects that hold everything that a danger takes, beyond what Kubernetes ships them with."""
    danger, everything = _danger(rights, needs), _danger(rights, _ALL)
    moot = _moot(rights, danger, since, before, platform)
    if moot:
        yield Moot(moot)
        return
    full, shipped, undecided = (Reach(one, danger) for one in (rights.full, rights.shipped, rights.undecided))
    all_powerful = Reach(rights.full, everything)
    for key in rights.full.keys:
        subject = subject_of(key)
        identity = identity_of(subject)
        places = _own(full, shipped, identity, namespaces)
        if not places:
            yield Fine(subject.ref)
            continue
        if (since or before) and rights.minor is None:
            yield Unsure(subject.ref, "whether it can depends on the cluster's version, which is not known")
            continue
        places = _own(full, undecided, identity, namespaces)
        if not places:
            yield Unsure(subject.ref, rights.baseline.why)
            continue
        place = min(places)
        yield Problem(
            subject.ref,
            f"{message}{_where(places, danger)}",
            severity=Severity(in_namespace) if in_namespace and EVERYWHERE not in places else None,
            proof=_proof(rights, identity, danger, place),
            notes=(*_notes(subject, running), *_shipped_elsewhere(rights, identity, danger, place)),
            fix=smallest_change(rights, identity, danger, place),
            implied_by=_ALL_CHECK if danger != everything and places <= all_powerful.of(identity) else "",
        )


def _moot(rights: Rights, danger: Danger, since: int, before: int, platform: str) -> str:
    """Why a danger cannot be in this cluster, by its version and what it serves; empty where it can."""
    if platform and platform not in rights.version:
        return f"it is about {platform.strip('-').upper()}, of which the cluster's version says nothing"
    if rights.minor is not None and rights.minor < since:
        return f"Kubernetes asks for it from 1.{since} on"
    if before and rights.minor is not None and rights.minor >= before:
        return f"from Kubernetes 1.{before} on this is not enough"
    return "" if all(need.asks for need in danger.needs) else "the cluster serves nothing that it is about"


def _proof(rights: Rights, identity: Identity, danger: Danger, place: str) -> tuple[Step, ...]:
    return tuple(
        Step(str(ask), str(one.subject), str(one.binding or ""), str(one.role or ""), str(one.rule or ""))
        for ask, one in witnesses(rights.full, identity, danger, place)
    )


def _shipped_elsewhere(rights: Rights, identity: Identity, danger: Danger, place: str) -> tuple[str, ...]:
    """Of each binding that gives it, who ships that on another platform."""
    proofs = (one for _, one in witnesses(rights.full, identity, danger, place))
    return shipped_elsewhere(rights, ((rights.full.named[one.binding], one.subject) for one in proofs if one.binding))


def _own(full: Reach, shipped: Reach, identity: Identity, namespaces: Sequence[str]) -> Scopes:
    """Where somebody holds it who is not shipped with it, and not merely because a whole group does."""
    found = full.of(identity)
    if namespaces:
        found &= {EVERYWHERE, *namespaces}
    if not found:
        return found
    groups = Identity(groups=identity.groups if identity.user else identity.groups[1:])
    quiet = shipped.of(identity) | full.of(groups)
    if EVERYWHERE in quiet:
        return frozenset()
    return frozenset({EVERYWHERE}) if EVERYWHERE in found else found - quiet


def _danger(rights: Rights, needs: list[object]) -> Danger:
    try:
        needed = msgspec.convert(needs, list[_Needed | list[_Needed]])
    except msgspec.ValidationError as error:
        raise CheckError("the params of rbac.grants are wrong", str(error)) from error
    ways = [one if isinstance(one, list) else [one] for one in needed]
    found = tuple(Need(tuple(ask for way in one for ask in _asks(rights, way))) for one in ways)
    wide = {ask for one in ways for way in one if way.everywhere for ask in _asks(rights, way)}
    inside = frozenset(ask for need in found for ask in need.asks if ask not in wide and _is_inside(rights, ask))
    return Danger(found, inside)


def _asks(rights: Rights, needed: _Needed) -> Iterator[Ask]:
    for verb in needed.verbs:
        yield from (Ask(verb, url=url) for url in needed.urls)
        for text in needed.resources:
            name, slash, part = text.partition("/")
            plural, _, group = name.partition(".")
            resource = f"{plural}{slash}{part}"
            known = rights.served.has(group, resource) or "*" in (group, plural) or not rights.served.whole
            for one in rights.full.resources(resource[:-1]) if resource == _FREE else (resource,) if known else ():
                yield from (Ask(verb, one, group, chosen) for chosen in needed.names)


def _is_inside(rights: Rights, ask: Ask) -> bool:
    """Whether a RoleBinding can grant it; a namespace itself is read and changed within itself."""
    if ask.url:
        return False
    own = ask.resource.partition("/")[0] == "namespaces" and ask.verb in ("get", "update", "patch", "delete")
    return own or (ask.verb, ask.resource) in _INSIDE or rights.served.namespaced(ask.group, ask.resource)


def _where(places: Scopes, danger: Danger) -> str:
    if EVERYWHERE in places:
        return " in every namespace" if danger.inside else ""
    return f" in namespace{'s' if len(places) > 1 else ''} {listed(sorted(places))}"


def _notes(subject: Subject, running: Running | None) -> Iterator[str]:
    if subject.kind != "ServiceAccount":
        return
    if running is None:
        yield "which workloads run as it could not be read"
        return
    runners = running.get((subject.namespace, subject.name), ())
    if not runners:
        yield "no workload runs as it"
    for runner in runners[:_SHOWN]:
        yield (
            f"{runner} runs as it"
            if not runner.exposed
            else f"{runner.workload} runs as it, exposed by {runner.exposed}"
        )
    if len(runners) > _SHOWN:
        yield f"{len(runners) - _SHOWN} more workloads run as it"
