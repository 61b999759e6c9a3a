"""What all parts of the exported report share."""

import msgspec

from kscan.judge.report import Status
from kscan.model.meta import ObjectRef


class Shape(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A part of the exported report."""


class Object(Shape, frozen=True):
    """The address of an object."""

    group: str
    kind: str
    namespace: str
    name: str


def word(status: Status) -> str:
    """A status as one word."""
    return status.replace(" ", "-")


def object_of(ref: ObjectRef) -> Object:
    """The exported address."""
    return Object(group=ref.group, kind=ref.kind, namespace=ref.namespace, name=ref.name)
