"""Versions of Kubernetes: still mended, near enough to each other, without known faults."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.platform import Platform
from kscan.model.releases import Fault, Faults, Release, Running
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.lifecycle import FAULTS, minors
from kscan.views.platform import PLATFORM
from kscan.views.releases import RELEASES, TAKEN

# After half a year a list of faults says nothing about what it does not name.
STALE = timedelta(days=183)
_UNDATED = "the snapshot does not tell when it was taken"
_UPSTREAM = "Judged by upstream's support; a distribution may mend it for longer."
_MENDED = "The version has a mark of its distribution, which may have mended it without another patch number: ask it."
_BEHIND = "the newer list of faults that is kept could not be read"
_NONE = "no version of Kubernetes is told here"


def _ref(one: Running) -> ObjectRef:
    return ObjectRef("Release", str(one))


def _kept(one: Running, platform: Platform | None) -> str:
    """Who mends it in a user's stead; nobody where the platform is not known."""
    if platform and one.component in platform.owned:
        return f"run by {platform.owner}"
    if platform and one.component == "kubelet" and all(place in platform.provided for place in one.places):
        return f"run by its provider: {listed(sorted({platform.provided[place] for place in one.places}))}"
    return ""


def _unless_kept(judgement: Judgement, platform: Platform | None) -> Judgement:
    """What is found, unless somebody may mend it in a user's stead."""
    if platform is None and isinstance(judgement, Problem):
        return Unsure(judgement.ref, f"it {judgement.message}, and whether its provider mends that could not be seen")
    return judgement


def _where(one: Running) -> str:
    return f"on {len(one.places)} nodes: {listed(one.places)}" if len(one.places) > 1 else f"on {one.places[0]}"


@rule("versions.support", "Kubernetes components", RELEASES, TAKEN, more=(PLATFORM,), of_running=True)
def support(running: Iterable[Running], taken: datetime | None, platform: Platform | None) -> Judgements:
    """Components of a minor that upstream no longer mends; that of an API server is chosen by its users everywhere."""
    yield Moot(_NONE)
    for one in running:
        found = one.release
        if one.component != "kube-apiserver" and (kept := _kept(one, platform)):
            yield Moot(kept)
        elif found is None:
            yield Unsure(_ref(one), f"{one.version} is no version of Kubernetes")
        elif taken is None:
            yield Unsure(_ref(one), _UNDATED)
        else:
            said = _supported(one, found, taken.date())
            yield said if one.component == "kube-apiserver" else _unless_kept(said, platform)


def _supported(one: Running, found: Release, today: date) -> Judgement:
    known = minors()
    minor = known.of(found)
    if minor is None and not known.older(found):
        return Unsure(_ref(one), f"{found.of_minor} is newer than the list of releases, which is of {known.as_of}")
    if minor and today <= minor.ends:
        return Fine(_ref(one), f"{minor.minor} is mended until {minor.ends}, by the list of {known.as_of}")
    ended = f"since {minor.ends}" if minor else f"since before {known.minors[0].ends}"
    notes = (f"It runs {_where(one)}.", _UPSTREAM)
    message = f"is of {found.of_minor}, which has got no fixes {ended}"
    return Problem(_ref(one), message, path="version", value=one.version, notes=notes, fix=_advice(today))


def _advice(today: date) -> str:
    mended = [one.minor for one in minors().minors if one.released <= today <= one.ends]
    return f"Upgrade, one minor after the other, to one of {', '.join(mended)}." if mended else ""


@rule("versions.skew", "Kubernetes components", RELEASES, more=(PLATFORM,), of_cluster=True)
def skew(running: Iterable[Running], platform: Platform | None, *, behind: dict[str, int]) -> Judgements:
    """Components further behind the API server than is supported, or ahead of it."""
    yield Moot(_NONE)
    found = tuple(running)
    servers = [one.release for one in found if one.component == "kube-apiserver" and one.release]
    if not servers:
        return
    newest, oldest = max(servers), min(servers)
    for one in found:
        if kept := _kept(one, platform):
            yield Moot(kept)
        elif one.component in behind and one.release:
            # From 1.28 on nodes may be three minors behind, before it two.
            most = min(behind[one.component], 2) if newest.number[:2] < (1, 28) else behind[one.component]
            yield _unless_kept(_near(one, one.release, oldest, newest, most), platform)
        elif one.component in behind:
            yield Unsure(_ref(one), f"{one.version} is no version of Kubernetes")


