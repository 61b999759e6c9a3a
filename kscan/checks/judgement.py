"""What an expression or a rule says of one object in its scope."""

from collections.abc import Iterable
from typing import Any

import msgspec

from kscan.checks.check import Severity
from kscan.model.meta import ObjectRef


class Fine(msgspec.Struct, frozen=True):
    """It holds here; `fact` says on what evidence, where that is more than the object itself."""

    ref: ObjectRef
    fact: str = ""
    # How many objects it speaks of, where it is said once for several.
    objects: int = 1


class Step(msgspec.Struct, frozen=True):
    """One right and where it comes from: the subject that a binding names, the binding, the role and its rule."""

    right: str
    subject: str
    binding: str = ""
    role: str = ""
    rule: str = ""


class Problem(msgspec.Struct, frozen=True):
    """It does not hold here; the message finishes the sentence that the object begins."""

    ref: ObjectRef
    message: str
    container: str = ""
    path: str = ""
    value: Any = None
    pods: int = 0
    # Milder than the check says, where what is found reaches less far.
    severity: Severity | None = None
    proof: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    fix: str = ""
    # The check that finds the same object for something that includes this.
    implied_by: str = ""
    objects: int = 1


class Unsure(msgspec.Struct, frozen=True):
    """It cannot be decided here, and why."""

    ref: ObjectRef
    reason: str
    container: str = ""
    objects: int = 1


class Review(msgspec.Struct, frozen=True):
    """No tool can decide it here; the fact is what a person who decides must know."""

    ref: ObjectRef
    fact: str


class Moot(msgspec.Struct, frozen=True):
    """It says nothing about this cluster, and why; `surely`, where nothing that was not read could change that."""

    reason: str
    surely: bool = False


Judgement = Fine | Problem | Unsure | Review | Moot
Judgements = Iterable[Judgement]
