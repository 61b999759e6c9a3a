"""What a cluster serves, in the shape of aggregated discovery.

Who serves a group names its resources, which need not be Kubernetes: a name that no path can hold is left out where
discovery is read, here, and its version is one that was not told whole.
"""

import re
from collections.abc import Mapping

import msgspec

from kscan.model.base import read_json

CURRENT, STALE, ODD = "Current", "Stale", "Odd"
# Metrics are served as resources, too, whose names are no DNS labels; a path of the API can hold all of these.
_RESOURCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?")
_GROUP = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)?")
_VERSION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


# What every cluster serves: who leaves it out has not told all.
ALWAYS: Mapping[str, frozenset[str]] = {
    "": frozenset({
        "configmaps", "endpoints", "namespaces", "namespaces/finalize", "namespaces/status", "nodes", "nodes/proxy",
        "nodes/status", "persistentvolumeclaims", "persistentvolumes", "pods", "pods/attach",
        "pods/ephemeralcontainers", "pods/eviction", "pods/exec", "pods/log", "pods/portforward", "pods/proxy",
        "pods/status", "replicationcontrollers", "secrets", "serviceaccounts", "serviceaccounts/token", "services",
        "services/proxy",
    }),
    "admissionregistration.k8s.io": frozenset({"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}),
    "apiextensions.k8s.io": frozenset({"customresourcedefinitions"}),
    "apiregistration.k8s.io": frozenset({"apiservices"}),
    "apps": frozenset({"daemonsets", "deployments", "replicasets", "statefulsets"}),
    "authentication.k8s.io": frozenset({"tokenreviews"}),
    "authorization.k8s.io": frozenset({"subjectaccessreviews"}),
    "batch": frozenset({"cronjobs", "jobs"}),
    "certificates.k8s.io": frozenset({
        "certificatesigningrequests", "certificatesigningrequests/approval", "certificatesigningrequests/status",
    }),
    "coordination.k8s.io": frozenset({"leases"}),
    "discovery.k8s.io": frozenset({"endpointslices"}),
    "networking.k8s.io": frozenset({"ingresses", "networkpolicies"}),
    "policy": frozenset({"poddisruptionbudgets"}),
    "rbac.authorization.k8s.io": frozenset({"clusterrolebindings", "clusterroles", "rolebindings", "roles"}),
    "storage.k8s.io": frozenset({"storageclasses"}),
}  # fmt: skip


class ServedKind(msgspec.Struct, frozen=True):
    """The kind of a resource's objects."""

    kind: str = ""
    group: str = ""
    version: str = ""


class Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A subresource, such as the log of a pod."""

    subresource: str
    verbs: tuple[str, ...] = ()
    response_kind: ServedKind | None = None


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
    # Whether the server knows it: empty where it does not tell; odd where names were left out.
    freshness: str = ""

    @property
    def untold(self) -> str:
        """Why it is not known whole what is served; empty where it is."""
        if self.freshness in ("", CURRENT):
            return ""
        return "it names what no resource can be called" if self.freshness == ODD else "the server has lost touch"


class _Name(msgspec.Struct, frozen=True):
    name: str = ""


class _ListMeta(msgspec.Struct, frozen=True, omit_defaults=True):
    rest: str = msgspec.field(default="", name="continue")


class OfferedGroup(msgspec.Struct, frozen=True):
    """The versions of one group, the preferred one first."""

    metadata: _Name = _Name()
    versions: tuple[OfferedVersion, ...] = ()

    @classmethod
    def of(cls, name: str, versions: tuple[OfferedVersion, ...]) -> "OfferedGroup":
        """A group by its name; the core group has none."""
        return cls(_Name(name), versions)

    @property
    def is_known(self) -> bool:
        """Whether all its versions tell what they serve."""
        return bool(self.versions) and not any(version.untold for version in self.versions)

    def lacks(self, resources: frozenset[str]) -> bool:
        """Whether it does not serve some of these, in no version."""
        offers = [one for version in self.versions for one in version.resources]
        parts = {f"{one.resource}/{part.subresource}" for one in offers for part in one.subresources}
        return not resources <= {one.resource for one in offers} | parts

    @property
    def name(self) -> str:
        """Its name; empty for the core group."""
        return self.metadata.name


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document."""

    kind: str = ""
    api_version: str = msgspec.field(default="", name="apiVersion")
    metadata: _ListMeta = _ListMeta()
    items: tuple[OfferedGroup, ...] = ()

    @classmethod
    def of(cls, groups: tuple[OfferedGroup, ...], form: str = "v2", rest: str = "") -> "Offers":
        """The document with these groups; `rest` says that there are more, which are not in it."""
        version = f"apidiscovery.k8s.io/{form}"
        return cls(kind="APIGroupDiscoveryList", api_version=version, metadata=_ListMeta(rest), items=groups)

    @property
    def whole(self) -> bool:
        """Whether it is the whole document."""
        return not self.metadata.rest


def read_offers(content: bytes) -> Offers:
    """What a server tells that it serves; MsgspecError where it is no such document."""
    found = read_json(content, Offers)
    return msgspec.structs.replace(found, items=tuple(_checked(group) for group in found.items))


def is_version(group: str, version: str) -> bool:
    """Whether a version of a group can be called so."""
    return bool(_GROUP.fullmatch(group) and _VERSION.fullmatch(version))


def _checked(group: OfferedGroup) -> OfferedGroup:
    for one in group.versions:
        if not is_version(group.name, one.version):
            raise msgspec.ValidationError(f"it names {group.name[:99]!r} in {one.version[:99]!r}, which is no version")
    return OfferedGroup.of(group.name, tuple(map(_named, group.versions)))


def _named(version: OfferedVersion) -> OfferedVersion:
    resources = tuple(
        msgspec.structs.replace(
            one, subresources=tuple(filter(lambda part: is_name(part.subresource), one.subresources))
        )
        for one in version.resources
        if is_name(one.resource)
    )
    if resources == version.resources:
        return version
    return OfferedVersion(version.version, resources, ODD if version.freshness in ("", CURRENT) else version.freshness)


def is_name(text: str) -> bool:
    """Whether a resource, or a part of one, can be called so."""
    return bool(_RESOURCE.fullmatch(text))
