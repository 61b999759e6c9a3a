"""What is asked of the process that evaluates what the cluster says, and how it answers: frames on two pipes."""

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from kscan.model.cel.paths import read
from kscan.model.cel.runtime import Erred, environment, evaluated, first_line
from kscan.model.cel.tree import LONGEST

_VARIABLES = "variables"
_LENGTH = struct.Struct(">I")
# A policy that has more of them is not among those known to anybody.
_MOST_KEPT = 2_000
# What a variable may hold: a pod has a few hundred values.
MOST_VALUES = 100_000


class Variable(msgspec.Struct, frozen=True, array_like=True):
    """A variable of a policy; where there is a doubt, that is why its expression is not evaluated."""

    name: str
    text: str
    doubt: str = ""


class Question(msgspec.Struct, frozen=True, array_like=True):
    """Expressions, the variables that they may use, each of those before it, and what they see; `told` or compiled."""

    names: tuple[str, ...]
    expressions: tuple[str, ...]
    variables: tuple[Variable, ...] = ()
    told: dict[str, Any] | None = None
    # Of the processor's time.
    seconds: float = 1.0


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """What each expression says, and what that took; or the signal by which the process ended."""

    # Of what is only compiled, the compiled expression.
    said: tuple[bool | bytes | Erred, ...] = ()
    seconds: float = 0.0
    signal: int = 0


class Evaluator:
    """Answers questions; what was compiled once is kept."""

    def __init__(self) -> None:
        self._environments: dict[tuple[str, ...], Any] = {}
        self._compiled: dict[tuple[tuple[str, ...], str], Any] = {}

    def answers(self, question: Question) -> Iterator[bool | bytes | Erred]:
        """What each expression says, or what it is compiled to."""
        compiled = [self._program(question.names, text) for text in question.expressions]
        if question.told is None:
            yield from (one if isinstance(one, Erred) else _serialized(one) for one in compiled)
            return
        activation, doubts = self._told(question)
        for text, program in zip(question.expressions, compiled, strict=True):
            doubt = next((doubt for name, doubt in doubts.items() if uses(text, name)), None)
            said = program if isinstance(program, Erred) else doubt or evaluated(program, activation)
            yield said if isinstance(said, bool | Erred) else Erred(f"it gives {type(said).__name__}, not a bool")

    def _told(self, question: Question) -> tuple[Any, Mapping[str, Erred]]:
        """What the expressions see; a variable that errs is not there, so that what uses it errs too."""
        values: dict[str, Any] = {}
        doubts: dict[str, Erred] = {}
        told = {**(question.told or {}), "variables": values}
        at_hand = self._environment(question.names)
        activation = at_hand.Activation(told)
        for one in _needed(question):
            value = self._value(question.names, one, activation, doubts)
            if not isinstance(value, Erred):
                values[one.name] = value
                activation = at_hand.Activation(told)
            elif value.ours:
                doubts[one.name] = value
        return activation, doubts

    def _value(self, names: tuple[str, ...], one: Variable, activation: Any, doubts: Mapping[str, Erred]) -> Any:  # noqa: ANN401
        if one.doubt:
            return Erred(f"its variable {one.name}: {one.doubt}", ours=True)
        if doubt := next((doubt for name, doubt in doubts.items() if uses(one.text, name)), None):
            return doubt
        program = self._program(names, one.text)
        value = program if isinstance(program, Erred) else evaluated(program, activation)
        if isinstance(value, Erred) and value.ours:
            return Erred(f"its variable {one.name}: {value.reason}", ours=True)
        if too_large(value):
            return Erred(f"its variable {one.name} holds more than {MOST_VALUES:,} characters or values", ours=True)
        return value

    def _environment(self, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - untyped binding
        if names not in self._environments:
            self._environments[names] = environment(names)
        return self._environments[names]

    def _program(self, names: tuple[str, ...], text: str) -> Any:  # noqa: ANN401 - untyped binding
        key = names, text
        if key not in self._compiled:
            if len(self._compiled) >= _MOST_KEPT:
                self._compiled.clear()
            try:
                self._compiled[key] = self._environment(names).compile(text)
            except RuntimeError as error:
                self._compiled[key] = Erred(first_line(str(error)), ours=True)
        return self._compiled[key]


def uses(text: str, name: str) -> bool:
    """Whether an expression may look at a variable: it names it, or takes all of them at once."""
    names = _names_in(text)
    return names is None or name in names


@lru_cache(_MOST_KEPT)
def _names_in(text: str) -> frozenset[str] | None:
    """The variables that an expression names; None where it names them in a way that is not read."""
    if _VARIABLES not in text:
        return frozenset()
    fields = [path.fields[:1] for path in read(text).paths if path.root == _VARIABLES]
    return None if () in fields else frozenset(name for one in fields for name in one)


def too_large(value: object, left: int = MOST_VALUES) -> bool:
    """Whether a value holds more characters and values than it may."""
    waiting = [value]
    while waiting and left >= 0:
        one = waiting.pop()
        left -= len(one) if isinstance(one, str | bytes | bytearray | list | dict) else 1
        if left >= 0 and isinstance(one, list):
            waiting += one
        elif left >= 0 and isinstance(one, dict):
            waiting += [*one, *one.values()]
    return left < 0


def _serialized(compiled: Any) -> bytes:  # noqa: ANN401 - untyped binding
    """What an expression is compiled to; nothing of one that is too large."""
    found: bytes = compiled.serialize()
    return found if len(found) <= LONGEST else b""


def _needed(question: Question) -> Sequence[Variable]:
    """The variables that are used, in their order; each may use those before it."""
    texts = list(question.expressions)
    found: list[Variable] = []
    for one in reversed(question.variables):
        if any(uses(text, one.name) for text in texts):
            texts.append(one.text)
            found.append(one)
    return found[::-1]


def write(file: int, message: Question | Reply) -> None:
    """Send one message."""
    body = msgspec.msgpack.encode(message)
    left = memoryview(_LENGTH.pack(len(body)) + body)
    while left:
        left = left[os.write(file, left) :]


def length(head: bytes) -> int:
    """How long the message is that a head announces."""
    return int(_LENGTH.unpack(head)[0])


HEAD = _LENGTH.size
