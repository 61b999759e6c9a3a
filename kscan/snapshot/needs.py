"""What a reading is made from: lists of a resource, one named object, a plain path, a question to each node."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec


class Resource(msgspec.Struct, frozen=True, order=True):
    """A kind of object, listed whole, or `within` one namespace; its version is what the server serves.

    Where the plural is `*`, every kind of the group. What is `optional` a cluster need not serve: then there is none.
    """

    group: str
    plural: str
    kind: str
    namespaced: bool = True
    versions: tuple[str, ...] = ("v1",)
    short: str = ""
    within: str = ""
    optional: bool = False
    # Never more than name, age and revision of each, and these only where somebody asks for them.
    metadata_only: bool = False

    def __str__(self) -> str:
        name = f"{self.plural}.{self.group}" if self.group else self.plural
        return f"{name} in {self.within}" if self.within else name

    @property
    def everywhere(self) -> "Resource":
        """The same kind, in every namespace."""
        return msgspec.structs.replace(self, within="")

    @property
    def whole_group(self) -> bool:
        """Whether every kind of the group is meant."""
        return self.plural == "*"

    def covers(self, group: str, plural: str) -> bool:
        """Whether a list of this group and plural is one of its lists."""
        return group == self.group and (self.whole_group or plural == self.plural)

    def stands_at(self, path: str) -> bool:
        """Whether something at a path is of what is needed."""
        parts = split_path(path)
        return parts is not None and self.covers(parts[0], parts[3])

    def path(self, version: str = "", namespace: str = "") -> str:
        """Where it is listed."""
        version, namespace = version or self.versions[0], namespace or self.within
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        middle = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{middle}/{self.plural}"


class Named(msgspec.Struct, frozen=True, order=True):
    """One object of a known name."""

    resource: Resource
    name: str
    namespace: str = ""

    def stands_at(self, path: str) -> bool:
        """Whether it may be found at a path: it is found in a list as well."""
        return self.resource.stands_at(path)

    def path(self) -> str:
        """Where it is got."""
        return f"{self.resource.path(namespace=self.namespace)}/{self.name}"

    def __str__(self) -> str:
        return f"{self.resource} {self.name}"


class Plain(msgspec.Struct, frozen=True, order=True):
    """A path that is no resource; `accept` is the media type that makes it readable."""

    url: str
    accept: str = "*/*"
    # Whether a server that fails answers by that: its status is 500, and the body says why.
    failing: bool = False

    def stands_at(self, path: str) -> bool:
        """Whether something at a path is what is needed."""
        return path == self.path()

    def path(self) -> str:
        """The path itself."""
        return self.url

    def __str__(self) -> str:
        return self.url


class PerNode(msgspec.Struct, frozen=True, order=True):
    """A question to the kubelet of each node; `right` is the part of nodes that allows it, where that is another."""

    leaf: str
    accept: str = "application/json"
    right: str = ""

    def stands_at(self, path: str) -> bool:
        """Whether something at a path is the answer of a node."""
        return path.startswith("/api/v1/nodes/") and path.endswith(f"/{self.leaf}")

    def path(self, node: str) -> str:
        """Where the answer of one node is kept."""
        return f"/api/v1/nodes/{node}/proxy/{self.leaf}"

    @property
    def allowed_by(self) -> str:
        """The resource that an account must be allowed to get."""
        return f"nodes/{self.right or self.leaf}"

    def __str__(self) -> str:
        return f"nodes/{self.leaf}"


class FromNode(msgspec.Struct, frozen=True, order=True):
    """What an agent on each node has told; no API server has it: it comes from files, or from what agents publish."""

    root: str = "/kscan.dev/v1/nodes"

    def stands_at(self, path: str) -> bool:
        """Whether something at a path is what a node has told, or why it has not."""
        return path.startswith(self.root)

    def path(self, node: str) -> str:
        """Where the document of one node is kept; without a name, why there are none."""
        return f"{self.root}/{node}".rstrip("/")

    def node(self, path: str) -> str:
        """The node whose document stands at a path; empty where it is another path."""
        return path.removeprefix(f"{self.root}/") if path.startswith(f"{self.root}/") else ""

    def __str__(self) -> str:
        return "node results"


class Brought(msgspec.Struct, frozen=True, order=True):
    """What a user keeps beside the cluster and brings to a scan; nobody is asked for it."""

    name: str

    def stands_at(self, path: str) -> bool:
        """Whether something at a path is what is needed."""
        return path == self.path()

    def path(self) -> str:
        """Where it is kept."""
        return f"/kscan.dev/v1/data/{self.name}"

    def __str__(self) -> str:
        return self.name


Need = Resource | Named | Plain | PerNode | FromNode | Brought
_ORDER: tuple[type, ...] = (Resource, Named, Plain, PerNode, FromNode, Brought)


@lru_cache(maxsize=4096)
def split_path(path: str) -> tuple[str, str, str, str, str] | None:
    """Group, version, namespace, plural and the rest of an API path; None where it is no resource."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if rest[0] == "namespaces" and len(rest) > 2:
        return group, version, rest[1], rest[2], "/".join(rest[3:])
    return group, version, "", rest[0], "/".join(rest[1:])


def merged(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Each need once, lists first because they take longest; what is listed everywhere is not listed again."""
    every = set(needs)
    found = (need for need in every if not (isinstance(need, Resource) and need.within and need.everywhere in every))
    return tuple(sorted(found, key=lambda need: (_ORDER.index(type(need)), str(need))))
