"""The snapshot: a map from API path to what the server answered, and who asked whom, when."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from kscan.model.base import read_json
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason, Unread
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.needs import Brought, FromNode, Named, Plain, Resource, split_path


class About(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which cluster, by whom, when."""

    name: str = ""
    server: str = ""
    version: str = ""
    uid: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    impersonated_by: str = ""
    taken: str = ""
    namespaces: tuple[str, ...] = ()
    kscan: str = ""
    manifests: bool = False
    # What of the files could not be read. It stands here so that no copy of a snapshot can lose it.
    unread: tuple[Unread, ...] = ()


class Snapshot:
    """What was read of a cluster. Asking for what was never read gives a gap, never an empty list."""

    def __init__(self, about: About, entries: Mapping[str, Entry]) -> None:
        self.about = about
        self.entries: Mapping[str, Entry] = dict(sorted(entries.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and (self.about, self.entries) == (other.about, other.entries)

    __hash__ = None  # type: ignore[assignment]

    def listings(self, resource: Resource) -> tuple[tuple[str, Listing | Gap], ...]:
        """Every list of a resource, one a namespace where the scan was limited to some; never none."""
        found = (
            [
                one
                for (group, plural), lists in self._by_resource.items()
                for one in lists
                if resource.covers(group, plural)
            ]
            if resource.whole_group
            else self._by_resource.get((resource.group, resource.plural), [])
        )
        if resource.within:
            found = [one for one in found if f"/namespaces/{resource.within}/" in one[0]] or found
        elif resource.namespaced and not self.about.namespaces:
            # The list of one namespace, read for something else, is not the list of all.
            found = [one for one in found if "/namespaces/" not in one[0]]
        elif resource.namespaced and found and not resource.whole_group:
            found = [*found, *self._of_namespaces(resource, found)]
        return tuple(found) if found else ((resource.path(), Gap(resource.path(), Reason.NOT_ASKED)),)

    def _of_namespaces(self, resource: Resource, found: Sequence[tuple[str, Entry]]) -> Iterator[tuple[str, Gap]]:
        """The namespaces asked for of which no list is there, where there is none of them all."""
        namespaces = [parts[2] for path, _ in found if (parts := split_path(path))]
        for name in self.about.namespaces if "" not in namespaces else ():
            if name not in namespaces:
                path = resource.path(namespace=name)
                yield path, Gap(path, Reason.NOT_ASKED)

    def unread(self, need: Resource | FromNode) -> Iterator[Gap]:
        """What was not read of the files and may hold objects of a resource, or what a node has told."""
        for one in self.about.unread:
            if isinstance(need, FromNode):
                holds = one.path == need.root
            else:
                parts = split_path(one.path)
                holds = not one.path or bool(parts and need.covers(parts[0], parts[3]))
            if holds:
                yield one.gap

    def get(self, need: Plain | Named | Brought) -> Body | Gap:
        """The body of one path, or why there is none; a named object is also found in its list."""
        path = need.path()
        entry = self.entries.get(path)
        if isinstance(entry, Body | Gap):
            return entry
        if isinstance(need, Named):
            return self._named(need)
        return Gap(path, Reason.NOT_ASKED)

    def at(self, path: str) -> Entry:
        """What stands at a path."""
        return self.entries.get(path, Gap(path, Reason.NOT_ASKED))

    def gaps(self) -> Iterator[Gap]:
        """Everything that could not be read."""
        for entry in self.entries.values():
            if isinstance(entry, Gap):
                yield entry
            elif isinstance(entry, Listing) and entry.gap:
                yield entry.gap

    def _named(self, need: Named) -> Body | Gap:
        listing = self.entries.get(need.resource.path(namespace=need.namespace)) or self.entries.get(
            need.resource.path()
        )
        if not isinstance(listing, Listing):
            reason = listing.reason if isinstance(listing, Gap) else Reason.NOT_ASKED
            # That a list is not served, where it always is, does not say that the object is not there.
            odd = reason is Reason.NOT_SERVED and need.resource in KNOWN and not need.resource.optional
            return Gap(need.path(), Reason.UNAVAILABLE if odd else reason)
        for body in listing.bodies():
            if _is_named(body, need):
                return Body(body)
        return (
            listing.gap
            or next(self.unread(need.resource), None)
            or Gap(need.path(), Reason.NOT_SERVED, "there is no such object")
        )

    @cached_property
    def _by_resource(self) -> dict[tuple[str, str], list[tuple[str, Listing | Gap]]]:
        found: dict[tuple[str, str], list[tuple[str, Listing | Gap]]] = {}
        for path, entry in self.entries.items():
            parts = split_path(path)
            if parts and not parts[4] and isinstance(entry, Listing | Gap):
                found.setdefault((parts[0], parts[3]), []).append((path, entry))
        return found


class _Identity(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Identified(msgspec.Struct):
    metadata: _Identity


def _is_named(body: bytes, need: Named) -> bool:
    try:
        identity = read_json(body, _Identified).metadata
    except msgspec.MsgspecError:
        return False
    return identity.name == need.name and (not need.namespace or identity.namespace == need.namespace)
