"""A room imports only from the rooms above it."""

import ast
from pathlib import Path

import pytest

import kscan

ROOMS = [
    "errors",
    "clock",
    "data",
    "documents",
    "model",
    "snapshot",
    "node",
    "collect",
    "views",
    "checks",
    "rules",
    "judge",
    "mend",
    "report",
    "commands",
    "__main__",
]
APART = {("collect", "node"), ("views", "node"), ("rules", "node"), ("judge", "node"), ("judge", "collect"), ("collect", "judge"), ("views", "collect"), ("report", "collect"), ("checks", "snapshot"),
         ("rules", "snapshot"), ("checks", "collect"), ("rules", "collect"),
         ("mend", "collect"), ("mend", "rules"), ("report", "mend")}  # fmt: skip
ROOT = Path(kscan.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("kscan"):
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names if alias.name in ROOMS]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_upwards(path):
    own = room(path)
    for other in imports(path):
        if own != "__init__":
            assert ROOMS.index(other) <= ROOMS.index(own), f"{path} imports {other}"
            assert (own, other) not in APART, f"{path} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small(path):
    assert len(path.read_text().splitlines()) <= 300


def test_functions_stay_small():
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 12
    assert lengths[len(lengths) * 9 // 10] <= 40
