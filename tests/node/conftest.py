"""A folder of results, and what is said on standard error."""

import pytest


@pytest.fixture
def lines():
    return []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "nodes").mkdir()
    return tmp_path / "nodes"
