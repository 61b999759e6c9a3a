"""Kubernetes' official CVE feed: JSON Feed 1.1, each item the words of an issue.

https://kubernetes.io/docs/reference/issues-security/official-cve-feed/index.json
"""

import re
from datetime import UTC, date, datetime, timedelta

import msgspec

from kscan.model.base import read_json
from kscan.model.cve_text import COMPONENTS, Spans, affected, severity
from kscan.model.releases import Fault, Faults, Unread

URL = "https://kubernetes.io/docs/reference/issues-security/official-cve-feed/index.json"
MOST_BYTES = 32 << 20
_VERSION = "https://jsonfeed.org/version/1.1"
_MOST_ITEMS, _MOST_CHARACTERS = 5_000, 200_000
_ID = re.compile(r"CVE-(\d{4})-\d{4,7}")
_ISSUE = re.compile(r"https://github\.com/kubernetes/kubernetes/issues/(\d{1,9})")
# An issue is opened before its fault is announced: what is dated so much earlier may be new to the list.
_EMBARGO = timedelta(days=365)


class FeedError(ValueError):
    """It is not the feed; says what of it is wrong."""


class _Head(msgspec.Struct, frozen=True):
    updated_at: datetime


class _Item(msgspec.Struct, frozen=True):
    id: str
    url: str
    summary: str
    content_text: str
    date_published: datetime
    status: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """An item may tell of several; years ago these shared one id."""
        return tuple(one.strip() for one in self.id.split(","))


class _Feed(msgspec.Struct, frozen=True):
    version: str
    feed_url: str
    head: _Head = msgspec.field(name="_kubernetes_io")
    items: tuple[_Item, ...] = ()


class Feed(msgspec.Struct, frozen=True):
    """The feed of one day."""

    as_of: date
    items: tuple[_Item, ...]


def read(content: bytes) -> Feed:
    """The feed, if it is one; everything that is told of a wrong one is one line."""
    try:
        found = read_json(content, _Feed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FeedError(f"it is not Kubernetes' official CVE feed ({' '.join(str(error).split())[:120]})") from error
    if (found.version, found.feed_url) != (_VERSION, URL):
        raise FeedError(f"it is not Kubernetes' official CVE feed: its feed_url is {found.feed_url[:100]!r}")
    if not 0 < len(found.items) <= _MOST_ITEMS:
        raise FeedError(f"it holds {len(found.items)} items: between 1 and {_MOST_ITEMS} are believed")
    for item in found.items:
        _believable(item)
    updated = found.head.updated_at
    return Feed((updated.astimezone(UTC) if updated.tzinfo else updated).date(), found.items)


def _believable(item: _Item) -> None:
    if not all(_ID.fullmatch(one) for one in item.ids):
        raise FeedError(f"an item's id is {item.id[:60]!r}, which is no CVE")
    if not _ISSUE.fullmatch(item.url):
        raise FeedError(f"{item.id} is told at {item.url[:100]!r}, which is no issue of Kubernetes")
    if len(item.content_text) > _MOST_CHARACTERS:
        raise FeedError(f"{item.id} has {len(item.content_text)} characters of text")


def with_feed(known: Faults, feed: Feed) -> Faults:
    """A list, and what a newer feed has that is not in it: with its versions where these can be read, else by name."""
    ids = {fault.id for fault in known.faults} | set(known.left_out)
    more: list[Fault] = []
    unread: list[Unread] = []
    for item in feed.items:
        new = [one for one in item.ids if one not in ids and _may_be_newer(one, item, known.as_of)]
        spans = _spans(item) if new else None
        issue = int(item.url.rpartition("/")[2])
        for one in new:
            ids.add(one)
            if spans is None:
                unread.append(Unread(one, issue))
            else:
                more += [_fault(one, item, name, spans[name]) for name in COMPONENTS if name in spans]
    return msgspec.structs.replace(
        known, as_of=feed.as_of, source=URL, faults=(*known.faults, *more), unread=tuple(unread)
    )


def _may_be_newer(cve: str, item: _Item, as_of: date) -> bool:
    return int(cve.split("-")[1]) >= as_of.year or item.date_published.date() > as_of - _EMBARGO


def _spans(item: _Item) -> Spans | None:
    """Where the words of one item leave no doubt; those of several faults are in one text, nobody knows whose."""
    return affected(item.content_text, item.ids[0]) if len(item.ids) == 1 else None


def _fault(cve: str, item: _Item, component: str, spans: tuple[str, ...]) -> Fault:
    return Fault(
        cve,
        (component,),
        severity(item.content_text),
        " ".join(item.summary.split())[:200],
        spans,
        int(item.url.rpartition("/")[2]),
        windows="windows" in f"{item.summary} {item.content_text}".lower(),
        in_words=True,
    )
