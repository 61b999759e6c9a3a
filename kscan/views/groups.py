"""The API groups that the cluster serves: what is installed in it, in a word each."""

from kscan.model.discovery import OfferedGroup, read_offers
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.named import JSON
from kscan.snapshot.needs import Plain
from kscan.views.answers import Question, UnlikeError
from kscan.views.view import Source, View

API, APIS = Plain("/api"), Plain("/apis")


def _offered(content: bytes) -> tuple[OfferedGroup, ...]:
    told = read_offers(content)
    if told.kind != "APIGroupDiscoveryList" or not told.items or not told.whole:
        raise UnlikeError(f"kind {told.kind!r} came, with {len(told.items)} groups")
    return told.items


CORE_OFFERED = Question(API, {JSON: _offered})
OFFERED = Question(APIS, {JSON: _offered})


def _build(source: Source) -> frozenset[str]:
    if source.told_by(APIS):
        # An older server, which was asked only for the groups that something needs.
        source.missed(Gap(APIS.path(), Reason.NOT_ASKED, "the server does not list all groups at once"))
    return frozenset(group.name for group in source.answer(OFFERED) or ())


GROUPS: View[frozenset[str]] = View("API groups", (APIS,), _build)
