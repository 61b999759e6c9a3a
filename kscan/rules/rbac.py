"""Who may do what: dangers that somebody holds, by all bindings together."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Step, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE, Proof, Scopes
from kscan.model.rbac.identity import Identity, identity_of, subject_of
from kscan.model.rbac.power import Powers
from kscan.model.rbac.reach import NOWHERE, Danger, Reach, common, witnesses
from kscan.model.rbac.roles import Ask, Subject
from kscan.model.words import listed
from kscan.rules.bindings import shipped_elsewhere
from kscan.rules.cuts import smallest_change
from kscan.rules.dangers import Ways, by_name, of_all, ways_of
from kscan.rules.held import Found
from kscan.rules.power import powers_of
from kscan.rules.rule import rule
from kscan.views.rights import RIGHTS, Rights
from kscan.views.running import RUNNING, Running
from kscan.views.server import MANIFESTS

_SHOWN = 3
_SERVED = ObjectRef("Cluster", "what it serves")
_NOT_TOLD = "whether the cluster serves what this is about was not told"
_ALL: list[object] = [{"verbs": ["*"], "resources": ["*.*"]}]
# Who may do everything has every danger; that one finding says it.
_ALL_CHECK = "cluster-admin-binding"
_UNKNOWN = "the manifests know nothing of what it is about: they define none of it, hold none and name none"
_NO_VERSION = "whether it can depends on the cluster's version, which is not known"


@rule("rbac.grants", "subjects", RIGHTS, MANIFESTS, more=(RUNNING,), of_cluster=True)
def grants(
    rights: Rights,
    manifests: bool,
    running: Running | None,
    *,
    needs: list[object],
    message: str,
    named: str = "",
    in_namespace: str = "",
    by_name: str = "",
    implied_by: str = "",
    namespaces: Sequence[str] = (),
    since: int = 0,
    before: int = 0,
    platform: str = "",
) -> Judgements:
    """Subjects that hold everything that a danger takes, beyond what Kubernetes ships them with."""
    ways = ways_of(needs)
    danger, everything = of_all(rights, ways, surely=True), of_all(rights, ways_of(_ALL), surely=True)
    most = of_all(rights, ways, surely=False)
    moot = _moot(rights, most, since, before, platform)
    if moot:
        # That manifests know nothing of it they say as far as they were read.
        yield Moot(moot, surely=moot != _UNKNOWN)
        return
    if not all(need.asks for need in danger.needs):
        yield Unsure(_SERVED, _NOT_TOLD)
    found = _found(rights, ways, surely=True)
    asked = _Asked(
        found=found,
        # Of what may be served, and may be not.
        perhaps=found if most == danger else _found(rights, ways, surely=False),
        all_powerful=Found(rights, (everything,) if danger != everything else ()),
        namespaces=namespaces,
        undated=bool(since or before or platform) and rights.minor is None,
        words=(message, named),
        milder=(in_namespace, by_name),
        implied_by=implied_by,
        runners=lambda subject: _runners(subject, running, manifests),
    )
    yield from _of_each(rights, asked)


def _of_each(rights: Rights, asked: "_Asked") -> Judgements:
    """What is said of each subject; of a crowd alike that is not told one by one, what is said of the rest."""
    crowds = {key: one for one in rights.told.crowds for key in one.examples}
    for key in rights.told.keys:
        subject = subject_of(key)
        if key in crowds and asked.found.of(identity_of(subject), asked.namespaces):
            yield _rest(rights, subject, key, crowds[key].more)
            crowds = {one: crowd for one, crowd in crowds.items() if crowd is not crowds[key]}
        yield _judged(rights, asked, subject)


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A danger as it is asked of each subject, and what is said of who holds it."""

    found: Found
    perhaps: Found
    all_powerful: Found
    namespaces: Sequence[str]
    # Whether it depends on a version that is not known.
    undated: bool
    words: tuple[str, str]
    # How severe it is in some namespaces alone, and by names that are enough alone.
    milder: tuple[str, str]
    implied_by: str
    runners: Callable[[Subject], Iterable[str]]


def _judged(rights: Rights, asked: _Asked, subject: Subject) -> Judgement:
    """What is said of one subject."""
    identity = identity_of(subject)
    if not asked.found.of(identity, asked.namespaces):
        open_ = asked.perhaps is not asked.found and asked.perhaps.of(identity, asked.namespaces)
        return Unsure(subject.ref, _NOT_TOLD) if open_ else Fine(subject.ref)
    places = asked.found.surely(identity, asked.namespaces)
    if asked.undated or not places:
        return Unsure(subject.ref, _NO_VERSION if asked.undated else rights.baseline.why)
    severity, told = _worst(asked, identity, places)
    problem = _problem(rights, asked.found, subject, told, asked.words)
    return msgspec.structs.replace(
        problem,
        severity=severity,
        notes=(*asked.runners(subject), *problem.notes, *_besides(rights, asked, identity, places, told)),
        implied_by=_ALL_CHECK if places <= asked.all_powerful.surely(identity) else asked.implied_by,
    )


def _worst(asked: _Asked, identity: Identity, places: Scopes) -> tuple[Severity | None, Scopes]:
    """How severe the worst of what somebody holds is, and where that is: to be given more makes nothing milder."""
    held = ((_milder(asked, danger, mine), mine) for danger, mine in asked.found.held(identity, places))
    return min(held, key=lambda one: one[0].rank if one[0] else -1)


