"""Names, owners and references."""

import msgspec

from kscan.model.base import Noun

# Set on an object of manifests where another one before it has the same name; no API server has it.
WRITTEN_IN = "kscan/written-in"
# The version that an object of manifests is written in, where it is not the one that is read; no API server has it.
WRITTEN_AS = "kscan/written-as"


class OwnerReference(Noun, frozen=True):
    """The object that made this one."""

    kind: str
    name: str
    api_version: str = ""
    controller: bool = False


class Metadata(Noun, frozen=True):
    """What every object says of itself."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    creation_timestamp: str = ""
    written_in: str = msgspec.field(default="", name=WRITTEN_IN)
    written_as: str = msgspec.field(default="", name=WRITTEN_AS)

    def ref(self, kind: str) -> "ObjectRef":
        """The address of the object whose metadata this is."""
        return ObjectRef(kind, self.name, self.namespace, self.written_in)

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object, if one does."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class ObjectRef(msgspec.Struct, frozen=True, order=True):
    """The address of an object, as people write it: Deployment shop/web.

    In manifests several objects may have one address: `source` tells the later ones apart.
    """

    kind: str
    name: str
    namespace: str = ""
    source: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Meta(Noun, frozen=True):
    """An object of which only the metadata matters."""

    metadata: Metadata
