"""Subjects who hold the same by the same bindings: of a crowd of them some are told, who stand for the rest."""

from collections.abc import Iterable, Iterator

import msgspec

from kscan.model.bounds import MOST_ALIKE
from kscan.model.rbac.authorizer import Authorizer
from kscan.model.rbac.identity import identity_of, subject_of


class Crowd(msgspec.Struct, frozen=True):
    """More subjects than are told, by the keys of two who stand for them: one may be whom a right is about."""

    examples: tuple[str, ...]
    more: int


class Told(msgspec.Struct, frozen=True):
    """The subjects that are judged one by one, and those who hold what one of them holds."""

    keys: tuple[str, ...]
    crowds: tuple[Crowd, ...] = ()


def told(authorizers: Iterable[Authorizer]) -> Told:
    """Whom to judge of those that the first of these authorizers knows; who are alike are so to each of them."""
    full, *others = authorizers
    if len(full.keys) <= MOST_ALIKE:
        return Told(full.keys)
    alike: dict[object, list[str]] = {}
    for key in full.keys:
        given = tuple(tuple(_given(one, key)) for one in (full, *others))
        subject = subject_of(key)
        alike.setdefault((subject.kind, identity_of(subject).keys[1:], given), []).append(key)
    left = {key for found in alike.values() for key in found[MOST_ALIKE:]}
    crowds = (Crowd(tuple(found[:2]), len(found) - MOST_ALIKE) for found in alike.values() if len(found) > MOST_ALIKE)
    return Told(tuple(key for key in full.keys if key not in left), tuple(crowds))


def _given(authorizer: Authorizer, key: str) -> Iterator[int]:
    """The bindings that name somebody, which live as long as the authorizer does."""
    return (id(grant.binding) for grant in authorizer.granted(key))
