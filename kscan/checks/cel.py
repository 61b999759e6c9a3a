"""Expressions in CEL, the language of ValidatingAdmissionPolicy: true means that it holds.

Carrying an object over into the C++ runtime costs more than most expressions. So all expressions of a target
are compiled into one, with the words for what does not hold, and are asked of all parts of an object at once.
Where that fails, they are asked one by one, so that an error costs only the check that made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import msgspec

from kscan.checks.check import Check
from kscan.errors import CheckError
from kscan.model.cel.binding import without_bind
from kscan.model.cel.runtime import Erred, environment, evaluated, first_line

Variables = Mapping[str, Any]
_SHOWN = ("object", "namespaceObject")
# It holds; or the words for why it does not; or it could not be decided.
Answer = bool | str | Erred

# The runtime makes a list anew for each member that a comprehension adds to it.
_AT_ONCE = 128
# Expressions that stay compiled: more than are shipped, for whoever judges several times.
_MOST_KEPT = 1024


class Parts:
    """What of an object is asked about just now, as the expressions over several parts are handed it."""

    def __init__(self) -> None:
        self.given: Sequence[Variables] = ()

    def __call__(self) -> Sequence[Variables]:
        """The parts, as the runtime asks for them."""
        return self.given


class Program(msgspec.Struct, frozen=True):
    """The expressions of several checks over one target; answers come in the order of the checks."""

    checks: tuple[Check, ...]
    forms: "_Forms"
    together: Any
    # Those that are nested too deep to stand in it; they are asked by themselves.
    apart: tuple[int, ...]
    # The environment of single expressions.
    one: Any
    alone: tuple["_Single", ...]
    messages: tuple["_Single", ...]
    mild: tuple["_Single | None", ...]
    # Whether a message that errs is an error, as where a check is tried, and not its plain words.
    strict: bool

    def ask(self, shared: Variables, parts: Sequence[Variables], facing: "Facing") -> Iterator[Sequence[Answer]]:
        """For each part of an object what the checks say of it."""
        few = self.together and len(parts) <= _AT_ONCE
        answers = self._told(parts, facing.of(shared)) if few else None
        if answers is not None:
            for part, answer in zip(parts, answers, strict=True):
                for index in self.apart:
                    answer.insert(index, self._alone(index, shared, part, facing))
                yield answer
        elif len(parts) > 1:
            # By halves, so that what errs costs only the part that made it, and what is too much at once is not at all.
            middle = len(parts) // 2
            yield from self.ask(shared, parts[:middle], facing)
            yield from self.ask(shared, parts[middle:], facing)
        else:
            for part in parts:
                yield [self._alone(index, shared, part, facing) for index in range(len(self.checks))]

    def _told(self, parts: Sequence[Variables], activation: Any) -> list[list[Answer]] | None:  # noqa: ANN401
        """What all say of these parts; None where anything among it errs."""
        answers = self.forms.asked(self.together, parts, activation)
        if not isinstance(answers, list):
            return None
        answers = [[one if one is True else _words(one) for one in answer] for answer in answers]
        whole = all(isinstance(one, str) for answer in answers for one in answer if one is not True)
        return answers if whole else None

    def _alone(self, index: int, shared: Variables, part: Variables, facing: "Facing") -> Answer:
        """What one check says of one part."""
        holds = self._value(self.alone[index], shared, part, facing)
        if isinstance(holds, Erred) or holds is True:
            return holds
        if holds is not False:
            return Erred(f"the expression gives {type(holds).__name__}, not a bool")
        words = _words(self._value(self.messages[index], shared, part, facing))
        if self.strict and not isinstance(words, str):
            reason = words.reason if isinstance(words, Erred) else f"it gives {type(words).__name__}, not a text"
            raise CheckError(f"check {self.checks[index].id}: its messageExpression errs", reason)
        return words if isinstance(words, str) else ""

    def is_milder(self, index: int, shared: Variables, part: Variables, facing: "Facing") -> bool:
        """Whether what a check finds reaches less far than its severity says; where that errs, it does not."""
        one = self.mild[index]
        value = self._value(one, shared, part, facing) if one else False
        if self.strict and not isinstance(value, bool):
            raise CheckError(f"check {self.checks[index].id}: `milder.when` errs", str(value))
        return value is True

    def _value(self, one: "_Single", shared: Variables, part: Variables, facing: "Facing") -> Any:  # noqa: ANN401
        program = self.forms.of(one.text)
        if program is None:
            return evaluated(one.program, self.one.Activation({**shared, **part}))
        values = self.forms.asked(program, [part], facing.of(shared))
        return values[0] if isinstance(values, list) else values


class _Single(msgspec.Struct, frozen=True):
    """An expression by itself."""

    text: str
    program: Any


class _Forms:
    """Expressions over several parts of an object, which are handed to them apart from it: it is carried over once."""

    def __init__(self, shared: Sequence[str], own: Sequence[str]) -> None:
        self._environment = environment(_SHOWN, {"parts": lambda: self._parts})
        # Other names of the object mean it.
        names = [f"[object].map({name}, " for name in shared if name != "object"]
        self._before = "".join(names) + "parts().map(part, " + "".join(f"[part.{name}].map({name}, " for name in own)
        self._after = ")[0]" * len(own) + ")" + ")[0]" * len(names)
        self._parts: Sequence[Variables] = ()
        # An expression compiled to give a list, for each part what it says of it; None where it is nested too deep.
        self.of = lru_cache(_MOST_KEPT)(self._compiled)

    def _compiled(self, expression: str) -> Any:  # noqa: ANN401 - a compiled expression
        try:
            return self._environment.compile(f"{self._before}{expression}{self._after}")
        except RuntimeError:
            return None

    def asked(self, program: Any, parts: Sequence[Variables], activation: Any) -> Any:  # noqa: ANN401
        """What it says of these parts, or Erred."""
        self._parts = parts
        return evaluated(program, activation)


@cache
def _shown() -> Any:  # noqa: ANN401 - untyped binding
    return environment(_SHOWN)


class Facing:
    """The object that is asked about, carried over into the runtime once for all programs and parts."""

    def __init__(self) -> None:
        self._environment = _shown()
        self._shown: tuple[Any, Any] = (None, None)
        self._activation: Any = None

    def of(self, shared: Variables) -> Any:  # noqa: ANN401 - an activation
        """What an expression over parts of an object sees beside them."""
        shown = shared["object"], shared["namespaceObject"]
        if self._activation is None or any(now is not before for now, before in zip(shown, self._shown, strict=True)):
            self._shown = shown
            self._activation = self._environment.Activation({"object": shown[0], "namespaceObject": shown[1]})
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
    one = _plain((*shared, *own, "namespaceObject"))
    alone = tuple(_compiled(one, check, check.file.cel) for check in checks)
    messages = tuple(_compiled(one, check, _message(check)) for check in checks)
    mild = tuple(_compiled(one, check, check.file.milder.when) if check.file.milder else None for check in checks)
    forms = _forms(tuple(shared), tuple(own))
    together = _together(checks, forms)
    apart = () if together else tuple(i for i, check in enumerate(checks) if not _together([check], forms))
    if apart:
        together = _together([check for i, check in enumerate(checks) if i not in apart], forms)
    return Program(tuple(checks), forms, together, apart, one.environment, alone, messages, mild, strict)


def _together(checks: Sequence[Check], forms: _Forms) -> Any:  # noqa: ANN401 - a compiled expression
    """The checks as one expression; None where the parser finds it nested too deep, though none of them was."""
    answers = ", ".join(
        f"dyn({_bound(check, check.file.cel)}) ? dyn(true) : dyn({_bound(check, _message(check))})" for check in checks
    )
    return forms.of(f"[{answers}]")


def _message(check: Check) -> str:
    """The expression for the words; JSON is CEL."""
    return check.file.message_expression or msgspec.json.encode(check.file.message).decode()


def _bound(check: Check, expression: str) -> str:
    """The expression with `params` meaning its own check's."""
    expression = without_bind(expression) if "bind" in expression else expression
    if "params" not in expression:
        return f"(\n{expression}\n)"
    return f"[{msgspec.json.encode(check.file.params).decode()}].map(params, (\n{expression}\n))[0]"


class _Plain:
    """An environment of these variables, with what was compiled in it."""

    def __init__(self, names: Sequence[str]) -> None:
        self.environment = environment(names)
        self.of = lru_cache(_MOST_KEPT)(self.environment.compile)


@cache
def _plain(names: tuple[str, ...]) -> _Plain:
    return _Plain(names)


@cache
def _forms(shared: tuple[str, ...], own: tuple[str, ...]) -> _Forms:
    return _Forms(shared, own)


def _compiled(environment: _Plain, check: Check, expression: str) -> _Single:
    text = _bound(check, expression)
    try:
        return _Single(text, environment.of(text))
    except RuntimeError as error:
        raise CheckError(f"check {check.id}: its CEL does not compile", first_line(str(error))) from error
