"""The pods of kube-system, each read only where it may be one that is looked for."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from kscan.model.base import decode
from kscan.model.meta import Metadata
from kscan.snapshot import kinds
from kscan.views.view import Source

SYSTEM = "kube-system"


class _Pod(Protocol):
    @property
    def metadata(self) -> Metadata: ...


P = TypeVar("P", bound=_Pod)


def system_pods(source: Source, noun: type[P], words: Sequence[str] = ()) -> Iterator[P]:
    """The pods whose text holds one of the words, or all; one that cannot be decoded is a gap."""
    wanted = [word.encode() for word in words]
    # Pods of one owner share their text, which is searched once.
    held: dict[bytes, bool] = {}
    for path, item in source.items(kinds.SYSTEM_PODS):
        # Cheap, and safe in one direction: its namespace is looked at again below.
        if b'"kube-system"' not in item.head:
            continue
        text = item.spec or item.head
        if text not in held:
            held[text] = not wanted or any(word in text for word in wanted)
        if not held[text]:
            continue
        try:
            pod = decode(item.body, noun)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        if pod.metadata.namespace == SYSTEM:
            yield pod
