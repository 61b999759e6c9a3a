"""Read one page of a list: each object kept as bytes, without the record of who managed which field."""

from collections.abc import Sequence
from typing import Any

import msgspec

from kscan.model.base import Reader, read_json
from kscan.model.workloads import PodStatus
from kscan.snapshot.entry import Item
from kscan.snapshot.fold import fold
from kscan.snapshot.kinds import kind_at
from kscan.snapshot.needs import split_path


def rest_of_list(token: object, remaining: object) -> str:
    """What of a list stands on pages that are not here, by its metadata; empty where this is the last one."""
    count = remaining if isinstance(remaining, int) and remaining else "some"
    return f"the list goes on: {count} of its objects are missing" if token or remaining else ""


class PageMeta(msgspec.Struct, frozen=True, rename="camel"):
    """Where the list goes on."""

    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None

    @property
    def rest(self) -> str:
        """What is missing where no further page is read."""
        return rest_of_list(self.continue_, self.remaining_item_count)


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """One page, its objects not yet looked into."""

    kind: str = ""
    api_version: str = ""
    metadata: PageMeta = PageMeta()
    items: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def objects(self) -> Sequence[msgspec.Raw]:
        """Its objects; null stands for none."""
        return self.items if isinstance(self.items, list) else ()


class _Container(msgspec.Struct, rename="camel", omit_defaults=True):
    name: str = ""
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    ready: bool = False
    restart_count: int = 0


class _Status(PodStatus, frozen=True, omit_defaults=True):
    """What is kept of a pod's status: what is judged, and what a served snapshot shows."""

    reason: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    host_ip: str = msgspec.field(default="", name="hostIP")
    start_time: str | None = None
    qos_class: str = ""
    init_container_statuses: list[_Container] | None = None
    container_statuses: list[_Container] | None = None


class _Pod(msgspec.Struct, omit_defaults=True):
    metadata: dict[str, msgspec.Raw]
    spec: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    kind: str = ""
    status: _Status = msgspec.field(default_factory=_Status)


class _PodHead(msgspec.Struct, omit_defaults=True):
    metadata: dict[str, msgspec.Raw]
    status: _Status


# A hundred times as many as are asked for: no server has so many to tell at once.
_MOST_OBJECTS = 50_000
# An object takes more than so many bytes for each of its commas; to make a million values takes a hundred megabytes.
_LEAST_BYTES = 5
_PAGE = Reader(Page)
_POD = Reader(_Pod)
_OBJECT = Reader(dict[str, msgspec.Raw])
_ENCODE = msgspec.json.Encoder()


def decode_page(content: bytes, path: str = "") -> Page:
    """Read a list document, that of a path where one is named; raises msgspec.MsgspecError where it is none."""
    if (commas := content.count(b",")) > max(_MOST_OBJECTS, len(content) // _LEAST_BYTES):
        raise msgspec.ValidationError(f"a page of {commas:,} values of hardly a byte")
    page = _PAGE.decode(content)
    kind = kind_at(path)
    # A list that is called nothing but that is what kubectl makes of several: no server answers by it.
    if page.kind in ("", "List") or not page.kind.endswith("List") or (kind and page.kind != f"{kind}List"):
        wanted = f"a {kind}List" if kind else "a list"
        raise msgspec.ValidationError(f"expected {wanted}, got kind {page.kind or 'missing'!r}")
    parts = split_path(path)
    if parts and not _is_of(page, parts[0]):
        raise msgspec.ValidationError(f"expected a list of {parts[0] or 'v1'}, got {page.api_version or 'none'!r}")
    if page.items is msgspec.UNSET:
        raise msgspec.ValidationError("a list without items")
    if len(page.objects) > _MOST_OBJECTS:
        raise msgspec.ValidationError(f"a page of {len(page.objects):,} objects")
    return page


def _is_of(page: Page, group: str) -> bool:
    """Whether a list says that it is of an API group; a version it has to name."""
    named, _, version = page.api_version.rpartition("/")
    return bool(version) and named == group


def keep(raw: msgspec.Raw, specs: dict[bytes, bytes], *, pod: bool, kind: str = "") -> Item:
    """One object as it is kept; `specs` holds each distinct pod spec once.

    Raises msgspec.MsgspecError where it says that it is of another kind than its list.
    """
    try:
        own, item = _keep_pod(raw, specs) if pod else _trimmed(raw)
    except msgspec.MsgspecError:
        # Not shaped as it should be: kept whole, so that the reading that stumbles over it can name it.
        return Item(bytes(raw))
    if kind and own not in ("", kind):
        raise msgspec.ValidationError(f"an object of kind {own} came in a list of kind {kind}List")
    return item


class _Few(msgspec.Struct, rename="camel", omit_defaults=True):
    name: str = ""
    namespace: str = ""
    creation_timestamp: str = ""
    resource_version: str = ""


class _FewOf(msgspec.Struct):
    metadata: _Few


def keep_metadata(raw: msgspec.Raw) -> Item:
    """Name, age and revision of one object, and nothing more: its annotations may hold a copy of all of it."""
    return Item(_ENCODE.encode(read_json(raw, _FewOf)))


def _keep_pod(raw: msgspec.Raw, specs: dict[bytes, bytes]) -> tuple[str, Item]:
    pod = _POD.decode(raw)
    pod.metadata.pop("managedFields", None)
    head = _ENCODE.encode(_PodHead(pod.metadata, pod.status))
    if pod.spec is msgspec.UNSET:
        return pod.kind, Item(head)
    spec, marks = fold(bytes(pod.spec))
    return pod.kind, Item(head, specs.setdefault(spec, spec), marks)


def _trimmed(raw: msgspec.Raw) -> tuple[str, Item]:
    body: dict[str, Any] = _OBJECT.decode(raw)
    metadata = _OBJECT.decode(body.get("metadata", b"{}"))
    # The list names the kind once for all its objects.
    dropped = (metadata.pop("managedFields", None), body.pop("kind", None), body.pop("apiVersion", None))
    kind = read_json(dropped[1], str) if dropped[1] is not None else ""
    whole = bytes(raw) if dropped == (None, None, None) else _ENCODE.encode(body | {"metadata": metadata})
    return kind, Item(whole)
