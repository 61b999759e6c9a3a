"""YAML documents, read in one place: fast, and with what is wrong in one line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kscan.errors import KscanError

# The parser in C is ten times faster; a Python without it reads the same.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The parser in C ends the whole program where its stack does; aliases of aliases take any memory, numbers any time.
_MOST_DEPTH, _MOST_ALIASES, _MOST_DIGITS = 100, 32, 1_000
_DIGITS, _NUMBER = re.compile(r"[\d:_.]{64}"), re.compile(r"[\d:_.]+")


def documents_in(path: Path, problem: type[KscanError]) -> Iterator[Any]:
    """Each document of a file, the empty ones left out; what is wrong is told as the problem that it is."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise problem(f"cannot read {path}", error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise problem(f"{path} is not UTF-8 text", error.reason) from error
    yield from documents(text, str(path), problem)


def documents(text: object, name: str, problem: type[KscanError]) -> Iterator[Any]:
    """Each document of a text, the empty ones left out; `name` is what people call the text."""
    if not isinstance(text, str):
        raise problem(f"{name} is not YAML that can be read", "it is no text")
    if reason := _excess(text):
        raise problem(f"{name} is not YAML that can be read", reason)
    try:
        yield from (one for one in yaml.load_all(text, Loader=_LOADER) if one is not None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}," if mark else ""
        details = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        raise problem(f"{name}{place} is not YAML", " ".join(str(details).split())) from error
    # A date that no calendar has, say.
    except (ValueError, OverflowError) as error:
        raise problem(f"{name} is not YAML that can be read", "a value is none") from error


def _excess(text: str) -> str:
    """What of a text would take the parser more stack, memory or time than there is; by far most need no look."""
    if _DIGITS.search(text) and any(len(found[0]) > _MOST_DIGITS for found in _NUMBER.finditer(text)):
        return "a number in it is longer than numbers are"
    deep = text.count("[") + text.count("{") > _MOST_DEPTH or max(map(len, text.splitlines()), default=0) > _MOST_DEPTH
    return _repeats_or_nests(text) if deep or "*" in text else ""


def _repeats_or_nests(text: str) -> str:
    depth = aliases = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            aliases += isinstance(event, yaml.AliasEvent)
            if depth > _MOST_DEPTH:
                return "it is nested too deep"
            if aliases > _MOST_ALIASES:
                return "it repeats parts of itself too often"
    except yaml.YAMLError:
        return ""  # The reading tells where.
    return ""
