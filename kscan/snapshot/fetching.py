"""What a chart or a kustomization would have its tool fetch: said before the tool starts, for it fetches first.

A proxy keeps no tool from its own machine, nor git from a repository beside it.
"""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kscan.model.base import read_json
from kscan.model.words import shown
from kscan.snapshot.folded import folded
from kscan.snapshot.marked import Marked, marked
from kscan.snapshot.tree import KUSTOMIZATIONS

_LOADER = getattr(yaml, "CLoader", yaml.Loader)
# A kustomization builds on these; each is a file, a folder or a repository.
_BUILT = ("resources", "bases", "components")
# What is given as it is, and means no file.
_GIVEN = ("literals", "patch", "target", "options", "name", "namespace")
_NAMING = ("patches", "patchesstrategicmerge", "patchesjson6902", "replacements", "configurations", "crds", "openapi",
           "configmapgenerator", "secretgenerator", "helmcharts", "helmchartinflationgenerator",
           "helmglobals")  # fmt: skip
# Objects that name files of their own.
_PLUGINS = ("generators", "transformers", "validators")
_ADDRESS = re.compile(r"\s*(?:[\w.-]+=)?(?:[a-z][a-z0-9+.-]*://|https?:|file:)", re.IGNORECASE)
_REPOSITORY = re.compile(r"\s*(?:git::|gh:|github\.com[:/]|[^/\s]*[@:])|.*(?:://|\?ref=)", re.IGNORECASE)
_ANY_ADDRESS = re.compile(r"(?:https?|file|ssh|git)\s*:", re.IGNORECASE)
_MOST_FOLDERS = 1_000
_MOST_BYTES = 32 << 20
_SCHEMA = "values.schema.json"
_KNOWN_SCHEMA = re.compile(r"https?://json-schema\.org/")


def of_kustomization(folder: Path) -> str:
    """What is in the way of building a folder, and all folders that it builds on; empty where nothing is."""
    waiting, seen = [folder], set[Path]()
    while waiting:
        here = waiting.pop()
        if here.resolve() in seen:
            continue
        seen.add(here.resolve())
        if len(seen) > _MOST_FOLDERS:
            return f"it builds on more than {_MOST_FOLDERS:,} folders"
        for name in KUSTOMIZATIONS:
            path = here / name
            if not path.exists():
                continue
            content = _read(path)
            if isinstance(content, str):
                return f"{shown(path)}: {content}"
            for words in (*_remote(here, content), *_of_plugins(here, content)):
                return f"{shown(path)} wants {words}"
            waiting += (here / one for one in _texts([content.get(key) for key in _BUILT]) if (here / one).is_dir())
    return ""


def of_chart(folder: Path) -> str:
    """The schema of a chart's values that would have to be fetched; empty where none is."""
    for path in sorted((*folder.rglob(_SCHEMA), *folder.rglob("*.tgz"))):
        try:
            for schema in _packed(path) if path.suffix == ".tgz" else (path.read_bytes(),) if path.is_file() else ():
                for words in _references(read_json(schema, object)):
                    return f"{shown(path)} wants {words}, which is not fetched"
        except (OSError, EOFError, ValueError, msgspec.MsgspecError, tarfile.TarError, zlib.error) as error:
            return f"{shown(path)} cannot be looked into ({error})"
    return ""


def _packed(path: Path) -> Iterator[bytes]:
    """The schemas in a chart that is packed."""
    if not path.is_file():
        return
    with gzip.open(path) as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it holds more than {_MOST_BYTES >> 20} MB")
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as packed:
        for member in packed:
            if member.name.endswith(".tgz"):
                raise ValueError("it holds a packed chart of its own")
            file_of = packed.extractfile(member) if member.isfile() and member.name.endswith(_SCHEMA) else None
            if file_of:
                yield file_of.read()


def _read(path: Path) -> Mapping[str, Any] | str:
    """What a kustomization says, by keys as kustomize takes them: in any case; or why that cannot be told."""
    if not path.is_file():
        return "it is no file"
    try:
        found = _documents(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        return error.strerror or str(error)
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    if isinstance(found, str):
        return found
    if len(found) > 1:
        return "it is more than one document"
    content = found[0] if found else {}
    return _folded(content) if isinstance(content, dict) else "it is no map"


def _documents(text: str) -> list[Any] | str:
    """The documents of a text; or why nobody can be sure that the tool reads the same."""
    found = list(marked(text))
    if broken := next((one for one in found if not isinstance(one, Marked)), None):
        return f"not YAML: {broken.problem}"
    for event in yaml.parse(text, Loader=_LOADER):
        if getattr(event, "tag", None):
            return "it has tags, which tools read in different ways"
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<":
            return "it merges maps, which tools do in different ways"
    return [one.value for one in found if isinstance(one, Marked)]


def _folded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same with its keys in one case; what stands under a key in several cases stands there together."""
    if isinstance(value, dict):
        found: dict[str, list[Any]] = {}
        for key, one in value.items():
            found.setdefault(folded(str(key)), []).append(_folded(one))
        return found
    return [_folded(one) for one in value] if isinstance(value, list) else value


def _remote(folder: Path, content: Mapping[str, Any]) -> Iterator[str]:
    for words in _texts([content.get(key) for key in (*_BUILT, *_PLUGINS)]):
        if "\n" in words:
            continue
        if _ADDRESS.match(words) or _REPOSITORY.match(words):
            yield f"{words}, which is not fetched"
        elif not _is_here(folder / words):
            yield f"{words}, which is not there"
    named = _texts([content.get(key) for key in _NAMING])
    yield from (f"{words}, which is not fetched" for words in named if _ADDRESS.match(words))


def _of_plugins(folder: Path, content: Mapping[str, Any]) -> Iterator[str]:
    """Addresses anywhere in what makes or changes objects; what a folder of such is built from is not followed."""
    for words in _texts([content.get(key) for key in _PLUGINS]):
        found: list[Any] | str = "it is no file of text"
        with suppress(OSError, ValueError):
            if "\n" in words:
                found = _documents(words)
            elif (folder / words).is_file():
                found = _documents((folder / words).read_text(encoding="utf-8-sig"))
        if isinstance(found, str):
            yield f"a plugin that cannot be looked into ({found})"
        elif any(_ANY_ADDRESS.search(text) for text in _texts(_folded(found))):
            yield "an address in a plugin, which is not fetched"


def _is_here(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # What no file can be called.


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in _GIVEN:
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """The schemas that a schema names beside its own parts."""
    for one in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from _references(one)
    if isinstance(value, dict):
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(words := value.get(key), str) and not words.startswith("#"):
                yield words
        if isinstance(words := value.get("$schema"), str) and not _KNOWN_SCHEMA.match(words):
            yield words
