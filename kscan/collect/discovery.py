"""What the server serves, from aggregated discovery or, on older servers, group by group.

A group whose discovery could not be read is a gap: only of what was told whole is it known what is not served.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from kscan.collect.wire import Answer, Wire
from kscan.model.base import read_json
from kscan.model.discovery import (
    STALE,
    Offer,
    OfferedGroup,
    OfferedVersion,
    Offers,
    Part,
    ServedKind,
    is_version,
    read_offers,
)
from kscan.snapshot.entry import NO_KIND, Body, Entry, Gap, Reason
from kscan.snapshot.needs import Resource

_AGGREGATED = ", ".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)
# Group and version.
_Version = tuple[str, str]


class _PlainResource(msgspec.Struct):
    name: str
    kind: str = ""
    namespaced: bool = False
    verbs: tuple[str, ...] = ()


class _PlainResources(msgspec.Struct):
    resources: list[_PlainResource]


class _PlainVersion(msgspec.Struct):
    version: str


class _PlainGroup(msgspec.Struct):
    name: str
    versions: list[_PlainVersion]


class _PlainRoot(msgspec.Struct):
    """/api or /apis, in the form that every server has spoken."""

    kind: str
    versions: list[str] = []
    groups: list[_PlainGroup] = []

    def told(self) -> dict[str, list[str]]:
        """The versions of each group; ValidationError where one is called as none can be, for they become paths."""
        found = {one.name: [version.version for version in one.versions] for one in self.groups}
        found = {"": self.versions} if self.kind == "APIVersions" else found
        if not all(is_version(group, version) for group, versions in found.items() for version in versions):
            raise msgspec.ValidationError("it names what no group and no version can be called")
        return found


class Served:
    """The versions in which each resource is served; where that could not be read, all are taken as asked."""

    def __init__(self, bodies: Mapping[str, Entry], untold: Mapping[_Version, Gap] | None = None) -> None:
        self.bodies = dict(bodies)
        self._versions: dict[tuple[str, str], list[str]] = {}
        # Versions of groups of which the server knows, and does not tell what they serve.
        self._untold = dict(untold or {})
        for entry in bodies.values():
            if isinstance(entry, Body):
                for group in read_offers(entry.content).items:
                    self._add(group)

    def _add(self, group: OfferedGroup) -> None:
        for version in group.versions:
            for resource in version.resources:
                self._versions.setdefault((group.name, resource.resource), []).append(version.version)
            if version.untold:
                told = f"what {group.name}/{version.version} serves is not told whole: {version.untold}"
                self._untold.setdefault((group.name, version.version), Gap("", Reason.UNAVAILABLE, told))

    def versions(self, resource: Resource) -> tuple[str, ...] | Gap:
        """The versions to ask for, one after the other until one is there; or why there is none."""
        root = self._root(resource)
        if isinstance(root, Gap):
            return resource.versions
        served = self._versions.get((resource.group, resource.plural), [])
        known = next((version for version in resource.versions if version in served), "")
        if known:
            return (known,)
        if served:
            detail = f"served as {', '.join(served)}, which kscan does not read"
            return Gap(resource.path(), Reason.UNDECODABLE, detail)
        return self._missing(resource)

    def not_found(self, resource: Resource, gap: Gap) -> Gap:
        """What it means that a resource is found at none of its paths: that there is none only where it need not be,
        and then only by a discovery, which does not name it.
        """
        if not resource.optional:
            return gap
        root = self._root(resource)
        if not isinstance(root, Gap):
            return Gap(gap.path, Reason.UNAVAILABLE, "the server says that it serves it, and does not find it")
        return _not_told(gap.path, root)

    def kinds(self, group: Resource) -> tuple[tuple[Resource, ...], Gap | None]:
        """The resources of a group that is asked for whole, and why there may be more; or why there are none."""
        told = self._root(group)
        if isinstance(told, Gap):
            return (), _not_told(group.path(), told)
        missing = self._missing(group)
        plurals = sorted(plural for name, plural in self._versions if name == group.group)
        found = tuple(msgspec.structs.replace(group, plural=plural) for plural in plurals)
        return found, None if found and missing.reason is Reason.NOT_SERVED else missing

    def _root(self, resource: Resource) -> Entry:
        path = "/apis" if resource.group else "/api"
        return self.bodies.get(path, Gap(path, Reason.NOT_ASKED))

    def _missing(self, resource: Resource) -> Gap:
        """Why a resource is not among those that are served."""
        untold = (gap for (group, _), gap in self._untold.items() if group == resource.group)
        return next(
            (msgspec.structs.replace(gap, path=resource.path()) for gap in untold),
            Gap(resource.path(), Reason.NOT_SERVED, NO_KIND),
        )


def _not_told(path: str, root: Gap) -> Gap:
    """A path of which it is not known whether it is served, for the discovery was not read."""
    reason = Reason.UNAVAILABLE if root.reason is Reason.NOT_SERVED else root.reason
    return Gap(
        path, reason, f"{root.path} was not read, so that it is not known whether and in which version it is served"
    )


def discover(wire: Wire, needed: Iterable[Resource]) -> Served:
    """Ask what is served; the plain form is asked only for the groups that are needed."""
    groups = {resource.group for resource in needed}
    bodies: dict[str, Entry] = {}
    untold: dict[_Version, Gap] = {}
    for path in ("/api", "/apis"):
        bodies[path] = _discovered(wire, path, groups, untold)
    return Served(bodies, untold)


def _discovered(wire: Wire, path: str, groups: set[str], untold: dict[_Version, Gap]) -> Entry:
    answer = wire.get(path, accept=f"{_AGGREGATED}, application/json;q=0.5")
    if isinstance(answer, Gap):
        return answer
    try:
        offers = read_offers(answer.content)
        if offers.kind == "APIGroupDiscoveryList" and not offers.whole:
            return Gap(path, Reason.NOT_ASKED, "a part of it came, and the rest is not asked for")
        if offers.kind == "APIGroupDiscoveryList" and offers.items:
            return Body(answer.content)
        told = read_json(answer.content, _PlainRoot).told()
    except msgspec.MsgspecError as error:
        return Gap(path, Reason.UNDECODABLE, str(error))
    if not any(told.values()):
        # Every server serves something: what names nothing is no answer of one.
        return Gap(path, Reason.UNDECODABLE, "it names no version of anything")
    return _plain(wire, path, {group: told[group] for group in sorted(groups & told.keys())}, untold)


def _plain(wire: Wire, path: str, groups: Mapping[str, list[str]], untold: dict[_Version, Gap]) -> Entry:
    """What the groups that are needed serve, version by version: each of them is asked, for none tells of another."""
    found = []
    for group, versions in groups.items():
        offered = []
        for version in versions:
            resources = _resources(wire, "/".join(part for part in (path, group, version) if part))
            if isinstance(resources, Gap):
                untold[group, version] = resources
                offered.append(OfferedVersion(version, freshness=STALE))
            else:
                offered.append(OfferedVersion(version, resources))
        found.append(OfferedGroup.of(group, tuple(offered)))
    return Body(msgspec.json.encode(Offers.of(tuple(found))), via="the groups that were needed")


def _resources(wire: Wire, path: str) -> tuple[Offer, ...] | Gap:
    answer = wire.get(path)
    if isinstance(answer, Gap):
        # The server named it: that it is not found is a fault, and does not mean that nothing is served.
        reason = Reason.UNAVAILABLE if answer.reason is Reason.NOT_SERVED else answer.reason
        return Gap(path, reason, f"what {path} serves is not told: {answer.detail or answer.reason}")
    try:
        return tuple(_offers(answer))
    except msgspec.MsgspecError as error:
        return Gap(path, Reason.UNDECODABLE, f"what {path} serves is not told: {error}")


def _offers(answer: Answer) -> Iterator[Offer]:
    """The resources, each with its subresources, which the plain form lists beside it."""
    told = read_json(answer.content, _PlainResources).resources
    parts: dict[str, list[Part]] = {}
    for one in told:
        name, slash, part = one.name.partition("/")
        if slash:
            parts.setdefault(name, []).append(Part(part, one.verbs, ServedKind(one.kind)))
    for one in told:
        if "/" not in one.name:
            scope = "Namespaced" if one.namespaced else "Cluster"
            subresources = tuple(parts.get(one.name, ()))
            yield Offer(one.name, ServedKind(one.kind), scope, verbs=one.verbs, subresources=subresources)
