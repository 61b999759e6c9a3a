"""Names, owners and references."""

from typing import Protocol

import msgspec

from kscan.model.base import Noun
from kscan.model.kinds import GroupKind, of_version, spoken

# Set on an object of manifests where another one before it has the same name; no API server has it.
WRITTEN_IN = "kscan/written-in"
# The version that an object of manifests is written in, where it is not the one that is read; no API server has it.
WRITTEN_AS = "kscan/written-as"


class Kind(Protocol):
    """What says of which kind an object is: a name alone does not."""

    @property
    def group(self) -> str:
        """The API group; empty for the core group, and for what is no object of an API."""

    @property
    def kind(self) -> str:
        """The name."""


class OwnerReference(Noun, frozen=True):
    """The object that made this one, as this one says: no API server compares it with what is there."""

    kind: str
    name: str
    api_version: str = ""
    uid: str = ""
    controller: bool = False

    def ref(self, namespace: str) -> "ObjectRef":
        """The address of the owner of an object that lies in a namespace."""
        kind = of_version(self.api_version, self.kind)
        return ObjectRef(kind.kind, self.name, namespace, group=kind.group)

    def means(self, owner: "Metadata") -> bool:
        """Whether an object of its kind and name is the owner, and not another one; where no uid tells, it is."""
        return not (self.uid and owner.uid) or self.uid == owner.uid


class Metadata(Noun, frozen=True):
    """What every object says of itself."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    creation_timestamp: str = ""
    generation: int = 0
    written_in: str = msgspec.field(default="", name=WRITTEN_IN)
    written_as: str = msgspec.field(default="", name=WRITTEN_AS)

    def ref(self, kind: Kind) -> "ObjectRef":
        """The address of the object whose metadata this is."""
        return ObjectRef(kind.kind, self.name, self.namespace, self.written_in, kind.group)

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object, if one does."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class ObjectRef(msgspec.Struct, frozen=True, order=True):
    """The address of an object, as people write it: Deployment shop/web.

    In manifests several objects may have one address: `source` tells the later ones apart. The API group stands last,
    so that addresses are in the order in which people read them.
    """

    kind: str
    name: str
    namespace: str = ""
    source: str = ""
    group: str = ""

    @property
    def group_kind(self) -> GroupKind:
        """Its kind, whole."""
        return GroupKind(self.group, self.kind)

    def __str__(self) -> str:
        kind = spoken(self.group, self.kind)
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


class Meta(Noun, frozen=True):
    """An object of which only the metadata matters."""

    metadata: Metadata
