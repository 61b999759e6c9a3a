"""/flagz: the flags that a program of Kubernetes runs with, all of them, as JSON or as its text for people.

The text says of itself that it is not for machines, and each version parts names from values by a sign of its own. It
is read where it is whole: it begins with its own head, and its names are in order to the last that every program has.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from kscan.model.base import read_json
from kscan.snapshot.named import JSON
from kscan.views.answers import TEXT, UnlikeError

_HEAD = re.compile(r"\s*[a-z-]+ flag[sz]\n+Warning: This endpoint is not meant to be machine parseable[^\n]*\n")
_LINE = re.compile(r"([a-z][a-z0-9-]*)(?:: ?|=| |$)(.*)")
_LAST = "vmodule"


class _Flagz(msgspec.Struct):
    kind: str
    flags: dict[str, str]


def _of_json(content: bytes) -> Mapping[str, str]:
    told = read_json(content, _Flagz)
    if told.kind != "Flagz" or not told.flags:
        raise UnlikeError(f"kind {told.kind!r} came, with {len(told.flags)} flags")
    return told.flags


def _of_text(content: bytes) -> Mapping[str, str]:
    text = content.decode()
    head = _HEAD.match(text)
    if not head:
        raise UnlikeError("a text came that is no list of flags")
    lines = [line for line in text[head.end() :].splitlines() if line.strip()]
    found = [_LINE.fullmatch(line.strip()) for line in lines]
    flags = {one[1]: one[2].strip() for one in found if one}
    if not all(found) or list(flags) != sorted(flags) or _LAST not in flags:
        raise UnlikeError("a list of flags came that is not whole")
    return flags


READERS: Mapping[str, Callable[[bytes], Mapping[str, str]]] = {JSON: _of_json, TEXT: _of_text}
