"""docs/threats.md names the tests that hold it: each is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_each_test_that_is_named_is_there():
    named = _TEST.findall((ROOT / "docs/threats.md").read_text())
    missing = [
        (file, name)
        for file, name in named
        if not (ROOT / file).is_file() or (name and f"def {name}(" not in (ROOT / file).read_text())
    ]
    assert (missing, len(named) > 40) == ([], True)
