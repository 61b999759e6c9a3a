"""How far a danger reaches: who holds all that it takes, everywhere or in which namespaces."""

from collections.abc import Iterable, Sequence

import msgspec

from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Proof, Scopes
from kscan.model.rbac.identity import Identity
from kscan.model.rbac.roles import Ask

NOWHERE: Scopes = frozenset()


class Need(msgspec.Struct, frozen=True):
    """One thing that a danger takes: any of these questions answered with yes."""

    asks: tuple[Ask, ...]


class Danger(msgspec.Struct, frozen=True):
    """Everything that a danger takes; `inside` are the questions that are asked within a namespace."""

    needs: tuple[Need, ...]
    inside: frozenset[Ask]

    @property
    def everywhere_only(self) -> bool:
        """Whether nothing of it can be had in one namespace."""
        return not self.inside


def reach(authorizer: Authorizer, identity: Identity, danger: Danger) -> Scopes:
    """Where somebody holds all of it. What is asked of the whole cluster no RoleBinding gives."""
    places: Scopes | None = None
    for need in danger.needs:
        found = _held(authorizer, identity, need.asks, danger.inside)
        if not found:
            return NOWHERE
        if EVERYWHERE not in found:
            places = found if places is None else places & found
    return frozenset({EVERYWHERE}) if places is None else places


def _held(authorizer: Authorizer, identity: Identity, asks: Iterable[Ask], inside: frozenset[Ask]) -> Scopes:
    found: set[str] = set()
    for ask in asks:
        scopes = authorizer.scopes(identity, ask)
        found |= scopes if ask in inside else scopes & {EVERYWHERE}
    return frozenset(found)


def witnesses(authorizer: Authorizer, identity: Identity, danger: Danger, place: str) -> Sequence[tuple[Ask, Proof]]:
    """For each thing that a danger takes, one question and the proof that it is allowed there."""
    found = []
    for need in danger.needs:
        proofs = ((ask, _proof(authorizer, identity, ask, place, danger.inside)) for ask in need.asks)
        found.append(next((ask, proof) for ask, proof in proofs if proof))
    return found


def _proof(authorizer: Authorizer, identity: Identity, ask: Ask, place: str, inside: frozenset[Ask]) -> Proof | None:
    return authorizer.why(identity, ask.within(place if ask in inside else ""))
