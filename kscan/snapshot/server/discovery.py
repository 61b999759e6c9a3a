"""What the snapshot serves, told as the cluster told it: nothing that is not in it, and nothing as if it were all.

| /api or /apis in the snapshot          | what is answered                                                     |
|----------------------------------------|----------------------------------------------------------------------|
| the whole discovery                    | the same, aggregated and plain                                       |
| of an older server, the groups needed  | the same, plain: what was not asked for fails                        |
| a gap                                  | the gap                                                              |
| nothing                                | what there is in the snapshot, aggregated, and that it is not all    |
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import msgspec

from kscan.model.discovery import STALE, Offer, OfferedGroup, OfferedVersion, Offers, ServedKind, is_name, read_offers
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.needs import Resource, split_path
from kscan.snapshot.server.accept import aggregated
from kscan.snapshot.server.message import JSON, Request, Response, failure, replayed
from kscan.snapshot.server.objects import Objects
from kscan.snapshot.snapshot import Snapshot

_VERBS = ("get", "list")
_IN_ALL = {
    "pods", "services", "replicationcontrollers", "deployments", "replicasets", "daemonsets", "statefulsets",
    "jobs", "cronjobs",
}  # fmt: skip
# A list has a place to go on at, where it is not all; of this one nobody can.
_REST = "not-in-this-snapshot"


class Discovery:
    """The resources of a snapshot by group, version and name."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._roots = {root: _root(root, snapshot) for root in ("api", "apis")}

    def answer(self, request: Request) -> Response | None:
        """The answer to a question for what is served; None where the path is no such question."""
        parts = request.path.strip("/").split("/")
        if parts[0] not in self._roots or len(parts) > (2 if parts[0] == "api" else 3):
            return None
        root = self._roots[parts[0]]
        version = aggregated(request.headers.get("accept", ""))
        if root.gap and not (root.gap.reason is Reason.NOT_ASKED and version and len(parts) == 1):
            return replayed(root.gap)
        if len(parts) == 1:
            return _aggregated(root, version) if version and not root.piecewise else _json(_plain_root(parts[0], root))
        group, number = ("", parts[1]) if parts[0] == "api" else (parts[1], "/".join(parts[2:]))
        found = next((one for one in root.groups if one.name == group), None)
        return _of_group(found, number) if found else None


class _Root(msgspec.Struct, frozen=True):
    """What is told of one root; with a gap, what the snapshot holds although it was not told."""

    groups: tuple[OfferedGroup, ...] = ()
    gap: Gap | None = None
    # Whether an older server told it, group by group.
    piecewise: bool = False


def _root(root: str, snapshot: Snapshot) -> _Root:
    path = f"/{root}"
    entry = snapshot.at(path)
    if isinstance(entry, Gap) and entry.reason is Reason.NOT_ASKED:
        return _Root(held(root, snapshot), entry)
    if isinstance(entry, Gap):
        return _Root(gap=entry)
    try:
        told = read_offers(entry.content) if isinstance(entry, Body) else Offers()
    except msgspec.MsgspecError as error:
        return _Root(gap=Gap(path, Reason.UNDECODABLE, str(error)))
    if told.kind != "APIGroupDiscoveryList" or not told.whole:
        return _Root(gap=Gap(path, Reason.UNDECODABLE, f"kind {told.kind!r} stands there, which is no discovery"))
    if isinstance(entry, Body) and entry.via:
        return _Root((*told.items, *_unasked(root, snapshot, told.items)), piecewise=True)
    return _Root(told.items)


def held(root: str, snapshot: Snapshot) -> tuple[OfferedGroup, ...]:
    """What there is under a root in the snapshot, whether it was read or refused."""
    offers: dict[tuple[str, str], dict[str, Offer]] = {}
    for path, entry in snapshot.entries.items():
        parts = split_path(path)
        if not parts or "/" in parts[4] or not is_name(parts[3]) or bool(parts[0]) != (root == "apis"):
            continue
        if not (isinstance(entry, Gap) and entry.reason is Reason.NOT_SERVED):
            known = offers.setdefault(parts[:2], {})
            known.setdefault(parts[3], _offer((parts[0], parts[1], parts[3]), parts[2], entry))
    found = groupby(sorted(offers), key=lambda pair: pair[0])
    return tuple(
        OfferedGroup.of(
            group,
            tuple(
                OfferedVersion(version, tuple(one for _, one in sorted(offers[group, version].items())), "Current")
                for version in sorted((version for _, version in members), key=_age_of)
            ),
        )
        for group, members in found
    )


