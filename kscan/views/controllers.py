"""Controllers of pods: those that somebody created, as they came, and what is read of all of them."""

from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.base import decode, decode_object
from kscan.model.controllers import Controller
from kscan.model.meta import Meta, ObjectRef
from kscan.model.shapes import OTHERS
from kscan.snapshot import kinds
from kscan.snapshot.entry import Item
from kscan.snapshot.needs import Resource
from kscan.views.objects import Thing
from kscan.views.view import Source, View

CONTROLLER_KINDS = (
    kinds.DEPLOYMENTS,
    kinds.REPLICA_SETS,
    kinds.STATEFUL_SETS,
    kinds.DAEMON_SETS,
    kinds.JOBS,
    kinds.CRON_JOBS,
    kinds.REPLICATION_CONTROLLERS,
)


def _created(source: Source) -> Iterator[tuple[Resource, str, Item, ObjectRef]]:
    """The controllers that no other controller made."""
    for resource in CONTROLLER_KINDS:
        for path, item in source.items(resource):
            try:
                metadata = decode(item.head, Meta).metadata
            except msgspec.MsgspecError as error:
                source.undecodable(path, item, error)
                continue
            if metadata.controller is None:
                yield resource, path, item, metadata.ref(resource)


def _objects(source: Source) -> tuple[Thing, ...]:
    found = []
    for resource, path, item, ref in _created(source):
        try:
            body = decode_object(item.body)
            msgspec.convert(body, OTHERS[resource.kind])
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        found.append(Thing(ref, {"apiVersion": path.split("/", 2)[2].rpartition("/")[0], "kind": resource.kind} | body))
    return tuple(found)


def _nouns(source: Source) -> Mapping[ObjectRef, Controller]:
    found: dict[ObjectRef, Controller] = {}
    for _, path, item, ref in _created(source):
        try:
            found[ref] = decode(item.body, Controller)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
    return found


CONTROLLER_OBJECTS: View[tuple[Thing, ...]] = View("controller objects", CONTROLLER_KINDS, _objects)
CONTROLLERS: View[Mapping[ObjectRef, Controller]] = View("controllers", CONTROLLER_KINDS, _nouns)
