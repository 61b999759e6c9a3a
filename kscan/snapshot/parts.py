"""Texts of documents, cut into parts: as the readers of Kubernetes and other tools cut them."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
# Where the first value of a part begins that is JSON, and what stands between two of them.
_JSON = re.compile(r"(?:---)?\s*(?=\{)")
_SPACE = re.compile(r"\s*")
_VALUE = json.JSONDecoder()


def parts(text: str) -> list[str]:
    """A text cut before each line of `---` and between JSON objects; put together they are the text again."""
    starts = [0, *(found.start() for found in _SEPARATOR.finditer(text)), len(text)]
    return [one for start, end in pairwise(starts) for one in _stream(text[start:end])]


def _stream(part: str) -> Iterator[str]:
    """A part cut between the JSON objects that follow one another in it, as other tools write them."""
    first, found = 0, _JSON.match(part)
    while found:
        try:
            _, end = _VALUE.raw_decode(part, found.end())
        except (ValueError, RecursionError):
            break
        found = _SPACE.match(part, end)
        if not found or not part.startswith("{", found.end()):
            break
        yield part[first : found.end()]
        first = found.end()
    yield part[first:]
