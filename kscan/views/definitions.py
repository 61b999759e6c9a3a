"""Custom resources that written documents define themselves: whoever applies them has them served."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from kscan.model.base import Noun, decode
from kscan.model.discovery import Offer, OfferedGroup, OfferedVersion, Part
from kscan.model.rbac.roles import Role
from kscan.snapshot import kinds
from kscan.snapshot.needs import split_path
from kscan.snapshot.snapshot import About
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


def written_groups(source: Source, roles: Iterable[Role]) -> frozenset[str]:
    """The API groups that manifests know of: of objects among them, or named in a role by more than a wildcard."""
    named = {group for role in roles for rule in role.rules for group in rule.api_groups}
    known = {one.group for one in kinds.KNOWN if any(True for _ in source.here(one))}
    return frozenset((named | known | {group for group, *_ in source.others()}) - {"*"})


def lost_of(about: About) -> Callable[[str], bool]:
    """Whether something was not read of manifests that may be of a group, or may define its kinds."""
    paths = [one.path for one in about.unread]
    anything = any(not path or kinds.CUSTOM_RESOURCE_DEFINITIONS.stands_at(path) for path in paths)
    lost = {parts[0] for path in paths if (parts := split_path(path))}
    return lambda group: anything or group in lost


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
