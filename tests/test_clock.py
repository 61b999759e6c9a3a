"""One module asks what time it is, and no test: neither changes its mind with the day or the time zone."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kscan
from kscan import clock
from tests.conftest import TODAY

KSCAN, TESTS = Path(kscan.__file__).parent, Path(__file__).parent
# What asks the clock, and what answers in the zone of the machine where none is named.
ASKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime", "mktime"}
OF_CLOCKS = {"datetime", "date", "time"}
ZONED = {"fromtimestamp", "astimezone"}
# They hold what a program outside wrote against the time at which it did: whether it is today is not asked.
BESIDE = {
    "test_certificates.py": "openssl dates a certificate by the machine's clock",
    "live/test_encryption.py": "an API server dates a secret by the machine's clock",
    "test_clock.py": "this module",
}


def readings(path):
    """Where a module asks the clock, or reads a moment in the machine's own zone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"{alias.name}:{node.lineno}" for alias in node.names if alias.name in ASKS)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value
        of = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        # `strftime` and `time` of a value are none of the clock's.
        if of in OF_CLOCKS and node.func.attr in ASKS:
            yield f"{node.func.attr}:{node.lineno}"
        if node.func.attr in ZONED and len(node.args) + len(node.keywords) < (2 if of == "datetime" else 1):
            yield f"{node.func.attr}:{node.lineno}"


@pytest.mark.parametrize("text", [
    "datetime.now(UTC)", "date.today()", "datetime.datetime.now()", "time.time()", "from time import time",
    "datetime.fromtimestamp(1)", "moment.astimezone()", "time.localtime()",
])  # fmt: skip
def test_a_clock_that_is_read_is_seen(tmp_path, text):
    path = tmp_path / "module.py"
    path.write_text(text)
    assert list(readings(path))


def test_one_module_asks_the_clock():
    asking = {str(path.relative_to(KSCAN)) for path in KSCAN.rglob("*.py") if list(readings(path))}
    assert asking == {"clock.py"}


def test_no_test_asks_the_clock_but_of_what_others_wrote():
    found = {str(path.relative_to(TESTS)): list(readings(path)) for path in TESTS.rglob("*.py")}
    assert {name for name, places in found.items() if places} - set(BESIDE) == set()


def test_the_clock_stands_still_and_the_zone_is_far(tmp_path):
    assert clock.now() == TODAY and clock.stamp() == "2026-11-29T12:00:00Z"
    assert time.timezone == -14 * 3600
    words = [sys.executable, "-c", "import time; print(time.timezone)"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "-50400\n"
