"""The property that every check has to keep: losing sight of something makes nothing better and accuses nobody.

No refusal turns what is no pass into a pass, or into not applicable; none raises the lower bound of the score; none
makes a finding, or a worse one. It is tried on every example of a check, with each thing that it needs, and with
two at once.
"""

from collections.abc import Iterator, Mapping

import msgspec

from kscan.judge.drift import UNSEEN
from kscan.judge.report import Finding, Result, Status
from kscan.snapshot.entry import Body, Entry, Gap, Item, Listing, Reason, Unread
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.needs import Brought, FromNode, Named, Need, PerNode, Plain, Resource, split_path
from kscan.snapshot.snapshot import Snapshot
from kscan.views.server import VERSION

_DISCOVERY = "/apis"
_GARBAGE = b"\x00 no answer"
# Of a list of no more objects, each by itself is tried as the one that is missing.
_FEW = 6


class Refusal(msgspec.Struct, frozen=True):
    """One thing that is not seen, and in which way."""

    need: Need
    reason: Reason = Reason.FORBIDDEN
    # Of a list that is cut, the one object that is missing; else it ends in its middle.
    lost: int | None = None

    def __str__(self) -> str:
        return f"{self.need} {self.reason}" + ("" if self.lost is None else f" without object {self.lost}")


def refusals(need: Need) -> tuple[Refusal, ...]:
    """The ways in which a server, or what stands before it, may keep something to itself.

    That an optional kind is not served is no refusal, nor that there is no object of a name.
    By the version, asked for or not, a live cluster is told from files.
    """
    reasons = [Reason.FORBIDDEN, Reason.UNDECODABLE]
    if isinstance(need, Plain | PerNode) or (isinstance(need, Resource) and not need.optional):
        reasons.append(Reason.NOT_SERVED)
    if isinstance(need, Resource):
        reasons.append(Reason.CUT_OFF)
    if isinstance(need, Resource | PerNode | Plain) and need != VERSION:
        reasons.append(Reason.NOT_ASKED)
    return tuple(Refusal(need, reason) for reason in reasons)


def of_example(snapshot: Snapshot, need: Need) -> tuple[Refusal, ...]:
    """The refusals worth a try: how something is missing matters only where it is there.

    Whether a server was asked for its version tells a live cluster from files: the example says which it is.
    """
    if need == VERSION and VERSION.path() not in snapshot.entries:
        return ()
    found = refusals(need)
    held = [entry for path, entry in snapshot.entries.items() if _holds(entry) and concerns(need, path)]
    if not held:
        return found[:1]
    few = max((len(one.items) for one in held if isinstance(one, Listing) and len(one.items) <= _FEW), default=0)
    if snapshot.about.manifests or not isinstance(need, Resource) or few == 1:
        return found
    return (*found, *(Refusal(need, Reason.CUT_OFF, lost) for lost in range(few)))


def _holds(entry: Entry) -> bool:
    return bool(entry.items) if isinstance(entry, Listing) else isinstance(entry, Body)


def refused(snapshot: Snapshot, *every: Refusal) -> Snapshot:
    """The snapshot as an account takes it that may not see these; of files, as it is where they were not read whole."""
    if snapshot.about.manifests:
        return _unread(snapshot, every)
    entries = dict(snapshot.entries)
    for one in every:
        entries.update(_kept_back(snapshot.entries, one))
    gone = {path for path, entry in entries.items() if isinstance(entry, Gap) and entry.reason is Reason.NOT_ASKED}
    return Snapshot(snapshot.about, {path: entry for path, entry in entries.items() if path not in gone})


def denied(snapshot: Snapshot, *needs: Need) -> Snapshot:
    """The snapshot as an account takes it that is forbidden these."""
    return refused(snapshot, *map(Refusal, needs))


def _unread(snapshot: Snapshot, every: tuple[Refusal, ...]) -> Snapshot:
    """Nobody refuses a file: what it holds of a kind is not there, and it is noted that there may be such."""
    resources = [one.need for one in every if isinstance(one.need, Resource)]
    found = {
        path: entry for path, entry in snapshot.entries.items() if not any(concerns(one, path) for one in resources)
    }
    gaps = (Unread(Gap(one.path(), Reason.UNDECODABLE), one.path()) for one in resources)
    about = msgspec.structs.replace(snapshot.about, unread=(*snapshot.about.unread, *gaps))
    return Snapshot(about, found)


