"""How far a danger reaches: who holds all that it takes, everywhere or in which namespaces."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer, Proof, Scopes
from kscan.model.rbac.identity import Identity
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


class Reach:
    """Who holds a danger, asked of the authorizer once for everybody."""

    def __init__(self, authorizer: Authorizer, danger: Danger) -> None:
        self._holders = [_holders(authorizer, need.asks, danger.inside) for need in danger.needs]

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


def _holders(authorizer: Authorizer, asks: Iterable[Ask], inside: frozenset[Ask]) -> Mapping[str, Scopes]:
    """Who may do any of it, and where. What is asked of the whole cluster no RoleBinding gives."""
    found: dict[str, Scopes] = {}
    for ask in asks:
        for key, scopes in authorizer.holders(ask).items():
            counted = scopes if ask in inside else scopes & _EVERYWHERE
            if counted:
                found[key] = found.get(key, NOWHERE) | counted
    return found


def witnesses(authorizer: Authorizer, identity: Identity, danger: Danger, place: str) -> Sequence[tuple[Ask, Proof]]:
    """For each thing that a danger takes, one question and the proof that it is allowed there."""
    found = []
    for need in danger.needs:
        proofs = ((ask, _proof(authorizer, identity, ask, place, danger.inside)) for ask in need.asks)
        found.append(next((ask, proof) for ask, proof in proofs if proof))
    return found


def _proof(authorizer: Authorizer, identity: Identity, ask: Ask, place: str, inside: frozenset[Ask]) -> Proof | None:
    return authorizer.why(identity, ask.within(place if ask in inside else ""))
