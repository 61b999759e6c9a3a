"""The version in which each object was written: as manifests say it, or as kubectl noted it when it applied them."""

import re
from collections import deque
from collections.abc import Iterator

import msgspec

from kscan.model.base import decode
from kscan.model.kinds import of_version
from kscan.model.meta import Meta, ObjectRef
from kscan.snapshot import kinds
from kscan.snapshot.entry import Item
from kscan.snapshot.needs import Resource, split_path
from kscan.views.view import Source, View

# Kinds of which versions went, as far as they are read anyway.
_KINDS: tuple[Resource, ...] = (
    kinds.DEPLOYMENTS,
    kinds.DAEMON_SETS,
    kinds.STATEFUL_SETS,
    kinds.CRON_JOBS,
    kinds.INGRESSES,
    kinds.NETWORK_POLICIES,
    kinds.VALIDATING_WEBHOOKS,
    kinds.MUTATING_WEBHOOKS,
    kinds.CLUSTER_ROLES,
    kinds.CLUSTER_ROLE_BINDINGS,
    kinds.ROLES,
    kinds.ROLE_BINDINGS,
    kinds.API_SERVICES,
)
# kubectl writes it sorted, so that the version comes first.
_APPLIED = re.compile(rb'last-applied-configuration"\s*:\s*"\{\\"apiVersion\\":\s*\\"([\w./-]+)\\"')


class Written(msgspec.Struct, frozen=True):
    """An object, and the version in which somebody wrote it."""

    ref: ObjectRef
    version: str


def _build(source: Source) -> tuple[Written, ...]:
    return tuple(_manifests(source) if source.about.manifests else _applied(source))


def _manifests(source: Source) -> Iterator[Written]:
    """Of every kind that is written down; a list that was refused is of no manifests."""
    for resource in _KINDS:
        deque(source.items(resource), maxlen=0)
    if source.gaps:
        return
    for _, path, listing in source.everything():
        parts = split_path(path)
        version = f"{parts[0]}/{parts[1]}".lstrip("/") if parts else ""
        for item in listing.items:
            metadata = _metadata(source, path, item)
            if metadata:
                found = metadata.metadata
                yield Written(found.ref(of_version(listing.api_version, listing.kind)), found.written_as or version)
        if listing.items:
            source.used(path)


def _applied(source: Source) -> Iterator[Written]:
    for resource in _KINDS:
        for path, item in source.items(resource):
            version = _APPLIED.search(item.head)
            metadata = _metadata(source, path, item) if version else None
            if version and metadata:
                yield Written(metadata.metadata.ref(resource), version[1].decode())


def _metadata(source: Source, path: str, item: Item) -> Meta | None:
    try:
        return decode(item.head, Meta)
    except msgspec.MsgspecError as error:
        source.undecodable(path, item, error)
        return None


WRITTEN: View[tuple[Written, ...]] = View("versions of objects", _KINDS, _build)
