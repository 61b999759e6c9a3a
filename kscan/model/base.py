"""What all nouns share: frozen, camelCase on the wire, nulls read as absent."""

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

JsonObject = Mapping[str, Any]


class Noun(msgspec.Struct, frozen=True, rename="camel", kw_only=True, omit_defaults=True):
    """A part of a Kubernetes object as kscan reads it; fields it does not name are ignored."""


N = TypeVar("N")

# In JSON a quote within a string is escaped, so that these can only be members of a map.
_LATER_NULL = re.compile(rb',"[\w./-]+":null')
_FIRST_NULL = re.compile(rb'\{"[\w./-]+":null,?')


class TooDeepError(msgspec.DecodeError):
    """What is nested deeper than anything is read."""

    def __init__(self) -> None:
        super().__init__("it is nested too deep")


class NotTextError(msgspec.DecodeError):
    """What holds a string that is none."""

    def __init__(self) -> None:
        super().__init__("a string of it is no UTF-8 text")


def read_json(content: bytes | str | msgspec.Raw, shape: type[N]) -> N:
    """JSON from outside; raises msgspec.MsgspecError also where it is nested too deep, or a string of it is none."""
    try:
        return msgspec.json.decode(content, type=shape)
    except RecursionError as error:
        raise TooDeepError() from error
    except UnicodeDecodeError as error:
        raise NotTextError() from error


class Reader(Generic[N]):
    """The same for one shape, of which there is much to read."""

    def __init__(self, shape: type[N]) -> None:
        self._decoder = msgspec.json.Decoder(shape)

    def decode(self, content: bytes | msgspec.Raw) -> N:
        """One value."""
        try:
            return self._decoder.decode(content)
        except RecursionError as error:
            raise TooDeepError() from error
        except UnicodeDecodeError as error:
            raise NotTextError() from error


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value with null members dropped, as the API server drops them."""
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def decode(body: bytes, noun: type[N]) -> N:
    """Read one noun; a null where a list or map belongs is read as absent."""
    try:
        return read_json(body, noun)
    except msgspec.ValidationError:
        if b"null" not in body:
            raise
        return read_json(msgspec.json.encode(_without_nulls(read_json(body, dict[str, Any]))), noun)


def decode_object(body: bytes) -> dict[str, Any]:
    """Read one object as plain maps and lists, without nulls."""
    if b":null" in body:
        body = _FIRST_NULL.sub(b"{", _LATER_NULL.sub(b"", body))
    value = read_json(body, dict[str, Any])
    return _without_nulls(value) if b"null" in body else value


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", without_nulls(value))
    except RecursionError as error:
        raise TooDeepError() from error
