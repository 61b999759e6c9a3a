"""One list, page by page: the next page is on the wire while this one is decoded."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlencode

import msgspec

from kscan.collect.content import MOST_OF_PAGE, TOO_LONG
from kscan.collect.endless import Ends, Kept
from kscan.collect.wire import Answer, Wire, refusal
from kscan.collect.workers import Ahead
from kscan.model.base import TooDeepError, read_json
from kscan.snapshot.deep import without_deep
from kscan.snapshot.entry import Gap, Item, Listing, Reason
from kscan.snapshot.needs import Resource
from kscan.snapshot.pages import Page, decode_page, keep, keep_metadata

Progress = Callable[[str, int, int], None]
# How many objects are asked for at a time: the first number, and where such a page is too long, the next.
PAGES = (500, 50, 5)
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_METADATA_LIST = ("PartialObjectMetadataList", "meta.k8s.io/v1")
# A server writes a list's metadata before its items; where it does not, the whole page is decoded first.
_HEAD = re.compile(rb'\{"kind":"\w+","apiVersion":"[\w./]+","metadata":\{([^{}]*)\},"items":')
_CONTINUE = re.compile(rb'"continue":"([^"\\\x80-\xff]*)"')


def read_list(
    wire: Wire, resource: Resource, path: str, specs: dict[bytes, bytes], progress: Progress, kept: Kept
) -> Listing | Gap:
    """Every object of a path, or why not; what came before a failure is kept with its gap."""
    items: list[Item] = []
    ends, deep = Ends(kept), list[str]()
    kind, api_version, resource_version = resource.kind, resource.versions[0] if resource.metadata_only else "", ""
    # Of what is read by its metadata only nothing else is accepted: a server that cannot give that gives nothing.
    pages = _Pages(wire, path, _METADATA if resource.metadata_only else "application/json")
    answer = pages.read("")
    while True:
        if isinstance(answer, Gap):
            return _ended(items, answer, Listing(kind, api_version, tuple(items), resource_version))
        following = _following(pages, answer)
        try:
            page, left_out = _whole(resource, answer, path)
            deep += left_out
            new = list(_kept(resource, page, specs))
        except msgspec.MsgspecError as error:
            gap = Gap(path, Reason.UNDECODABLE, _why(answer, error))
            return _ended(items, gap, Listing(kind, api_version, tuple(items), resource_version))
        if not resource.metadata_only:
            kind, api_version = page.kind.removesuffix("List"), page.api_version
        resource_version = page.metadata.resource_version
        if full := ends.full(new):
            gap = Gap(path, Reason.CUT_OFF, full)
            return _ended(items, gap, Listing(kind, api_version, tuple(items), resource_version))
        items += new
        progress(str(resource), len(page.objects), len(answer.content))
        token = page.metadata.continue_
        # A server that counts more objects and gives no token for them has not told the whole list.
        cut = ends.reason(new, token) if token else page.metadata.rest
        if cut or not token:
            missing = Gap(path, Reason.CUT_OFF, cut) if cut else _left_out(path, deep)
            return Listing(kind, api_version, tuple(items), resource_version, missing)
        # Its objects hold the whole answer; the next one is long enough.
        del page
        answer = following.result() if following else pages.read(token)


def _whole(resource: Resource, answer: Answer, path: str) -> tuple[Page, list[str]]:
    """A page, and the names of the objects that had to be left out for it to be read."""
    try:
        return _read(resource, answer, path), []
    except TooDeepError:
        rest, names = without_deep(answer.content)
        return _read(resource, msgspec.structs.replace(answer, content=rest), path), names


def _left_out(path: str, names: list[str]) -> Gap | None:
    more = f", and so are {len(names) - 1} more" if names[1:] else ""
    return Gap(f"{path}/{names[0]}", Reason.UNDECODABLE, f"it is nested too deep{more}") if names else None


def _read(resource: Resource, answer: Answer, path: str) -> Page:
    """The list of a path; for metadata alone a server has a list of its own."""
    if resource.metadata_only:
        page = decode_page(answer.content)
        if (page.kind, page.api_version) == _METADATA_LIST:
            return page
    return decode_page(answer.content, path)


def _ended(items: list[Item], gap: Gap, listing: Listing) -> Listing | Gap:
    return msgspec.structs.replace(listing, gap=gap) if items else gap


def _kept(resource: Resource, page: Page, specs: dict[bytes, bytes]) -> Iterator[Item]:
    for raw in page.objects:
        yield keep_metadata(raw) if resource.metadata_only else _kept_one(raw, specs, page)


def _kept_one(raw: msgspec.Raw, specs: dict[bytes, bytes], page: Page) -> Item:
    return keep(raw, specs, pod=page.kind == "PodList", kind=page.kind.removesuffix("List"))


class _Pages:
    """The pages of one list, asked for one after another."""

    def __init__(self, wire: Wire, path: str, accept: str) -> None:
        self._wire, self._path, self._accept = wire, path, accept
        self._sizes = list(PAGES)

    def read(self, token: str) -> Answer | Gap:
        """One page; where so many objects are too long for one, fewer of them, from here on."""
        answer = self._page(token)
        while isinstance(answer, Gap) and answer.detail.startswith(TOO_LONG) and self._sizes[1:]:
            del self._sizes[0]
            answer = self._page(token)
        return answer

    def _page(self, token: str) -> Answer | Gap:
        """One page; where the token has expired, the server's fresh one is followed."""
        for _ in range(3):
            query = {"limit": str(self._sizes[0])} | ({"continue": token} if token else {})
            answer = self._wire.ask("GET", f"{self._path}?{urlencode(query)}", self._accept, most=MOST_OF_PAGE)
            if isinstance(answer, Gap):
                return msgspec.structs.replace(answer, path=self._path)
            if answer.status == 200:
                return answer
            fresh = _fresh_token(answer) if answer.status == 410 else ""
            if not fresh:
                return refusal(self._path, answer)
            token = fresh
        return Gap(self._path, Reason.CUT_OFF, "the list changed faster than it could be read")


def _following(pages: _Pages, answer: Answer) -> Ahead[Answer | Gap] | None:
    head = _HEAD.match(answer.content)
    token = _CONTINUE.search(head[1]) if head else None
    return Ahead(partial(pages.read, token[1].decode())) if token and token[1] else None


class _StatusMeta(msgspec.Struct):
    continue_: str = msgspec.field(default="", name="continue")


class _Status(msgspec.Struct):
    metadata: _StatusMeta = msgspec.field(default_factory=_StatusMeta)


def _fresh_token(answer: Answer) -> str:
    try:
        return read_json(answer.content, _Status).metadata.continue_
    except msgspec.MsgspecError:
        return ""


def _why(answer: Answer, error: Exception) -> str:
    if answer.media_type and "json" not in answer.media_type:
        return f"{answer.media_type} came instead of JSON"
    return str(error)
