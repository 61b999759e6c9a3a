"""A snapshot from documents: objects by their kind, and `path:` documents for everything else.

A check's examples and the demo cluster are written this way:

    kind: Pod                      path: /metrics              path: /api/v1/nodes
    metadata: {name: web}          text: |                     gap: forbidden
    ...                              some_metric 1
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kscan.errors import SnapshotError
from kscan.model.meta import WRITTEN_AS, ObjectRef
from kscan.snapshot.entry import NO_KIND, Body, Entry, Gap, Item, Listing, Reason
from kscan.snapshot.kinds import CONSTRAINTS, KNOWN
from kscan.snapshot.needs import Resource
from kscan.snapshot.pages import keep
from kscan.snapshot.snapshot import About, Snapshot

Document = Mapping[str, Any]
_BY_KIND: dict[str, list[Resource]] = {}
for _known in KNOWN:
    if not _known.whole_group:
        _BY_KIND.setdefault(_known.kind, []).append(_known)
_GROUPS = frozenset(resource.group for resource in KNOWN)


def snapshot_of(documents: Iterable[Document], about: About | None = None) -> Snapshot:
    """A snapshot that holds these documents; kinds that none is of are lists without objects."""
    objects: dict[Resource, list[Document]] = {resource: [] for resource in KNOWN if not resource.whole_group}
    entries: dict[str, Entry] = {
        resource.path(): Gap(resource.path(), Reason.NOT_SERVED, NO_KIND) for resource in KNOWN if resource.whole_group
    }
    for document in documents:
        if "path" in document and "kind" not in document:
            entries[str(document["path"])] = _entry(document)
        else:
            objects.setdefault(_resource(document), []).append(document)
    specs: dict[bytes, bytes] = {}
    lists: dict[str, Entry] = {resource.path(): _listing(resource, found, specs) for resource, found in objects.items()}
    return Snapshot(about or About(), lists | entries)


def _entry(document: Document) -> Entry:
    if "gap" in document:
        return Gap(str(document["path"]), Reason(document["gap"]), str(document.get("detail", "")))
    via = str(document.get("via", ""))
    if "text" in document:
        return Body(str(document["text"]).encode(), "text/plain", via)
    return Body(msgspec.json.encode(document["json"]), via=via)


def known_kinds(kind: str, api_version: str) -> tuple[Resource, ...]:
    """The resources of a kind that are known; without a version, of all groups that have it."""
    group = api_version.rpartition("/")[0]
    return tuple(one for one in _BY_KIND.get(kind, ()) if not api_version or one.group == group)


def known_kind(kind: str, api_version: str) -> Resource | None:
    """The one resource of a kind that is known."""
    found = known_kinds(kind, api_version)
    return found[0] if len(found) == 1 else None


def is_own(api_version: str) -> bool:
    """Whether it is of a group of which kinds are known."""
    return api_version.rpartition("/")[0] in _GROUPS


def _resource(document: Document) -> Resource:
    kind = str(document.get("kind", ""))
    api_version = str(document.get("apiVersion", ""))
    known = known_kind(kind, api_version)
    if known:
        return known
    if not kind or not api_version:
        raise SnapshotError("a document is no Kubernetes object", "it needs apiVersion and kind, or path")
    group, _, version = api_version.rpartition("/")
    # Whether it lies in namespaces only its definition tells: each object stays where it says that it is.
    plural = kind.lower() if group == CONSTRAINTS.group else f"{kind.lower()}s"
    return Resource(group, plural, kind, versions=(version,))


def ref_of(document: Document) -> ObjectRef:
    """The address of an object."""
    resource = _resource(document)
    metadata = _placed(resource, document["metadata"])
    name, namespace = str(metadata.get("name", "")), str(metadata.get("namespace") or "")
    return ObjectRef(resource.kind, name, namespace, group=resource.group)


def path_of(document: Document) -> str:
    """Where an object would be got from a server."""
    ref = ref_of(document)
    return "/".join(part for part in (_resource(document).path(), ref.namespace, ref.name) if part)


def is_bare(document: Document) -> bool:
    """Whether it lies in a namespace and does not say in which."""
    resource = _resource(document)
    return resource in KNOWN and resource.namespaced and not document["metadata"].get("namespace")


def _placed(resource: Resource, metadata: Document) -> Document:
    """Metadata with the namespace that counts, whatever somebody wrote: default, or none for the whole cluster's."""
    if resource not in KNOWN:
        return metadata
    rest = {key: value for key, value in metadata.items() if key != "namespace"}
    return rest | {"namespace": metadata.get("namespace") or "default"} if resource.namespaced else rest


def _listing(resource: Resource, documents: Iterable[Document], specs: dict[bytes, bytes]) -> Listing:
    return Listing(
        resource.kind,
        _api_version(resource),
        tuple(_item(resource, document, specs) for document in documents),
    )


def _item(resource: Resource, document: Document, specs: dict[bytes, bytes]) -> Item:
    body = {key: value for key, value in document.items() if key not in ("kind", "apiVersion")}
    body["metadata"] = _placed(resource, body.get("metadata", {}))
    written = str(document.get("apiVersion") or "")
    if written and written != _api_version(resource):
        body["metadata"] = {**body["metadata"], WRITTEN_AS: written}
    return keep(msgspec.Raw(msgspec.json.encode(body)), specs, pod=resource.kind == "Pod")


def _api_version(resource: Resource) -> str:
    return f"{resource.group}/{resource.versions[0]}".lstrip("/")
