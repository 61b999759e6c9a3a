"""What a check file calls a danger, as questions about rights: of everything, or of the names that are enough."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from kscan.errors import CheckError
from kscan.model.meta import ObjectRef
from kscan.model.rbac.names import common_names, powerful
from kscan.model.rbac.reach import Danger, Need
from kscan.model.rbac.roles import Ask
from kscan.views.rights import Rights

# Of things of the whole cluster, but asked where the binding or the pod is.
_INSIDE = (("bind", "clusterroles"), ("use", "securitycontextconstraints"))
# Subresources that are named freely: any that some rule names counts.
_FREE = "userextras/*"


class Needed(msgspec.Struct, forbid_unknown_fields=True):
    """One thing that a danger takes, as a check file writes it: any verb on any of the resources or URLs.

    Where unlike things will do, a list of them stands in its place.
    """

    verbs: tuple[str, ...]
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ("",)
    urls: tuple[str, ...] = ()
    everywhere: bool = False
    # Which rules with names count too: of what is powerful, of what binds it, or of one name for all such needs.
    named: Literal["", "powerful", "bound", "same"] = ""


_Ways = list[list[Needed]]
_Asks = list[list[tuple[Ask, ...]]]


def ways_of(needs: list[object]) -> _Ways:
    """The needs of a check file, each with the ways to fulfil it."""
    try:
        needed = msgspec.convert(needs, list[Needed | list[Needed]])
    except msgspec.ValidationError as error:
        raise CheckError("the params of rbac.grants are wrong", str(error)) from error
    return [one if isinstance(one, list) else [one] for one in needed]


def of_all(rights: Rights, ways: _Ways) -> Danger:
    """The danger as it is asked of all objects, or of those that the check names."""
    return _danger(rights, ways, _each(ways, lambda way: _asks(rights, way)))


def _each(ways: _Ways, asks: Callable[[Needed], Iterable[Ask]]) -> _Asks:
    return [[tuple(asks(way)) for way in one] for one in ways]


def by_name(rights: Rights, ways: _Ways) -> Iterator[Danger]:
    """The same danger by rules that are limited to names, where the named thing is enough."""
    words = {way.named: way for one in ways for way in one}
    if "powerful" in words:
        found = _each(ways, lambda way: _of_powerful(rights, way))
        if all(any(one) for one in found):
            yield _danger(rights, ways, found)
    if "bound" in words:
        for role, bindings in _bound(rights, words["bound"]).items():
            yield _danger(rights, ways, _each(ways, lambda way: _of_role(rights, way, role, bindings)))  # noqa: B023
    same = [tuple(_asks(rights, way)) for one in ways for way in one if way.named == "same"]
    for name in sorted(common_names(rights.full, same)) if same else ():
        yield _danger(rights, ways, _each(ways, lambda way: _of_name(rights, way, name)))  # noqa: B023


def _danger(rights: Rights, ways: _Ways, asks: _Asks) -> Danger:
    flat = [(way, ask) for one, found in zip(ways, asks, strict=True)
            for way, each in zip(one, found, strict=True) for ask in each]  # fmt: skip
    wide = {ask for way, ask in flat if way.everywhere}
    needs = tuple(Need(tuple(ask for each in found for ask in each)) for found in asks)
    inside = frozenset(ask for _, ask in flat if ask not in wide and _is_inside(rights, ask))
    named = (ask for way, ask in flat if way.named in ("powerful", "same") and ask.name)
    return Danger(needs, inside, frozenset(named))


def _of_powerful(rights: Rights, way: Needed) -> Iterator[Ask]:
    for ask in _asks(rights, way):
        if way.named == "powerful":
            yield from powerful(rights.full, rights.powers, ask, inside=not way.everywhere)
        else:
            yield ask


def _bound(rights: Rights, way: Needed) -> Mapping[ObjectRef, tuple[Ask, ...]]:
    """For each powerful ClusterRole, the questions of its bindings that some rule is limited to."""
    found: dict[ObjectRef, tuple[Ask, ...]] = {}
    for ask in (one for one in _asks(rights, way) if one.verb != "create"):
        names = {name for limited in rights.full.limited(ask).values() for name in limited}
        for binding in rights.full.bindings:
            place, role = binding.metadata.namespace, binding.role
            is_asked = f"{binding.ref.kind.lower()}s" == ask.resource and binding.metadata.name in names
            if is_asked and role.kind == "ClusterRole" and rights.powers.role(role, inside=bool(place)):
                found[role] = (*found.get(role, ()), ask.of(binding.metadata.name).within(place))
    return found


def _of_role(rights: Rights, way: Needed, role: ObjectRef, bindings: Sequence[Ask]) -> Iterable[Ask]:
    if way.named == "bound":
        return bindings
    return (ask.of(role.name) if way.named == "powerful" else ask for ask in _asks(rights, way))


def _of_name(rights: Rights, way: Needed, name: str) -> Iterator[Ask]:
    for ask in _asks(rights, way):
        if way.named != "same":
            yield ask
        # What is created has no name yet when it is asked about.
        elif ask.verb != "create":
            yield ask.of(name)


def _asks(rights: Rights, needed: Needed) -> Iterator[Ask]:
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
