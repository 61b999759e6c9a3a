"""Renews checks/shipped/gatekeeper-library.jsonl from a checkout of github.com/open-policy-agent/gatekeeper-library.

    python -m tests.make.gatekeeper_library FOLDER

Each released version of each template is one line: its kind, its version and the digest of its code. No code is copied.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from kscan.model.admission.templates import digest

TARGET = Path(__file__).parent.parent.parent / "checks" / "shipped" / "gatekeeper-library.jsonl"


def rows(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Kind, version and digest of every released template."""
    for path in sorted(folder.glob("artifacthub/library/*/*/*/template.yaml")):
        spec = yaml.safe_load(path.read_text())["spec"]
        yield spec["crd"]["spec"]["names"]["kind"], path.parent.name, digest(spec["targets"])


def main(folder: str) -> None:
    """Write the file anew."""
    lines = [
        json.dumps({"kind": kind, "version": version, "digest": found}) for kind, version, found in rows(Path(folder))
    ]
    TARGET.write_text("".join(f"{line}\n" for line in sorted(lines)))


if __name__ == "__main__":
    main(sys.argv[1])
