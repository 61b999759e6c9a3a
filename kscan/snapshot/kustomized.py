"""The files and folders that a kustomization is made from: what its fields for paths name, not what it mentions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_BASES = ("resources", "bases", "components")
# Of each other key the fields of its entries that hold paths; an entry that is a word is a path itself.
_FILES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("patchesStrategicMerge", "configurations", "crds", "transformers", "generators", "validators"), ()
    ),
    **dict.fromkeys(("patches", "patchesJson6902", "replacements", "openapi"), ("path",)),
    **dict.fromkeys(("configMapGenerator", "secretGenerator"), ("files", "envs", "env")),
    "helmCharts": ("valuesFile", "additionalValuesFiles"),
    "helmChartInflationGenerator": ("values",),
}


def bases(folder: Path, content: Mapping[str, Any]) -> Iterator[Path]:
    """The objects and the kustomizations that a kustomization builds upon."""
    for key in _BASES:
        yield from _there(folder, _words(content.get(key)))


def parts(folder: Path, content: Mapping[str, Any]) -> Iterator[Path]:
    """What it takes of its own folder, also as data; kustomize refuses files from outside."""
    own = folder.resolve()
    data = (path for key, fields in _FILES.items() for path in _there(folder, _paths(content.get(key), fields)))
    for path in (*bases(folder, content), *data):
        if path.is_relative_to(own):
            yield path


def _paths(value: Any, fields: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    yield from _words(value)
    for entry in value if isinstance(value, list) else (value,):
        for field in fields if isinstance(entry, dict) else ():
            # A file of a generator may have its key before it.
            yield from (one.rpartition("=")[2] if field == "files" else one for one in _words(entry.get(field)))


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
