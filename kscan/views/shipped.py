"""What Kubernetes and its distributions ship and serve by themselves: data files, by Kubernetes minor."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from kscan import data
from kscan.model.discovery import OfferedGroup
from kscan.model.rbac.aggregation import with_gathered
from kscan.model.rbac.roles import Binding, Role
from kscan.model.rbac.shipped import Shipped, shipped_of

OLDEST, NEWEST = 30, 36


class _Line(msgspec.Struct):
    minors: tuple[int, int]
    kind: str


@lru_cache
def shipped(minor: int) -> Shipped:
    """What Kubernetes of a minor and its distributions ship; an unknown minor is the nearest that is known.

    An API server adds what is missing from its own roles and takes nothing away: an upgraded cluster keeps what
    earlier minors shipped.
    """
    minor = min(max(minor, OLDEST), NEWEST)
    roles: list[Role] = []
    bindings: list[Binding] = []
    for path in sorted((data.folder("checks") / "shipped").glob("rbac-*.jsonl")):
        for line in path.read_bytes().splitlines():
            head = msgspec.json.decode(line, type=_Line)
            if head.minors[0] <= minor:
                if head.kind.endswith("Binding"):
                    bindings.append(msgspec.json.decode(line, type=Binding))
                else:
                    roles.append(msgspec.json.decode(line, type=Role))
    return shipped_of(with_gathered(roles), bindings)


@lru_cache
def own_groups() -> Sequence[OfferedGroup]:
    """What Kubernetes serves by itself."""
    path = data.folder("checks") / "shipped" / "resources.jsonl"
    return [msgspec.json.decode(line, type=OfferedGroup) for line in path.read_bytes().splitlines()]
