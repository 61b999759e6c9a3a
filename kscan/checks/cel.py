"""Expressions in CEL, the language of ValidatingAdmissionPolicy: true means that it holds.

Carrying an object over into the C++ runtime costs more than most expressions. So all expressions of a target
are compiled into one, with the words for what does not hold, and are asked of all parts of an object at once.
Where that fails, they are asked one by one, so that an error costs only the check that made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.checks.check import Check
from kscan.errors import CheckError
from kscan.model.cel.binding import without_bind
from kscan.model.cel.runtime import Erred, environment, evaluated, first_line

Variables = Mapping[str, Any]
_TOGETHER = ("object", "parts")
# It holds; or the words for why it does not; or it could not be decided.
Answer = bool | str | Erred


class Program(msgspec.Struct, frozen=True):
    """The expressions of several checks over one target; answers come in the order of the checks."""

    checks: tuple[Check, ...]
    together: Any
    # Those that are nested too deep to stand in it; they are asked by themselves.
    apart: tuple[int, ...]
    # The environment of single expressions.
    one: Any
    alone: tuple[Any, ...]
    messages: tuple[Any, ...]
    # Whether a message that errs is an error, as where a check is tried, and not its plain words.
    strict: bool

    def ask(self, shared: Variables, parts: Sequence[Variables], facing: "Facing") -> Iterator[Sequence[Answer]]:
        """For each part of an object what the checks say of it."""
        answers = evaluated(self.together, facing.of(shared, parts))
        if isinstance(answers, list):
            answers = [[one if one is True else _words(one) for one in answer] for answer in answers]
            if all(isinstance(one, str) for answer in answers for one in answer if one is not True):
                for part, answer in zip(parts, answers, strict=True) if self.apart else ():
                    for index in self.apart:
                        answer.insert(index, self._alone(index, {**shared, **part}))
                yield from answers
                return
        for part in parts:
            variables = {**shared, **part}
            yield [self._alone(index, variables) for index in range(len(self.checks))]

    def _alone(self, index: int, variables: Variables) -> Answer:
        variables = self.one.Activation(variables)
        holds = evaluated(self.alone[index], variables)
        if isinstance(holds, Erred) or holds is True:
            return holds
        if holds is not False:
            return Erred(f"the expression gives {type(holds).__name__}, not a bool")
        words = _words(evaluated(self.messages[index], variables))
        if self.strict and not isinstance(words, str):
            reason = words.reason if isinstance(words, Erred) else f"it gives {type(words).__name__}, not a text"
            raise CheckError(f"check {self.checks[index].id}: its messageExpression errs", reason)
        return words if isinstance(words, str) else ""


class Facing:
    """The object that is asked about, carried over into the runtime once for the programs that ask in turn."""

    def __init__(self) -> None:
        self._environment = _environment(_TOGETHER)
        self._object: Any = None
        self._activation: Any = None

    def of(self, shared: Variables, parts: Sequence[Variables]) -> Any:  # noqa: ANN401 - an activation
        """What an expression over all parts sees; one without parts of its own may look at what another was shown."""
        if shared["object"] is not self._object or any(parts):
            self._object = shared["object"]
            told = {"object": self._object, "namespaceObject": shared["namespaceObject"], "parts": parts}
            self._activation = self._environment.Activation(told)
        return self._activation


def _words(value: Any) -> Any:  # noqa: ANN401 - a CEL value
    """The words of a message; of a list, its first text and then the others in order, for a map has none."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return value[0] + ", ".join(sorted(value[1:]))
    return value


def compile_checks(
    checks: Sequence[Check], shared: Sequence[str], own: Sequence[str] = (), *, strict: bool = False
) -> Program:
    """One program for the checks of a target; CheckError names the check that does not compile."""
    one = _environment((*shared, *own))
    alone = tuple(_compiled(one, check, check.file.cel) for check in checks)
    messages = tuple(_compiled(one, check, _message(check)) for check in checks)
    together = _together(checks, shared, own)
    apart = () if together else tuple(i for i, check in enumerate(checks) if not _together([check], shared, own))
    if apart:
        together = _together([check for i, check in enumerate(checks) if i not in apart], shared, own)
    return Program(tuple(checks), together, apart, one, alone, messages, strict)


def _together(checks: Sequence[Check], shared: Sequence[str], own: Sequence[str]) -> Any:  # noqa: ANN401
    """The checks as one expression; None where the parser finds it nested too deep, though none of them was."""
    answers = ", ".join(
        f"dyn({_bound(check, check.file.cel)}) ? dyn(true) : dyn({_bound(check, _message(check))})" for check in checks
    )
    # Other names of the object mean it: it is carried over into the runtime under one.
    names = [f"[object].map({name}, " for name in shared if name != "object"]
    bound = "".join(f"[part.{name}].map({name}, " for name in own)
    each = f"{bound}[{answers}]{')[0]' * len(own)}"
    every = f"parts.map(part, {each})" if own else f"[{each}]"
    try:
        return _environment(_TOGETHER).compile(f"{''.join(names)}{every}{')[0]' * len(names)}")
    except RuntimeError:
        return None


def _environment(names: Sequence[str]) -> Any:  # noqa: ANN401 - untyped binding
    return environment((*names, "namespaceObject"))


def _message(check: Check) -> str:
    """The expression for the words; JSON is CEL."""
    return check.file.message_expression or msgspec.json.encode(check.file.message).decode()


def _bound(check: Check, expression: str) -> str:
    """The expression with `params` meaning its own check's."""
    expression = without_bind(expression) if "bind" in expression else expression
    if "params" not in expression:
        return f"(\n{expression}\n)"
    return f"[{msgspec.json.encode(check.file.params).decode()}].map(params, (\n{expression}\n))[0]"


def _compiled(environment: Any, check: Check, expression: str) -> Any:  # noqa: ANN401 - untyped binding
    try:
        return environment.compile(_bound(check, expression))
    except RuntimeError as error:
        raise CheckError(f"check {check.id}: its CEL does not compile", first_line(str(error))) from error
