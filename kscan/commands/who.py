"""`kscan rbac who-can` and `kscan rbac why`: the answers of the authorizer, with their proof."""

from collections.abc import Iterable, Iterator
from typing import Any

from kscan.commands.rights import Known
from kscan.commands.tables import Table
from kscan.model.rbac.authorizer import EVERYWHERE, Proof
from kscan.model.rbac.difference import changes
from kscan.model.rbac.identity import NODES, identity_of
from kscan.model.rbac.reach import NOWHERE
from kscan.model.rbac.roles import Ask, Subject
from kscan.model.rbac.table import rows

YES, NO, UNKNOWN = 0, 1, 3


def who_can(known: Known, ask: Ask, *, inside: bool) -> Table:
    """Everybody who may, by each binding that says so; without a namespace, wherever they may."""
    return Table(
        ("SUBJECT", "WHERE", "BINDING", "ROLE", "RULE"),
        tuple(_row(subject, place, proof) for subject, place, proof in _who(known, ask, inside=inside)),
    )


def _who(known: Known, ask: Ask, *, inside: bool) -> Iterator[tuple[Subject, str, Proof]]:
    authorizer = known.rights.full
    for key_subject, scopes in _holders(known, ask):
        places = scopes if inside and not ask.namespace else scopes & {EVERYWHERE, ask.namespace}
        for place in sorted(places):
            for proof in authorizer.proofs(identity_of(key_subject), ask.within(place or ask.namespace)):
                named = proof.binding is None or (proof.subject == key_subject and proof.binding.namespace == place)
                if named:
                    yield key_subject, place, proof


def _holders(known: Known, ask: Ask) -> Iterable[tuple[Subject, frozenset[str]]]:
    holders = known.rights.full.by_subject(ask)
    return sorted(holders, key=lambda pair: pair[0].ref)


def _row(subject: Subject, place: str, proof: Proof) -> tuple[str, ...]:
    binding, role = str(proof.binding or "the API server itself"), str(proof.role or "")
    return str(subject), where(place), binding, role, str(proof.rule or "everything")


def where(place: str) -> str:
    """A scope in words."""
    return f"namespace {place}" if place else "everywhere"


def why(known: Known, subject: Subject, ask: Ask, *, inside: bool) -> tuple[int, list[str]]:
    """Whether somebody may, as an exit code, and the lines that say why."""
    identity = identity_of(subject)
    proofs = list(known.rights.full.proofs(identity, ask))
    place = f" in namespace {ask.namespace}" if inside and ask.namespace else " in every namespace" if inside else ""
    if proofs:
        return YES, [f"yes: {subject} may {ask}{place}", *(f"  {proof}" for proof in proofs)]
    scopes = known.rights.full.scopes(identity, ask) if inside and not ask.namespace else NOWHERE
    only = [f"  only in namespace {one}: add --namespace {one} to see why" for one in sorted(scopes)]
    doubts = [f"  {gap}" for gap in known.gaps]
    if NODES in identity.groups:
        doubts.append("  the Node authorizer decides for kubelets, by what runs on their node")
    if doubts:
        return UNKNOWN, [f"unknown: no binding that could be read lets {subject} {ask}{place}, but", *only, *doubts]
    return NO, [f"no: no binding lets {subject} {ask}{place}", *only]


def why_as_data(known: Known, subject: Subject, ask: Ask, code: int) -> dict[str, Any]:
    """The answer for a program."""
    proofs = known.rights.full.proofs(identity_of(subject), ask)
    return {
        "subject": str(subject),
        "question": str(ask),
        "namespace": ask.namespace,
        "answer": {YES: "yes", NO: "no", UNKNOWN: "unknown"}[code],
        "proofs": [
            {"subject": str(one.subject), "binding": str(one.binding or ""), "role": str(one.role or ""),
             "rule": str(one.rule or "")}
            for one in proofs
        ],
        "gaps": [str(gap) for gap in known.gaps],
    }  # fmt: skip


def can(known: Known, subject: Subject, namespace: str) -> Table:
    """Everything that somebody may do; with a namespace, there and everywhere."""
    found = rows(known.rights.full, identity_of(subject), known.rights.served, [namespace] if namespace else None)
    return Table(
        ("RESOURCE", "NAMES", "VERBS", "WHERE"),
        tuple(
            (one.resource + ("" if one.served else " (not served)"), ", ".join(one.names), ", ".join(one.verbs),
             where(one.namespace))
            for one in found
        ),
    )  # fmt: skip


def difference(old: Known, new: Known) -> Table:
    """What each subject gained and lost."""
    return Table(
        ("", "SUBJECT", "RIGHT", "WHERE"),
        tuple(
            ("+" if one.gained else "-", str(one.subject), str(one.rule), where(one.namespace))
            for one in changes(old.rights.full, new.rights.full)
        ),
    )
