"""Manifests as a snapshot: files of YAML or JSON documents, as `kubectl get -o yaml` and `helm template` write them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kscan.documents import documents_in
from kscan.errors import SnapshotError
from kscan.snapshot.archive import load
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.folder import load_folder
from kscan.snapshot.snapshot import Snapshot

_ENDINGS = (".yaml", ".yml", ".json")


def open_source(path: Path) -> Snapshot:
    """A saved snapshot, a cluster written down as a folder, or manifests; by what stands at the path."""
    if path.is_dir():
        return load_folder(path) if (path / "cluster.yaml").is_file() else load_manifests(path)
    if path.suffix in _ENDINGS:
        return load_manifests(path)
    return load(path)


def load_manifests(path: Path) -> Snapshot:
    """The objects of a file, or of all files below a folder; what is no object is passed over."""
    files = sorted(one for one in path.rglob("*") if one.suffix in _ENDINGS) if path.is_dir() else [path]
    if not files:
        raise SnapshotError(f"{path} holds no manifests", f"there is no file that ends in {', '.join(_ENDINGS)}")
    found = (document for file in files for document in documents_in(file, SnapshotError))
    return snapshot_of(one for document in found for one in _objects(document))


def _objects(document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever a file holds
    if not isinstance(document, dict):
        return
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        kind = str(document["kind"]).removesuffix("List")
        for item in document["items"]:
            named = {"kind": kind, "apiVersion": document.get("apiVersion")} if kind else {}
            yield from _objects(named | item if isinstance(item, dict) else None)
    elif document.get("kind") and document.get("apiVersion") and isinstance(document.get("metadata"), dict):
        yield document
