"""DER, as far as certificates need it: elements within elements, names, times. Nothing is verified by it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

SEQUENCE, SET, OID, INTEGER = 0x30, 0x31, 0x06, 0x02
_UTC_TIME, _GENERAL_TIME = 0x17, 0x18
_ENCODINGS = {0x0C: "utf-8", 0x13: "latin-1", 0x14: "latin-1", 0x16: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}
_COMMON_NAME, _ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"


class DerError(ValueError):
    """The bytes are not what they should be."""


class Element(msgspec.Struct, frozen=True):
    """A tag and what it holds."""

    tag: int
    content: bytes

    def children(self) -> Iterator["Element"]:
        """The elements within."""
        return elements(self.content)


class Name(msgspec.Struct, frozen=True):
    """Who is named: to Kubernetes the common name is the user, the organizations are its groups."""

    common_name: str = ""
    organizations: tuple[str, ...] = ()


def elements(content: bytes) -> Iterator[Element]:
    """The elements that stand one after the other."""
    at = 0
    while at < len(content):
        tag, at = content[at], at + 1
        if tag & 0x1F == 0x1F:
            raise DerError("a tag of several bytes")
        length, at = _length(content, at)
        if at + length > len(content):
            raise DerError("an element is longer than what holds it")
        yield Element(tag, content[at : at + length])
        at += length


def _length(content: bytes, at: int) -> tuple[int, int]:
    if at >= len(content):
        raise DerError("an element ends before its length")
    first, at = content[at], at + 1
    if first < 0x80:
        return first, at
    size = first & 0x7F
    if not 1 <= size <= 4 or at + size > len(content):
        raise DerError("a length that DER does not have")
    return int.from_bytes(content[at : at + size], "big"), at + size


def only(content: bytes, tag: int) -> Element:
    """The one element that the bytes are."""
    found = list(elements(content))
    if len(found) != 1 or found[0].tag != tag:
        raise DerError("not one element of the kind that belongs here")
    return found[0]


def name(element: Element) -> Name:
    """A distinguished name."""
    if element.tag != SEQUENCE:
        raise DerError("a name is a sequence")
    common, organizations = "", []
    for relative in element.children():
        for pair in relative.children():
            key, value = _pair(pair)
            if key == _COMMON_NAME:
                common = _text(value)
            elif key == _ORGANIZATION:
                organizations.append(_text(value))
    return Name(common, tuple(organizations))


def _pair(pair: Element) -> tuple[bytes, Element]:
    found = list(pair.children())
    if pair.tag != SEQUENCE or len(found) != 2 or found[0].tag != OID:
        raise DerError("a part of a name is a pair")
    return found[0].content, found[1]


def _text(value: Element) -> str:
    encoding = _ENCODINGS.get(value.tag)
    if encoding is None:
        raise DerError("a part of a name is no text")
    try:
        return value.content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DerError("a part of a name is no text") from error


def time(element: Element) -> datetime:
    """A time, in the one form that certificates may have: to the second, in UTC."""
    text = element.content.decode("ascii", "replace")
    if element.tag == _UTC_TIME and len(text) == 13 and text[:12].isdecimal():
        text = ("19" if text[:2] >= "50" else "20") + text
    elif element.tag != _GENERAL_TIME:
        raise DerError("no time stands where one should")
    if len(text) != 15 or not text[:14].isdecimal() or text[14] != "Z":
        raise DerError("a time of another form")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise DerError("a time that is none") from error
