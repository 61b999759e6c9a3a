"""What a cluster serves, in the shape of aggregated discovery."""

import msgspec


class ServedKind(msgspec.Struct, frozen=True):
    """The kind of a resource's objects."""

    kind: str = ""
    group: str = ""
    version: str = ""


class Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A subresource, such as the log of a pod."""

    subresource: str
    verbs: tuple[str, ...] = ()


class Offer(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One resource."""

    resource: str
    response_kind: ServedKind | None = None
    scope: str = ""
    singular_resource: str = ""
    verbs: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Part, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of its objects."""
        return self.response_kind.kind if self.response_kind else ""

    @property
    def namespaced(self) -> bool:
        """Whether its objects stand in namespaces."""
        return self.scope == "Namespaced"


class OfferedVersion(msgspec.Struct, frozen=True):
    """The resources of one version of a group."""

    version: str
    resources: tuple[Offer, ...] = ()
    # Whether the server knows it: empty where it does not tell.
    freshness: str = ""


class _Name(msgspec.Struct, frozen=True):
    name: str = ""


class OfferedGroup(msgspec.Struct, frozen=True):
    """The versions of one group, the preferred one first."""

    metadata: _Name = _Name()
    versions: tuple[OfferedVersion, ...] = ()

    @classmethod
    def of(cls, name: str, versions: tuple[OfferedVersion, ...]) -> "OfferedGroup":
        """A group by its name; the core group has none."""
        return cls(_Name(name), versions)

    @property
    def name(self) -> str:
        """Its name; empty for the core group."""
        return self.metadata.name


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document."""

    kind: str = ""
    api_version: str = msgspec.field(default="", name="apiVersion")
    metadata: _Name = _Name()
    items: tuple[OfferedGroup, ...] = ()

    @classmethod
    def of(cls, groups: tuple[OfferedGroup, ...]) -> "Offers":
        """The document with these groups."""
        return cls(kind="APIGroupDiscoveryList", api_version="apidiscovery.k8s.io/v2", items=groups)
