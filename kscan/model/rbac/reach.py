"""How far a danger reaches: who holds all that it takes, everywhere or in which namespaces."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Proof, Scopes
from kscan.model.rbac.identity import Identity, account_key, group_key, subject_of, user_key
from kscan.model.rbac.roles import Ask

NOWHERE: Scopes = frozenset()
_EVERYWHERE: Scopes = frozenset({EVERYWHERE})


class Need(msgspec.Struct, frozen=True):
    """One thing that a danger takes: any of these questions answered with yes."""

    asks: tuple[Ask, ...]


class Danger(msgspec.Struct, frozen=True):
    """Everything that a danger takes; `inside` are the questions that are asked within a namespace."""

    needs: tuple[Need, ...]
    inside: frozenset[Ask]
    # The questions of names that are enough by themselves.
    named: frozenset[Ask] = frozenset()

    def asked(self, ask: Ask, place: str) -> Ask:
        """One of its questions, as it is put in a place."""
        return ask.within(place if ask in self.inside else EVERYWHERE)


class Reach:
    """Who holds a danger, asked of the authorizer once for everybody."""

    def __init__(self, authorizer: Authorizer, danger: Danger) -> None:
        self._holders = [_holders(authorizer, need.asks, danger.inside) for need in danger.needs]
        self._authorizer, self._danger = authorizer, danger

    def of(self, identity: Identity) -> Scopes:
        """Where somebody holds all of it."""
        places: Scopes | None = None
        for holders in self._holders:
            found = [holders[key] for key in identity.keys if key in holders]
            if not found:
                return NOWHERE
            scopes = found[0].union(*found[1:])
            if EVERYWHERE not in scopes:
                places = scopes if places is None else places & scopes
        return _EVERYWHERE if places is None else places

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Ask]]:
        """By key, the questions of names that are enough which somebody is allowed by these names."""
        found: dict[str, list[Ask]] = {}
        asks = (one for need in self._danger.needs for one in need.asks if one in self._danger.named)
        for ask, places in _by_question(asks, self._danger.inside).items():
            held, of_all = self._authorizer.holders(ask), self._authorizer.holders(ask.of(""))
            for key in held.keys() - of_all.keys():
                here = places if EVERYWHERE in held[key] else places & (held[key] | _EVERYWHERE)
                found.setdefault(key, []).extend(ask.within(place) for place in sorted(here))
        return found

    def of_theirs(self, identity: Identity, place: str) -> Danger:
        """The danger with no more names than concern somebody: to go through all for each would take the square."""
        mine = dict.fromkeys(ask for key in identity.keys for ask in self._by_name.get(key, ()))
        if len(self._danger.needs) > 1 or not mine:
            return self._danger
        counted = (ask for ask in mine if _meant(ask) != identity.keys[0])
        if not any(self._authorizer.why(identity, self._danger.asked(ask, place)) for ask in counted):
            return self._danger
        return msgspec.structs.replace(self._danger, needs=(Need(tuple(mine)),), named=frozenset(mine))

    def own(self, identity: Identity) -> Scopes:
        """Where somebody holds all of it, and something of it by a binding that names them and not a group of theirs.

        That a group grants the same does not take it away: giving more never finds less.
        """
        key = identity.keys[0]
        named = [holders[key] for holders in self._holders if key in holders]
        return common(NOWHERE.union(*named), self.of(identity)) if named else NOWHERE


def common(one: Scopes, other: Scopes) -> Scopes:
    """Where both hold."""
    if EVERYWHERE in one:
        return other
    return one if EVERYWHERE in other else one & other


def _holders(authorizer: Authorizer, asks: Iterable[Ask], inside: frozenset[Ask]) -> Mapping[str, Scopes]:
    """Who may do any of it, and where. What is asked of the whole cluster no RoleBinding gives."""
    found: dict[str, Scopes] = {}
    # Many hold the same in the same places: each set of them is made once.
    both: dict[tuple[Scopes, Scopes], Scopes] = {}
    for ask, places in _by_question(asks, inside).items():
        held = authorizer.holders(ask)
        # A name that means something in one namespace only counts there; and for nobody's own.
        meant = {_meant(ask.within(place)): place for place in places}
        within = {scopes: _within(scopes, places, ask, inside) for scopes in {*held.values()}}
        for key, limited in ((key, within[scopes]) for key, scopes in held.items()):
            scopes = _within(held[key], places - {meant[key]}, ask, inside) if key in meant else limited
            if scopes:
                pair = found.get(key, NOWHERE), scopes
                found[key] = both.get(pair) or both.setdefault(pair, pair[0] | scopes)
    return found


def _by_question(asks: Iterable[Ask], inside: frozenset[Ask]) -> Mapping[Ask, Scopes]:
    """The questions without their namespaces, and in which they mean something; the empty name is any, or none.

    A name may mean something in many namespaces: to go through all who hold it for each would take the square.
    """
    found: dict[Ask, set[str]] = {}
    for ask in asks:
        found.setdefault(ask.within(EVERYWHERE), set()).add(ask.namespace)
    return {ask: frozenset(places) for ask, places in found.items()}


def _within(scopes: Scopes, places: Scopes, ask: Ask, inside: frozenset[Ask]) -> Scopes:
    """Where a right counts that is held in these scopes; of one namespace by its name there alone."""
    if ask.name and ask.resource.partition("/")[0] == "namespaces" and places == {ask.name}:
        return places if scopes & (places | _EVERYWHERE) else NOWHERE
    if EVERYWHERE in places and ask in inside:
        return scopes
    return scopes & (places | _EVERYWHERE) if places else NOWHERE


def _meant(ask: Ask) -> str:
    """The key of whom a question names: to become oneself is no gain."""
    match ask.resource.partition("/")[0]:
        case "users":
            return user_key(ask.name)
        case "groups":
            return group_key(ask.name)
        case "serviceaccounts":
            return account_key(ask.namespace, ask.name)
    return ""


def witnesses(authorizer: Authorizer, identity: Identity, danger: Danger, place: str) -> Sequence[tuple[Ask, Proof]]:
    """For each thing that a danger takes, a question and the proof that it is allowed there; their own right first."""
    return [_witness(authorizer, identity, danger, need, place) for need in danger.needs]


def _witness(authorizer: Authorizer, identity: Identity, danger: Danger, need: Need, place: str) -> tuple[Ask, Proof]:
    own = subject_of(identity.keys[0])
    by_group: tuple[Ask, Proof] | None = None
    for ask in need.asks:
        # What names somebody comes before what a group of theirs is given.
        proof = authorizer.why(identity, danger.asked(ask, place)) if identity.keys[0] != _meant(ask) else None
        if proof and proof.subject == own:
            return ask, proof
        by_group = by_group or ((ask, proof) if proof else None)
    if by_group is None:
        raise LookupError(f"{own} does not hold {need}")
    return by_group
