"""What changed between two states of a cluster, in rights and not in text."""

from collections.abc import Iterable, Iterator

import msgspec

from kscan.model.rbac.authorizer import EVERYWHERE, Authorizer
from kscan.model.rbac.escalation import uncovered
from kscan.model.rbac.identity import subject_of
from kscan.model.rbac.roles import PolicyRule, Subject


class Change(msgspec.Struct, frozen=True):
    """Rights that a subject gained or lost, everywhere or in one namespace."""

    subject: Subject
    gained: bool
    namespace: str
    rule: PolicyRule

    @property
    def order(self) -> tuple[object, ...]:
        """By subject, what was gained first."""
        return self.subject.ref, not self.gained, self.namespace, str(self.rule)


def changes(old: Authorizer, new: Authorizer) -> tuple[Change, ...]:
    """What each subject that a binding names gained and lost by that name."""
    keys = dict.fromkeys((*old.keys, *new.keys))
    found = (change for key in keys for change in _changes(key, old, new))
    return tuple(sorted(found, key=lambda change: change.order))


def _changes(key: str, old: Authorizer, new: Authorizer) -> Iterator[Change]:
    before, after = _by_place(old, key), _by_place(new, key)
    for gained, wider, narrower in ((True, after, before), (False, before, after)):
        for place, rules in wider.items():
            had = [*narrower.get(EVERYWHERE, ()), *(narrower.get(place, ()) if place else ())]
            for rule in together(uncovered(had, rules)):
                yield Change(subject_of(key), gained, place, rule)


def _by_place(authorizer: Authorizer, key: str) -> dict[str, list[PolicyRule]]:
    found: dict[str, list[PolicyRule]] = {}
    for grant in authorizer.granted(key):
        rules = (rule for rule in grant.role.rules if not (grant.namespace and rule.non_resource_urls))
        found.setdefault(grant.namespace, []).extend(rules)
    return found


def together(atoms: Iterable[PolicyRule]) -> Iterator[PolicyRule]:
    """Atoms on the same thing as one rule with all their verbs."""
    verbs: dict[PolicyRule, list[str]] = {}
    for atom in atoms:
        thing = msgspec.structs.replace(atom, verbs=())
        if atom.verbs[0] not in verbs.setdefault(thing, []):
            verbs[thing].append(atom.verbs[0])
    for thing, found in verbs.items():
        yield msgspec.structs.replace(thing, verbs=tuple(sorted(found)))
