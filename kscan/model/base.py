"""What all nouns share: frozen, camelCase on the wire, nulls read as absent."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

JsonObject = Mapping[str, Any]


class Noun(msgspec.Struct, frozen=True, rename="camel", kw_only=True, omit_defaults=True):
    """A part of a Kubernetes object as kscan reads it; fields it does not name are ignored."""


N = TypeVar("N")

# In JSON a quote within a string is escaped, so that these can only be members of a map.
_LATER_NULL = re.compile(rb',"[\w./-]+":null')
_FIRST_NULL = re.compile(rb'\{"[\w./-]+":null,?')


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value with null members dropped, as the API server drops them."""
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def decode(body: bytes, noun: type[N]) -> N:
    """Read one noun; a null where a list or map belongs is read as absent."""
    try:
        return msgspec.json.decode(body, type=noun)
    except msgspec.ValidationError:
        if b"null" not in body:
            raise
        return msgspec.json.decode(msgspec.json.encode(without_nulls(msgspec.json.decode(body))), type=noun)


def decode_object(body: bytes) -> dict[str, Any]:
    """Read one object as plain maps and lists, without nulls."""
    if b":null" in body:
        body = _FIRST_NULL.sub(b"{", _LATER_NULL.sub(b"", body))
    value = msgspec.json.decode(body, type=dict[str, Any])
    return without_nulls(value) if b"null" in body else value
