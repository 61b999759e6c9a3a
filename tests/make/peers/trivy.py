"""Trivy's checks: NAME_test.rego with inputs written out, and NAME.yaml with good and bad documents."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.make.peers.case import Case, Unread
from tests.make.peers.rego import written_tests

_PACKAGE = re.compile(r"^package\s+([\w.]+)", re.MULTILINE)


def cases(checkout: Path) -> Iterator[Case | Unread]:
    """Every test and every example."""
    folder = checkout / "checks" / "kubernetes"
    for file in sorted(folder.glob("*_test.rego")):
        yield from _tests(file)
    for file in sorted(folder.glob("*.yaml")):
        yield from _examples(file)


def _id(text: str) -> str:
    found = _PACKAGE.search(text)
    return found[1].rpartition(".")[2] if found else ""


def _tests(file: Path) -> Iterator[Case | Unread]:
    text = file.read_text()
    for test in written_tests(text):
        name = f"{file.name.removesuffix('_test.rego')}/{test.name.removeprefix('test_')}"
        documents = _documents(test.input)
        if test.problem or not documents:
            yield Unread(_id(text), name, test.problem or "its input is no object")
        else:
            yield Case(_id(text), name, documents, test.denied)


def _examples(file: Path) -> Iterator[Case | Unread]:
    check = _id(file.with_suffix(".rego").read_text())
    for word, texts in (yaml.safe_load(file.read_text()).get("kubernetes") or {}).items():
        for index, text in enumerate(texts):
            found = tuple(one for one in yaml.safe_load_all(text) if one)
            yield Case(check, f"{file.stem}/{word}-{index}", found, word == "bad")


def _documents(value: Any) -> tuple[dict[str, Any], ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(found) if all(isinstance(one, dict) and one.get("kind") for one in found) else ()
