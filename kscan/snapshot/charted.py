"""What helm does not make of the manifests in a chart's own folders: partials by their names, and what it is to ignore.

Nothing is guessed of its rules: an object is there where helm printed one that says the same.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kscan.snapshot.built import Read
from kscan.snapshot.tree import CHART_FOLDERS, ENDINGS
from kscan.snapshot.written import Origin

# What is between these is known only to helm.
_TEMPLATE = "{{"


def not_made(folder: Path, made: Sequence[Mapping[str, Any]], read: Read) -> Iterator[Origin]:
    """The objects that stand in a chart and of which helm made none."""
    for file in _files(folder):
        for value, origin in read(file):
            if not any(_is_made(value["metadata"], one["metadata"]) and _is_whole(value, one) for one in made):
                yield origin


def _files(folder: Path) -> Iterator[Path]:
    for name in sorted(CHART_FOLDERS):
        for place, folders, names in os.walk(folder / name):
            folders.sort()
            yield from (Path(place) / one for one in sorted(names) if one.endswith(ENDINGS))


def _is_whole(value: Mapping[str, Any], made: Mapping[str, Any]) -> bool:
    try:
        return _is_made(value, made)
    except RecursionError:
        return False


def _is_made(written: Any, made: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether a value may have become another: but for what templates stand for it is the same."""
    if isinstance(written, str) and _TEMPLATE in written:
        return True
    if isinstance(written, dict) and isinstance(made, dict):
        named = {key for key in written if _TEMPLATE not in key}
        whole = named == made.keys() if len(named) == len(written) else named <= made.keys()
        return whole and all(_is_made(written[key], made[key]) for key in named)
    if isinstance(written, list) and isinstance(made, list):
        return len(written) == len(made) and all(map(_is_made, written, made))
    return bool(written == made and type(written) is type(made))
