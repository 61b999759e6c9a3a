"""What stands between a pod and a namespace: guards, what each refuses, the ways around each and around all of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from kscan.model.admission.cases import ORDINARY, Case
from kscan.model.admission.matching import DEBUG_POD
from kscan.model.admission.probes import EVERY, PRIVILEGED, PROBES, WORDS
from kscan.model.meta import ObjectRef
from kscan.model.words import listed

# How many ways around a guard are told.
_WAYS = 3


class Action(StrEnum):
    """What a guard does about a pod that it objects to."""

    DENY = "deny"
    WARN = "warn"
    AUDIT = "audit"


class Effect(StrEnum):
    """What a guard comes to for pods that take over a node, the surest first."""

    REFUSES = "refuses"
    UNKNOWN = "unknown"
    WARNS = "warns"
    AUDITS = "audits"
    NOTHING = "nothing"


class Answer(StrEnum):
    """What becomes of a pod."""

    REFUSED = "refused"
    ADMITTED = "admitted"
    UNKNOWN = "unknown"


class Way(msgspec.Struct, frozen=True):
    """A way around a guard: what it lets through in this case, though it stops it in others.

    Where there is a doubt, it may stop it all the same.
    """

    case: Case
    lets: frozenset[str]
    doubt: str = ""


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is asked about the pods of a namespace.

    It stops the probes in `stops`, but for its ways around; where there is a `doubt`, perhaps those in `doubted` too.
    `unsure` is why it may not hold at all. `holes` are what takes it away that no tenant can do.
    """

    kind: str
    name: str
    action: Action = Action.DENY
    stops: frozenset[str] = frozenset()
    doubt: str = ""
    doubted: frozenset[str] = EVERY
    unsure: str = ""
    ways: tuple[Way, ...] = ()
    holes: tuple[str, ...] = ()
    ref: ObjectRef | None = None

    @property
    def effect(self) -> Effect:
        """What it comes to."""
        if self.action is not Action.DENY:
            return Effect.WARNS if self.action is Action.WARN else Effect.AUDITS
        if self.stops and not self.unsure:
            return Effect.REFUSES
        return Effect.UNKNOWN if self.matters else Effect.NOTHING

    @property
    def matters(self) -> bool:
        """Whether it objects to anything, or may."""
        return bool(self.stops or self.doubt or any(way.doubt for way in self.ways))

    @property
    def around(self) -> tuple[str, ...]:
        """The ways around it, the plainest first, and what takes it away."""
        ways = (f"passes over a pod {way.case.words}" for way in self.ways
                if way.case.words and not way.doubt and not way.lets.isdisjoint(self.stops))  # fmt: skip
        return (*tuple(dict.fromkeys(ways))[:_WAYS], *self.holes)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a pod that does one thing: by which way it gets in, and past whom; or why that is not known."""

    answer: Answer
    way: Case = ORDINARY
    past: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def around(self) -> str:
        """The way around what else would stop it, in words; empty where nothing stops it."""
        if self.answer is not Answer.ADMITTED or not self.past:
            return ""
        words = self.way.words
        how = words if self.way.request == DEBUG_POD else f"by a pod {words}" if words else "by an ordinary pod"
        return f"{how}, past {listed(self.past)}"


class Posture(msgspec.Struct, frozen=True):
    """A namespace with all that is asked about its pods, and what becomes of each kind of pod."""

    namespace: str
    guards: tuple[Guard, ...]
    verdicts: Mapping[str, Verdict]

    def answer(self, probe: str) -> Answer:
        """What becomes of a pod that does this."""
        return self.verdicts[probe].answer

    def all(self, answer: Answer) -> tuple[str, ...]:
        """The probes with this answer, as people call them."""
        return words(probe for probe in EVERY if self.answer(probe) is answer)

    def admits(self, probes: Iterable[str]) -> str:
        """Those of some probes that are let in, in words: what nothing refuses, and what gets by, and how."""
        found = [probe for probe in probes if self.answer(probe) is Answer.ADMITTED]
        ways: dict[str, list[str]] = {}
        for probe in found:
            ways.setdefault(self.verdicts[probe].around, []).append(probe)
        open_ = ways.pop("", [])
        parts = [f"nothing refuses {listed(words(open_))}"] if open_ else []
        return "; ".join([*parts, *(f"{listed(words(some))} get in {way}" for way, some in ways.items())])

    @property
    def privileged(self) -> Answer:
        """What becomes of a privileged pod: it is refused only if every kind of privileged container is."""
        answers = {self.answer(probe) for probe in PRIVILEGED}
        return next(one for one in (Answer.ADMITTED, Answer.UNKNOWN, Answer.REFUSED) if one in answers)

    @property
    def refusing(self) -> tuple[Guard, ...]:
        """The guards that refuse something."""
        return tuple(one for one in self.guards if one.effect is Effect.REFUSES)

    def doubts(self, probes: Iterable[str] = EVERY) -> tuple[str, ...]:
        """Why it is not known what becomes of some of these."""
        return tuple(
            dict.fromkeys(doubt for one in PROBES if one.name in probes for doubt in self.verdicts[one.name].doubts)
        )


def posture(namespace: str, guards: Sequence[Guard], cases: Sequence[Case] = (ORDINARY,)) -> Posture:
    """What the guards of a namespace come to together: a thing is refused if in each case some guard stops it."""
    asked = [(one, {(way.case, probe): way for way in one.ways for probe in way.lets})
             for one in guards if one.action is Action.DENY]  # fmt: skip
    return Posture(namespace, tuple(guards), {probe: _verdict(probe, asked, cases) for probe in EVERY})


_Asked = Sequence[tuple[Guard, Mapping[tuple[Case, str], Way]]]
_POSSIBLE = {one.name: one for one in PROBES}


def _verdict(probe: str, asked: _Asked, cases: Sequence[Case]) -> Verdict:
    doubts: list[str] = []
    for case in cases:
        if not _POSSIBLE[probe].by(case.request):
            continue
        said = list(_said(probe, asked, case))
        if None in said:
            continue
        if not said and not case.doubt:
            past = tuple(dict.fromkeys(str(guard) for guard, _ in asked if probe in guard.stops))
            return Verdict(Answer.ADMITTED, case, past)
        doubts += [f"{case.words}: {case.doubt}"] if not said else [str(one) for one in said]
    return Verdict(Answer.UNKNOWN, doubts=tuple(dict.fromkeys(doubts))) if doubts else Verdict(Answer.REFUSED)


def _said(probe: str, asked: _Asked, case: Case) -> Iterator[str | None]:
    """What each guard says that does not let it pass: None where it stops it, and else why it may."""
    for guard, ways in asked:
        way = ways.get((case, probe))
        if way:
            if way.doubt:
                yield f"{guard}: {way.doubt}"
        elif probe in guard.stops:
            yield f"{guard}: {guard.unsure}" if guard.unsure else None
        elif guard.doubt and probe in guard.doubted:
            yield f"{guard}: {guard.doubt}"


def words(probes: Iterable[str]) -> tuple[str, ...]:
    """Probes as people call them, in the order of how bad they are."""
    found = set(probes)
    return tuple(word for probe, word in WORDS.items() if probe in found)
