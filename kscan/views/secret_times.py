"""When secrets were made, and their last revision: of their metadata, where somebody asked for that."""

from datetime import datetime

from kscan.model.base import Noun
from kscan.model.encryption import StoredSecret
from kscan.snapshot.needs import Resource
from kscan.views.view import Source, View

# Not among the kinds that are asked for by name: nothing but this reads secrets, and of them nothing but this.
SECRETS = Resource("", "secrets", "Secret", metadata_only=True)


class _Metadata(Noun, frozen=True):
    name: str
    namespace: str
    creation_timestamp: datetime
    resource_version: str


class _Secret(Noun, frozen=True):
    metadata: _Metadata


def _build(source: Source) -> tuple[StoredSecret, ...]:
    try:
        found = tuple(_stored(one.metadata) for one in source.nouns(SECRETS, _Secret))
    except ValueError:
        return ()
    # What is said of all of them needs all of them.
    return () if source.gaps else found


def _stored(metadata: _Metadata) -> StoredSecret:
    name = f"{metadata.namespace}/{metadata.name}"
    return StoredSecret(name, metadata.creation_timestamp.timestamp(), int(metadata.resource_version))


SECRET_TIMES: View[tuple[StoredSecret, ...]] = View("times of secrets", (SECRETS,), _build)
