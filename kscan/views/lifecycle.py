"""What is known of releases beside the cluster: data of the package, and what a user brought, each with its date."""

from functools import lru_cache
from typing import TypeVar

import msgspec

from kscan import data
from kscan.documents import documents_in
from kscan.errors import CheckError
from kscan.model.cve_feed import Feed, FeedError, read, with_feed
from kscan.model.releases import Faults, Minors, RetiredApis
from kscan.snapshot.named import JSON
from kscan.snapshot.needs import Brought
from kscan.views.answers import Question, UnlikeError
from kscan.views.view import Source, View

T = TypeVar("T")
CVE_FEED = Brought("official-cve-feed")


@lru_cache
def minors() -> Minors:
    """How long each minor is mended."""
    return _told("versions.yaml", Minors)


@lru_cache
def shipped_faults() -> Faults:
    """The known faults of Kubernetes' own components, as the package has them."""
    return _told("cves.yaml", Faults)


@lru_cache
def retired_apis() -> RetiredApis:
    """The versions of kinds that are deprecated or gone."""
    return _told("retired-apis.yaml", RetiredApis)


def _told(name: str, shape: type[T]) -> T:
    path = data.folder("checks") / "shipped" / name
    return msgspec.convert(next(documents_in(path, CheckError)), shape)


def _feed(content: bytes) -> Feed:
    try:
        return read(content)
    except FeedError as error:
        raise UnlikeError(str(error)) from error


_BROUGHT = Question(CVE_FEED, {JSON: _feed})


def _faults(source: Source) -> Faults:
    known = shipped_faults()
    feed = source.answer(_BROUGHT, because="the package's own list counts; who has no fault in it is left open")
    if feed is None:
        return msgspec.structs.replace(known, is_behind=source.asked(CVE_FEED))
    return with_feed(known, feed) if feed.as_of > known.as_of else known


# The package's list, with what a newer feed has besides.
FAULTS: View[Faults] = View("known faults", (CVE_FEED,), _faults)
