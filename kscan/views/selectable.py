"""What selectors choose among: running pods, and the templates that more can be made from at any time."""

from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.base import decode, decode_object
from kscan.model.controllers import Controller
from kscan.model.meta import Meta, ObjectRef
from kscan.model.pods import FINISHED, containers, objects
from kscan.model.workloads import PodHead
from kscan.snapshot import kinds
from kscan.snapshot.entry import Item
from kscan.views.controllers import CONTROLLER_KINDS, CONTROLLERS
from kscan.views.view import Source, View
from kscan.views.workloads import top_owner


class Selectable(msgspec.Struct, frozen=True):
    """Labels that pods of one owner have, and the spec of one that has them, as JSON."""

    owner: ObjectRef
    labels: dict[str, str]
    spec: bytes

    @property
    def port_names(self) -> frozenset[tuple[str, str]]:
        """The names of its containers' ports, each with its protocol."""
        try:
            spec = decode_object(self.spec)
        except msgspec.MsgspecError:
            # The view of workloads tells what is wrong with it.
            return frozenset()
        ports = (port for one in containers(spec) for port in objects(one.body, "ports"))
        return frozenset((str(port.get("name", "")), str(port.get("protocol", "TCP"))) for port in ports)


class _Whole(msgspec.Struct):
    spec: msgspec.Raw = msgspec.Raw(b"{}")


_Key = tuple[ObjectRef, frozenset[tuple[str, str]], int | bytes]


def _build(source: Source) -> tuple[Selectable, ...]:
    controllers = CONTROLLERS.build(source)
    found: dict[_Key, Selectable] = {}
    owners = dict(_owners(source))
    known: dict[ObjectRef, ObjectRef] = {}
    for path, item in source.items(kinds.PODS):
        try:
            head = decode(item.head, PodHead)
            spec = item.spec or bytes(decode(item.head, _Whole).spec)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        if head.status.phase in FINISHED:
            continue
        owner = top_owner(kinds.PODS, head.metadata, owners, known)
        # A folded spec is one shared value, so that its identity is its hash.
        key = (owner, frozenset(head.metadata.labels.items()), id(item.spec) if item.spec else spec)
        found.setdefault(key, Selectable(owner, head.metadata.labels, spec))
    templates = (_template(ref, controller) for ref, controller in controllers.items())
    return (*found.values(), *templates)


def _owners(source: Source) -> Iterator[tuple[ObjectRef, Meta]]:
    for resource in CONTROLLER_KINDS:
        for _, item in source.items(resource):
            if found := _meta(item):
                yield found.metadata.ref(resource), found


def _meta(item: Item) -> Meta | None:
    try:
        return decode(item.head, Meta)
    except msgspec.MsgspecError:
        # The view of controllers has told so.
        return None


def _template(ref: ObjectRef, controller: Controller) -> Selectable:
    return Selectable(ref, controller.template.metadata.labels, bytes(controller.template.spec))


def by_namespace(found: tuple[Selectable, ...]) -> Mapping[str, list[Selectable]]:
    """The same, by namespace."""
    spaces: dict[str, list[Selectable]] = {}
    for one in found:
        spaces.setdefault(one.owner.namespace, []).append(one)
    return spaces


SELECTABLE: View[tuple[Selectable, ...]] = View("selectable pods", (kinds.PODS, *CONTROLLER_KINDS), _build)
