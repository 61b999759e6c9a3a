"""Checkov: tests/kubernetes/checks/test_X.py runs one check over a folder and asserts what it finds.

Where the test lists the resources that pass and fail, they are read, and else the names of the files: …-PASSED.yaml,
…-FAILED.yaml. A file that is named for both has something that fails; one that is named for neither tells no verdict.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.make.peers.case import Case, Unread

_ID = re.compile(r"""["'](CKV2?_K8S_\d+)["']""")
_RESOURCE = re.compile(r"^(\w+)\.([\w-]+)\.([\w.-]+)$")
_PASSES = re.compile(r"pass", re.IGNORECASE)
_FAILS = re.compile(r"fail", re.IGNORECASE)


def cases(checkout: Path) -> Iterator[Case | Unread]:
    """Each test of a check of Kubernetes resources."""
    for tests in sorted((checkout / "tests" / "kubernetes" / "checks").glob("test_*.py")):
        tree = ast.parse(tests.read_text())
        check, folder = _check(checkout, tree), _folder(tests, tree)
        if check and folder:
            yield from _folder_cases(check, folder, tree)


def _check(checkout: Path, tree: ast.Module) -> str:
    """The id of the check that a test imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and any(one.name == "check" for one in node.names):
            found = _ID.search((checkout / Path(*node.module.split(".")).with_suffix(".py")).read_text())
            return found[1] if found else ""
    return ""


def _folder(tests: Path, tree: ast.Module) -> Path | None:
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return next((tests.parent / one.strip("/") for one in strings if one.strip("/").startswith("example_")), None)


def _folder_cases(check: str, folder: Path, tree: ast.Module) -> Iterator[Case | Unread]:
    passing, failing = (_listed(tree, word) for word in ("pass", "fail"))
    for file in sorted(folder.iterdir()):
        name = f"{folder.name.removeprefix('example_')}/{file.name}"
        if file.suffix not in (".yaml", ".yml", ".json"):
            continue
        objects = list(_objects(file)) if passing or failing else []
        told = [(one, one in failing) for one in objects if one in passing or one in failing]
        fails, passes = bool(_FAILS.search(file.name)), bool(_PASSES.search(file.name))
        if told:
            yield from (Case(check, name, file, wrong, *_kind_and_name(one)) for one, wrong in told)
        elif passing or failing:
            yield Unread(check, name, "the test says nothing of its objects")
        elif not (fails or passes):
            yield Unread(check, name, "its name says no verdict")
        else:
            yield Case(check, name, file, fails)


def _listed(tree: ast.Module, word: str) -> set[str]:
    """The resources in the list or set that a test calls passing…, or failing…"""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and word in node.targets[0].id:
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                continue
            return {one for one in value if isinstance(one, str) and _RESOURCE.match(one)}
    return set()


def _objects(file: Path) -> Iterator[str]:
    for one in yaml.safe_load_all(file.read_text()):
        if isinstance(one, dict) and isinstance(one.get("metadata"), dict):
            metadata = one["metadata"]
            yield f"{one.get('kind')}.{metadata.get('namespace', 'default')}.{metadata.get('name')}"


def _kind_and_name(resource: str) -> tuple[str, str]:
    found = _RESOURCE.match(resource)
    assert found
    return found[1], found[3]
