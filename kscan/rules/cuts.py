"""The smallest change that ends a danger: the thing it takes that the fewest bindings give, and those bindings."""

from collections.abc import Collection
from itertools import islice

from kscan.model.bounds import MOST_CHANGES
from kscan.model.rbac.authorizer import Proof
from kscan.model.rbac.identity import Identity, subject_of
from kscan.model.rbac.reach import Danger, Need
from kscan.views.rights import Rights


def smallest_change(rights: Rights, identity: Identity, danger: Danger, place: str) -> str:
    """What to take away, in a sentence: all that grants one thing that it takes, or what somebody's own bindings grant.

    What groups are granted beside that is their own finding.
    """
    ways = [_ways(rights, identity, danger, need, place) for need in danger.needs]
    subject = subject_of(identity.keys[0])
    own = {key: proof for way in ways for key, proof in way.items() if proof.subject == subject}
    words = _listed(dict.fromkeys(_cut(rights, proof) for proof in min((own, *ways), key=len).values()))
    return f"{words[0].upper()}{words[1:]}."


def _listed(changes: Collection[str]) -> str:
    more = f"; and {len(changes) - MOST_CHANGES:,} more of the kind" if len(changes) > MOST_CHANGES else ""
    return f"{'; '.join(islice(changes, MOST_CHANGES))}{more}"


def _ways(rights: Rights, identity: Identity, danger: Danger, need: Need, place: str) -> dict[object, Proof]:
    """Every binding that gives one thing that the danger takes."""
    found: dict[object, Proof] = {}
    for ask in need.asks:
        for proof in rights.full.proofs(identity, danger.asked(ask, place)):
            # A rule is one object for all that it allows: to compare what it says takes as long as it is.
            found.setdefault((proof.subject, proof.binding, id(proof.rule)), proof)
    return found


def _cut(rights: Rights, proof: Proof) -> str:
    if proof.binding is None or proof.role is None or proof.rule is None:
        return f"take it out of {proof.subject}, which the API server allows everything"
    alone = len(rights.full.named[proof.binding].subjects) == 1
    # A role that others need, or that Kubernetes keeps as it is, is left alone.
    shared = proof.role in rights.baseline.roles or rights.full.uses[proof.role] > 1
    if not shared and alone:
        return f"take `{proof.rule}` out of {proof.role}"
    if alone:
        return f"delete {proof.binding}"
    return f"take {proof.subject} out of {proof.binding}"
