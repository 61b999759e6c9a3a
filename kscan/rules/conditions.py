"""What a check file may want of a setting, and whether it has it: yes, no, or not to be known."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import msgspec

from kscan.errors import CheckError
from kscan.model.durations import seconds
from kscan.model.pods import lookup

_NOTHING = msgspec.UNSET


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One setting and what it must be; `absent` is what counts where it is not told, and without it nobody knows."""

    field: str
    absent: Any = _NOTHING
    one_of: list[Any] | msgspec.UnsetType = msgspec.field(default=_NOTHING, name="is")
    none_of: list[Any] | msgspec.UnsetType = msgspec.field(default=_NOTHING, name="not")
    only: list[str] | msgspec.UnsetType = _NOTHING
    above: float | msgspec.UnsetType = _NOTHING
    is_set: bool | msgspec.UnsetType = msgspec.field(default=_NOTHING, name="set")
    loopback: bool | msgspec.UnsetType = _NOTHING

    def value(self, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        """The value in force; UNSET where it is not known."""
        told = lookup(settings, self.field)
        # An empty list names nothing, so that what counts is what counts without one.
        empty = told is None or (told == [] and self.absent is not _NOTHING)
        return self.absent if empty else told

    def holds(self, settings: Mapping[str, Any]) -> bool | None:
        """Whether the settings meet it; None where they do not tell."""
        value = self.value(settings)
        return None if value is _NOTHING else _all(self._tests(value))

    def _tests(self, value: Any) -> Iterable[bool | None]:  # noqa: ANN401 - any JSON value
        if self.one_of is not _NOTHING:
            yield _in(value, self.one_of)
        if self.none_of is not _NOTHING:
            yield not _in(value, self.none_of)
        if self.only is not _NOTHING:
            yield set(map(str, value)) <= set(self.only) if isinstance(value, list) else None
        if self.above is not _NOTHING:
            number = _number(value)
            yield None if number is None else number > self.above
        if self.is_set is not _NOTHING:
            yield bool(value) is self.is_set
        if self.loopback is not _NOTHING:
            local = _is_loopback(str(value))
            yield None if local is None else local is self.loopback

    def shown(self, settings: Mapping[str, Any]) -> str:
        """The setting in a few words; where it only matters that it is set, its value is left out."""
        told = lookup(settings, self.field)
        if told is None:
            return f"no {self.field}"
        if self.is_set is not _NOTHING:
            return f"{self.field} set" if told else f"no {self.field}"
        return f"{self.field}={written(told)}"

    def in_force(self, settings: Mapping[str, Any]) -> str:
        """The value that counts, and whether it was given."""
        told = lookup(settings, self.field)
        if told is not None:
            return written(told)
        words = ", ".join(map(str, self.absent)) if isinstance(self.absent, list) else written(self.absent)
        return f"not set, which is {words}" if self.absent else "not set"


Clause = tuple[Condition, ...]


def clauses(rule: str, wants: Sequence[object]) -> tuple[Clause, ...]:
    """The params of a check: every one must hold; of a list in its place any."""
    try:
        found = msgspec.convert(wants, list[Condition | list[Condition]])
    except msgspec.ValidationError as error:
        raise CheckError(f"the params of {rule} are wrong", str(error)) from error
    return tuple((one,) if isinstance(one, Condition) else tuple(one) for one in found)


def met(clause: Clause, settings: Mapping[str, Any]) -> bool | None:
    """Whether any condition of a clause holds; None where that is not known."""
    told = [condition.holds(settings) for condition in clause]
    return True if True in told else None if None in told else False


def written(value: object) -> str:
    """A value as JSON has it, always the same for the same."""
    return msgspec.json.encode(value, order="deterministic").decode()


def _all(told: Iterable[bool | None]) -> bool | None:
    every = list(told)
    return False if False in every else None if None in every else True


def _in(value: object, known: Iterable[object]) -> bool:
    # JSON's true is no 1.
    return any(type(value) is type(one) and value == one for one in known)


def _number(value: object) -> float | None:
    if isinstance(value, str):
        return seconds(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_loopback(address: str) -> bool | None:
    """Whether an address, with a port or without, is of the node alone; None where it is no address."""
    hosts = (address.strip("[]"), address.rpartition(":")[0].strip("[]"))
    for host in hosts:
        try:
            return ip_address(host).is_loopback
        except ValueError:
            continue
    return True if "localhost" in hosts else False if address.startswith(":") else None
