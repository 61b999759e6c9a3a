"""The table that says which checks of kscan ask what a check of another tool asks."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from kscan import data
from kscan.documents import documents_in
from kscan.errors import CheckError


class Answer(msgspec.Struct, frozen=True):
    """The checks that ask the same, or the reason why there is none."""

    checks: tuple[str, ...] = ()
    whole: bool = False
    bind: bool = False
    reason: str = ""


@lru_cache
def kubeaudit_labels() -> Mapping[str, tuple[str, ...]]:
    """Which checks each label of kubeaudit's passes over."""
    table = next(documents_in(data.folder("checks") / "peers" / "kubeaudit-labels.yaml", CheckError))
    return {label: tuple(checks) for label, checks in table.items()}


@lru_cache
def peers() -> Mapping[str, Mapping[str, Answer]]:
    """For each tool its checks and their answers."""
    table = next(documents_in(data.folder("checks") / "peers" / "checks.yaml", CheckError))
    return {tool: {str(name): _answer(one) for name, one in rows.items()} for tool, rows in table.items()}


def _answer(value: Any) -> Answer:  # noqa: ANN401 - any YAML
    if isinstance(value, str):
        return Answer(reason=value)
    if isinstance(value, list):
        return Answer(tuple(value))
    bind = value.get("bind", False)
    return Answer(tuple(value["checks"]), value.get("whole", False) or bind, bind)


def answer(rows: Mapping[str, Answer], check: str) -> Answer:
    """The answer to one check: by its name, else by the longest beginning of it."""
    if check in rows:
        return rows[check]
    found = [name for name in rows if name.endswith("*") and check.startswith(name[:-1])]
    return rows[max(found, key=len)] if found else Answer(reason="not in the table")
