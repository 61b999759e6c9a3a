"""Writes the golden reports of the demo cluster: python -m tests.report.golden."""

import re
from pathlib import Path

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.frameworks import read_frameworks, titled
from kscan.commands.output import plain_text
from kscan.judge.controls import with_controls
from kscan.judge.engine import judge
from kscan.judge.inventory import with_inventory
from kscan.judge.plan import plan
from kscan.judge.platform import with_platform
from kscan.report.formats import FORMATS
from kscan.snapshot.folder import load_folder
from kscan.views.view import Readings

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "reports"
FORMAT = {"demo.md": "markdown", "demo.json": "json"}


def rendered(name: str) -> str:
    """A report of the demo cluster, without kscan's own version."""
    every = by_id(read_checks(data.folder("checks")))
    ready = plan(every.values())
    readings = Readings(load_folder(data.folder("demo")))
    report = with_inventory(judge(readings, ready), readings, ready)
    frameworks = titled(read_frameworks(data.folder("checks")))
    report = with_controls(with_platform(report, readings, frameworks), [frameworks["cis-1.12"]], every)
    content = plain_text(report, width=80) if name == "demo.txt" else FORMATS[FORMAT[name]](report)
    return re.sub(r'(kscan(?:": ")?\s?)\d+\.\d+\.\d+', r"\g<1>VERSION", content.decode())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for golden in (*FORMAT, "demo.txt"):
        (FOLDER / golden).write_text(rendered(golden))
