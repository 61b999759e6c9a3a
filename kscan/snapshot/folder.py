"""A cluster written down as a folder: cluster.yaml, objects/*.yaml, and other answers under paths/ by their path."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kscan.errors import SnapshotError
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body
from kscan.snapshot.snapshot import About, Snapshot

_MEDIA_TYPES = {".json": "application/json", ".yaml": "application/json", ".txt": "text/plain"}


def load_folder(folder: Path) -> Snapshot:
    """Read such a folder; SnapshotError names the file and the line."""
    try:
        about = msgspec.convert(next(_documents(folder / "cluster.yaml"), {}), About)
    except msgspec.ValidationError as error:
        raise SnapshotError(f"{folder / 'cluster.yaml'}: {error}") from error
    documents = [one for path in sorted((folder / "objects").glob("*.yaml")) for one in _documents(path)]
    snapshot = snapshot_of(documents, about)
    return Snapshot(about, dict(snapshot.entries) | dict(_bodies(folder / "paths")))


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from (one for one in yaml.safe_load_all(path.read_text()) if one is not None)
    except OSError as error:
        raise SnapshotError(f"cannot read {path}", error.strerror or str(error)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise SnapshotError(f"{path}{place} is not YAML", str(getattr(error, "problem", "") or error)) from error


def _bodies(root: Path) -> Iterator[tuple[str, Body]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in _MEDIA_TYPES:
            where = "/" + path.relative_to(root).with_suffix("").as_posix()
            content = path.read_bytes()
            if path.suffix == ".yaml":
                content = msgspec.json.encode(next(_documents(path), {}))
            yield where, Body(content, _MEDIA_TYPES[path.suffix])
