"""What stands between a pod and a namespace: guards, what each refuses, and what passes them by."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from kscan.model.admission.probes import EVERY, PRIVILEGED, WORDS
from kscan.model.meta import ObjectRef


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


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is asked about the pods of a namespace.

    It objects to the probes in `stops`; where there is a `doubt`, perhaps to others too. Its holes are ways around it.
    """

    kind: str
    name: str
    action: Action = Action.DENY
    stops: frozenset[str] = frozenset()
    doubt: str = ""
    holes: tuple[str, ...] = ()
    ref: ObjectRef | None = None

    @property
    def effect(self) -> Effect:
        """What it comes to."""
        if self.action is not Action.DENY:
            return Effect.WARNS if self.action is Action.WARN else Effect.AUDITS
        return Effect.REFUSES if self.stops else Effect.UNKNOWN if self.doubt else Effect.NOTHING

    @property
    def matters(self) -> bool:
        """Whether it objects to anything, or may."""
        return bool(self.stops or self.doubt)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Posture(msgspec.Struct, frozen=True):
    """A namespace with all that is asked about its pods."""

    namespace: str
    guards: tuple[Guard, ...]

    def answer(self, probe: str) -> Answer:
        """What becomes of a pod that does this."""
        guards = [one for one in self.guards if one.action is Action.DENY]
        if any(probe in one.stops for one in guards):
            return Answer.REFUSED
        return Answer.UNKNOWN if any(one.doubt for one in guards) else Answer.ADMITTED

    def all(self, answer: Answer) -> tuple[str, ...]:
        """The probes with this answer, as people call them."""
        return words(probe for probe in EVERY if self.answer(probe) is answer)

    @property
    def privileged(self) -> Answer:
        """What becomes of a privileged pod: it is refused only if every kind of privileged container is."""
        answers = {self.answer(probe) for probe in PRIVILEGED}
        return next(one for one in (Answer.ADMITTED, Answer.UNKNOWN, Answer.REFUSED) if one in answers)

    @property
    def refusing(self) -> tuple[Guard, ...]:
        """The guards that refuse something."""
        return tuple(one for one in self.guards if one.effect is Effect.REFUSES)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it is not known whether more is refused."""
        return tuple(f"{one}: {one.doubt}" for one in self.guards if one.action is Action.DENY and one.doubt)


def words(probes: Iterable[str]) -> tuple[str, ...]:
    """Probes as people call them, in the order of how bad they are."""
    found = set(probes)
    return tuple(word for probe, word in WORDS.items() if probe in found)
