"""From a request to an answer: what stands in the snapshot, and what follows from it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from kscan import clock
from kscan.model.base import decode_object
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason, list_document
from kscan.snapshot.needs import split_path
from kscan.snapshot.server import cells, query, tables
from kscan.snapshot.server.accept import Shape, shape
from kscan.snapshot.server.discovery import Discovery
from kscan.snapshot.server.message import (
    JSON,
    Refusal,
    Request,
    Response,
    failure,
    replayed,
    request_for,
)
from kscan.snapshot.server.objects import Objects
from kscan.snapshot.snapshot import Snapshot

_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
Parts = tuple[str, str, str, str, str]


class Answers:
    """What a snapshot answers to any request; it never fails, for a refusal is an answer too."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._about = snapshot.about
        self._entries = {request_for(path).target: entry for path, entry in snapshot.entries.items()}
        self._objects = {path: Objects(one) for path, one in self._entries.items() if isinstance(one, Listing)}
        self._discovery = Discovery(snapshot)
        self._paths = list(snapshot.entries)

    def answer(self, request: Request) -> Response:
        """The answer to one request."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return refusal.response

    def _answer(self, request: Request) -> Response:
        if request.method == "POST" and request.path == _REVIEWS:
            return self._who()
        if request.method not in ("GET", "HEAD"):
            raise Refusal(405, f"{request.method} is not possible: a snapshot can only be read")
        if request.first("watch") in ("1", "true"):
            raise Refusal(405, "watching is not possible: in a snapshot nothing happens")
        return self._discovery.answer(request) or self._derived(request) or self._kept(request)

    def _who(self) -> Response:
        """Who took the snapshot, for that is whose view of the cluster it is."""
        if not self._about.user:
            raise Refusal(404, "the snapshot does not know who took it")
        user = {"username": self._about.user, "groups": self._about.groups}
        review = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {}}
        return Response(201, msgspec.json.encode(review | {"status": {"userInfo": user}}))

    def _derived(self, request: Request) -> Response | None:
        if request.path == "/":
            return Response(200, msgspec.json.encode({"paths": self._paths}))
        if request.path == "/version" and request.path not in self._entries and self._about.version:
            major, _, rest = self._about.version.removeprefix("v").partition(".")
            numbers = {"major": major, "minor": rest.partition(".")[0]}
            return Response(200, msgspec.json.encode(numbers | {"gitVersion": self._about.version}))
        return None

    def _kept(self, request: Request) -> Response:
        entry = self._entries.get(request.target) or self._entries.get(request.path)
        parts = split_path(request.path)
        if isinstance(entry, Body):
            return self._body(request, entry, parts)
        if parts and not parts[4]:
            return self._list(request, parts)
        if isinstance(entry, Gap):
            return replayed(entry)
        if parts and "/" not in parts[4]:
            return self._object(request, parts)
        return replayed(Gap(request.path, Reason.NOT_ASKED))

    def _body(self, request: Request, body: Body, parts: Parts | None) -> Response:
        if parts and parts[4] and "/" not in parts[4] and "json" in body.media_type:
            return self._shaped(request, parts[0], body.content)
        return Response(200, body.content, body.media_type)

    def _object(self, request: Request, parts: Parts) -> Response:
        found = self._source(request.path.rpartition("/")[0], parts)
        if isinstance(found, Gap):
            return replayed(msgspec.structs.replace(found, path=request.path))
        item = found.named(parts[2], parts[4])
        if item:
            one = msgspec.structs.replace(found.listing, items=(item,))
            return self._shaped(request, parts[0], next(one.bodies()))
        if found.listing.gap:
            return replayed(found.listing.gap)
        resource = f"{parts[3]}.{parts[0]}".rstrip(".")
        return failure(404, f'{resource} "{parts[4]}" not found', details={"name": parts[4], "kind": parts[3]})

    def _list(self, request: Request, parts: Parts) -> Response:
        found = self._source(request.path, parts)
        if isinstance(found, Gap):
            return replayed(found)
        namespace = parts[2] if request.path not in self._objects else ""
        chosen, start, limit = query.selection(request), query.start(request), query.limit(request)
        listing = found.listing
        if listing.gap and (not limit or start >= len(listing.items)):
            # A list that was cut off is never given as if it were whole.
            return replayed(listing.gap)
        items, following = found.page(namespace, chosen, start, limit)
        following = following or (len(listing.items) if listing.gap else 0)
        return self._shaped_list(request, parts[0], msgspec.structs.replace(listing, items=tuple(items)), following)

    def _source(self, path: str, parts: Parts) -> Objects | Gap:
        """The listing that answers a path: its own, or that of all namespaces."""
        wide = f"/apis/{parts[0]}/{parts[1]}/{parts[3]}" if parts[0] else f"/api/{parts[1]}/{parts[3]}"
        for place in (path, wide):
            entry: Entry | None = self._entries.get(place)
            if isinstance(entry, Listing):
                return self._objects[place]
            if isinstance(entry, Gap):
                return entry
        here = [place for place in self._entries if _lists_same(place, parts)]
        if here:
            return Gap(
                path, Reason.OUT_OF_SCOPE, f"{path} is {Reason.OUT_OF_SCOPE}; the snapshot holds {', '.join(here)}"
            )
        return Gap(path, Reason.NOT_ASKED)

    def _now(self) -> datetime:
        """Ages are those of the moment when the snapshot was taken."""
        return cells.when(self._about.taken) or clock.now()

    def _shaped(self, request: Request, group: str, content: bytes) -> Response:
        match shape(request.headers.get("accept", "")):
            case Shape.TABLE:
                one = _decoded(content)
                return self._table(request, group, str(one.get("kind", "")), [one], {})
            case Shape.METADATA:
                return Response(200, msgspec.json.encode(tables.partial_metadata(_decoded(content))))
        return Response(200, content)

    def _shaped_list(self, request: Request, group: str, listing: Listing, following: int) -> Response:
        token = query.token(following) if following else ""
        form = shape(request.headers.get("accept", ""))
        if form is Shape.WHOLE:
            return Response(200, list_document(listing, (item.body for item in listing.items), token))
        metadata = {"resourceVersion": listing.resource_version} | ({"continue": token} if token else {})
        objects = [_decoded(body) for body in listing.bodies()]
        if form is Shape.TABLE:
            return self._table(request, group, listing.kind, objects, metadata)
        document = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
        return Response(
            200, msgspec.json.encode(document | {"items": [tables.partial_metadata(one) for one in objects]})
        )

    def _table(
        self, request: Request, group: str, kind: str, objects: list[dict[str, Any]], metadata: Mapping[str, str]
    ) -> Response:
        include = request.first("includeObject")
        content = tables.table(group, kind, objects, self._now(), metadata, include)
        return Response(200, content, f"{JSON};as=Table;v=v1;g=meta.k8s.io")


def _lists_same(path: str, wanted: Parts) -> bool:
    parts = split_path(path)
    return parts is not None and not parts[4] and (*parts[:2], parts[3]) == (*wanted[:2], wanted[3])


def _decoded(content: bytes) -> dict[str, Any]:
    """An object as far as it is one."""
    try:
        return decode_object(content)
    except (msgspec.MsgspecError, RecursionError):
        return {}
