"""What a check file calls a danger, as questions about rights: of everything, or of the names that are enough."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

import msgspec

from kscan.errors import CheckError
from kscan.model.meta import ObjectRef
from kscan.model.rbac.authorizer import EVERYWHERE
from kscan.model.rbac.names import any_names, common_names, makeable, own_names, powerful
from kscan.model.rbac.power import Powers
from kscan.model.rbac.reach import Danger, Need, Reach
from kscan.model.rbac.roles import Ask
from kscan.views.rights import Rights

# Of things of the whole cluster, but asked where the binding or the pod is.
_INSIDE = (("bind", "clusterroles"), ("use", "securitycontextconstraints"))
# Subresources that are named freely: any that some rule names counts.
_FREE = "userextras/*"
# Where a name limits nothing, as it is one's own choice, or that of what stands there.
_LIMITED = frozenset({"any", "seated"})


class Needed(msgspec.Struct, forbid_unknown_fields=True):
    """One thing that a danger takes, as a check file writes it: any verb on any of the resources or URLs.

    Where unlike things will do, a list of them stands in its place.
    """

    verbs: tuple[str, ...]
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ("",)
    urls: tuple[str, ...] = ()
    everywhere: bool = False
    # Which rules with names count too: of what is powerful, of what binds it, of one name for all such needs, of any,
    # or of any in a namespace where a powerful account stands.
    named: Literal["", "powerful", "bound", "same", "any", "seated"] = ""
    # How the names of any begin that count.
    begins: str = ""


Ways = list[list[Needed]]
_Asks = list[list[tuple[Ask, ...]]]
_Asked = tuple[Needed, tuple[Ask, ...]]


def ways_of(needs: list[object]) -> Ways:
    """The needs of a check file, each with the ways to fulfil it."""
    try:
        needed = msgspec.convert(needs, list[Needed | list[Needed]])
    except msgspec.ValidationError as error:
        raise CheckError("the params of rbac.grants are wrong", str(error)) from error
    return [one if isinstance(one, list) else [one] for one in needed]


def of_all(rights: Rights, ways: Ways, *, surely: bool) -> Danger:
    """The danger as it is asked of all objects, or of those that the check names, where these are served, or may be."""
    whole = _danger(rights, ways, _each(ways, lambda way: asks_of(rights, way, surely=surely)))
    return msgspec.structs.replace(whole, named=frozenset())


def _each(ways: Ways, asks: Callable[[Needed], Iterable[Ask]]) -> _Asks:
    return [[tuple(asks(way)) for way in one] for one in ways]


def by_name(rights: Rights, powers: Powers, ways: Ways, *, surely: bool) -> Iterator[Danger]:
    """The same danger by rules that are limited to names, where the named thing is enough."""
    asked = [[(way, tuple(asks_of(rights, way, surely=surely))) for way in one] for one in ways]
    flat = [found for one in asked for found in one]
    words = {way.named: asks for way, asks in flat}
    if "powerful" in words:
        found = _put(asked, lambda way, ask: _of_powerful(rights, powers, way, ask))
        if all(any(one) for one in found):
            yield _danger(rights, ways, found)
    if "bound" in words:
        for role, bindings in _bound(rights, powers, words["bound"], words["powerful"]).items():
            yield _danger(rights, ways, _put(asked, partial(_of_role, role, bindings)))
        # What is not seen may stand there.
        yield from _made(rights, powers, ways, asked) if rights.all_bindings else ()
    if not _LIMITED.isdisjoint(words):
        found = _put(asked, partial(_of_any, rights, powers))
        if all(any(one) for one in found):
            yield _danger(rights, ways, found)
    same = [asks for way, asks in flat if way.named == "same"]
    for name in sorted(common_names(rights.full, same)) if same else ():
        yield _danger(rights, ways, _put(asked, partial(_of_name, name)))


def _put(asked: Sequence[Sequence[_Asked]], of: Callable[[Needed, Ask], Iterable[Ask]]) -> _Asks:
    """Other questions in the place of each."""
    return [[tuple(dict.fromkeys(each for ask in asks for each in of(way, ask))) for way, asks in one] for one in asked]


def _danger(rights: Rights, ways: Ways, asks: _Asks) -> Danger:
    flat = [(way, ask) for one, found in zip(ways, asks, strict=True)
            for way, each in zip(one, found, strict=True) for ask in each]  # fmt: skip
    wide = {ask for way, ask in flat if way.everywhere}
    needs = tuple(Need(tuple(ask for each in found for ask in each)) for found in asks)
    inside = frozenset(ask for _, ask in flat if ask not in wide and _is_inside(rights, ask))
    named = (ask for way, ask in flat if way.named in ("powerful", "same", *_LIMITED) and ask.name)
    return Danger(needs, inside, frozenset(named))


def _of_powerful(rights: Rights, powers: Powers, way: Needed, ask: Ask) -> Iterable[Ask]:
    if way.named != "powerful":
        return (ask,)
    return powerful(rights.full, powers, ask, inside=not way.everywhere)


def _of_any(rights: Rights, powers: Powers, way: Needed, ask: Ask) -> Iterable[Ask]:
    """The question of each name that some rule is limited to; of a namespace it is asked there."""
    if way.named not in _LIMITED:
        return (ask,)
    if ask.verb == "create" and "/" not in ask.resource:
        # What is created has no name yet when it is asked about.
        return ()
    if ask.resource.partition("/")[0] == "namespaces":
        return (ask.of(name).within(name) for name in own_names(rights.full, ask))
    places = sorted(powers.seats) if way.named == "seated" else (EVERYWHERE,)
    names = (name for name in any_names(rights.full, ask) if name.startswith(way.begins))
    return (ask.of(name).within(place) for name in names for place in places)


def _bound(
    rights: Rights, powers: Powers, asks: Sequence[Ask], bind: Sequence[Ask]
) -> Mapping[ObjectRef, Sequence[Ask]]:
    """For each powerful role that may be bound, the questions of its bindings that some rule is limited to."""
    found: dict[ObjectRef, list[Ask]] = {}
    kinds = {ask.resource for ask in bind}
    for ask in (one for one in asks if one.verb != "create"):
        names = frozenset[str]().union(*rights.full.limited(ask).values())
        for binding in rights.full.bindings:
            place, role = binding.metadata.namespace, binding.role
            is_asked = f"{binding.ref.kind.lower()}s" == ask.resource and binding.metadata.name in names
            if is_asked and f"{role.kind.lower()}s" in kinds and _makes(powers, role, place):
                found.setdefault(role, []).append(ask.of(binding.metadata.name).within(place))
    return found


def _makes(powers: Powers, role: ObjectRef, place: str) -> bool:
    """Whether a role makes powerful where a binding gives it."""
    return not powers.inside(role).isdisjoint({EVERYWHERE, place}) if place else powers.role(role)


def _made(rights: Rights, powers: Powers, ways: Ways, asked: Sequence[Sequence[_Asked]]) -> Iterator[Danger]:
    """The danger by bindings that are not there yet: an update, or an apply, creates what it may by its name."""
    put = _put(asked, lambda way, ask: () if way.named == "bound" else (ask, *_of_powerful(rights, powers, way, ask)))
    others = _danger(rights, ways, put)
    others = msgspec.structs.replace(others, needs=tuple(need for need in others.needs if need.asks))
    writes = [ask for one in asked for way, asks in one if way.named == "bound" for ask in asks]
    for name, place in sorted(makeable(rights.full, Reach(rights.full, others), writes)):
        of = [ask.of(name).within(place) for ask in writes]
        create = Need(tuple(ask for ask in of if ask.verb == "create"))
        write = Need(tuple(ask for ask in of if ask.verb != "create"))
        # Who may everywhere finds a place where it does not stand; in one namespace only where it does not there.
        inside = frozenset(of if place else ())
        yield Danger((*others.needs, create, write), others.inside | inside, others.named)


def _of_role(role: ObjectRef, bindings: Sequence[Ask], way: Needed, ask: Ask) -> Iterable[Ask]:
    if way.named == "bound":
        return bindings
    return (ask.of(role.name).within(role.namespace) if way.named == "powerful" else ask,)


def _of_name(name: str, way: Needed, ask: Ask) -> Iterable[Ask]:
    if way.named != "same":
        return (ask,)
    # What is created has no name yet when it is asked about; by an update it has, and that is asked for as well.
    return () if ask.verb == "create" else (ask.of(name),)


def of_any_name(ways: Ways) -> Ways:
    """The same by any name, wherever it is."""
    return [[msgspec.structs.replace(way, named="any" if way.named in _LIMITED else way.named) for way in one]
            for one in ways]  # fmt: skip


def asks_of(rights: Rights, needed: Needed, *, surely: bool) -> Iterator[Ask]:
    """The questions of one thing, of what is served, or may be."""
    for verb in needed.verbs:
        yield from (Ask(verb, url=url) for url in needed.urls)
        for text in needed.resources:
            name, slash, part = text.partition("/")
            plural, _, group = name.partition(".")
            resource = f"{plural}{slash}{part}"
            known = "*" in (group, plural) or rights.served.counts(group, resource, surely=surely)
            for one in rights.full.resources(resource[:-1]) if resource == _FREE else (resource,) if known else ():
                yield from (Ask(verb, one, group, chosen) for chosen in needed.names)


def _is_inside(rights: Rights, ask: Ask) -> bool:
    """Whether a RoleBinding can grant it; a namespace itself is read and changed within itself."""
    if ask.url:
        return False
    own = ask.resource.partition("/")[0] == "namespaces" and ask.verb in ("get", "update", "patch", "delete")
    return own or (ask.verb, ask.resource) in _INSIDE or rights.served.namespaced(ask.group, ask.resource)
