"""A request in, an answer out: no sockets here."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.base import JsonObject
from kscan.snapshot.entry import Body, Entry, Gap, Item, Listing, Reason, list_document
from kscan.snapshot.needs import split_path
from kscan.snapshot.server.discovery import aggregated, plain
from kscan.snapshot.server.query import BadQueryError, page, selector
from kscan.snapshot.server.tables import partial_metadata, table
from kscan.snapshot.snapshot import Snapshot

_CODES = {
    Reason.FORBIDDEN: (403, "Forbidden"),
    Reason.OUT_OF_SCOPE: (403, "Forbidden"),
    Reason.NOT_SERVED: (404, "NotFound"),
    Reason.NOT_ASKED: (404, "NotFound"),
    Reason.TIMEOUT: (504, "Timeout"),
    Reason.CUT_OFF: (503, "ServiceUnavailable"),
    Reason.UNAVAILABLE: (503, "ServiceUnavailable"),
    Reason.UNDECODABLE: (500, "InternalError"),
}
_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class Answer(msgspec.Struct, frozen=True):
    """A status, a media type and a body."""

    status: int
    body: bytes
    media_type: str = "application/json"


def refuse(code: int, reason: str, message: str) -> Answer:
    """A Status as an API server writes it."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
              "message": message, "reason": reason, "code": code}  # fmt: skip
    return Answer(code, msgspec.json.encode(status))


def answer(snapshot: Snapshot, method: str, path: str, query: Mapping[str, str], accept: str) -> Answer:
    """What a read-only server with this snapshot answers."""
    if method == "POST" and path == _REVIEWS:
        return _who_am_i(snapshot)
    if method not in ("GET", "HEAD"):
        return refuse(405, "MethodNotAllowed", "this is a snapshot: it can only be read")
    if query.get("watch") in ("1", "true"):
        return refuse(405, "MethodNotAllowed", "this is a snapshot: there is nothing to watch")
    if accept and not any(word in accept for word in ("json", "*/*", "text/")):
        return refuse(406, "NotAcceptable", "only JSON and text are served")
    try:
        return _discovery(snapshot, path, accept) or _read(snapshot, path, query, accept)
    except BadQueryError as error:
        return refuse(400, "BadRequest", str(error))


def _who_am_i(snapshot: Snapshot) -> Answer:
    info = {"username": snapshot.about.user, "groups": list(snapshot.about.groups)}
    review = {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {},
        "status": {"userInfo": info},
    }
    return Answer(201, msgspec.json.encode(review))


def _discovery(snapshot: Snapshot, path: str, accept: str) -> Answer | None:
    if path in ("/api", "/apis") and "APIGroupDiscoveryList" in accept:
        version = "v2" if "v=v2;" in accept else "v2beta1"
        media_type = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        return Answer(200, msgspec.json.encode(aggregated(snapshot, core=path == "/api", version=version)), media_type)
    found = plain(snapshot, path)
    return Answer(200, msgspec.json.encode(found)) if found else None


def _read(snapshot: Snapshot, path: str, query: Mapping[str, str], accept: str) -> Answer:
    entry = snapshot.entries.get(path)
    if isinstance(entry, Body):
        return Answer(200, entry.content, entry.media_type)
    parts = split_path(path)
    if parts is None:
        return _gap(entry if isinstance(entry, Gap) else Gap(path, Reason.NOT_ASKED))
    group, version, namespace, plural, rest = parts
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    found = _listing(snapshot, root, namespace, plural)
    if isinstance(found, Gap):
        return _gap(entry if isinstance(entry, Gap) else found)
    if rest:
        return _single(found, namespace, rest, accept)
    if found.gap and not query.get("limit"):
        return _gap(found.gap)
    matches = selector(namespace, query)
    return _list(found, [item for item in found.items if matches(item)], query, accept)


def _listing(snapshot: Snapshot, root: str, namespace: str, plural: str) -> Listing | Gap:
    own = snapshot.entries.get(f"{root}/namespaces/{namespace}/{plural}") if namespace else None
    entry: Entry | None = own or snapshot.entries.get(f"{root}/{plural}")
    if isinstance(entry, Listing | Gap):
        return entry
    scoped = any(path.startswith(f"{root}/namespaces/") and path.endswith(f"/{plural}") for path in snapshot.entries)
    reason = Reason.OUT_OF_SCOPE if scoped else Reason.NOT_ASKED
    return Gap(f"{root}/{plural}", reason)


def _objects(listing: Listing, items: Sequence[Item]) -> list[JsonObject]:
    bodies = msgspec.structs.replace(listing, items=tuple(items)).bodies()
    return [one for one in map(msgspec.json.decode, bodies) if isinstance(one, dict)]


def _gap(gap: Gap) -> Answer:
    code, reason = _CODES[gap.reason]
    return refuse(code, reason, f"in this snapshot: {gap}")


def _single(listing: Listing, namespace: str, name: str, accept: str) -> Answer:
    matches = selector(namespace, {"fieldSelector": f"metadata.name={name}"})
    found = _objects(listing, [item for item in listing.items if matches(item)][:1])
    if not found:
        return refuse(404, "NotFound", f'{listing.kind.lower()}s "{name}" not found')
    if "as=Table" in accept:
        return Answer(200, msgspec.json.encode(table(listing.kind, found, {})))
    return Answer(
        200, msgspec.json.encode(partial_metadata(found[0]) if "as=PartialObjectMetadata" in accept else found[0])
    )


def _list(listing: Listing, items: list[Item], query: Mapping[str, str], accept: str) -> Answer:
    part, token = page(items, query)
    shown = _objects(listing, part)
    metadata: dict[str, Any] = {"resourceVersion": listing.resource_version or "1"}
    if token:
        metadata |= {"continue": token, "remainingItemCount": len(items) - len(part)}
    elif listing.gap:
        return _gap(listing.gap)
    if "as=Table" in accept:
        return Answer(200, msgspec.json.encode(table(listing.kind, shown, metadata)))
    if "as=PartialObjectMetadataList" in accept:
        partial = [partial_metadata(one) for one in shown]
        lead = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return Answer(200, msgspec.json.encode(lead | {"metadata": metadata, "items": partial}))
    return Answer(200, list_document(listing, map(msgspec.json.encode, shown), token))
