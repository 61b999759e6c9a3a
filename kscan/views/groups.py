"""The API groups that the cluster serves: what is installed in it, in a word each."""

import msgspec

from kscan.model.discovery import Offers
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import Plain
from kscan.views.view import Source, View

APIS = Plain("/apis")


def _build(source: Source) -> frozenset[str]:
    found = source.get(APIS)
    if isinstance(found, Gap):
        return frozenset()
    if found.via:
        # An older server, which was asked only for the groups that something needs.
        source.missed(Gap(APIS.path(), Reason.NOT_ASKED, "the server does not list all groups at once"))
    try:
        return frozenset(group.name for group in msgspec.json.decode(found.content, type=Offers).items)
    except msgspec.MsgspecError as error:
        source.missed(Gap(APIS.path(), Reason.UNDECODABLE, str(error)))
        return frozenset()


GROUPS: View[frozenset[str]] = View("API groups", (APIS,), _build)
