"""What the server serves, from aggregated discovery or, on older servers, group by group."""

from collections.abc import Iterable, Iterator

import msgspec

from kscan.collect.wire import Answer, Wire
from kscan.model.discovery import Offer, OfferedGroup, OfferedVersion, Offers, ServedKind
from kscan.snapshot.entry import NO_KIND, Body, Entry, Gap, Reason
from kscan.snapshot.needs import Resource

_AGGREGATED = ", ".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)


class _PlainResource(msgspec.Struct):
    name: str
    kind: str = ""
    namespaced: bool = False
    verbs: tuple[str, ...] = ()


class _PlainResources(msgspec.Struct):
    resources: list[_PlainResource] = []


class Served:
    """The versions in which each resource is served; where that could not be read, all are taken as asked."""

    def __init__(self, bodies: dict[str, Entry]) -> None:
        self.bodies = bodies
        self._versions: dict[tuple[str, str], list[str]] = {}
        self._known: set[str] = set()
        for path, entry in bodies.items():
            if isinstance(entry, Body):
                self._known.add(path)
                for group in msgspec.json.decode(entry.content, type=Offers).items:
                    self._add(group)

    def _add(self, group: OfferedGroup) -> None:
        for version in group.versions:
            for resource in version.resources:
                self._versions.setdefault((group.name, resource.resource), []).append(version.version)

    def version(self, resource: Resource) -> str | Gap:
        """The version to ask for, or why there is none."""
        if ("/apis" if resource.group else "/api") not in self._known:
            return resource.versions[0]
        served = self._versions.get((resource.group, resource.plural), [])
        known = next((version for version in resource.versions if version in served), "")
        if known:
            return known
        if served:
            detail = f"served as {', '.join(served)}, which kscan does not read"
            return Gap(resource.path(), Reason.UNDECODABLE, detail)
        return Gap(resource.path(), Reason.NOT_SERVED, NO_KIND)

    def kinds(self, group: Resource) -> tuple[Resource, ...] | Gap:
        """The resources of a group that is asked for whole; or why there are none."""
        told = self.bodies.get("/apis", Gap("/apis", Reason.NOT_ASKED))
        if isinstance(told, Gap):
            return msgspec.structs.replace(told, path=group.path())
        found = [plural for name, plural in self._versions if name == group.group]
        if not found:
            return Gap(group.path(), Reason.NOT_SERVED, NO_KIND)
        return tuple(msgspec.structs.replace(group, plural=plural) for plural in sorted(found))


def discover(wire: Wire, needed: Iterable[Resource]) -> Served:
    """Ask what is served; the plain form is asked only for the groups that are needed."""
    groups = sorted({(resource.group, resource.versions[0]) for resource in needed})
    return Served({path: _discovered(wire, path, groups) for path in ("/api", "/apis")})


def _discovered(wire: Wire, path: str, groups: list[tuple[str, str]]) -> Entry:
    answer = wire.get(path, accept=f"{_AGGREGATED}, application/json;q=0.5")
    if isinstance(answer, Gap):
        return answer
    try:
        if msgspec.json.decode(answer.content, type=Offers).kind == "APIGroupDiscoveryList":
            return Body(answer.content)
    except msgspec.MsgspecError as error:
        return Gap(path, Reason.UNDECODABLE, str(error))
    wanted = [(group, version) for group, version in groups if bool(group) == (path == "/apis")]
    return _plain(wire, path, wanted)


def _plain(wire: Wire, path: str, groups: list[tuple[str, str]]) -> Entry:
    found = []
    for group, version in groups:
        answer = wire.get("/".join(part for part in (path, group, version) if part))
        if isinstance(answer, Answer):
            found.append(OfferedGroup.of(group, (OfferedVersion(version, tuple(_resources(answer))),)))
        elif answer.reason is not Reason.NOT_SERVED:
            return msgspec.structs.replace(answer, path=path)
    return Body(msgspec.json.encode(Offers.of(tuple(found))), via="the groups that were needed")


def _resources(answer: Answer) -> Iterator[Offer]:
    try:
        plain = msgspec.json.decode(answer.content, type=_PlainResources).resources
    except msgspec.MsgspecError:
        return
    for one in plain:
        if "/" not in one.name:
            yield Offer(one.name, ServedKind(one.kind), "Namespaced" if one.namespaced else "Cluster", verbs=one.verbs)
