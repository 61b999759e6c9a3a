"""What `kscan scan` makes of the manifests of whole repositories, and whether it lost an object in silence.

    python -m benchmarks.repositories FOLDER...

Each folder is a checkout. It is scanned by a whole process with every check; and each of its files is read once more by
PyYAML, or as JSON, and counted: an object of a file has to be one of kscan's, or the file told as broken, or to be
part of a chart or a kustomization. What is neither is *lost*, and listed below the table.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))
from kscan.snapshot.entry import Reason
from kscan.snapshot.manifests import Opened, load_manifests
from kscan.snapshot.tree import ENDINGS, KUSTOMIZATIONS, Tree, tree

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
COLUMNS = ("files", "objects", "rendered", "not rendered", "broken", "passed over", "findings", "lost", "seconds", "MB")


def counted(path: Path) -> int | None:
    """The objects of a file as another reader sees them; None where it cannot read the file."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
        if path.suffix == ".json":
            return sum(map(objects_in, [json.loads(content)]))
        return sum(map(objects_in, yaml.load_all(content, Loader=yaml.CSafeLoader)))
    except (OSError, ValueError, TypeError, yaml.YAMLError, RecursionError):
        return None


def objects_in(value: object) -> int:
    """How many Kubernetes objects a document holds."""
    if not isinstance(value, dict):
        return 0
    kind, items, metadata = value.get("kind"), value.get("items"), value.get("metadata")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        of = {"kind": kind.removesuffix("List"), "apiVersion": value.get("apiVersion")} if kind != "List" else {}
        return sum(objects_in(of | one) for one in items if isinstance(one, dict))
    named = isinstance(metadata, dict) and (metadata.get("name") or metadata.get("generateName"))
    return int(bool(kind and value.get("apiVersion") and named))


def belongs(path: Path, found: Tree) -> bool:
    """Whether a file is part of a chart, or stands below a kustomization and is not read as it is."""
    inside = any(path.is_relative_to(chart) for chart in found.charts)
    return inside or path.name in KUSTOMIZATIONS or path.resolve() in found.taken


def lost(root: Path, found: Tree, opened: Opened) -> Iterator[str]:
    """Each file of which another reader sees more objects than kscan has or tells of."""
    mine = Counter(origin.file for origin in opened.origins.values() if not origin.rendered)
    told = {gap.path.split(":")[0] for gap in opened.unread}
    for path in sorted(one for one in root.rglob("*") if one.suffix in ENDINGS and one.is_file()):
        number = counted(path)
        if number is None:
            continue
        again = path.is_symlink() and path.resolve().is_relative_to(root.resolve())
        if number != mine[str(path)] and not (again or str(path) in told or belongs(path, found)):
            yield f"{path}: {number} objects, of which kscan has {mine[str(path)]}"


class Scan(msgspec.Struct, frozen=True):
    """What one whole process said and cost; what it renders with counts in."""

    objects: int
    findings: int
    seconds: float
    megabytes: float


def scanned(root: Path) -> Scan:
    """One whole process. Its report goes to a file: a child's peak is never under its parent's."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        words = ["scan", str(root), "--all", "--quiet", "--format", "json", "--fail-on", "never", "--allow-incomplete"]
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "kscan", *words], stdout=file, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        assert os.waitstatus_to_exitcode(status) == 0, f"the scan of {root} failed"
        counting = [sys.executable, "-c", _COUNT, file.name]
        words = subprocess.run(counting, capture_output=True, check=True, text=True).stdout.split()
    return Scan(int(words[0]), int(words[1]), seconds, usage.ru_maxrss / 1024)


_COUNT = """
import json, sys
report = json.load(open(sys.argv[1]))
print(report["objects"], sum(len(result["findings"]) for result in report["results"]))
"""


def row(root: Path, scan: Scan) -> tuple[str, list[str]]:
    """One row of the table, and what was lost."""
    found, opened = tree(root), load_manifests(root)
    gone = list(lost(root, found, opened))
    unrendered = sum(gap.reason is Reason.NOT_RENDERED for gap in opened.unread)
    numbers = (len(found.files), scan.objects, len(found.charts) + len(found.kustomizations) - unrendered, unrendered,
               len(opened.unread) - unrendered, len(opened.skipped), scan.findings, len(gone))  # fmt: skip
    cells = (root.name, *(f"{one:,}" for one in numbers), f"{scan.seconds:.1f}", f"{scan.megabytes:.0f}")
    return f"| {' | '.join(cells)} |", gone


if __name__ == "__main__":
    roots = [Path(name) for name in sys.argv[1:]]
    scans = [scanned(root) for root in roots]
    print("| repository | " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---:|" * len(COLUMNS))
    everything = []
    for root, scan in zip(roots, scans, strict=True):
        line, gone = row(root, scan)
        print(line, flush=True)
        everything += gone
    print("\n".join(everything or ["nothing was lost"]))
    sys.exit(bool(everything))
