"""The pods of kube-system, each read only where it may be one that is looked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TypeVar

import msgspec

from kscan.model.base import decode
from kscan.model.meta import Meta
from kscan.model.mirrors import Nodes, Pod
from kscan.model.workloads import PodPhase
from kscan.snapshot import kinds
from kscan.views.view import Source

SYSTEM = "kube-system"
NEEDS = (kinds.SYSTEM_PODS, kinds.NODES)

P = TypeVar("P", bound=Pod)
Why = Callable[[Pod, Nodes], str]
Status = PodPhase


def system_pods(source: Source, noun: type[P], words: Sequence[str], why: Why) -> Iterator[tuple[P, str]]:
    """The pods whose text holds one of the words, each with why it does not count, where it does not.

    One that cannot be decoded is a gap; so are nodes that cannot be read, where a pod would be known by its node.
    """
    wanted = [word.encode() for word in words]
    # Pods of one owner share their text, which is searched once.
    held: dict[bytes, bool] = {}
    nodes = cache(partial(_uids, source))
    for path, item in source.items(kinds.SYSTEM_PODS):
        # Cheap, and safe in one direction: its namespace is looked at again below.
        if b'"kube-system"' not in item.head:
            continue
        text = item.spec or item.head
        if text not in held:
            held[text] = any(word in text for word in wanted)
        if not held[text]:
            continue
        try:
            pod = decode(item.body, noun)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        if pod.metadata.namespace == SYSTEM:
            yield pod, why(pod, nodes)


def _uids(source: Source) -> Mapping[str, str] | None:
    """The uid of each node; None where not all could be read."""
    before = len(source.gaps)
    found = {one.metadata.name: one.metadata.uid for one in source.nouns(kinds.NODES, Meta)}
    return found if len(source.gaps) == before else None
