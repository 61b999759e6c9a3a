"""Custom resources that written documents define themselves: whoever applies them has them served."""

from collections.abc import Iterator

import msgspec

from kscan.model.base import Noun, decode
from kscan.model.discovery import Offer, OfferedGroup, OfferedVersion, Part
from kscan.snapshot import kinds
from kscan.views.view import Source

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class _Names(Noun, frozen=True):
    plural: str
    singular: str = ""
    short_names: tuple[str, ...] = ()


class _Version(Noun, frozen=True):
    subresources: dict[str, msgspec.Raw] = {}


class _Spec(Noun, frozen=True):
    group: str
    names: _Names
    scope: str = ""
    versions: tuple[_Version, ...] = ()
    # As in v1beta1, where it stood once for all versions.
    subresources: dict[str, msgspec.Raw] = {}


class _Definition(Noun, frozen=True):
    spec: _Spec


def defined(source: Source) -> Iterator[OfferedGroup]:
    """What the definitions among them offer; one that cannot be read offers nothing."""
    for item in source.here(kinds.CUSTOM_RESOURCE_DEFINITIONS):
        try:
            yield _offered(decode(item.body, _Definition).spec)
        except msgspec.MsgspecError:
            continue


def _offered(spec: _Spec) -> OfferedGroup:
    parts = {*spec.subresources, *(name for one in spec.versions for name in one.subresources)}
    offer = Offer(
        resource=spec.names.plural,
        scope=spec.scope,
        singular_resource=spec.names.singular,
        verbs=_VERBS,
        short_names=spec.names.short_names,
        subresources=tuple(Part(name, ("get", "patch", "update")) for name in sorted(parts)),
    )
    return OfferedGroup.of(spec.group, (OfferedVersion("", (offer,)),))
