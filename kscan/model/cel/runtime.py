"""The runtime of CEL: environments, and evaluation that never raises."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings


class Erred(msgspec.Struct, frozen=True):
    """An expression that came to nothing, and why; `ours` where another runtime may well come to something."""

    reason: str
    ours: bool = False


def environment(names: Sequence[str], functions: Mapping[str, Callable[[], object]] = {}) -> Any:  # noqa: ANN401
    """An environment in which these variables may hold anything, and these functions are asked each time."""
    extensions = [ext_optional.ExtOptional(), ext_strings.ExtStrings(), ext_bindings.ExtBindings(), ext_math.ExtMath()]
    known = [cel.FunctionDecl(name, [cel.Overload(name, impl=call)]) for name, call in functions.items()]
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), extensions=extensions, functions=known)


def evaluated(expression: Any, activation: Any) -> Any:  # noqa: ANN401 - a CEL value
    """The value as Python has it, or Erred."""
    try:
        value = expression.eval(activation=activation)
        if value.type() == cel.Type.ERROR:
            return Erred(str(value.plain_value()))
        return value.plain_value()
    # The binding raises these for a spent iteration budget and for values that have no Python form.
    except (RuntimeError, SystemError, TypeError) as error:
        return Erred(str(error), ours=True)


def first_line(text: str) -> str:
    """What a compiler complains of, without where it stands."""
    lines = [line for line in text.removeprefix("INVALID_ARGUMENT: ").splitlines() if line.startswith("ERROR")]
    return (lines or [text])[0].removeprefix("ERROR: <input>:")
