"""What an expression or a rule says of one object in its scope."""

from collections.abc import Iterable
from typing import Any

import msgspec

from kscan.model.meta import ObjectRef


class Fine(msgspec.Struct, frozen=True):
    """It holds here; `fact` says on what evidence, where that is more than the object itself."""

    ref: ObjectRef
    fact: str = ""


class Problem(msgspec.Struct, frozen=True):
    """It does not hold here; the message finishes the sentence that the object begins."""

    ref: ObjectRef
    message: str
    container: str = ""
    path: str = ""
    value: Any = None
    pods: int = 0


class Unsure(msgspec.Struct, frozen=True):
    """It cannot be decided here, and why."""

    ref: ObjectRef
    reason: str
    container: str = ""


Judgement = Fine | Problem | Unsure
Judgements = Iterable[Judgement]
