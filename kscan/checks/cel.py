"""Expressions in CEL, the language of ValidatingAdmissionPolicy: true means that it holds.

All expressions of a target are compiled into one list expression, so that a subject crosses into
the C++ runtime once. Where the list fails, its expressions are asked one by one, so that an error
costs only the check that made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings

from kscan.checks.check import Check
from kscan.errors import CheckError

Answer = bool | str


class Program(msgspec.Struct, frozen=True):
    """The expressions of several checks over one target; answers come in the order of the checks."""

    checks: tuple[Check, ...]
    together: Any
    alone: tuple[Any, ...]
    messages: tuple[Any, ...]
    params: dict[str, Any]

    def ask(self, variables: Mapping[str, Any]) -> Sequence[Answer]:
        """For each check whether it holds, or the words of the error."""
        data = dict(variables) | {"params": self.params}
        answer = _evaluated(self.together, data)
        if isinstance(answer, list) and all(isinstance(one, bool) for one in answer):
            return answer
        return [_truth(_evaluated(expression, data)) for expression in self.alone]

    def message(self, index: int, variables: Mapping[str, Any]) -> str:
        """The words for a check that does not hold."""
        check, expression = self.checks[index], self.messages[index]
        if expression is not None:
            words = _evaluated(expression, dict(variables) | {"params": self.params})
            if isinstance(words, str) and words:
                return words
        return check.file.message or check.file.title


class _Failed(msgspec.Struct, frozen=True):
    reason: str


def _evaluated(expression: Any, data: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a CEL value
    try:
        value = expression.eval(data=data)
        if value.type() == cel.Type.ERROR:
            return _Failed(str(value.plain_value()))
        return value.plain_value()
    # The binding raises these for a spent iteration budget and for values that have no Python form.
    except (RuntimeError, SystemError, TypeError) as error:
        return _Failed(str(error))


def _truth(value: object) -> Answer:
    if isinstance(value, bool):
        return value
    return value.reason if isinstance(value, _Failed) else f"the expression gives {type(value).__name__}, not a bool"


def compile_checks(checks: Sequence[Check], variables: Sequence[str]) -> Program:
    """One program for the checks of a target; CheckError names the check that does not compile."""
    names = (*variables, "params", "namespaceObject")
    extensions = [
        ext_optional.ExtOptional(),
        ext_strings.ExtStrings(),
        ext_bindings.ExtBindings(),
        ext_math.ExtMath(),
    ]
    environment = cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), extensions=extensions)
    alone = tuple(_compiled(environment, check, check.file.cel) for check in checks)
    messages = tuple(
        _compiled(environment, check, check.file.message_expression) if check.file.message_expression else None
        for check in checks
    )
    together = environment.compile("[" + ", ".join(f"dyn({_bound(check, check.file.cel)})" for check in checks) + "]")
    return Program(tuple(checks), together, alone, messages, {check.id: check.file.params for check in checks})


def _bound(check: Check, expression: str) -> str:
    """The expression with `params` meaning its own check's."""
    if "params" not in expression:
        return f"(\n{expression}\n)"
    return f'cel.bind(params, params["{check.id}"], (\n{expression}\n))'


def _compiled(environment: Any, check: Check, expression: str) -> Any:  # noqa: ANN401 - untyped binding
    try:
        return environment.compile(_bound(check, expression))
    except RuntimeError as error:
        raise CheckError(f"check {check.id}: its CEL does not compile", _first_line(str(error))) from error


def _first_line(text: str) -> str:
    lines = [line for line in text.removeprefix("INVALID_ARGUMENT: ").splitlines() if line.startswith("ERROR")]
    return (lines or [text])[0].removeprefix("ERROR: <input>:")


def failing(program: Program, variables: Mapping[str, Any]) -> Iterator[tuple[int, Answer]]:
    """The checks of a program that do not hold for a subject, or err over it."""
    for index, answer in enumerate(program.ask(variables)):
        if answer is not True:
            yield index, answer
