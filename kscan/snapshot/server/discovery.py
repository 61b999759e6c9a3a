"""What the snapshot serves, told in every form in which clients ask: nothing that is not in it."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import msgspec

from kscan.model.base import decode
from kscan.model.discovery import Offer, Offers, ServedKind
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.needs import Resource, split_path
from kscan.snapshot.server.accept import aggregated
from kscan.snapshot.server.message import JSON, Request, Response
from kscan.snapshot.server.objects import Objects
from kscan.snapshot.snapshot import Snapshot

_VERBS = ("get", "list")
_IN_ALL = {
    "pods", "services", "replicationcontrollers", "deployments", "replicasets", "daemonsets", "statefulsets",
    "jobs", "cronjobs",
}  # fmt: skip


Key = tuple[str, str, str]


class Discovery:
    """The resources of a snapshot by group, version and name."""

    def __init__(self, snapshot: Snapshot) -> None:
        # What the cluster served is told whole: that a list is not in the snapshot does not mean that there is none.
        told = {**_told(snapshot.at("/api")), **_told(snapshot.at("/apis"))}
        self.offers = {key: offer for key, offer in told.items() if offer.kind}
        for path, entry in snapshot.entries.items():
            parts = split_path(path)
            if not parts or "/" in parts[4] or (isinstance(entry, Gap) and entry.reason is Reason.NOT_SERVED):
                continue
            key = (parts[0], parts[1], parts[3])
            if key not in told and not (key in self.offers and self.offers[key].kind):
                self.offers[key] = _offer(key, parts[2], entry)

    def answer(self, request: Request) -> Response | None:
        """The answer to a question for what is served; None where the path is no such question."""
        parts = request.path.strip("/").split("/")
        if parts[0] not in ("api", "apis") or len(parts) > (2 if parts[0] == "api" else 3):
            return None
        version = aggregated(request.headers.get("accept", ""))
        if len(parts) == 1:
            return self._aggregated(parts[0], version) if version else _json(self._root(parts[0]))
        group, number = ("", parts[1]) if parts[0] == "api" else (parts[1], "/".join(parts[2:]))
        document = self._resources(group, number) if number else self._group(group)
        return _json(document) if document else None

    def _groups(self, root: str) -> list[tuple[str, list[str]]]:
        pairs = sorted({(group, version) for group, version, _ in self.offers if bool(group) == (root == "apis")})
        found = groupby(pairs, key=lambda pair: pair[0])
        return [(group, sorted((version for _, version in members), key=_age_of)) for group, members in found]

    def _aggregated(self, root: str, form: str) -> Response:
        items = [
            {"metadata": {"name": group}, "versions": [self._version(group, version) for version in versions]}
            for group, versions in self._groups(root)
        ]
        lead = {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{form}", "metadata": {}}
        media_type = f"{JSON};g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList"
        return Response(200, msgspec.json.encode(lead | {"items": items}), media_type)

    def _version(self, group: str, version: str) -> dict[str, Any]:
        return {"version": version, "resources": self._of(group, version), "freshness": "Current"}

    def _of(self, group: str, version: str) -> list[Offer]:
        return [offer for key, offer in sorted(self.offers.items()) if key[:2] == (group, version)]

    def _root(self, root: str) -> dict[str, Any]:
        groups = self._groups(root)
        if root == "api":
            return {"kind": "APIVersions", "versions": [version for _, versions in groups for version in versions]}
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*one) for one in groups]}

    def _group(self, name: str) -> dict[str, Any] | None:
        found = dict(self._groups("apis")).get(name)
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, found)} if found else None

    def _resources(self, group: str, version: str) -> dict[str, Any] | None:
        offers = self._of(group, version)
        if not offers:
            return None
        name = f"{group}/{version}".lstrip("/")
        resources = [_plain(offer) for offer in offers]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources}


def _told(entry: Entry) -> dict[Key, Offer]:
    """What the cluster itself told of its resources."""
    if not isinstance(entry, Body):
        return {}
    try:
        groups = decode(entry.content, Offers).items
    except msgspec.MsgspecError:
        return {}
    return {
        (group.name, version.version, offer.resource): offer
        for group in groups
        for version in group.versions
        for offer in version.resources
    }


def _offer(key: Key, namespace: str, entry: Entry) -> Offer:
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
        short_names=tuple(_short_names(group, plural)),
        categories=("all",) if plural in _IN_ALL else (),
    )


def _known(group: str, plural: str) -> Resource | None:
    return next((one for one in KNOWN if (one.group, one.plural) == (group, plural)), None)


def _seen(entry: Entry, plural: str, namespace: str) -> tuple[str, bool]:
    if not isinstance(entry, Listing):
        return plural.removesuffix("s").capitalize(), bool(namespace)
    return entry.kind, bool(namespace) or any(Objects(entry).namespaces())


def _short_names(group: str, plural: str) -> Iterator[str]:
    known = _known(group, plural)
    if known and known.short:
        yield known.short


def _plain(offer: Offer) -> dict[str, Any]:
    return {
        "name": offer.resource,
        "singularName": offer.singular_resource,
        "namespaced": offer.namespaced,
        "kind": offer.kind,
        "verbs": offer.verbs,
        "shortNames": offer.short_names,
        "categories": offer.categories,
    }


def _group(name: str, versions: Iterable[str]) -> dict[str, Any]:
    found = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": found, "preferredVersion": found[0]}


def _age_of(version: str) -> tuple[bool, bool, str]:
    """Stable versions first, then beta, then alpha."""
    return "alpha" in version, "beta" in version, version


def _json(document: dict[str, Any]) -> Response:
    return Response(200, msgspec.json.encode(document))
