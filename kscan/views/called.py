"""What an object is called, whatever else of it can be read."""

import msgspec

from kscan.model.base import read_json
from kscan.model.meta import WRITTEN_IN
from kscan.snapshot.entry import Item


class _Name(msgspec.Struct):
    name: str
    namespace: str | None = None
    written_in: str | None = msgspec.field(default=None, name=WRITTEN_IN)


class _Named(msgspec.Struct):
    metadata: _Name


def name_of(item: Item) -> str:
    """What an object is called, as far as it can be read: what else of it is misshapen does not matter here."""
    try:
        metadata = read_json(item.head, _Named).metadata
    except msgspec.MsgspecError:
        return "(an object without a readable name)"
    name = f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name
    return f"{name} in {metadata.written_in}" if metadata.written_in else name
