"""Texts of documents cut into parts where Kubernetes' own readers cut them, and each as the reader of YAML takes it.

Those cut at lines of `---` before they read YAML, and take for white space behind it all that Go's does.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import yaml

from kscan.snapshot.json_text import as_yaml

# What Go takes for white space, but for the end of a line.
_SPACES = "\t\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_MARK = "\ufeff"
_SEPARATOR = re.compile(r"^---(?=\s|#|$)", re.MULTILINE)
# How a part begins: with a separator that is a line by itself, or at least not part of a word.
_HEAD = re.compile(rf"{_MARK}*(?:---[{_SPACES}]*(?:#[^\n]*)?(?=\n|\Z)|---(?=\s))?")
# What stands before a value that is JSON and between two of them; before any other only such a mark may be left out.
_LEAD = re.compile(rf"[{_SPACES}\n{_MARK}]*(?=\{{)|{_MARK}*")
# What ends a line to YAML, and to Kubernetes' own readers does not.
_BREAK = re.compile("[\r\x85\u2028\u2029]")
_OTHER = re.compile(r"[^-\r\n ]")
_VALUE = json.JSONDecoder()


def parts(text: str) -> list[str]:
    """A text cut before each line of `---` and between JSON objects; put together they are the text again."""
    starts = [0, *(found.start() for found in _SEPARATOR.finditer(text)), len(text)]
    return [one for start, end in pairwise(starts) for one in _stream(text[start:end])]


def _stream(part: str) -> Iterator[str]:
    """A part cut between the JSON objects that follow one another in it, as other tools write them."""
    first, place = 0, _after(_LEAD, part, _after(_HEAD, part))
    while part.startswith("{", place):
        try:
            _, end = _VALUE.raw_decode(part, place)
        except (ValueError, RecursionError):
            break
        place = _after(_LEAD, part, end)
        if part.startswith("{", place):
            yield part[first:place]
            first = place
    yield part[first:]


def readable(part: str) -> str:
    """The same, line for line, so that a reader of YAML alone takes it for what it is; YAMLError where none can."""
    # Kubernetes' own take one carriage return off each line before they read YAML: of two one is left.
    part = part.replace("\r\n", "\n")
    end = _after(_HEAD, part)
    head, _, comment = part[:end].partition("#")
    if _BREAK.search(comment.rstrip("\r")):
        raise yaml.YAMLError("a line ends within the comment behind ---, and not to every reader")
    place = _after(_LEAD, part, end)
    body = part[place:]
    # A tab before or behind JSON is white space to JSON, and none to YAML.
    body = as_yaml(body.rstrip(_SPACES + "\n")) if body.startswith("{") else body.rstrip(" \t")
    return _blank(head) + _blank(part[end:place]) + body


def _after(pattern: re.Pattern[str], text: str, place: int = 0) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _blank(text: str) -> str:
    """The same with no white space but YAML's own."""
    return _OTHER.sub(" ", text.replace(_MARK, ""))
