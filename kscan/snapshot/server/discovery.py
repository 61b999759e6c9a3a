"""What the server says that it serves: what the snapshot holds, and no more, so that answers are clear."""

from collections.abc import Iterator
from typing import Any

import msgspec

from kscan.snapshot.entry import Body, Gap, Listing
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.needs import split_path
from kscan.snapshot.snapshot import Snapshot

Json = dict[str, Any]
_VERBS = ["get", "list"]


def resources(snapshot: Snapshot) -> dict[tuple[str, str], list[Json]]:
    """By group and version, each resource that the snapshot has a path for."""
    facts = _from_discovery(snapshot)
    found: dict[tuple[str, str], dict[str, Json]] = {}
    for path, entry in snapshot.entries.items():
        parts = split_path(path)
        if parts and isinstance(entry, Listing | Gap) and not parts[4]:
            group, version, _, plural, _ = parts
            found.setdefault((group, version), {})[plural] = _resource(facts, group, plural, entry)
    return {key: list(by_name.values()) for key, by_name in sorted(found.items())}


def _resource(facts: dict[tuple[str, str], Json], group: str, plural: str, entry: Listing | Gap) -> Json:
    known = next((one for one in KNOWN if (one.group, one.plural) == (group, plural)), None)
    kind = entry.kind if isinstance(entry, Listing) else known.kind if known else plural
    told = facts.get((group, plural), {})
    namespaced = known.namespaced if known else told.get("scope", "Namespaced") == "Namespaced"
    return {
        "name": plural,
        "singularName": told.get("singularResource", kind.lower()),
        "namespaced": namespaced,
        "kind": kind,
        "verbs": _VERBS,
        "shortNames": told.get("shortNames") or ([known.short] if known and known.short else []),
        "categories": told.get("categories") or [],
    }


def _from_discovery(snapshot: Snapshot) -> dict[tuple[str, str], Json]:
    """What the real server told of its resources, short names above all."""
    found: dict[tuple[str, str], Json] = {}
    for path in ("/api", "/apis"):
        entry = snapshot.entries.get(path)
        if not isinstance(entry, Body):
            continue
        try:
            groups = msgspec.json.decode(entry.content, type=Json).get("items", [])
            for group in groups:
                for version in group.get("versions", []):
                    for one in version.get("resources", []):
                        found[group.get("metadata", {}).get("name", ""), one["resource"]] = one
        except (msgspec.MsgspecError, AttributeError, KeyError, TypeError):
            continue
    return found


def aggregated(snapshot: Snapshot, *, core: bool, version: str) -> Json:
    """The APIGroupDiscoveryList at /api or /apis."""
    groups: dict[str, list[Json]] = {}
    for (group, served), found in resources(snapshot).items():
        if (group == "") is core:
            entry = {"version": served, "resources": [_aggregated(group, served, one) for one in found]}
            groups.setdefault(group, []).append(entry | {"freshness": "Current"})
    items = [{"metadata": {"name": group} if group else {}, "versions": found} for group, found in groups.items()]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def _aggregated(group: str, version: str, resource: Json) -> Json:
    return {
        "resource": resource["name"],
        "responseKind": {"group": group, "version": version, "kind": resource["kind"]},
        "scope": "Namespaced" if resource["namespaced"] else "Cluster",
        "singularResource": resource["singularName"],
        "verbs": resource["verbs"],
        "shortNames": resource["shortNames"],
        "categories": resource["categories"],
    }


def plain(snapshot: Snapshot, path: str) -> Json | None:
    """The older forms: APIVersions, APIGroupList, and the resources of one version."""
    found = resources(snapshot)
    if path == "/api":
        return {"kind": "APIVersions", "versions": sorted({version for group, version in found if not group})}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": list(_groups(found))}
    parts = path.strip("/").split("/")
    key = ("", parts[1]) if parts[0] == "api" and len(parts) == 2 else ("", "")
    if parts[0] == "apis" and len(parts) == 3:
        key = (parts[1], parts[2])
    if key not in found:
        return None
    version = "/".join(part for part in key if part)
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found[key]}


def _groups(found: dict[tuple[str, str], list[Json]]) -> Iterator[Json]:
    for group in sorted({group for group, _ in found if group}):
        versions = [
            {"groupVersion": f"{group}/{version}", "version": version} for name, version in found if name == group
        ]
        yield {"name": group, "versions": versions, "preferredVersion": versions[0]}
