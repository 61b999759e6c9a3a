"""The table that says which checks of kscan answer a check of another tool."""

from pathlib import Path
from typing import NamedTuple

import yaml

TABLE = Path(__file__).with_name("mapping.yaml")


class Answer(NamedTuple):
    """The checks that ask the same, or the reason why there is none."""

    checks: tuple[str, ...] = ()
    whole: bool = False
    bind: bool = False
    reason: str = ""


def mapping() -> dict[str, dict[str, Answer]]:
    """For each tool its checks and their answers."""
    table = yaml.safe_load(TABLE.read_text())
    return {tool: {str(name): _answer(one) for name, one in rows.items()} for tool, rows in table.items()}


def _answer(value: object) -> Answer:
    if isinstance(value, str):
        return Answer(reason=value)
    if isinstance(value, list):
        return Answer(tuple(value))
    assert isinstance(value, dict)
    return Answer(
        tuple(value["checks"]), value.get("whole", False) or value.get("bind", False), value.get("bind", False)
    )


def answer(rows: dict[str, Answer], check: str) -> Answer:
    """The answer to one check: by its name, else by the longest beginning of it."""
    if check in rows:
        return rows[check]
    found = [name for name in rows if name.endswith("*") and check.startswith(name[:-1])]
    return rows[max(found, key=len)] if found else Answer(reason="not in the table")