def _near(one: Running, found: Release, oldest: Release, newest: Release, most: int) -> Judgement:
    notes = (f"It runs {_where(one)}.",)
    if found.number[:2] > oldest.number[:2]:
        message = f"is newer than an API server of {oldest.of_minor}"
    elif newest.minor - found.minor > most:
        far = newest.minor - found.minor
        message = f"is {far} minors behind an API server of {newest.of_minor}: {most} are supported"
    else:
        return Fine(_ref(one), f"{found.of_minor} beside an API server of {newest.of_minor}")
    return Problem(_ref(one), message, path="version", value=one.version, notes=notes)


@rule("versions.faults", "Kubernetes components", RELEASES, TAKEN, FAULTS, more=(PLATFORM,), of_cluster=True)
def known_faults(
    running: Iterable[Running], taken: datetime | None, known: Faults, platform: Platform | None
) -> Judgements:
    """Components in a version of which a fault is known that another release mends."""
    yield Moot(_NONE)
    for one in running:
        found = one.release
        if kept := _kept(one, platform):
            yield Moot(kept)
        elif found is None:
            yield Unsure(_ref(one), f"{one.version} is no version of Kubernetes")
        else:
            said = tuple(_having(one, found, known))
            for each in said or (_without(one, found, taken, known),):
                yield _unless_kept(each, platform)


def _having(one: Running, found: Release, known: Faults) -> Iterator[Judgement]:
    for fault in known.faults:
        last = fault.mended_in(found) if one.component in fault.components else ""
        if not last or (fault.windows and not one.windows and not fault.in_words):
            continue
        if fault.windows and not one.windows:
            # Words that speak of Windows may mean only that.
            yield Unsure(
                _ref(one), f"{fault.id} is of this version and speaks of Windows: {fault.url} says whether only that"
            )
        else:
            yield _problem(one, found, fault, last, known)


def _problem(one: Running, found: Release, fault: Fault, last: str, known: Faults) -> Problem:
    notes = [f"It runs {_where(one)}.", f"The list of faults is of {known.as_of}: {fault.url}"]
    notes += [f"{_BEHIND.capitalize()}."] if known.is_behind else []
    notes += [f"Only where {fault.where}."] if fault.where else []
    notes += (
        ["The versions are taken from the feed; what else must hold stands in its words only."]
        if fault.in_words
        else []
    )
    notes += [_MENDED] if found.may_be_mended else []
    severity = Severity(fault.severity) if fault.severity else None
    message = f"has {fault.id}: {fault.summary}; {last} mends it"
    fix = f"Upgrade it to {last} or later."
    return Problem(_ref(one), message, path=fault.id, value=one.version, severity=severity, notes=tuple(notes), fix=fix)


def _without(one: Running, found: Release, taken: datetime | None, known: Faults) -> Judgement:
    """No fault is known; whether that says anything depends on who still looks for them, and on the list's age."""
    if taken is None:
        return Unsure(_ref(one), _UNDATED)
    minor = minors().of(found)
    if minors().older(found) or (minor and taken.date() > minor.ends):
        return Unsure(_ref(one), f"{found.of_minor} is out of support: nobody says which newer faults it has")
    if found.preview:
        return Unsure(_ref(one), "faults are told of releases, and this came before its own")
    if known.is_behind:
        return Unsure(_ref(one), f"no fault is known, by the list of {known.as_of}; {_BEHIND}")
    if known.unread:
        named = listed([f"{fault.id} ({fault.issue})" for fault in known.unread])
        return Unsure(_ref(one), f"the feed of {known.as_of} does not tell for machines which versions have {named}")
    if taken.date() - known.as_of > STALE:
        days = (taken.date() - known.as_of).days
        advice = "update kscan, or take Kubernetes' feed with `kscan data update`"
        return Unsure(_ref(one), f"the list of faults is of {known.as_of}, {days} days before this scan: {advice}")
    return Fine(_ref(one), f"no fault is known, by the list of {known.as_of}")