def _unasked(root: str, snapshot: Snapshot, told: Iterable[OfferedGroup]) -> Iterator[OfferedGroup]:
    """Groups of which an older server was not asked, so that nobody knows whether it serves them."""
    known = {group.name for group in told}
    for resource in KNOWN:
        listed = any(entry for _, entry in snapshot.listings(resource) if not _is_unasked(entry))
        if bool(resource.group) == (root == "apis") and resource.group not in known and not listed:
            known.add(resource.group)
            yield OfferedGroup.of(resource.group, (OfferedVersion(resource.versions[0], freshness=STALE),))


def _is_unasked(entry: Entry) -> bool:
    return isinstance(entry, Gap) and entry.reason is Reason.NOT_ASKED


def _aggregated(root: _Root, form: str) -> Response:
    media_type = f"{JSON};g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList"
    document = Offers.of(root.groups, form, _REST if root.gap else "")
    return Response(200, msgspec.json.encode(document), media_type)


def _of_group(group: OfferedGroup, number: str) -> Response | None:
    """What one group has, or one version of it."""
    if not number:
        return _json({"kind": "APIGroup", "apiVersion": "v1", **_group(group)})
    version = next((one for one in group.versions if one.version == number), None)
    if version is None:
        return None
    name = f"{group.name}/{number}".lstrip("/")
    if version.untold:
        return failure(503, f"what {name} serves was not told whole: {version.untold}")
    resources = [one for offer in version.resources for one in _plain(offer)]
    return _json({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources})


def _plain_root(root: str, told: _Root) -> dict[str, Any]:
    if root == "api":
        return {"kind": "APIVersions", "versions": [one.version for group in told.groups for one in group.versions]}
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(one) for one in told.groups]}


def _offer(key: tuple[str, str, str], namespace: str, entry: Entry) -> Offer:
    """One resource that the cluster did not tell of, as far as it is known: by its kind, by its objects."""
    group, version, plural = key
    known = _known(group, plural)
    kind, namespaced = (known.kind, known.namespaced) if known else _seen(entry, plural, namespace)
    return Offer(
        plural,
        ServedKind(kind, group, version),
        "Namespaced" if namespaced else "Cluster",
        verbs=_VERBS,
        singular_resource=kind.lower(),
        short_names=(known.short,) if known and known.short else (),
        categories=("all",) if plural in _IN_ALL else (),
    )


def _known(group: str, plural: str) -> Resource | None:
    return next((one for one in KNOWN if (one.group, one.plural) == (group, plural)), None)


def _seen(entry: Entry, plural: str, namespace: str) -> tuple[str, bool]:
    if not isinstance(entry, Listing):
        return plural.removesuffix("s").capitalize(), bool(namespace)
    return entry.kind, bool(namespace) or any(Objects(entry).namespaces())


def _plain(offer: Offer) -> Iterator[dict[str, Any]]:
    """A resource and its parts, each by itself; one without a kind is there for its parts alone."""
    if offer.kind:
        yield {
            "name": offer.resource,
            "singularName": offer.singular_resource,
            "namespaced": offer.namespaced,
            "kind": offer.kind,
            "verbs": offer.verbs,
            "shortNames": offer.short_names,
            "categories": offer.categories,
        }
    for part in offer.subresources:
        kind = part.response_kind.kind if part.response_kind else offer.kind
        yield {
            "name": f"{offer.resource}/{part.subresource}",
            "singularName": "",
            "namespaced": offer.namespaced,
            "kind": kind,
            "verbs": part.verbs,
        }


def _group(group: OfferedGroup) -> dict[str, Any]:
    found = [{"groupVersion": f"{group.name}/{one.version}", "version": one.version} for one in group.versions]
    return {"name": group.name, "versions": found} | ({"preferredVersion": found[0]} if found else {})


def _age_of(version: str) -> tuple[bool, bool, str]:
    """Stable versions first, then beta, then alpha."""
    return "alpha" in version, "beta" in version, version


def _json(document: dict[str, Any]) -> Response:
    return Response(200, msgspec.json.encode(document))
