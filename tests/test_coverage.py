"""What the docs say of coverage is what there is."""

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from tests.make.coverage import ROOT, coverage, mapping, not_checked

CHECKS = by_id(read_checks(data.folder("checks")))
ROWS = [(table, key, value) for table, rows in mapping().items() for key, value in rows.items()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[1]}")
def test_every_row_names_checks_that_exist_or_a_reason(row):
    _, _, value = row
    if isinstance(value, list):
        assert value and set(value) <= set(CHECKS)
    else:
        assert value.endswith(".") and len(value.split()) > 3


def test_every_check_of_an_object_answers_something():
    named = {check for _, _, value in ROWS if isinstance(value, list) for check in value}
    beyond = {"below-baseline", "below-restricted", "missing-volume-claim", "network-policy-rules-ignored"}
    families = ("availability", "network", "references", "workloads")
    assert {check.id for check in CHECKS.values() if check.family in families} - named == beyond


@pytest.mark.parametrize(("name", "content"), [("coverage.md", coverage()), ("not-checked.md", not_checked())])
def test_the_pages_are_as_they_are_made(name, content):
    assert (ROOT / "docs" / name).read_text() == content, "run python -m tests.make.coverage"
