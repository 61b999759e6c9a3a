"""A cluster written down as a folder: cluster.yaml, objects/*.yaml, and other answers under paths/ by their path."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from kscan.documents import documents_in
from kscan.errors import SnapshotError
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.entry import Body
from kscan.snapshot.snapshot import About, Snapshot

_MEDIA_TYPES = {".json": "application/json", ".yaml": "application/json", ".txt": "text/plain"}


def load_folder(folder: Path) -> Snapshot:
    """Read such a folder; SnapshotError names the file and the line."""
    try:
        about = msgspec.convert(next(documents_in(folder / "cluster.yaml", SnapshotError), {}), About)
    except msgspec.ValidationError as error:
        raise SnapshotError(f"{folder / 'cluster.yaml'}: {error}") from error
    files = sorted((folder / "objects").glob("*.yaml"))
    snapshot = snapshot_of((one for path in files for one in documents_in(path, SnapshotError)), about)
    return Snapshot(about, dict(snapshot.entries) | dict(_bodies(folder / "paths")))


def _bodies(root: Path) -> Iterator[tuple[str, Body]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in _MEDIA_TYPES:
            where = "/" + path.relative_to(root).with_suffix("").as_posix()
            content = path.read_bytes()
            if path.suffix == ".yaml":
                content = msgspec.json.encode(next(documents_in(path, SnapshotError), {}))
            yield where, Body(content, _MEDIA_TYPES[path.suffix])
