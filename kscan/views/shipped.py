"""What Kubernetes and its distributions ship and serve by themselves: data files, by Kubernetes minor."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from kscan import data
from kscan.model.admission.templates import Library
from kscan.model.base import read_json
from kscan.model.discovery import OfferedGroup
from kscan.model.platform import Platform, profile_of
from kscan.model.rbac.aggregation import with_gathered
from kscan.model.rbac.baseline import Baseline
from kscan.model.rbac.roles import Binding, Role
from kscan.model.rbac.shipped import NOTHING, Shipped, shipped_of
from kscan.model.served import Served
from kscan.views.platform import profiles

_KUBERNETES = "kubernetes"


class _Released(msgspec.Struct):
    kind: str
    digest: str


class _Line(msgspec.Struct):
    minors: tuple[int, int]
    kind: str


def _lines(part: str) -> Iterator[tuple[_Line, bytes]]:
    for line in (data.folder("checks") / "shipped" / f"rbac-{part}.jsonl").read_bytes().splitlines():
        yield read_json(line, _Line), line


@lru_cache
def known_minors() -> tuple[int, int]:
    """The oldest and the newest minor of which it is written down what Kubernetes ships."""
    spans = [head.minors for head, _ in _lines(_KUBERNETES)]
    return min(first for first, _ in spans), max(last for _, last in spans)


@lru_cache
def shipped(minor: int, parts: tuple[str, ...]) -> Shipped:
    """What Kubernetes of a minor ships, with these distributions.

    An API server adds what is missing from its own roles and takes nothing away: an upgraded cluster keeps what
    earlier minors shipped.
    """
    roles: list[Role] = []
    bindings: list[Binding] = []
    for part in (_KUBERNETES, *parts):
        for head, line in _lines(part):
            if head.minors[0] <= minor:
                if head.kind.endswith("Binding"):
                    bindings.append(read_json(line, Binding))
                else:
                    roles.append(read_json(line, Role))
    return shipped_of(with_gathered(roles), bindings)


def baseline(minor: int | None, platform: Platform) -> Baseline:
    """What counts as shipped; of a minor that is not written down, or not known, something may be that is not."""
    oldest, newest = known_minors()
    parts = platform.ships
    least, most = (oldest, newest) if minor is None else (min(max(minor, oldest), newest),) * 2
    may_be_more = minor is None or bool(platform.may_ship)
    return Baseline(
        known=shipped(least, parts),
        perhaps=shipped(most, (*parts, *platform.may_ship)) if may_be_more else NOTHING,
        open=bool(_doubt(minor)),
        why=_doubt(minor)
        or ("which platform this is could not be seen, and so not what it ships" if platform.may_ship else ""),
        here=platform.title,
        others=_others(most, frozenset((*parts, *platform.may_ship))),
    )


def _doubt(minor: int | None) -> str:
    """Why it is not known what Kubernetes ships; empty where it is."""
    oldest, newest = known_minors()
    if minor is None:
        return "which Kubernetes this is could not be read, and so not what it ships"
    known = oldest <= minor <= newest
    return "" if known else f"what Kubernetes 1.{minor} ships is not in kscan's data (1.{oldest} to 1.{newest})"


@lru_cache
def _others(minor: int, here: frozenset[str]) -> Mapping[str, Shipped]:
    """What each distribution ships that this is not, by its title, without Kubernetes' own."""
    parts = {part for profile in profiles().platforms for part in profile.ships} - here
    return {profile_of(profiles(), part).title: shipped(minor, (part,)) for part in sorted(parts)}


@lru_cache
def own_groups() -> Sequence[OfferedGroup]:
    """What Kubernetes serves by itself."""
    path = data.folder("checks") / "shipped" / "resources.jsonl"
    return [read_json(line, OfferedGroup) for line in path.read_bytes().splitlines()]


@lru_cache
def own_served() -> Served:
    """The same, ready to be asked."""
    return Served(own_groups())


@lru_cache
def gatekeeper_library() -> Library:
    """The code of the templates that Gatekeeper's library has released, by its digests."""
    path = data.folder("checks") / "shipped" / "gatekeeper-library.jsonl"
    found: dict[str, set[str]] = {}
    for line in path.read_bytes().splitlines():
        one = read_json(line, _Released)
        found.setdefault(one.kind, set()).add(one.digest)
    return {kind: frozenset(digests) for kind, digests in found.items()}