def _kept_back(entries: Mapping[str, Entry], one: Refusal) -> Iterator[tuple[str, Entry]]:
    for path, entry in entries.items():
        if concerns(one.need, path):
            yield path, _without(path, entry, one.reason, one.lost)
    if isinstance(one.need, Plain | Named | Brought):
        path = one.need.path()
        yield path, _without(path, entries.get(path), one.reason)
    elif isinstance(one.need, Resource) and not one.need.within and one.need.path() not in entries:
        yield one.need.path(), Gap(one.need.path(), one.reason)
    if isinstance(one.need, Plain) and one.need.path() == _DISCOVERY:
        # Kinds that only discovery names are lost with it.
        for group in (resource for resource in KNOWN if resource.whole_group):
            yield from _kept_back(entries, Refusal(group, one.reason))


def _without(path: str, entry: Entry | None, reason: Reason, lost: int | None = None) -> Entry:
    if reason is Reason.CUT_OFF and isinstance(entry, Listing):
        left = entry.items[: len(entry.items) // 2] if lost is None else _left(entry.items, lost)
        return msgspec.structs.replace(entry, items=left, gap=Gap(path, reason))
    if reason is Reason.UNDECODABLE and isinstance(entry, Listing):
        return msgspec.structs.replace(entry, items=tuple(map(_misshapen, entry.items)))
    if reason is Reason.UNDECODABLE and isinstance(entry, Body):
        return Body(_GARBAGE, entry.media_type, entry.via)
    return Gap(path, reason)


def _left(items: tuple[Item, ...], lost: int) -> tuple[Item, ...]:
    return items[:lost] + items[lost + 1 :]


def _misshapen(item: Item) -> Item:
    """An object of which nothing can be read but what it is called."""
    told = msgspec.json.decode(item.body, type=dict[str, msgspec.Raw])
    return Item(msgspec.json.encode({key: told[key] if key == "metadata" else 7 for key in told} | {"spec": 7}))


def concerns(need: Need, path: str) -> bool:
    """Whether something at a path is of what is needed."""
    if isinstance(need, Named):
        return path == need.path()
    if isinstance(need, FromNode):
        return bool(need.node(path))
    parts = split_path(path)
    return need.stands_at(path) and not (isinstance(need, Resource) and parts and parts[4])


def worse(before: Result, after: Result) -> str:
    """What is wrong with a result of less than was seen before, or nothing."""
    known: dict[object, list[Finding]] = {}
    for one in before.findings:
        known.setdefault(_said(one), []).append(one)
    # Of pods that are not seen only their template is judged, and that is what the finding says.
    for one in sorted(after.findings, key=lambda one: UNSEEN in one.notes):
        alike = known.get(_said(one), [])
        if not alike and UNSEEN not in one.notes:
            return f"finds {one.object} {one.container}: {one.message}"
        same = next((each for each in alike if each.object == one.object), min(alike, key=_rank, default=one))
        if one.severity.rank < same.severity.rank:
            return f"finds {one.object} {one.container} to be {one.severity}"
        known[_said(one)] = [each for each in alike if each is not same]
    if after.status is before.status:
        return ""
    if after.status in (Status.PASS, Status.NOT_APPLICABLE):
        return f"turns {before.status} into {after.status}{after.reason and f' ({after.reason})'}"
    counted = before.status is Status.FAIL or (before.status is Status.UNKNOWN and before.asked)
    if counted and not (after.status is Status.FAIL or (after.status is Status.UNKNOWN and after.asked)):
        return f"turns {before.status} into {after.status}, which raises the lower bound of the score"
    return ""


def _said(one: Finding) -> tuple[object, ...]:
    """What a finding says, by whichever channel; whom it names may be another where owners or nodes are not seen."""
    return one.container, one.message


def _rank(one: Finding) -> int:
    return one.severity.rank
