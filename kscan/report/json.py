"""JSON, by the schema that ships beside this module."""

from pathlib import Path

import msgspec

from kscan.judge.report import Report
from kscan.report.export import export
from kscan.report.indented import indented

SCHEMA_FILE = Path(__file__).parent / "schema" / "report-v1.schema.json"


def to_json(report: Report) -> bytes:
    """The exported report as indented JSON."""
    shape = export(report, write=lambda part: msgspec.Raw(msgspec.json.encode(part)))
    return indented(msgspec.json.encode(shape))
