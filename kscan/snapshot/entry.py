"""The answers that a snapshot holds: bodies, listings, and gaps with their reasons."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from kscan.snapshot.fold import Marks, unfold


class Reason(StrEnum):
    """Why a path could not be read."""

    FORBIDDEN = "forbidden"
    NOT_SERVED = "not served"
    TIMEOUT = "timeout"
    CUT_OFF = "cut off"
    UNDECODABLE = "undecodable"
    UNAVAILABLE = "unavailable"
    OUT_OF_SCOPE = "outside the namespaces asked for"
    NOT_ASKED = "not asked"
    NOT_RENDERED = "not rendered"
    ELSEWHERE = "decided elsewhere"
    # Only the provider's own API knows it.
    OUTSIDE = "decided outside the cluster, too"
    # A rule or a view raised.
    FAULT = "kscan's own fault"


# Why a kind is not served of which discovery tells nothing.
NO_KIND = "not in the discovery"


class Gap(msgspec.Struct, frozen=True, order=True):
    """A path that was not read, the reason, and what would mend it."""

    path: str
    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" + (f" ({self.detail})" if self.detail else "")


class Unread(msgspec.Struct, frozen=True, order=True):
    """A part of files that was not read, and the API path that it would stand at; without one it may hold anything."""

    gap: Gap
    path: str = ""


class Body(msgspec.Struct, frozen=True):
    """An answer kept as it came; `via` says how, where it was not the API server."""

    content: bytes
    media_type: str = "application/json"
    via: str = ""


class Item(msgspec.Struct, frozen=True, gc=False):
    """One object of a list; a pod's spec is shared with all pods that have the same."""

    head: bytes
    spec: bytes = b""
    marks: Marks | None = None

    @property
    def body(self) -> bytes:
        """The object's JSON."""
        if self.marks is None:
            return self.head
        return b'{"spec":' + unfold(self.spec, self.marks) + b"," + self.head[1:]


class Listing(msgspec.Struct, frozen=True):
    """All objects of a path; `gap` says that the list is not whole."""

    kind: str
    api_version: str
    items: tuple[Item, ...] = ()
    resource_version: str = ""
    gap: Gap | None = None

    def bodies(self) -> Iterator[bytes]:
        """Each object's JSON with its kind, which lists leave out."""
        lead = msgspec.json.encode({"apiVersion": self.api_version, "kind": self.kind})[:-1]
        for item in self.items:
            body = item.body
            if body[:1] != b"{":
                yield body  # What is no object at all is passed on as it came.
            else:
                yield lead + (b"}" if body == b"{}" else b"," + body[1:])


Entry = Body | Listing | Gap


def list_document(listing: Listing, bodies: Iterable[bytes], continue_: str = "") -> bytes:
    """One list document as an API server writes it."""
    metadata = {"resourceVersion": listing.resource_version} | ({"continue": continue_} if continue_ else {})
    lead = {"kind": f"{listing.kind}List", "apiVersion": listing.api_version, "metadata": metadata}
    return msgspec.json.encode(lead)[:-1] + b',"items":[' + b",".join(bodies) + b"]}"
