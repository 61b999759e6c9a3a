"""What of a policy kscan does not read: whatever that is, the policy may do something else than what was read of it."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, get_args

import msgspec

from kscan.model.base import Noun


def unread(said: object, noun: type[Noun], harmless: Collection[str] = (), within: str = "spec") -> Iterator[str]:
    """The fields in which an object says something and that its noun does not name, but for the harmless ones."""
    if not isinstance(said, dict):
        return
    named = _fields(noun)
    for key, value in said.items():
        place = f"{within}.{key}"
        if key not in named:
            if key not in harmless and value not in (None, "", [], {}):
                yield place
        elif (part := named[key]) is not None:
            for one in value if isinstance(value, list) else [value]:
                yield from unread(one, part, harmless, place)


def words(places: Collection[str]) -> str:
    """Why a policy is a doubt of which these were not read; empty where none are."""
    return f"kscan does not read its {next(iter(places))}" if places else ""


@lru_cache
def _fields(noun: type[Noun]) -> dict[str, type[Noun] | None]:
    """The fields of a noun as they are written, each with the noun that it holds, if it holds one."""
    return {field.encode_name: _noun_in(field.type) for field in msgspec.structs.fields(noun)}


def _noun_in(shape: Any) -> type[Noun] | None:  # noqa: ANN401 - a type of any form
    if isinstance(shape, type) and issubclass(shape, Noun):
        return shape
    return next((found for part in get_args(shape) if (found := _noun_in(part))), None)
