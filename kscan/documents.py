"""YAML documents, read in one place: fast, and with what is wrong in one line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kscan.errors import KscanError

# The parser in C is ten times faster; a Python without it reads the same.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents_in(path: Path, problem: type[KscanError]) -> Iterator[Any]:
    """Each document of a file, the empty ones left out; what is wrong is told as the problem that it is."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise problem(f"cannot read {path}", error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise problem(f"{path} is not UTF-8 text", error.reason) from error
    yield from documents(text, str(path), problem)


def documents(text: str, name: str, problem: type[KscanError]) -> Iterator[Any]:
    """Each document of a text, the empty ones left out; `name` is what people call the text."""
    try:
        yield from (one for one in yaml.load_all(text, Loader=_LOADER) if one is not None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}," if mark else ""
        details = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        raise problem(f"{name}{place} is not YAML", " ".join(str(details).split())) from error
    except RecursionError as error:
        raise problem(f"{name} is not YAML that can be read", "it is nested too deep") from error
