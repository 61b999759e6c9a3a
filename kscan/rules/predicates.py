"""What a check may want of a flag: a small vocabulary, each word answered yes, no, or not known."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

import msgspec

from kscan.errors import CheckError
from kscan.model.command_line import items
from kscan.model.components import Setting

# As Go reads them.
_WORDS = {word: yes for yes, words in ((True, "1 t T true TRUE True"), (False, "0 f F false FALSE False"))
          for word in words.split()}  # fmt: skip


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One flag and what is wanted of it, by one word of the vocabulary, as a check file writes it."""

    flag: str
    is_: str | int | bool | None = msgspec.field(default=None, name="is")
    set_: bool | None = msgspec.field(default=None, name="set")
    has: str | None = None
    lacks: str | None = None
    only: tuple[str, ...] | None = None
    at_least: int | None = None
    above: int | None = None
    loopback: bool | None = None
    schemes: tuple[str, ...] | None = None
    gate: str | None = None

    @property
    def path(self) -> str:
        """The flag as people write it."""
        return self.flag if " " in self.flag else f"--{self.flag}"


def wanted(params: object) -> tuple[Wanted, ...]:
    """What a check file wants; CheckError says what is wrong in it."""
    try:
        found = msgspec.convert(params, tuple[Wanted, ...])
    except msgspec.ValidationError as error:
        raise CheckError("what a check wants of flags is written wrong", str(error)) from error
    for one in found:
        if len(_asked(one)) != 1:
            raise CheckError(f"a check wants one thing of --{one.flag}", f"give one of {', '.join(_ANSWERS)}")
    return found


def _asked(one: Wanted) -> dict[str, Any]:
    return {word: value for word in _ANSWERS if (value := getattr(one, _FIELDS.get(word, word))) is not None}


def holds(one: Wanted, setting: Setting) -> bool | None:
    """Whether a setting is as wanted; None where that is not known."""
    ((word, argument),) = _asked(one).items()
    if setting.more:
        return _of_some(word, argument, setting)
    answers = {None if "$(" in value else _ANSWERS[word](value, argument) for value in setting.values}
    return answers.pop() if len(answers) == 1 else None


def _of_some(word: str, argument: str, setting: Setting) -> bool | None:
    """What can be said of a list of which only some items are known."""
    known = argument in items(setting.value)
    if word == "has":
        return True if known else False if argument in setting.without else None
    return (False if known else True if argument in setting.without else None) if word == "lacks" else None


def _is(value: str, argument: str | int | bool) -> bool:
    text = str(argument).lower() if isinstance(argument, bool) else str(argument)
    return _WORDS[value] is _WORDS[text] if value in _WORDS and text in _WORDS else value == text


def _above(value: str, least: int) -> bool | None:
    """Numbers as Go reads them: decimal, or with a prefix."""
    try:
        return int(value, 0) > least
    except ValueError:
        return None


def _loopback(value: str, expected: bool) -> bool:
    try:
        return ip_address(value).is_loopback is expected
    except ValueError:
        return (value == "localhost") is expected


def _schemes(value: str, allowed: tuple[str, ...]) -> bool:
    found = {item.partition("://")[0] if "://" in item else "" for item in items(value)}
    return bool(found) and found <= set(allowed)


def _gate(value: str, name: str) -> bool | None:
    """Whether a beta feature is on, which is on by default; spaces count as little as they do to Kubernetes."""
    pairs = (item.rpartition(":")[2].partition("=") for item in items(value))
    told = {gate.strip(): _WORDS.get(said.strip()) for gate, _, said in pairs}
    return told.get(name, told.get("AllBeta", True))


_FIELDS = {"is": "is_", "set": "set_"}
_ANSWERS: Mapping[str, Callable[[str, Any], bool | None]] = {
    "is": _is,
    "set": lambda value, expected: bool(value) is expected,
    "has": lambda value, item: item in items(value),
    "lacks": lambda value, item: item not in items(value),
    # Without a list the program chooses by itself.
    "only": lambda value, allowed: set(items(value)) <= set(allowed) if items(value) else None,
    "at_least": lambda value, least: _above(value, least - 1),
    "above": _above,
    "loopback": _loopback,
    "schemes": _schemes,
    "gate": _gate,
}
