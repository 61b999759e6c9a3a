"""The files and folders that a kustomization is made from: what its fields for paths name, not what it mentions.

What it builds upon are objects. All else is data to it: whatever that holds, in its first document or in another one,
may come to nothing, so that who leaves it out of a scan has to say so.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kscan.snapshot.folded import fields as folded_fields
from kscan.snapshot.folded import folded

RESOURCES = ("resources", "bases")
COMPONENTS = ("components",)
# Of each other key the fields of its entries that hold paths; an entry that is a word is a path itself.
_DATA: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("configurations", "crds", "transformers", "generators", "validators"), ()),
    **dict.fromkeys(("patches", "patchesJson6902", "replacements", "openapi"), ("path",)),
    **dict.fromkeys(("configMapGenerator", "secretGenerator"), ("files", "envs", "env")),
    "helmCharts": ("valuesFile", "additionalValuesFiles"),
    "helmChartInflationGenerator": ("values",),
}
_MERGED: Mapping[str, tuple[str, ...]] = {"patchesStrategicMerge": ()}


def bases(folder: Path, content: Mapping[str, Any], keys: Sequence[str] = (*RESOURCES, *COMPONENTS)) -> Iterator[Path]:
    """The objects and the kustomizations that a kustomization builds upon."""
    fields = folded_fields(content)
    for key in keys:
        yield from _there(folder, _words(fields.get(key)))


def is_component(content: Mapping[str, Any]) -> bool:
    """Whether it is for others to build upon: by itself it mostly has nothing that its patches could change."""
    return folded_fields(content).get("kind") == "Component"


def parts(folder: Path, content: Mapping[str, Any]) -> Iterator[Path]:
    """What it takes of its own folder, also as data; kustomize refuses files from outside."""
    yield from _own(folder, bases(folder, content))
    yield from (path for path, _ in _named(folder, content, {**_DATA, **_MERGED}))


def data(folder: Path, content: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What of this is but data, each with the key that names it; without what is merged into an object."""
    sure = {path for path, _ in merged(folder, content)}
    yield from (one for one in _named(folder, content, _DATA) if one[0] not in sure)


def merged(folder: Path, content: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The patches that have to match what they name: what they say is in what is made, unless another undoes it."""
    patches = folded_fields(content).get("patches")
    entries = patches if isinstance(patches, list) else (patches,)
    aimless = {"patches": [one for one in entries if isinstance(one, dict) and "target" not in map(folded, one)]}
    yield from _named(folder, aimless, _DATA)
    yield from _named(folder, content, _MERGED)


def _named(folder: Path, content: Mapping[str, Any], keys: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Path, str]]:
    values = folded_fields(content)
    for key, fields in keys.items():
        found = _there(folder, _paths(values.get(folded(key)), fields))
        yield from ((path, key) for path in _own(folder, found))


def _own(folder: Path, paths: Iterator[Path]) -> Iterator[Path]:
    own = folder.resolve()
    return (path for path in paths if path.is_relative_to(own))


def _paths(value: Any, fields: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    yield from _words(value)
    for entry in value if isinstance(value, list) else (value,):
        values = folded_fields(entry) if isinstance(entry, dict) else {}
        for field in fields:
            # A file of a generator may have its key before it.
            named = _words(values.get(folded(field)))
            yield from (one.rpartition("=")[2] if field == "files" else one for one in named)


def _words(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, str) and one and "\n" not in one:
            yield one


def _there(folder: Path, words: Iterator[str]) -> Iterator[Path]:
    for one in words:
        try:
            if (folder / one).exists():
                yield (folder / one).resolve()
        except (OSError, RuntimeError, ValueError):
            continue  # What no file can be called.