def _besides(rights: Rights, asked: _Asked, identity: Identity, places: Scopes, told: Scopes) -> Iterator[str]:
    """What somebody holds by names elsewhere."""
    rest = NOWHERE if EVERYWHERE in told else places - told
    if rest:
        dangers = asked.found.at(identity, min(rest))
        theirs = [asked.found.reach(one).of_theirs(identity, min(rest)) for one in dangers]
        yield f"also {_message(rights, identity, theirs, rest, asked.words)}"


def _milder(asked: _Asked, danger: Danger, places: Scopes) -> Severity | None:
    """How severe a danger is in some places, where that is milder than the check says."""
    in_namespace, by_name = asked.milder
    milder = [Severity(in_namespace)] if in_namespace and EVERYWHERE not in places else []
    if by_name and danger.named:
        milder.append(Severity(by_name))
    return max(milder, key=lambda one: one.rank, default=None)


def _rest(rights: Rights, subject: Subject, key: str, more: int) -> Unsure:
    """What is said of those who hold the same and are not told each."""
    binding = next(rights.full.granted(key)).binding.ref
    return Unsure(binding, f"it names {more:,} more who hold what {subject} holds: too many to tell each")


def _problem(rights: Rights, found: Found, subject: Subject, places: Scopes, words: tuple[str, str]) -> Problem:
    """What somebody holds in these places, with the proof of one of them."""
    identity, place = identity_of(subject), min(places)
    dangers = found.at(identity, place)
    danger, *others = (found.reach(one).of_theirs(identity, place) for one in dangers)
    proof = witnesses(rights.full, identity, danger, place)
    fixes = (smallest_change(rights, identity, one, place) for one in (danger, *others))
    return Problem(
        subject.ref,
        _message(rights, identity, (danger, *others), places, words),
        # One right may be all that several things take.
        proof=tuple(dict.fromkeys(map(_step, proof))),
        notes=(
            *_by_groups(rights, (dangers[0], found.reach(dangers[0])), identity, places, proof),
            *_shipped_elsewhere(rights, proof),
        ),
        fix=" ".join(dict.fromkeys(fixes)),
    )


def _message(
    rights: Rights, identity: Identity, dangers: Sequence[Danger], places: Scopes, words: tuple[str, str]
) -> str:
    """What somebody can do, with the names where only these are enough."""
    message, named = words
    if not (dangers[0].named and named):
        return f"{message}{_where(places, dangers[0])}"
    held = {ask: one for one in dangers for ask in one.named if _holds(rights, identity, one, ask, places)}
    names = sorted({f"{ask.namespace}/{ask.name}".removeprefix("/") for ask in held})
    # What a name in a namespace means is not everywhere, however far the right goes.
    inside = not any(ask.namespace for ask in held) and any(ask in one.inside for ask, one in held.items())
    return f"{named} {listed(names)}{_where(places, dangers[0]) if inside else ''}"


def _found(rights: Rights, ways: Ways, *, surely: bool) -> Found:
    powers = powers_of(rights) if any(way.named for one in ways for way in one) else Powers()
    return Found(rights, (of_all(rights, ways, surely=surely), *by_name(rights, powers, ways, surely=surely)))


def _moot(rights: Rights, danger: Danger, since: int, before: int, platform: str) -> str:
    """Why a danger cannot be in this cluster, by its version and what it serves; empty where it can."""
    if platform and platform not in rights.version and (rights.version or rights.minor is not None):
        return f"it is about {platform.strip('-').upper()}, of which the cluster's version says nothing"
    if rights.minor is not None and rights.minor < since:
        return f"Kubernetes asks for it from 1.{since} on"
    if before and rights.minor is not None and rights.minor >= before:
        return f"from Kubernetes 1.{before} on this is not enough"
    if all(need.asks for need in danger.needs):
        return ""
    return "the cluster serves nothing that it is about" if rights.served.asked else _UNKNOWN


def _step(found: tuple[Ask, Proof]) -> Step:
    ask, one = found
    return Step(str(ask), str(one.subject), str(one.binding or ""), str(one.role or ""), str(one.rule or ""))


def _shipped_elsewhere(rights: Rights, proof: Sequence[tuple[Ask, Proof]]) -> tuple[str, ...]:
    """Of each binding that gives it, who ships that on another platform."""
    proofs = (one for _, one in proof)
    return shipped_elsewhere(rights, ((rights.full.named[one.binding], one.subject) for one in proofs if one.binding))


def _by_groups(
    rights: Rights,
    asked: tuple[Danger, Reach],
    identity: Identity,
    places: Scopes,
    proof: Sequence[tuple[Ask, Proof]],
) -> Iterator[str]:
    """What groups add to what somebody is given, and where they give the same."""
    danger, reach = asked
    groups = identity.of_groups
    own = subject_of(identity.keys[0])
    helping = {str(one.subject) for _, one in proof if one.subject != own}
    if helping:
        yield f"together with what {listed(sorted(helping))} is granted"
    also = common(places, reach.of(groups))
    if also:
        by = {f"{one.subject} by {one.binding or 'the API server itself'}"
              for _, one in witnesses(rights.full, groups, danger, min(also))}  # fmt: skip
        where = "" if also == places else f"{_where(also, danger).strip()} "
        yield f"{where}also granted to {listed(sorted(by))}"


def _holds(rights: Rights, identity: Identity, danger: Danger, ask: Ask, places: Scopes) -> bool:
    """Whether somebody may do it to the object of a name: where that stands, or else in the first of these places."""
    if ask.namespace and ask in danger.inside:
        return not places.isdisjoint({EVERYWHERE, ask.namespace}) and rights.full.why(identity, ask) is not None
    return rights.full.why(identity, danger.asked(ask, min(places))) is not None


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
