"""Who may do what: dangers that somebody holds, by all bindings together."""

from collections.abc import Iterator, Sequence

import msgspec

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Step, Unsure
from kscan.errors import CheckError
from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Proof, Scopes
from kscan.model.rbac.identity import Identity, identity_of, subject_of
from kscan.model.rbac.reach import NOWHERE, Danger, Need, Reach, common, witnesses
from kscan.model.rbac.roles import Ask, Subject
from kscan.model.words import listed
from kscan.rules.bindings import shipped_elsewhere
from kscan.rules.cuts import smallest_change
from kscan.rules.rule import rule
from kscan.views.rights import RIGHTS, Rights
from kscan.views.running import RUNNING, Running
from kscan.views.server import MANIFESTS

_SHOWN = 3
_SERVED = ObjectRef("Cluster", "what it serves")
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


@rule("rbac.grants", "subjects", RIGHTS, MANIFESTS, more=(RUNNING,), of_cluster=True)
def grants(
    rights: Rights,
    manifests: bool,
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
    if rights.served.kept_back and not all(any(_is_served(rights, ask) for ask in need.asks) for need in danger.needs):
        yield Unsure(_SERVED, "whether the cluster serves what this is about was not told")
    found, all_powerful = _Found(rights, danger), _Found(rights, everything)
    for key in rights.full.keys:
        subject = subject_of(key)
        identity = identity_of(subject)
        places = found.of(identity, namespaces)
        if not places:
            yield Fine(subject.ref)
            continue
        if (since or before or platform) and rights.minor is None:
            yield Unsure(subject.ref, "whether it can depends on the cluster's version, which is not known")
            continue
        places = found.surely(identity, namespaces)
        if not places:
            yield Unsure(subject.ref, rights.baseline.why)
            continue
        problem = _problem(rights, found, subject, places, message)
        yield msgspec.structs.replace(
            problem,
            severity=Severity(in_namespace) if in_namespace and EVERYWHERE not in places else None,
            notes=(*_runners(subject, running, manifests), *problem.notes),
            implied_by=_ALL_CHECK if danger != everything and places <= all_powerful.surely(identity) else "",
        )


def _problem(rights: Rights, found: "_Found", subject: Subject, places: Scopes, message: str) -> Problem:
    """What somebody holds in these places, with the proof of one of them."""
    identity, place = identity_of(subject), min(places)
    proof = witnesses(rights.full, identity, found.danger, place)
    return Problem(
        subject.ref,
        f"{message}{_where(places, found.danger)}",
        proof=tuple(map(_step, proof)),
        notes=(*_by_groups(rights, found, identity, places, proof), *_shipped_elsewhere(rights, proof)),
        fix=smallest_change(rights, identity, found.danger, place),
    )


class _Found:
    """Where subjects are to be told of a danger, asked once for everybody."""

    def __init__(self, rights: Rights, danger: Danger) -> None:
        self.danger = danger
        self.full = Reach(rights.full, danger)
        self._shipped, self._undecided = Reach(rights.shipped, danger), Reach(rights.undecided, danger)

    def of(self, identity: Identity, namespaces: Sequence[str] = ()) -> Scopes:
        """Where somebody holds it by bindings of their own, who is not shipped with it."""
        return self._beyond(self._shipped, identity, namespaces)

    def surely(self, identity: Identity, namespaces: Sequence[str] = ()) -> Scopes:
        """The same, without what may be shipped."""
        return self._beyond(self._undecided, identity, namespaces)

    def _beyond(self, known: Reach, identity: Identity, namespaces: Sequence[str]) -> Scopes:
        places = self.full.own(identity)
        if namespaces:
            places &= {EVERYWHERE, *namespaces}
        if not places:
            return places
        shipped = known.of(identity)
        if EVERYWHERE in shipped:
            return NOWHERE
        return frozenset({EVERYWHERE}) if EVERYWHERE in places else places - shipped


def _moot(rights: Rights, danger: Danger, since: int, before: int, platform: str) -> str:
    """Why a danger cannot be in this cluster, by its version and what it serves; empty where it can."""
    if platform and platform not in rights.version and (rights.version or rights.minor is not None):
        return f"it is about {platform.strip('-').upper()}, of which the cluster's version says nothing"
    if rights.minor is not None and rights.minor < since:
        return f"Kubernetes asks for it from 1.{since} on"
    if before and rights.minor is not None and rights.minor >= before:
        return f"from Kubernetes 1.{before} on this is not enough"
    return "" if all(need.asks for need in danger.needs) else "the cluster serves nothing that it is about"


def _is_served(rights: Rights, ask: Ask) -> bool:
    return bool(ask.url) or "*" in (ask.group, ask.resource) or rights.served.has(ask.group, ask.resource)


def _step(found: tuple[Ask, Proof]) -> Step:
    ask, one = found
    return Step(str(ask), str(one.subject), str(one.binding or ""), str(one.role or ""), str(one.rule or ""))


def _shipped_elsewhere(rights: Rights, proof: Sequence[tuple[Ask, Proof]]) -> tuple[str, ...]:
    """Of each binding that gives it, who ships that on another platform."""
    proofs = (one for _, one in proof)
    return shipped_elsewhere(rights, ((rights.full.named[one.binding], one.subject) for one in proofs if one.binding))


def _by_groups(
    rights: Rights, found: _Found, identity: Identity, places: Scopes, proof: Sequence[tuple[Ask, Proof]]
) -> Iterator[str]:
    """What groups add to what somebody is given, and where they give the same."""
    groups = identity.of_groups
    own = subject_of(identity.keys[0])
    helping = {str(one.subject) for _, one in proof if one.subject != own}
    if helping:
        yield f"together with what {listed(sorted(helping))} is granted"
    also = common(places, found.full.of(groups))
    if also:
        by = {f"{one.subject} by {one.binding or 'the API server itself'}"
              for _, one in witnesses(rights.full, groups, found.danger, min(also))}  # fmt: skip
        where = "" if also == places else f"{_where(also, found.danger).strip()} "
        yield f"{where}also granted to {listed(sorted(by))}"


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


def _runners(subject: Subject, running: Running | None, manifests: bool) -> Iterator[str]:
    if subject.kind != "ServiceAccount":
        return
    if running is None:
        yield "which workloads run as it could not be read"
        return
    runners = running.get((subject.namespace, subject.name), ())
    if not runners:
        yield f"no workload{' in the manifests' if manifests else ''} runs as it"
    for runner in runners[:_SHOWN]:
        yield (
            f"{runner} runs as it"
            if not runner.exposed
            else f"{runner.workload} runs as it, exposed by {runner.exposed}"
        )
    if len(runners) > _SHOWN:
        yield f"{len(runners) - _SHOWN} more workloads run as it"
